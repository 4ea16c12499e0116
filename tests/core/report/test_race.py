from __future__ import annotations

import re

import pandas as pd
import pytest

from core.report import knobs_chart, race_chart, race_html


@pytest.fixture
def table():
    rows = [
        ("model", "start", 0.0, 0, 0.0, 0.60),
        ("model", "9 models tried. Now: <b>trees</b>", 16.0, 0, 80.0, 0.62),
        ("data", "start", 0.0, 0, 0.0, 0.60),
        ("data", "5 suspects reviewed, 5 labels changed", 6.0, 5, 80.0, 0.70),
        ("data", "5 suspects reviewed, 2 labels changed", 12.0, 10, 160.0, 0.72),
    ]
    frame = pd.DataFrame(rows, columns=["arm", "step", "fits", "decisions", "cost", "score"])
    return frame.assign(low=frame["score"] - 0.03, high=frame["score"] + 0.03)


def lines(chart):
    return {trace.name: trace for trace in chart.figure.data if trace.name}


def test_each_side_is_a_line_that_holds_its_score_until_the_next_step(table):
    chart = race_chart(table, metric="Macro F1", budget=240)
    drawn = lines(chart)
    assert set(drawn) == {"a better model", "better data"}
    assert drawn["better data"].line.shape == "hv"
    assert list(drawn["better data"].y) == [0.60, 0.70, 0.72, 0.72]
    assert list(drawn["better data"].x) == pytest.approx([0, 80 / 60, 160 / 60, 4])
    assert drawn["better data"].line.dash != drawn["a better model"].line.dash
    assert chart.alt == (
        "Macro F1 after 4.0 minutes: a better model 0.620 (0.590 to 0.650); better data 0.720 (0.690 to 0.750)."
    )
    assert "<b>" not in str(drawn["a better model"].customdata)


def test_played_up_to_a_moment_it_shows_no_more_on_the_same_axes(table):
    whole, part = (race_chart(table, metric="Macro F1", budget=240, until=until) for until in (None, 80))
    assert list(lines(part)["better data"].y) == [0.60, 0.70, 0.70]
    assert len(part.numbers) == 4
    for axis in ("xaxis", "yaxis"):
        assert whole.figure.layout[axis].range == part.figure.layout[axis].range


def test_the_knobs_are_what_each_side_gained(table):
    chart = knobs_chart(table, metric="Macro F1")
    (bars,) = chart.figure.data
    assert list(bars.x) == ["a better model", "better data"]
    assert list(bars.y) == pytest.approx([0.02, 0.12])
    assert chart.numbers["change"].tolist() == ["+0.020", "+0.120"]


def test_the_file_needs_no_network_and_runs_nothing_from_the_data(table):
    charts = race_chart(table, metric="Macro F1", budget=240), knobs_chart(table, metric="Macro F1")
    page = race_html("<script>alert(1)</script>", charts[0], charts[1:], remark="As it came out.")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "<b>trees</b>" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="http', page)
    assert page.count("<figure") == 2
