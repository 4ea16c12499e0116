"""The sealed set is opened once: the claim is there after F5, in the ledger and the export; no tab opens it again."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from access import broken_in_both_themes
from driving import App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project

pytestmark = pytest.mark.browser

ONCE = re.compile(r"can be opened once, and they were")


def ask(app: App) -> None:
    app.click("open-seal")
    expect(app.page.get_by_role("dialog")).to_contain_text("Once in the life of this project")


def claim_of(server, project: str):
    opened = Project.open(server.workspace / project)
    claim = opened.claim
    opened.close()
    return claim


FOCUSED = """() => {
    const one = document.activeElement;
    return ["BUTTON", "INPUT"].includes(one.tagName) ? one.getAttribute("aria-label") || one.textContent : "";
}"""


def focus(app: App, name: str, *, most: int = 60) -> None:
    """Go on with Tab until something of that name has the focus."""
    for _ in range(most):
        if name in app.page.evaluate(FOCUSED):
            return
        app.page.keyboard.press("Tab")
    raise AssertionError(f"'{name}' is not reached with Tab.")


def test_it_is_opened_once_by_keyboard_alone_and_no_tab_opens_it_again(page, server):
    project = make_project(server.workspace, turns=2, name="sealed", sealed=0.25)
    app, late, asking = (App(each, server) for each in (page, page.context.new_page(), page.context.new_page()))
    for each in (late, asking, app):
        each.goto("evaluate", project=project)
        each.see(re.compile(r"\d+ sealed examples, not looked at"))
    ask(asking)
    asking.page.get_by_text("I have done what I could").click()
    asking.drawn()
    expect(asking.keyed("seal-open").get_by_role("button")).to_be_enabled()

    page.bring_to_front()
    dialog = page.get_by_role("dialog")
    focus(app, "Open the sealed set")
    app.press("Enter")
    expect(dialog).to_be_visible()
    app.press("Escape")
    expect(dialog).to_have_count(0)
    assert claim_of(server, project) is None

    focus(app, "Open the sealed set")
    app.press("Enter")
    expect(app.keyed("seal-open").get_by_role("button")).to_be_disabled()
    focus(app, "I have done what I could")
    app.press("Space")
    expect(app.keyed("seal-open").get_by_role("button")).to_be_enabled()
    problems = {"dialog": broken_in_both_themes(page)}
    focus(app, "Open the sealed set")
    app.press("Enter")
    app.see("The final claim", seconds=60)
    app.drawn()
    claim = claim_of(server, project)
    assert claim.turn == 1
    score = f"{claim.score[0]:.3f}"
    expect(app.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    expect(app.keyed("claim").get_by_test_id("stCode")).to_contain_text(claim.sentence)

    page.reload()
    app.drawn()
    expect(app.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    expect(app.keyed("open-seal")).to_have_count(0)
    problems["evaluate"] = broken_in_both_themes(page)

    # One tab still shows the button, another the dialog with its tick.
    late.click("open-seal")
    late.see(ONCE)
    expect(late.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    asking.keyed("seal-open").get_by_role("button").click()
    asking.see(ONCE)
    asking.drawn()
    asking.click("seal-close")
    expect(asking.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    assert claim_of(server, project).row() == claim.row()
    assert not late.trace
    assert not asking.trace

    app.visit("Overview")
    app.see("Final claim, turn 1:")
    problems["overview"] = broken_in_both_themes(page)
    app.visit("Ledger")
    app.see("The final claim, turn 1.")
    problems["ledger"] = broken_in_both_themes(page)
    page.get_by_role("tab", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as zip").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as files:
        assert json.loads(files.read("claim.json"))["sentence"] == claim.sentence
    assert not app.trace
    assert not any(problems.values()), problems
