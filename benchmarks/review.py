"""How long a reviewer waits for the next card, measured inside the browser.

    python benchmarks/review.py                # 100,000 rows, 120 cards
    python benchmarks/review.py --rows 5000 --cards 40

A project of so many rows x 20 columns and four classes with one turn and a queue of every label; the app as a user
starts it; headless Chromium. Keys are pressed at a human's pace: keep, suggested, a class of its own, ambiguous,
exclude, skip, back and undo. A script in the page notes the moment of each press and then looks once a frame: the next
card is there when its decision buttons and its example are in the document; it is whole when the server has sent all.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e"), str(ROOT / "benchmarks")]

TARGET = 400
# What a reviewer presses, and how often; "Control+z" takes the last decision back.
KEYS = {"1": 30, "2": 30, "3": 10, "4": 5, "a": 8, "x": 8, "s": 5, "b": 2, "Control+z": 2}
WATCH = """
() => {
  const shown = () => {
    const keep = document.querySelector('[class*="st-key-keep-"]');
    const text = document.querySelector('[class*="st-key-example-"]');
    return keep && text ? keep.className.match(/st-key-(keep-\\d+-\\d+)/)[1] : null;
  };
  const state = () => document.querySelector('[data-testid="stApp"]').dataset.testScriptState;
  window.waits = [];
  let wait = null;
  addEventListener('keydown', event => {
    if (!['Control', 'Shift'].includes(event.key)) wait = {key: event.key, from: shown(), at: performance.now()};
  }, true);
  const look = () => {
    const now = shown();
    if (wait && !wait.card && now && now !== wait.from) wait.card = performance.now() - wait.at;
    if (wait && wait.card && state() === 'notRunning') {
      wait.whole = performance.now() - wait.at;
      window.waits.push(wait);
      wait = null;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


def make(folder: Path, rows: int, recipe: str) -> None:
    """Make the project with its queue."""
    from turn import made_table

    from core.dataset import Dataset
    from core.flywheel import Project, start_queue

    dataset = Dataset.from_frame(made_table(rows, classes=4), label="label")
    project = Project.create(folder / "large", dataset, recipe=recipe)
    turn = project.turn()
    start_queue(project, turn.suspects, source="all labels of turn 0", turn=0)
    project.close()


def settle(address: str, cards: int, pace: float, *, cold: bool = False, seed: int = 0) -> tuple[list[dict], int]:
    """Settle cards in the browser; what each wait was, and how many presses had no answer within five seconds."""
    from browser import find_browser
    from playwright.sync_api import TimeoutError as NoAnswer
    from playwright.sync_api import sync_playwright

    chance, lost = random.Random(seed), 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/annotate?project=large")
        page.wait_for_selector('[class*="st-key-keep-"] button', timeout=120_000)
        page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached", timeout=120_000)
        if not cold:
            page.get_by_role("group", name="Nearest examples").wait_for(timeout=300_000)
            time.sleep(2)
        page.evaluate(WATCH)
        for number in range(cards):
            # The first card has none before it.
            keys = KEYS if number > 2 else {"1": 1}
            page.keyboard.press(chance.choices(list(keys), list(keys.values()))[0])
            try:
                page.wait_for_function(f"waits.length >= {number + 1 - lost}", timeout=5_000)
            except NoAnswer:
                lost += 1
            time.sleep(pace * chance.uniform(0.7, 1.3))
        waits = page.evaluate("waits")
        chromium.close()
    return waits, lost


def main() -> None:
    """Measure and print the table."""
    from conftest import Server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--cards", type=int, default=120)
    parser.add_argument("--pace", type=float, default=0.6, help="seconds between the next card and the next press")
    parser.add_argument("--recipe", default="logistic_regression")
    parser.add_argument("--cold", action="store_true", help="begin before the nearest examples and reasons are there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), chosen.rows, chosen.recipe)
        server = Server(Path(folder))
        server.start()
        try:
            waits, lost = settle(server.address, chosen.cards, chosen.pace, cold=chosen.cold)
        finally:
            server.kill()
    for what, words in (("card", "key to next card"), ("whole", "key to all of it")):
        found = [wait[what] for wait in waits]
        middle, most = np.percentile(found, [50, 95])
        print(
            f"{words}: p50 {middle:.0f} ms, p95 {most:.0f} ms, max {max(found):.0f} ms over {len(found)} presses"
            + (f" (target p95 {TARGET} ms)" if what == "card" else "")
        )
    if lost:
        print(f"{lost} presses had no answer")


if __name__ == "__main__":
    main()
