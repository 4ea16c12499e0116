"""The whole wheel without a mouse: a demo, a turn, a review, another turn, its verdict, the ledger."""

from __future__ import annotations

import re

import pytest
from driving import App
from playwright.sync_api import expect

from core.flywheel import Project, decisions

pytestmark = pytest.mark.browser


def enter(app: App, name: str) -> None:
    """Go to something with Tab and press Enter on it."""
    app.reach(name)
    app.press("Enter")


def visit(app: App, title: str) -> None:
    enter(app, f"{title}$")
    expect(app.page.get_by_role("heading", name=title, level=1)).to_be_visible()
    app.drawn()


def test_the_wheel_turns_once_by_keyboard_alone(page, server):
    app = App(page, server)
    app.goto()
    enter(app, "Open Wine cultivars")
    app.see("What to do next")
    visit(app, "Train")
    enter(app, "Run turn 0")
    app.see("What turn 0 said", seconds=180)

    visit(app, "Annotate")
    app.reach("Suspects")
    app.press("ArrowRight")
    app.press("ArrowRight")
    app.press("Space")
    app.see("Every label in train, suspect or not")
    app.insist(lambda: app.press("g"), page.get_by_text(re.compile("Card 1 of")))
    for card in (1, 2, 3):
        app.see(re.compile(rf"Card {card} of"))
        app.see("both plausible")
        app.press("2")
    app.see(re.compile("Card 4 of"))

    visit(app, "Train")
    enter(app, "Run turn 1")
    app.see("What turn 1 said", seconds=180)
    app.see("against turn 0")
    visit(app, "Ledger")
    app.reach("Turns")
    app.turn_to("Side by side", page.get_by_text("The data differs in"))
    assert not app.trace
    on_disk = Project.open(server.workspace / app.project)
    assert len(decisions(on_disk)) == 3
    assert on_disk.turns[1].verdict is not None
    on_disk.close()
