from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.evaluate import pair_costs
from core.report import MAX_ROWS, confusion_list, confusion_matrix

CONFUSION = pd.DataFrame([[8, 2], [0, 7]], index=["a <b>", "c"], columns=["a <b>", "c"])


def test_cells_are_shaded_by_share_of_the_true_class():
    chart = confusion_matrix(CONFUSION)
    np.testing.assert_allclose(chart.figure.data[0].z, [[0.8, 0.2], [0.0, 1.0]])
    assert chart.alt.startswith("88.2% on the diagonal")
    json.loads(chart.figure.to_json())


def test_every_cell_that_holds_something_can_be_clicked_and_says_which_it_is():
    squares = confusion_matrix(CONFUSION).figure.data[1]
    assert [tuple(place) for place in squares.customdata] == [(0, 0), (0, 1), (1, 1)]
    assert list(zip(squares.y, squares.x, strict=True)) == [(0, 0), (0, 1), (1, 1)]
    assert "true a &lt;b&gt;, predicted c<br>2 examples, 20.0% of the true class" in squares.text


def test_the_chosen_cell_is_framed():
    assert not confusion_matrix(CONFUSION).figure.layout.shapes
    (frame,) = confusion_matrix(CONFUSION, chosen=("a <b>", "c")).figure.layout.shapes
    assert frame.y0 < 0 < frame.y1
    assert frame.x0 < 1 < frame.x1


def test_of_many_classes_the_ones_with_mistakes_are_drawn_and_all_are_in_the_table():
    names = [f"class {number}" for number in range(60)]
    values = np.diag(np.full(60, 10))
    values[47, 49] = 5
    chart = confusion_matrix(pd.DataFrame(values, index=names, columns=names))
    assert len(chart.figure.data[0].x) == MAX_ROWS
    assert {"class 47", "class 49"} <= set(chart.figure.layout.yaxis.ticktext)
    assert [47, 49] in [list(place) for place in chart.figure.data[1].customdata]
    assert len(chart.numbers) == 60
    assert "class 47 taken for class 49 5 times" in chart.alt


def test_the_costliest_confusions_are_drawn_and_all_are_in_the_table():
    rng = np.random.default_rng(0)
    names = list("abcdef")
    pairs = pair_costs(pd.DataFrame(rng.integers(1, 30, (6, 6)), index=names, columns=names))
    chart = confusion_list(pairs, metric="Macro F1", most=10)
    assert len(chart.figure.data[0].x) == 10
    assert len(chart.numbers) == 30
    assert f"{pairs['true'][0]} → {pairs['predicted'][0]}" in chart.alt
    assert chart.numbers["Macro F1 gained"].str.startswith("+").all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: confusion_matrix(CONFUSION.iloc[:0, :0]),
        lambda: confusion_list(pair_costs(CONFUSION.iloc[1:, 1:]), metric="Macro F1"),
    ],
)
def test_nothing_to_draw_is_no_error(make):
    chart = make()
    assert "none" in chart.alt
    json.loads(chart.figure.to_json())
