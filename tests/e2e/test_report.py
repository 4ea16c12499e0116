"""The report in a browser: written by the app, opened as a file with the network off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from access import broken
from conftest import WIDE
from driving import App
from playwright.sync_api import expect

from core.dataset import Dataset
from core.flywheel import Project, Relabel

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def project(server):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"소득": rng.normal(50, 10, 300).round(1), "plan": rng.choice(["basic", "plus"], 300)})
    frame["label"] = np.where(frame["소득"] + rng.normal(0, 5, 300) > 50, "남음", "<b>leaves</b>")
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    project = Project.create(server.workspace / "told", dataset, recipe="logistic_regression", name="고객 <script>")
    project.turn()
    project.apply(Relabel({project.dataset.ids("train")[0]: "남음"}, by="Ada", reason="전화로 확인"))
    project.turn()
    yield project
    project.close()


def test_the_file_opens_anywhere_without_a_network(browser, page, server, project, tmp_path):
    app = App(page, server)
    app.goto("ledger", project=project.id)
    page.get_by_role("tab", name="Export").click()
    app.drawn()
    app.click("report-None")
    button = page.get_by_role("button", name="Download the report of the project")
    expect(button).to_be_visible(timeout=60_000)
    app.drawn()
    with page.expect_download() as download:
        button.click()
    path = tmp_path / "report.html"
    download.value.save_as(path)

    for size, theme in ((WIDE, "light"), (WIDE, "dark"), (PHONE, "light")):
        context = browser.new_context(viewport=size, color_scheme=theme, offline=True)
        alone, said, asked = context.new_page(), [], []
        alone.on("console", lambda message, said=said: said.append(message.text))
        alone.on("pageerror", lambda error, said=said: said.append(str(error)))
        alone.on("request", lambda request, asked=asked: asked.append(request.url))
        alone.goto(path.as_uri())
        expect(alone.get_by_role("heading", level=1)).to_have_text("고객 <script>: report of the project")
        titles = alone.get_by_role("heading", level=2).all_inner_texts()
        assert titles[:2] == ["In short", "The data"]
        assert titles[-1] == "What these numbers can't say"
        # Each place of the contents is there.
        for link in alone.get_by_role("navigation").get_by_role("link").all():
            expect(alone.locator(link.get_attribute("href"))).to_have_count(1)
        pictures = alone.get_by_role("img")
        assert pictures.count() >= 3
        assert all(each.get_attribute("aria-label").strip() for each in pictures.all())
        expect(alone.get_by_role("cell", name="전화로 확인")).to_be_visible()
        expect(alone.get_by_role("rowheader", name="<b>leaves</b>").first).to_be_visible()
        # Wide tables scroll by themselves, not the page.
        assert alone.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert broken(alone) == []
        assert said == []
        assert asked == [path.as_uri()]
        context.close()
