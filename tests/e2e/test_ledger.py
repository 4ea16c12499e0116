"""The ledger in a browser: turns side by side, a note, back to an earlier version, on in a branch; by keyboard."""

from __future__ import annotations

import re

import pytest
from driving import App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project, list_projects, notes

pytestmark = pytest.mark.browser


def tab(app: App, name: str) -> None:
    app.page.get_by_role("tab", name=name, exact=True).click()
    app.drawn()


def choose(app: App, key: str, option: str) -> None:
    """Choose in a select box by keyboard: open it, type, take what is offered."""
    app.keyed(key).get_by_role("combobox").focus()
    app.page.keyboard.type(option)
    app.page.get_by_role("option", name=option, exact=True).wait_for()
    app.press("Enter")


def to(app: App, name: str, *, most: int = 80) -> None:
    """Go on with Tab until a button of that name has the focus."""
    for _ in range(most):
        said = app.page.evaluate("() => document.activeElement.textContent || ''")
        if name in said and app.page.evaluate("() => document.activeElement.tagName") == "BUTTON":
            return
        app.page.keyboard.press("Tab")
    raise AssertionError(f"no way to '{name}' by Tab")


def test_a_turn_is_noted_gone_back_to_branched_from_and_set_beside_another(page, server):
    small = make_project(server.workspace, name="history", turns=3)
    app = App(page, server)
    app.goto("ledger", project=small)
    choose(app, "turn", "turn 1")
    app.see("What went into it")
    page.get_by_label("What is to be remembered of it").fill("twins are out")
    app.keyed("save-note-1").get_by_role("button").click()
    app.drawn()
    app.see("The note on turn 1 is saved")
    on_disk = Project.open(server.workspace / small)
    assert notes(on_disk)[1].text == "twins are out"

    # Back, by keyboard alone; the dialog says first what it means.
    before = on_disk.dataset.version
    app.keyed("back-turn-1").get_by_role("button").focus()
    app.press("Enter")
    app.see("Taken back: 2 excluded (1 entry)")
    to(app, "Go back")
    app.press("Enter")
    app.see("Went back to the data of turn 1")
    assert on_disk.dataset.version == on_disk.turns[1].version != before
    page.reload()
    app.see("Undo takes back: went back to the data of turn 1")
    app.drawn()
    app.insist(lambda: app.press("Control+z"), page.get_by_text("Undo: went back to the data of turn 1"))
    assert on_disk.dataset.version == before

    # On in a branch: it opens, and sets itself beside the first.
    choose(app, "turn", "turn 1")
    app.keyed("branch-turn-1").get_by_role("button").focus()
    app.press("Enter")
    app.see("judged by one test set")
    to(app, "Branch")
    app.press("Enter")
    app.see("Branched from History at turn 1")
    (made,) = [each for each in list_projects(server.workspace) if each.name == "History, from turn 1"]
    assert app.project == made.id
    tab(app, "Branches")
    app.see("Their last turns side by side")
    app.click("branch-open")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("History")
    assert app.project == small
    app.drawn()

    # Any two side by side; test_access sees what each of these views shows.
    tab(app, "Side by side")
    choose(app, "side-before", "turn 0")
    app.see(re.compile(r"The data differs in 4 examples"))
    assert not app.trace
    on_disk.close()
