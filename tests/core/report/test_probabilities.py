from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from core.evaluate import THRESHOLD_SCORES, calibration, threshold_curve
from core.report import loss_histogram, reliability_diagram, threshold_chart

IDS = pd.Index([f"e{number}" for number in range(400)])
CHANCE = np.random.default_rng(0).random(400)
LABELS = pd.Series(np.where(np.random.default_rng(1).random(400) < CHANCE, "yes", "no"), index=IDS)
PROBABILITIES = pd.DataFrame({"no": 1 - CHANCE, "yes": CHANCE}, index=IDS)


@pytest.fixture(scope="module")
def curve():
    return threshold_curve(LABELS, PROBABILITIES, positive="yes")


def test_the_threshold_chart_marks_the_places_and_says_what_is_here(curve):
    scores = {name: THRESHOLD_SCORES[name] for name in ("precision", "f1")}
    chart = threshold_chart(curve.table, scores=scores, positive="yes", at=0.3, locked=0.5, best=curve.best)
    assert [shape.x0 for shape in chart.figure.layout.shapes] == [0.5, curve.best, 0.3]
    assert [trace.name for trace in chart.figure.data if trace.showlegend is None] == ["Precision", "F1"]
    assert len({trace.line.dash for trace in chart.figure.data if trace.showlegend is None}) == 2
    assert f"At 0.300: Precision {curve.at(0.3)['precision']:.3f}" in chart.alt
    assert "The locked rule stands at 0.500" in chart.alt
    assert {"threshold", "Precision", "F1", "found", "missed", "false alarms", "rightly left"} == set(chart.numbers)
    assert len(chart.numbers) == len(curve.table)
    json.loads(chart.figure.to_json())


def test_the_reliability_diagram_has_a_mark_and_a_row_for_each_bin():
    bins = calibration(LABELS, PROBABILITIES).bins
    chart = reliability_diagram(bins, said="probability of <b>", came_true="share")
    assert len(chart.figure.data[1].x) == len(chart.numbers) == len(bins)
    assert chart.numbers["examples"].sum() == 400
    assert "came true" in chart.alt


def test_the_histogram_counts_every_loss_once_and_right_and_wrong_apart():
    losses = pd.Series([0.01, 0.1, 0.2, 5.0, 30.0, 0.9])
    wrong = losses > math.log(2)
    chart = loss_histogram(losses, wrong, line=math.log(2))
    assert chart.numbers["predicted rightly"].sum() == 3
    assert chart.numbers["predicted wrongly"].sum() == 3
    assert chart.numbers["to"].iloc[-1] == "all above"
    assert "3 are above 0.69" in chart.alt
    assert chart.figure.layout.yaxis.type is None


def test_many_examples_are_drawn_on_a_logarithmic_axis_that_says_so():
    losses = pd.Series(np.random.default_rng(0).exponential(0.3, 5000))
    chart = loss_histogram(losses, losses > 1, line=math.log(3))
    assert chart.figure.layout.yaxis.type == "log"
    assert "log scale" in chart.figure.layout.yaxis.title.text


def test_no_example_is_no_error():
    chart = loss_histogram(pd.Series(dtype=float), pd.Series(dtype=bool), line=1.0)
    assert "0 examples" in chart.alt
