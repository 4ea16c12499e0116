"""How long an analyst waits for a page: the first paint after a start, and each rerun with a large project open.

    python benchmarks/waiting.py            # both
    python benchmarks/waiting.py reruns     # one of: paint, reruns

- paint: ``streamlit run app.py`` as a user types it, until headless Chromium shows the demos; once to warm the disk,
  then three times, each with a new server and a new browser context.
- reruns: a project of 100,000 rows x 20 columns with one turn and a review under way; each page is run once to fill the
  caches, then five times. Time on the server, without the browser: the page's script from its first to its last line.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e"), str(ROOT / "benchmarks")]

SLUGS = ("overview", "collect", "annotate", "generate", "train", "evaluate", "ledger")
ROWS = 100_000


def paint(folder: Path) -> None:
    """Time from the command to the demos on screen."""
    from browser import find_browser
    from conftest import Server
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
        )
        for _ in range(4):
            page = chromium.new_context().new_page()
            server = Server(folder)
            start = time.perf_counter()
            server.start()
            page.goto(server.address)
            page.get_by_text("Start with a demo").wait_for()
            seconds.append(time.perf_counter() - start)
            server.kill()
        chromium.close()
    print(f"first paint: median {statistics.median(seconds[1:]):.2f} s (target 3 s), first {seconds[0]:.2f} s")


def reruns(folder: Path) -> None:
    """Time of each page's script on a warm server."""
    from streamlit.testing.v1 import AppTest
    from turn import made_table

    from core.dataset import Dataset
    from core.flywheel import Project, decide, start_queue

    logging.disable(logging.CRITICAL)
    project = Project.create(folder / "large", Dataset.from_frame(made_table(ROWS), label="label"))
    turn = project.turn()
    queue = start_queue(project, turn.suspects, source="all labels of turn 0", turn=0)
    for place in range(20):
        decide(project, queue, place, "keep", by="benchmark")
    project.close()
    os.environ["FLYWHEEL_HOME"] = str(folder)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.query_params["project"] = "large"
    app.run()
    for slug in SLUGS:
        if slug != "overview":
            app.switch_page(f"pages/{slug}.py").run()
        spent = []
        for _ in range(5):
            start = time.perf_counter()
            app.run()
            spent.append(1000 * (time.perf_counter() - start))
        wrong = [*app.exception, *app.error]
        print(
            f"rerun of {slug:10} median {statistics.median(spent):4.0f} ms (target 300 ms){' FAILED' if wrong else ''}"
        )


def main() -> None:
    """Run the parts that were named."""
    parts = {"paint": paint, "reruns": reruns}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; all without a name")
    for part in parser.parse_args().parts or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[part](Path(folder))


if __name__ == "__main__":
    main()
