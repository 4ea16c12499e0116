"""A dirty table on its way: uploaded, five findings mended with one edit each, a turn, and one of them taken back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driving import App
from playwright.sync_api import expect

from core.flywheel import Project, log

pytestmark = pytest.mark.browser


def write_dirty_table(path: Path, rows: int = 300) -> Path:
    """Customers with what real files have: spellings, words for missing values, copies, an empty column."""
    chance = np.random.default_rng(4)
    income = chance.normal(50, 12, rows).round(1)
    label = np.where(income + chance.normal(0, 5, rows) > 50, "stays", "leaves").astype(object)
    label[chance.choice(rows, 15, replace=False)] = "Stays"
    city = chance.choice(["Seoul", "Busan", "Daegu"], rows).astype(object)
    city[chance.choice(rows, 12, replace=False)] = "SEOUL"
    plan = chance.choice(["basic", "plus", "family"], rows).astype(object)
    plan[chance.choice(rows, 9, replace=False)] = "n/a"
    age = chance.integers(18, 80, rows)
    age[:2] = 190
    table = pd.DataFrame({"income": income, "age": age, "city": city, "plan": plan, "source": "web", "outcome": label})
    pd.concat([table, table.tail(20)]).to_csv(path, index=False)
    return path


def opened(app: App) -> Project:
    """The project as it is on disk, read beside the server."""
    return Project.open(Path(app.server.workspace) / app.project)


def in_force(app: App) -> list[str]:
    return [entry.kind for entry in log.active(opened(app).log)]


def findings_of(app: App, kind: str) -> list[str]:
    return [finding.title for finding in opened(app).findings() if finding.kind == kind]


def mend(app: App, kind: str, done: str) -> None:
    """Press the button of the first finding of a kind and wait until what it did is said."""
    app.page.locator(f"[class*='st-key-mend-{kind}']").get_by_role("button").first.click()
    app.see(re.compile(f"Undo takes back: {done}"))
    app.drawn()


def in_first_row(app: App, kind: str, place: float) -> tuple[float, float]:
    """Where to click in the first row of a finding's table: so far from its left end, or from its right one."""
    table = app.page.locator(f"[class*='st-key-rows-{kind}']").get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    return box["x"] + place % box["width"], box["y"] + 52


@pytest.mark.thorough
def test_a_dirty_table_is_mended_and_one_edit_is_taken_back(page, server, tmp_path):
    app = App(page, server)
    app.goto("collect")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(write_dirty_table(tmp_path / "dirty.csv"))
    app.drawn()
    page.get_by_role("button", name="Create the project").click()
    app.see("What to do next", seconds=60)
    app.visit("Collect")
    app.see(re.compile(r"\d+ findings"))

    mend(app, "label_variants", "relabelled")
    mend(app, "exact_duplicates", "excluded")
    # One of the cells is left as it is: its box is emptied by the keyboard.
    look = page.locator("[class*='st-key-open-spelling_variants']").get_by_role("button").first
    look.click()
    app.drawn()
    button = page.locator("[class*='st-key-mend-spelling_variants']").get_by_role("button").first
    emptied = re.compile(r"Correct (\d+) of (\d+) cells")

    def empty_first_box() -> None:
        page.mouse.click(*in_first_row(app, "spelling_variants", 35))
        app.press("Space")

    app.insist(empty_first_box, button.filter(has_text=emptied), seconds=5)
    mend(app, "spelling_variants", "corrected")
    mend(app, "hidden_missing", "corrected")
    mend(app, "constant_column", "dropped the column 'source'")

    project = opened(app)
    assert in_force(app) == ["relabel", "exclude", "correct", "correct", "drop_column"]
    # Those of the test set are for blind review.
    assert set(project.dataset.labels_of("train")) == {"leaves", "stays"}
    assert project.dataset.frame["city"].eq("SEOUL").sum() == 1
    assert not project.dataset.frame["plan"].eq("n/a").any()
    assert not findings_of(app, "constant_column")

    app.run_turn(0)
    app.visit("Collect")
    app.press("Control+z")
    app.see(re.compile("Undo takes back: corrected"))
    assert in_force(app) == ["relabel", "exclude", "correct", "correct"]
    assert findings_of(app, "constant_column")
    expect(page.locator("[class*='st-key-mend-constant_column']").first).to_be_visible()
    assert not app.trace


def test_a_check_is_stated_and_what_breaks_it_is_mended_by_hand(page, server, tmp_path):
    app = App(page, server)
    app.goto("collect")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(write_dirty_table(tmp_path / "known.csv"))
    app.drawn()
    page.get_by_role("button", name="Create the project").click()
    app.see("What to do next", seconds=60)
    app.visit("Collect")
    page.get_by_role("tab", name="Checks").click()
    app.drawn()

    # By keyboard alone: the column by its name, then the two ends.
    page.get_by_role("combobox", name="Column").first.click()
    page.keyboard.type("age")
    page.keyboard.press("Enter")
    app.drawn()
    page.get_by_role("textbox", name="From").fill("0")
    page.get_by_role("textbox", name="To").fill("120")
    page.keyboard.press("Enter")
    app.see(re.compile(r"2 of 3\d\d examples .* break the check: 190 \(twice\)"))
    app.click("check-save")
    app.see("Undo takes back: added the check: 'age' lies between 0 and 120")

    page.get_by_role("tab", name="Findings").click()
    app.drawn()
    app.see("Broken: 'age' lies between 0 and 120")
    page.locator("[class*='st-key-open-check']").get_by_role("button").first.click()
    app.drawn()
    page.mouse.dblclick(*in_first_row(app, "check", -60))
    # The editor of the cell lies beside the app: what is typed before it is there is lost.
    expect(page.locator("#portal textarea, #portal input").first).to_be_focused()
    app.drawn()
    page.keyboard.type("19", delay=60)
    page.keyboard.press("Enter")
    app.drawn()
    button = page.locator("[class*='st-key-mend-check']").get_by_role("button").first
    expect(button).to_have_text("Correct 2 cells", timeout=30_000)
    mend(app, "check", "corrected 2 cells")
    ages = opened(app).dataset.frame["age"]
    assert ages.max() < 120
    assert ages.isna().sum() == 1
    assert not findings_of(app, "check")
    assert not app.trace
