"""Generate in a browser: from a weak slice to rows that were tried, looked at, added, and taken back."""

from __future__ import annotations

import re
import secrets

import numpy as np
import pandas as pd
import pytest
from conftest import WIDE
from driving import App
from playwright.sync_api import expect

from core.dataset import Dataset
from core.flywheel import Project

pytestmark = pytest.mark.browser


@pytest.fixture
def weak(server):
    """A rare class that the model does not see where the plan is basic and the region is north."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, 800).round(1),
            "plan": rng.choice(["basic", "plus"], 800),
            "region": rng.choice(["north", "south"], 800),
        }
    )
    hard = (frame["plan"] == "basic") & (frame["region"] == "north")
    leaves = np.where(hard, rng.random(800) < 0.45, frame["income"] < 40)
    frame["label"] = np.where(leaves, "leaves", "stays")
    dataset = Dataset.from_frame(frame, label="label", test=0.3)
    project = Project.create(
        server.workspace / f"weak-{secrets.token_hex(4)}", dataset, recipe="logistic_regression", name="Weak"
    )
    project.turn()
    yield project
    project.close()


def test_from_a_weak_slice_to_a_tried_applied_and_undone_proposal(page, server, weak):
    app = App(page, server)
    page.set_viewport_size(WIDE)
    app.goto("evaluate", project=weak.id)
    page.get_by_role("tab", name="Error slices", exact=True).click()
    app.keyed("slices-view").wait_for(timeout=90_000)
    app.drawn()
    app.keyed("slices-view").get_by_text("Worst slices", exact=True).click()
    app.drawn()
    page.get_by_role("button", name="Generate for it").first.click()
    expect(page.get_by_role("heading", name="Generate", level=1)).to_be_visible(timeout=30_000)
    app.drawn()
    app.see("For the slice")

    amount = page.get_by_role("spinbutton", name="How many in all")
    amount.fill("12")
    amount.press("Enter")
    app.drawn()
    app.click("try")
    app.see(re.compile(r"changes by .* inside the folds of train"), seconds=90)
    app.drawn()

    page.get_by_text("Preview", exact=True).click()
    page.get_by_role("checkbox", name="Strike").first.wait_for(timeout=60_000)
    app.drawn()
    # By keyboard: the box of the first row is the next stop behind the check.
    app.keyed("check").get_by_role("button").focus()
    app.press("Tab")
    app.press("Space")
    expect(app.keyed("apply").get_by_role("button", name="Add 11 examples")).to_be_visible()
    app.click("check")
    app.see("called another class", seconds=120)
    app.drawn()

    app.click("apply")
    app.see("Undo takes back: generated 11 examples")
    assert len(Project.open(weak.folder).dataset.generated) == 11
    app.press("Control+z")
    expect(page.get_by_text("Undo takes back: generated 11 examples")).to_have_count(0, timeout=30_000)
    app.drawn()
    opened = Project.open(weak.folder)
    assert not len(opened.dataset.generated)
    assert [entry.kind for entry in opened.log] == ["generate", "undo"]
    assert not app.trace


@pytest.mark.thorough
def test_by_keyboard_from_all_methods_to_one_that_is_tried(page, server, weak):
    app = App(page, server)
    page.set_viewport_size(WIDE)
    app.goto("generate", project=weak.id)
    amount = page.get_by_role("spinbutton", name="How many in all")
    amount.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("16")
    app.press("Enter")
    app.keyed("try-all").get_by_role("button").focus()
    app.press("Enter")
    app.see("All methods, for", seconds=400)
    app.drawn()
    table = app.keyed("search-table")
    table.get_by_role("button").last.focus()
    for key in ("Tab", "ArrowDown", "ArrowDown"):
        app.press(key)
    method = table.locator("tbody tr").nth(2).locator("td").first.inner_text()
    app.press("Shift+Space")
    app.see("The form holds it: " + method)
    expect(page.get_by_role("combobox", name="Method")).to_have_value(method)
    expect(page.get_by_role("combobox", name="Target")).to_have_value(re.compile("^As it was tried"))
    app.keyed("try").get_by_role("button").focus()
    app.press("Enter")
    app.see(re.compile(r"changes by .* inside the folds of train"), seconds=90)
    assert not app.trace
