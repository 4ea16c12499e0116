"""Error slices in a browser: a click on a slice, cell or box opens its examples; harm to a pinned slice is marked."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from driving import PACE, App
from playwright.sync_api import Page, expect

from core.dataset import Dataset
from core.evaluate import holds
from core.flywheel import Project, Relabel, watched_slices
from pages.parts import slices

pytestmark = pytest.mark.browser


def make_uneven(workspace, name: str) -> Project:
    """Labels that the model can't get right where the plan is basic and the region is north."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, 900).round(1),
            "plan": rng.choice(["basic", "plus"], 900),
            "region": rng.choice(["north", "south", "west"], 900),
        }
    )
    label = np.where(frame["income"] > 50, "stays", "leaves")
    hard = (frame["plan"] == "basic") & (frame["region"] == "north")
    frame["label"] = np.where(hard & (rng.random(900) < 0.5), np.where(label == "stays", "leaves", "stays"), label)
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    project = Project.create(workspace / name, dataset, recipe="logistic_regression", name=name.capitalize())
    project.turn()
    return project


@pytest.fixture(scope="module")
def uneven(server):
    project = make_uneven(server.workspace, "uneven")
    yield project
    project.close()


@pytest.fixture(scope="module")
def found(uneven):
    return slices.seek(uneven, uneven.turns[0])


def show(app: App, view: str) -> None:
    app.page.get_by_role("tab", name="Error slices", exact=True).click()
    app.keyed("slices-view").wait_for(timeout=90_000)
    app.drawn()
    app.keyed("slices-view").get_by_text(view, exact=True).click()
    app.drawn()


def click_at(app: App, key: str, across: float, down: float) -> None:
    """Click at a place of a figure, in shares of its width and height."""
    plot = app.keyed(key).locator(".nsewdrag")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * down
    app.page.mouse.move(x - 6, y - 4)
    app.page.mouse.move(x, y, steps=4)
    # A click is on what the mouse was over, and that is found out a moment later.
    time.sleep(2 * PACE)
    app.page.mouse.click(x, y)
    app.drawn()


def opens(page: Page, sentence: str, wrong: int, size: int) -> None:
    """Whether the panel is of these examples: its title, its figures, and as many rows to page through."""
    expect(page.get_by_text(sentence, exact=True).last).to_be_visible()
    expect(page.get_by_text(f"{wrong} of its {size} examples").first).to_be_visible()
    expect(page.get_by_text(f"of {size} examples", exact=False).last).to_be_visible()


@pytest.mark.thorough
def test_a_click_on_a_slice_opens_its_examples(page, server, uneven, found):
    app = App(page, server)
    app.goto("evaluate", project=uneven.id)
    show(app, "Worst slices")
    count = len(found.slices)
    for place in (count - 1, 0):
        click_at(app, "figure-slices", 0.1, (place + 0.5) / count)
        each, _ = found.slices[place]
        opens(page, str(each), round(each.error * each.size), each.size)
        expect(app.keyed("slice").get_by_role("combobox")).to_have_value(str(each))
    app.click("review-slice")
    app.see(re.compile(r"suspects of turn 0 where plan is basic and region is north"))
    assert not app.trace


def test_a_click_on_a_cell_opens_its_examples_and_so_does_the_keyboard(page, server, uneven, found):
    app = App(page, server)
    app.goto("evaluate", project=uneven.id)
    show(app, "Heat map")
    plans, regions = (list(found.categories[name].cat.categories) for name in ("plan", "region"))
    data = uneven.dataset.frame.loc[found.loss.index]
    # In a corner of the cell, and the same cell twice.
    for plan, region in (("plus", "south"), ("basic", "west"), ("basic", "west")):
        across = (regions.index(region) + 0.1) / len(regions)
        click_at(app, "figure-error-map-plan-region", across, (plans.index(plan) + 0.2) / len(plans))
        inside = ((data["plan"] == plan) & (data["region"] == region)).to_numpy()
        opens(page, f"plan is {plan} and region is {region}", int(found.loss[inside].sum()), int(inside.sum()))
    chooser = app.keyed("map-cell-plan-region").get_by_role("combobox")
    chooser.focus()
    chooser.press("Control+a")
    page.keyboard.type("basic and north", delay=40)
    app.press("Enter")
    inside = ((data["plan"] == "basic") & (data["region"] == "north")).to_numpy()
    opens(page, "plan is basic and region is north", int(found.loss[inside].sum()), int(inside.sum()))
    assert not app.trace


@pytest.mark.thorough
def test_a_click_on_a_box_of_the_tree_opens_its_examples(page, server, uneven, found):
    app = App(page, server)
    app.goto("evaluate", project=uneven.id)
    show(app, "Error tree")
    leaves, deepest = sum(node.leaf for node in found.tree), max(node.depth for node in found.tree)
    # The root, near its upper right corner, where the boxes of its children are close.
    click_at(app, "figure-error-tree-0", 0.62 / (deepest + 0.7), 0.3 / leaves)
    expect(page.get_by_text("all examples", exact=True).last).to_be_visible()
    # The first row of the last column is the leaf on the worst way.
    first = next(node for node in found.tree if node.depth == deepest)
    row = first_row(found.tree, first.number)
    click_at(app, "figure-error-tree-0", (deepest - 0.3 + 0.5) / (deepest + 0.7), (row + 0.5) / leaves)
    opens(page, str(first.region), first.region.wrong, first.region.size)
    described = uneven.dataset.frame.loc[found.loss.index]
    assert holds(first.region.predicates, described).sum() == first.region.size
    assert not app.trace


def first_row(tree, number: int) -> int:
    """How many leaves are drawn above a node."""
    above, node = 0, tree[number]
    while node.parent is not None:
        for sibling in tree:
            if sibling.parent == node.parent and sibling.number < node.number:
                above += leaves_below(tree, sibling.number)
        node = tree[node.parent]
    return above


def leaves_below(tree, number: int) -> int:
    children = [node.number for node in tree if node.parent == number]
    return sum(leaves_below(tree, child) for child in children) if children else 1


@pytest.mark.thorough
def test_a_pinned_slice_that_a_turn_harms_is_marked_on_evaluate_and_in_the_ledger(page, server):
    project = make_uneven(server.workspace, "pinning")
    app = App(page, server)
    app.goto("evaluate", project=project.id)
    show(app, "Heat map")
    plans, regions = ["basic", "plus"], ["north", "south", "west"]
    across = (regions.index("south") + 0.5) / 3
    click_at(app, "figure-error-map-plan-region", across, (plans.index("basic") + 0.5) / 2)
    app.click("pin-map")
    (pinned,) = watched_slices(project)
    assert str(pinned) == "plan is basic and region is south"
    page.reload()
    app.drawn()

    train = project.dataset.part("train")
    # All of one plan: its other half bears the same wrong rule.
    spoilt = train[train["plan"] == "basic"]["label"]
    project.apply(Relabel({key: "leaves" if label == "stays" else "stays" for key, label in spoilt.items()}, by="ann"))
    app.run_turn(1)
    app.see("Turn 1 harms 1 pinned slice")
    app.visit("Evaluate")
    app.see("Turn 1 harms 1 pinned slice")
    assert project.ledger()["watched"].tolist() == ["", "harms 'plan is basic and region is south'"]
    show(app, "Pinned")
    app.click("pin-pinned")
    app.see("No slice is pinned")
    expect(page.get_by_text("Turn 1 harms 1 pinned slice")).to_have_count(0)
    assert not app.trace
    project.close()
