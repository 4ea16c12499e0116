"""The tutorial, followed step by step: each word that it says stands on screen is there.

With ``SCREENSHOTS`` set to a folder, the pictures of the documentation are taken on the way: `make pictures`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from driving import App
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DOCS = Path(__file__).parents[2] / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
SHOTS = os.environ.get("SCREENSHOTS")
# Enough for a picture in a document, and a tenth of the bytes.
COLOURS = 128


def sections() -> dict[str, str]:
    """Each step of the tutorial by its heading."""
    found = re.split(r"^## (.+)$", TUTORIAL, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def promised(text: str) -> list[str]:
    """The words of a step that are on screen: pages are bold, all else is in italics."""
    plain = " ".join(re.sub(r"`[^`]*`|!?\[([^\]]*)\]\([^)]*\)", r"\1", text).split())
    return re.findall(r"\*\*([^*]+)\*\*", plain) + re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", plain)


class Reader(App):
    """Does what the tutorial says, and remembers all that stood on screen."""

    said = ""

    def drawn(self) -> None:
        super().drawn()
        self.said += " ".join(self.page.locator("body").inner_text().split()).casefold() + "\n"

    def picture(self, name: str) -> None:
        """Take one of the pictures of the documentation, if they are asked for."""
        if SHOTS:
            from PIL import Image

            path = Path(SHOTS) / name
            path.parent.mkdir(exist_ok=True)
            self.page.mouse.move(0, 0)
            self.page.screenshot(path=path, animations="disabled")
            Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name, exact=True).click()
        self.drawn()


def open_the_demo(app: Reader) -> None:
    app.goto()
    app.see("Start with a demo")
    app.drawn()
    app.click("demo-churn")
    app.see("What to do next", seconds=60)
    app.drawn()


def set_the_first_mark(app: Reader) -> None:
    app.visit("Train")
    app.run_turn(0)


def see_what_is_wrong(app: Reader) -> None:
    app.visit("Collect")
    mend = app.page.locator("[class*='st-key-mend-exact_duplicates']").get_by_role("button").first
    expect(mend).to_be_visible(timeout=120_000)
    app.drawn()
    mend.click()
    app.see(re.compile(r"Undo takes back: excluded \d+ examples"), seconds=60)
    app.drawn()


def review_the_suspects(app: Reader) -> None:
    app.visit("Annotate")
    app.click("start-queue")
    app.see(re.compile(r"Card 1 of"), seconds=60)
    expect(app.page.get_by_role("group", name="Nearest examples").first).to_be_visible(timeout=180_000)
    app.drawn()
    app.picture("review.png")
    for press in range(10):
        last = app.see(re.compile(r"Card \d+ of")).inner_text()
        app.press("12"[press % 2])
        expect(app.page.get_by_text(last, exact=True)).to_have_count(0, timeout=60_000)
    app.page.reload()
    app.drawn()
    app.page.get_by_text("Simulated reviewer").first.click()
    app.drawn()
    app.page.get_by_label("Cards", exact=True).fill("290")
    app.page.keyboard.press("Tab")
    app.drawn()
    app.click("simulate")
    app.see("The simulated reviewer settled", seconds=60)


def try_to_generate(app: Reader) -> None:
    app.visit("Generate")
    app.click("try")
    app.see("inside the folds of train.", seconds=300)
    app.drawn()


def turn_the_wheel(app: Reader) -> None:
    app.run_turn(1)


def look_where_it_fails(app: Reader) -> None:
    app.visit("Evaluate")
    app.tab("Error slices")
    app.see(re.compile("Adjusted p-value"), seconds=300)
    app.drawn()
    app.picture("slices.png")


def read_the_ledger(app: Reader) -> None:
    app.visit("Ledger")
    app.tab("Export")


def then_round_again(app: Reader) -> None:
    app.visit("Overview")
    app.see("What to do next")
    app.drawn()
    app.picture("overview.png")
    app.visit("Collect")


STEPS = (
    open_the_demo,
    set_the_first_mark,
    see_what_is_wrong,
    review_the_suspects,
    try_to_generate,
    turn_the_wheel,
    look_where_it_fails,
    read_the_ledger,
    then_round_again,
)


def test_the_words_of_a_step_are_found_as_they_are_marked():
    text = "**Train**, click *Run\nturn 0* and press `*`; see [*Keys*](keys.md) ![a picture](images/a.png)."
    assert promised(text) == ["Train", "Run turn 0", "Keys"]


def test_each_step_shows_what_the_tutorial_says(page, server):
    app = Reader(page, server)
    missing = {}
    for (title, text), follow in zip(sections().items(), STEPS, strict=True):
        app.said = ""
        follow(app)
        app.drawn()
        assert not app.trace, title
        absent = [words for words in promised(text) if words.casefold() not in app.said]
        if absent:
            missing[title] = absent
    assert not missing
