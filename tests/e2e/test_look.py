"""A look at the data in a browser: each view with data, a bar that opens its column, a mark that opens its example."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from driving import PACE, App
from playwright.sync_api import expect

from core.collect import profile
from core.dataset import Dataset
from core.flywheel import Project

pytestmark = pytest.mark.browser

# More than one page of columns.
MORE = 30


def customers(rows: int = 600) -> pd.DataFrame:
    """Korean names and labels, numbers, categories, dates, and values that are missing from some row on."""
    rng = np.random.default_rng(0)
    label = rng.choice(["유지", "이탈"], rows, p=[0.7, 0.3])
    leaves = label == "이탈"
    frame = pd.DataFrame(
        {
            "월 요금": rng.normal(50, 10, rows).round(1) + 12 * leaves,
            "지역": rng.choice(["서울", "부산", "<b>대구</b>"], rows),
            "가입일": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), "D"),
            "상담": rng.poisson(2, rows).astype(float),
        }
        | {f"지표 {number:02d}": rng.normal(size=rows) for number in range(MORE)}
    )
    frame.loc[: rows // 3, "상담"] = np.nan
    return frame.assign(상태=label)


@pytest.fixture(scope="module")
def project(server):
    dataset = Dataset.from_frame(customers(), label="상태")
    made = Project.create(server.workspace / "look", dataset, recipe="logistic_regression", name="고객")
    made.turn()
    yield made
    made.close()


def show(app: App, view: str, key: str) -> None:
    app.page.get_by_role("tab", name=view, exact=True).click()
    app.keyed(key).wait_for(timeout=60_000)
    app.drawn()


def click_at(app: App, x: float, y: float) -> None:
    app.page.mouse.move(x - 6, y - 4)
    app.page.mouse.move(x, y, steps=4)
    # A click is on what the mouse was over, and that is found out a moment later.
    time.sleep(2 * PACE)
    app.page.mouse.click(x, y)
    app.drawn()


@pytest.mark.thorough
def test_a_click_on_a_bar_opens_its_column_and_so_does_the_keyboard(page, server, project):
    app = App(page, server)
    app.goto("collect", project=project.id)
    show(app, "Columns", "figure-relations")
    order = list(profile(project.dataset).relations.index)
    expect(app.keyed("column-open").get_by_role("combobox")).to_have_value("월 요금")
    plot = app.keyed("figure-relations").locator(".nsewdrag")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    click_at(app, box["x"] + 3, box["y"] + box["height"] * 1.5 / 20)
    expect(app.keyed("column-open").get_by_role("combobox")).to_have_value(order[1])

    chooser = app.keyed("column-open").get_by_role("combobox")
    chooser.focus()
    chooser.press("Control+a")
    page.keyboard.type("지역", delay=40)
    app.press("Enter")
    figure = app.keyed("figure-distribution-지역-False")
    for value in ("서울", "부산", "<b>대구</b>"):
        expect(figure.get_by_text(value, exact=True)).to_be_visible()
    app.keyed("columns-shares").get_by_text("Classes in each value").click()
    app.drawn()
    app.see("share of 이탈 among those with this value")

    # The second page has the rest of the columns.
    app.keyed("page-relations-relation-").get_by_role("button", name="Next page").click()
    app.drawn()
    app.see(f"21–{MORE + 4} of {MORE + 4} columns")
    assert not app.trace


@pytest.mark.thorough
def test_what_is_missing_is_seen_by_rows_and_classes(page, server, project):
    app = App(page, server)
    app.goto("collect", project=project.id)
    show(app, "Missing", "figure-missing-map")
    app.see("1 column with missing values")
    expect(app.keyed("figure-missing-by-class")).to_be_visible()
    assert not app.trace


def test_a_click_on_a_mark_opens_its_example_and_leads_to_its_review(page, server, project):
    app = App(page, server)
    app.goto("collect", project=project.id)
    show(app, "Map", "figure-map-pca")
    app.keyed("map-colour").get_by_text("Errors").click()
    app.drawn()
    # The last ones drawn lie on top of the others.
    mark = app.keyed("figure-map-pca").locator(".scatterlayer .trace").last.locator(".point").last
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    click_at(app, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened = app.keyed("map-example").get_by_role("combobox").input_value().split(" · ")[-1]
    assert opened in set(project.dataset.ids("train"))
    app.see(f"Example {opened}")
    decided = project.model.decide(project.turns[-1].out_of_fold)
    assert decided[opened] != project.dataset.labels[opened]
    app.click("review-map")
    app.see("Card 1 of 1")
    assert not app.trace
