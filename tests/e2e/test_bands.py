"""The audited fix as a reviewer does it, by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from driving import App
from small import make_project

from core.flywheel import Project, rank

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def open_view(app: App, title: str) -> None:
    app.page.get_by_role("tab", name=title).click()
    app.drawn()


def test_a_sample_is_reviewed_and_the_rest_of_its_band_fixed_and_taken_back(page, server):
    name = make_project(server.workspace, name="audited")
    project = Project.open(Path(server.workspace) / name)
    # The app would make the better ranking meanwhile, and cut other bands by it.
    suspects = rank(project, project.turns[0]).suspects
    flagged = int(suspects["flagged"].sum())
    app = App(page, server)
    app.goto("annotate", project=name)
    open_view(app, "Audited fix")
    app.see("There is no figure yet, so nothing can be applied")

    number = page.locator("[class*='st-key-sample-size-0-1'] input")
    number.fill("20")
    number.press("Enter")
    app.drawn()
    app.click("sample-start")
    for card in range(1, 21):
        app.see(re.compile(rf"Card {card} of 20"))
        app.drawn()
        app.press("2")
    app.see("The queue is through")

    open_view(app, "Audited fix")
    app.see("20 at random")
    before = project.dataset.version
    page.get_by_text("Do it all the same").click()
    app.drawn()
    page.get_by_role("button", name=f"Relabel {flagged - 20} example").click()
    app.see(f"Relabelled {flagged - 20} example")
    assert [entry.kind for entry in project.log] == ["decide"] * 20 + ["relabel"]
    assert "of 20 reviewed at random, the suggestion was right in 100%" in project.log[-1].reason
    app.drawn()
    page.get_by_role("button", name="Take it back").click()
    app.drawn()
    assert project.dataset.version == before
    assert not app.trace
