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


def tick(app: App) -> None:
    app.page.get_by_text("I have done what I could").click()
    app.drawn()
    expect(app.keyed("seal-open").get_by_role("button")).to_be_enabled()


def claim_of(server, project: str):
    opened = Project.open(server.workspace / project)
    claim = opened.claim
    opened.close()
    return claim


def test_it_is_opened_once_and_no_tab_opens_it_again(page, server):
    project = make_project(server.workspace, turns=2, name="sealed", sealed=0.25)
    app, late, asking = (App(each, server) for each in (page, page.context.new_page(), page.context.new_page()))
    for each in (app, late, asking):
        each.goto("evaluate", project=project)
        each.see(re.compile(r"\d+ sealed examples, not looked at"))
    ask(asking)
    tick(asking)

    ask(app)
    expect(app.keyed("seal-open").get_by_role("button")).to_be_disabled()
    tick(app)
    app.keyed("seal-open").get_by_role("button").click()
    app.see("The final claim", seconds=60)
    app.drawn()
    claim = claim_of(server, project)
    score = f"{claim.score[0]:.3f}"
    expect(app.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    expect(app.keyed("claim").get_by_test_id("stCode")).to_contain_text(claim.sentence)

    page.reload()
    app.drawn()
    expect(app.keyed("claim").get_by_test_id("stMetricValue").first).to_have_text(score)
    expect(app.keyed("open-seal")).to_have_count(0)

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

    app.visit("Ledger")
    app.see("The final claim, turn 1.")
    page.get_by_role("tab", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as zip").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as files:
        assert json.loads(files.read("claim.json"))["sentence"] == claim.sentence
    app.visit("Overview")
    app.see("Final claim, turn 1:")
    assert not any(each.trace for each in (app, late, asking))


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


def test_it_is_opened_by_the_keyboard_alone(page, server):
    project = make_project(server.workspace, turns=2, name="sealed-by-keyboard", sealed=0.25)
    app = App(page, server)
    app.goto("evaluate", project=project)
    focus(app, "Open the sealed set")
    app.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    app.press("Escape")
    expect(dialog).to_have_count(0)
    assert claim_of(server, project) is None

    focus(app, "Open the sealed set")
    app.press("Enter")
    expect(dialog).to_be_visible()
    focus(app, "I have done what I could")
    app.press("Space")
    focus(app, "Open the sealed set")
    app.press("Enter")
    app.see("The final claim", seconds=60)
    assert claim_of(server, project).turn == 1
    assert not app.trace


def test_neither_offer_nor_dialog_nor_claim_breaks_a_rule_of_axe(page, server):
    project = make_project(server.workspace, turns=2, name="sealed-looked-at", sealed=0.25)
    app = App(page, server)
    app.goto("evaluate", project=project)
    problems = {"offer": broken_in_both_themes(page)}
    ask(app)
    tick(app)
    problems["dialog"] = broken_in_both_themes(page)
    app.keyed("seal-open").get_by_role("button").click()
    app.see("The final claim", seconds=60)
    app.drawn()
    for slug in ("evaluate", "ledger", "overview"):
        app.goto(slug, project=project)
        problems[slug] = broken_in_both_themes(page)

    assert not any(problems.values()), problems
