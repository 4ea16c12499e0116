"""Fix or add in a browser: measured by keyboard alone, there after a reload, cancelled without a trace."""

from __future__ import annotations

import pytest
from access import broken_in_both_themes
from driving import App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project, kept_fix_or_add, rank

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

QUESTION = "Fix data, or add data?"


def ranked(workspace, name: str) -> str:
    """A project whose better ranking is made: the page has not to wait for it."""
    with_turn = Project.open(workspace / make_project(workspace, name=name))
    rank(with_turn, with_turn.turns[-1])
    with_turn.close()
    return name


def test_it_is_measured_by_keyboard_and_stays(page, server):
    project = ranked(server.workspace, "measured")
    app = App(page, server)
    app.goto("train", project=project)
    page.get_by_role("heading", name=QUESTION).wait_for()
    app.keyed("measure-fix-or-add").get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settling the")).to_be_visible(timeout=240_000)
    app.drawn()
    page.reload()
    app.drawn()

    expect(page.get_by_role("heading", name="more examples")).to_be_visible()
    expect(app.keyed("measure-fix-or-add")).to_have_count(0)
    assert kept_fix_or_add(Project.open(server.workspace / project)) is not None
    problems = {"train": broken_in_both_themes(page)}
    app.visit("Race")
    expect(page.get_by_role("heading", name="more examples")).to_be_visible(timeout=60_000)
    problems["race"] = broken_in_both_themes(page)
    assert not any(problems.values()), problems
    assert not app.trace


def test_a_cancel_leaves_nothing_but_the_offer(page, server):
    project = ranked(server.workspace, "stopped")
    app = App(page, server)
    app.goto("train", project=project)
    app.click("measure-fix-or-add")
    app.keyed("cancel-fix-or-add").get_by_role("button").click()
    expect(app.keyed("dismiss-fix-or-add")).to_be_visible(timeout=120_000)
    app.click("dismiss-fix-or-add")

    expect(app.keyed("measure-fix-or-add")).to_be_visible()
    assert kept_fix_or_add(Project.open(server.workspace / project)) is None
    assert not app.trace
