from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from core.collect.distributions import Labels, distribution
from core.report import class_quantiles, distribution_chart


def made(values, labels):
    return distribution(pd.Series(values, name="월 <b>요금</b>"), Labels.of(pd.Series(labels, dtype="str")))


def columns(classes: int):
    rng = np.random.default_rng(0)
    labels = rng.choice([f"c{number}" for number in range(classes)], 600)
    numbers = np.where(rng.random(600) < 0.1, np.nan, rng.normal(50, 10, 600))
    return {
        "numbers": made(numbers, labels),
        "few numbers": made(rng.integers(0, 4, 600).astype(float), labels),
        "dates": made(pd.date_range("2024-01-01", periods=600, freq="D").as_unit("us"), labels),
        "categories": made(pd.array(rng.choice(["서울", "<i>부산</i>", None], 600), dtype="str"), labels),
        "names": made(pd.array([f"name {number}" for number in range(600)], dtype="str"), labels),
        "empty": made(np.full(600, np.nan), labels),
    }


@pytest.mark.parametrize("of_values", [False, True])
@pytest.mark.parametrize("classes", [1, 2, 3, 6, 7, 40])
def test_every_kind_of_column_is_drawn_for_few_and_many_classes(classes, of_values):
    for kind, found in columns(classes).items():
        chart = distribution_chart(found, of_values=of_values)
        # Read once, since the text of the figure writes "<" by its code.
        drawn = json.dumps(json.loads(chart.figure.to_json()))
        assert not {"<b>", "<i>"} & set(re.findall("<[bi]>", drawn)), kind
        assert chart.alt.endswith("."), kind
        assert chart.numbers["examples"].sum() == 600, kind
        assert len(chart.numbers) == len(found.counts) + bool(found.missing.any()), kind


def test_what_is_drawn_are_the_shares_of_each_class_with_intervals():
    found = made([1, 1, 2, 2, np.nan], list("aaabb"))
    chart = distribution_chart(found)
    lines = {trace.name: np.array(trace.y, dtype=float) for trace in chart.figure.data}
    # A gap, then what is missing.
    assert lines["a"] == pytest.approx([2 / 3, 1 / 3, np.nan, 0.0], nan_ok=True)
    assert lines["b"] == pytest.approx([0.0, 0.5, np.nan, 0.5], nan_ok=True)
    table = chart.numbers.set_index("value")
    assert table.loc["1", "a"] == "66.7%"
    assert table.loc["missing", "b, examples"] == 1
    assert table.loc["1", "a, 95% interval"] == "20.8% to 93.9%"


def test_of_two_classes_the_smaller_is_drawn_by_value_against_its_share_of_all():
    found = made(pd.array(["x", "x", "x", "y"], dtype="str"), list("aaba"))
    chart = distribution_chart(found, of_values=True)
    (marks,) = chart.figure.data
    assert marks.name == "b"
    assert list(marks.x) == pytest.approx([1 / 3, 0.0])
    assert chart.figure.layout.shapes[0].x0 == 0.25
    assert "Share of b" in chart.alt
    assert "share of b" in chart.figure.layout.xaxis.title.text


def test_classes_that_are_numbers_stand_in_their_order():
    labels = [*["10"] * 5, *["9"] * 2, *["8"] * 9]
    table = distribution_chart(made(np.arange(16.0), labels)).numbers
    assert [name for name in table if name in {"8", "9", "10"}] == ["8", "9", "10"]


def test_quantiles_are_a_row_a_class():
    found = made([1.0, 2.0, 3.0, np.nan, 9.0], list("aaabb"))
    table = class_quantiles(found)
    assert table["class"].tolist() == ["all", "a", "b"]
    assert table["median"].tolist() == ["2", "2", "9"]
    assert table["missing"].tolist() == ["20.0%", "0.0%", "50.0%"]
    assert class_quantiles(made([0.123456, 123456.0], ["a", "b"]))["median"].tolist() == ["0.1235", "0.1235", "123,456"]
    assert class_quantiles(made(pd.array(["x"], dtype="str"), ["a"])) is None
