from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluate import EvaluationError, find_slices, heat_map, measure, overlap, slice_frame, telling_columns


@pytest.fixture
def crossed():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, 700),
            "plan": rng.choice(["basic", "plus", None], 700, p=[0.6, 0.3, 0.1]),
            "city": rng.choice(["Seoul", "Busan"], 700),
        },
        index=pd.Index([f"r{n}" for n in range(700)]),
    )
    losses = pd.Series((rng.random(700) < np.where(frame["plan"] == "basic", 0.4, 0.1)).astype(float), frame.index)
    return slice_frame(frame, min_size=30)[0], losses


def test_the_cells_add_up_to_all_examples_and_all_errors(crossed):
    categories, losses = crossed
    cells = heat_map(categories, losses, "age", "plan")
    assert cells["size"].sum() == len(losses)
    assert cells["wrong"].sum() == losses.sum()
    assert cells["coverage"].sum() == pytest.approx(1.0)
    assert len(cells) == categories["age"].nunique() * categories["plan"].nunique()


def test_each_cell_is_what_counting_its_examples_says(crossed):
    categories, losses = crossed
    for _, cell in heat_map(categories, losses, "plan", "city").iterrows():
        own = losses[(categories["plan"] == cell["row"]) & (categories["city"] == cell["column"])]
        assert cell["size"] == len(own)
        assert cell["error"] == pytest.approx(own.mean())
        assert cell["coverage"] == pytest.approx(own.sum() / losses.sum())
        assert cell["lift"] == pytest.approx(own.mean() / losses.mean())
        assert cell["low"] < cell["error"] < cell["high"]
        assert cell["coverage_low"] < cell["coverage"] < cell["coverage_high"]


def test_an_empty_cell_has_no_error_and_no_division_warns(crossed):
    categories, losses = crossed
    some = ~((categories["plan"] == "basic") & (categories["city"] == "Seoul")).to_numpy()
    cells = heat_map(categories[some], losses[some], "plan", "city").set_index(["row", "column"])
    assert cells.loc[("basic", "Seoul"), "size"] == 0
    assert np.isnan(cells.loc[("basic", "Seoul"), "error"])
    assert cells.loc[("basic", "Seoul"), "coverage"] == 0


def test_a_model_without_errors_covers_nothing(crossed):
    categories, losses = crossed
    cells = heat_map(categories, losses * 0, "plan", "city")
    assert (cells["error"] == 0).all()
    assert cells["coverage"].isna().all()


@pytest.mark.parametrize(("row", "column"), [("plan", "plan"), ("plan", "nowhere")])
def test_columns_that_can_not_be_crossed_are_refused(crossed, row, column):
    with pytest.raises(EvaluationError, match="crosses two"):
        heat_map(*crossed, row, column)


def test_the_columns_of_the_worst_slice_come_first(crossed):
    categories, losses = crossed
    worst = find_slices(categories, losses, min_size=30)
    columns = telling_columns(worst, list(categories))
    assert columns[0] == worst[0].predicates[0][0] == "plan"
    assert telling_columns([], ["a", "b", "c"]) == ("a", "b")
    assert telling_columns([], ["a"]) is None


def test_a_region_is_measured_against_the_rest(crossed):
    _, losses = crossed
    inside = np.arange(len(losses)) < 100
    region = measure([], inside, losses)
    assert (region.size, region.wrong) == (100, losses[:100].sum())
    assert region.gain_if_fixed == pytest.approx(losses.mean() - losses[100:].mean())
    assert region.ids.equals(losses.index[:100])
    assert str(region) == "all examples"
    assert measure([], np.ones(len(losses), dtype=bool), losses).gain_if_fixed == 0
    assert np.isnan(measure([], np.zeros(len(losses), dtype=bool), losses).error)


def test_overlap_is_the_share_of_the_first_that_the_others_hold():
    one = pd.Index(["a", "b", "c", "d"])
    assert overlap(one, [one, pd.Index(["d", "e"]), pd.Index([], dtype="str")]) == [1.0, 0.25, 0.0]
