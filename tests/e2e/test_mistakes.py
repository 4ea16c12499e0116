"""The views of errors in a browser: a click on a cell of the confusion matrix opens its examples, and nothing else."""

from __future__ import annotations

import re
import time

import pytest
from driving import PACE, App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project, predicted

pytestmark = pytest.mark.browser


def view(app: App, name: str) -> None:
    app.page.get_by_role("tab", name=name, exact=True).click()
    app.drawn()


def click_cell(app: App, row: int, column: int, classes: int) -> None:
    """Click the middle of a cell, first row on top."""
    plot = app.keyed("figure-confusion-test").locator(".nsewdrag")
    box = plot.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (column + 0.5) / classes
    y = box["y"] + box["height"] * (row + 0.5) / classes
    app.page.mouse.move(x - 6, y - 6)
    app.page.mouse.move(x, y, steps=4)
    # A click is on what the mouse was over, and that is found out a moment later.
    time.sleep(2 * PACE)
    app.page.mouse.click(x, y)
    app.drawn()


@pytest.fixture(scope="module")
def small(server):
    return make_project(server.workspace, name="mistakes")


@pytest.mark.thorough
def test_a_click_on_a_confusion_cell_opens_its_examples(page, server, small):
    project = Project.open(server.workspace / small)
    confusion = predicted(project, project.turns[0], "test").confusion
    project.close()
    names = list(confusion.index)
    app = App(page, server)
    app.goto("evaluate", project=small)
    view(app, "Mistakes")

    for row, column in ((1, 0), (0, 1), (0, 1), (1, 1)):
        given, taken, held = names[row], names[column], int(confusion.iloc[row, column])
        assert held
        click_cell(app, row, column, len(names))
        said = f"{held} examples? labelled {given} " + (
            "and predicted so" if row == column else f"but predicted {taken}"
        )
        expect(page.get_by_text(re.compile(said)).first).to_be_visible()
        chosen = "predicted so" if row == column else f"→ {taken}"
        expect(app.keyed("cell-test").get_by_role("combobox")).to_have_value(f"{given} {chosen} · {held}")
        expect(page.get_by_text(f"of {held} example").first).to_be_visible()
    assert not app.trace
