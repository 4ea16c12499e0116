from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from core.evaluate import bins_of, error_tree, heat_map, slice_frame
from core.report import error_heat_map, error_tree_chart
from core.report.chart import ALERT, faded


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"plan": rng.choice(["basic", "<b>plus</b>", "old"], 900), "age": rng.integers(18, 80, 900)},
        index=pd.Index([f"r{n}" for n in range(900)]),
    )
    hard = (frame["plan"] == "basic") & (frame["age"] < 40)
    losses = pd.Series((rng.random(900) < np.where(hard, 0.6, 0.1)).astype(float), frame.index)
    categories, _ = slice_frame(frame)
    return categories, losses, bins_of(frame, categories)


@pytest.mark.parametrize("colour", ["error", "coverage", "both"])
def test_each_cell_with_examples_can_be_clicked_and_is_in_the_table(made, colour):
    categories, losses, _ = made
    cells = heat_map(categories, losses, "plan", "age")
    chart = error_heat_map(cells, row="plan", column="age", colour=colour)
    _, places = chart.figure.data
    full = cells[cells["size"] > 0]
    down, across = (list(dict.fromkeys(cells[name])) for name in ("row", "column"))
    assert [(down[row], across[column]) for row, column in places.customdata] == list(
        full[["row", "column"]].itertuples(index=False, name=None)
    )
    assert list(zip(places.y, places.x, strict=True)) == [tuple(each) for each in places.customdata]
    assert len(chart.numbers) == len(cells)
    assert chart.numbers["examples"].sum() == 900
    assert "basic and" in chart.alt
    assert "<b>plus" not in "".join(places.text)


def test_an_empty_cell_has_no_colour_and_no_place(made):
    categories, losses, _ = made
    some = ~((categories["plan"] == "basic") & (categories["age"] == categories["age"].cat.categories[0])).to_numpy()
    cells = heat_map(categories[some], losses[some], "plan", "age")
    heat, places = error_heat_map(cells, row="plan", column="age").figure.data
    assert np.isnan(np.array(heat.z)).sum() == 1
    assert len(places.x) == len(cells) - 1


def test_the_cell_that_is_open_is_framed(made):
    categories, losses, _ = made
    cells = heat_map(categories, losses, "plan", "age")
    last = (cells["row"].iloc[-1], cells["column"].iloc[-1])
    plain = error_heat_map(cells, row="plan", column="age").figure
    framed = error_heat_map(cells, row="plan", column="age", chosen=last).figure
    assert len(framed.layout.shapes) == len(plain.layout.shapes) + 1
    assert (framed.layout.shapes[-1].x0 + framed.layout.shapes[-1].x1) / 2 == cells["column"].nunique() - 1
    assert error_heat_map(cells, row="plan", column="age", chosen=("gone", "gone")).figure.layout.shapes == ()


def test_boxes_of_the_tree_do_not_overlap_and_children_fill_their_parent(made):
    nodes = error_tree(*made[:2], made[2])
    chart = error_tree_chart(nodes, chosen=1)
    filled = [each for each in chart.figure.layout.shapes if (each.fillcolor or "").startswith(faded(ALERT, 0)[:16])]
    assert len(filled) == len(nodes) > 3
    boxes = {node.number: box for node, box in zip(nodes, filled, strict=True)}
    for node in nodes:
        own = [boxes[child.number] for child in nodes if child.parent == node.number]
        if own:
            assert own[0].y0 == boxes[node.number].y0
            assert own[-1].y1 == boxes[node.number].y1
            assert all(upper.y1 < lower.y0 for upper, lower in pairwise(own))
            assert all(box.x0 > boxes[node.number].x1 for box in own)


def test_the_place_that_is_nearest_to_a_point_in_a_box_is_the_box_s_own(made):
    nodes = error_tree(*made[:2], made[2])
    figure = error_tree_chart(nodes).figure
    (places,) = figure.data
    # On a screen a column is about four times as wide as a row is high.
    at = np.column_stack([np.array(places.x) * 4, places.y])
    filled = [each for each in figure.layout.shapes if (each.fillcolor or "").startswith(faded(ALERT, 0)[:16])]
    for node, box in zip(nodes, filled, strict=True):
        for x in (box.x0 + 0.02, box.x1 - 0.02):
            for y in (box.y0 + 0.02, box.y1 - 0.02):
                nearest = np.hypot(*(at - [x * 4, y]).T).argmin()
                assert places.customdata[nearest] in ([node.number], (node.number,))


def test_the_table_of_the_tree_says_each_node_and_the_alt_the_worst(made):
    nodes = error_tree(*made[:2], made[2])
    chart = error_tree_chart(nodes)
    assert chart.numbers["examples"].tolist() == [node.region.size for node in nodes]
    worst = max((node for node in nodes if node.leaf), key=lambda node: node.region.error)
    assert str(worst.region) in chart.alt
    assert error_tree_chart(nodes[:1]).numbers["examples with"].tolist() == ["all examples"]
