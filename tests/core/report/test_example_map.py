from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.report import example_map_chart
from core.report.chart import ALERT
from core.report.example_map import OTHER_GROUPS


def points(groups: int, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    named = rng.choice([f"분류 <b>{number}" for number in range(groups)], rows)
    return pd.DataFrame(
        {"x": rng.normal(size=rows), "y": rng.normal(size=rows), "class": named, "group": named, "said": named},
        index=pd.Index([f"r{number}" for number in range(rows)]),
    )


@pytest.mark.parametrize(("groups", "drawn"), [(1, 1), (6, 6), (7, 6), (150, 6)])
def test_each_example_is_drawn_once_under_its_own_id(groups, drawn):
    found = points(groups)
    chart = example_map_chart(found, axes=("First\n<b>월 요금</b> 0.4", "Second"))
    assert chart.figure.layout.xaxis.title.text == "First<br>&lt;b&gt;월 요금&lt;/b&gt; 0.4"
    traces = chart.figure.data
    assert len(traces) == drawn
    ids = [each for trace in traces for each in trace.customdata]
    assert sorted(ids) == sorted(found.index)
    for trace in traces:
        assert list(trace.x) == found.loc[list(trace.customdata), "x"].round(4).tolist()
    assert (traces[0].name.split(" · ")[0] == OTHER_GROUPS) == (groups > 6)
    assert "<b>" not in json.dumps(json.loads(chart.figure.to_json()))
    assert len(chart.numbers) == len(found)
    assert chart.alt.startswith("Map of 300 examples")


def test_what_stands_out_is_drawn_over_the_others():
    found = points(3)
    rare = found["group"].value_counts().index[1]
    *others, last = example_map_chart(found, stands_out=rare).figure.data
    assert set(found.loc[list(last.customdata), "group"]) == {rare}
    assert last.marker.color == ALERT
    assert all(trace.marker.color != ALERT for trace in others)


def test_the_open_example_is_ringed():
    found = points(2)
    ring = example_map_chart(found, chosen="r7").figure.data[-1]
    assert (ring.x[0], ring.y[0]) == (found.at["r7", "x"], found.at["r7", "y"])
    assert len(example_map_chart(found, chosen="gone").figure.data) == 2


def test_nobody_to_draw_is_no_error():
    assert "none" in example_map_chart(points(2).head(0)).alt


def test_five_thousand_examples_stay_far_below_two_megabytes():
    chart = example_map_chart(points(6, rows=5_000))
    assert len(chart.figure.to_json()) < 600_000
