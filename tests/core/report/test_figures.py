from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from core.report import figures
from core.report.chart import ACCENT, ALERT, CLASSES, NEUTRAL, SECOND, Chart

TURNS = pd.DataFrame(
    {
        "turn": [0, 1, 2],
        "value": [0.612, 0.655, 0.640],
        "low": [0.587, 0.630, 0.612],
        "high": [0.640, 0.681, 0.667],
        "verdict": [None, "gain", "no evidence"],
    }
)
COUNTS = pd.DataFrame({"collected": [5, 90], "generated": [20, 0]}, index=["rare <b>", "common"])
SLICES = pd.DataFrame(
    {
        "slice": ["country is KR and age 60 to 70", "country is KR"],
        "error": [0.42, 0.31],
        "lift": [2.1, 1.55],
        "size": [64, 210],
        "p_adjusted": [0.001, 0.04],
        "low": [0.3, 0.25],
        "high": [0.54, 0.37],
    }
)
SCORES = pd.Series([0.05, 0.1, 0.97, 1.0], index=list("abcd"))
FLAGGED = pd.Series([False, False, True, True], index=list("abcd"))
CURVE = pd.DataFrame({"size": [100, 200], "value": [0.5, 0.6], "low": [0.4, 0.5], "high": [0.6, 0.7]})

ALL = {
    "ledger": lambda: figures.ledger_chart(TURNS, metric="macro F1"),
    "balance": lambda: figures.class_balance(COUNTS),
    "slices": lambda: figures.slices_bar(SLICES, overall=0.2),
    "suspects": lambda: figures.suspect_scores(SCORES, FLAGGED),
    "curve": lambda: figures.learning_curve(CURVE, metric="macro F1"),
}
EMPTY = {
    "ledger": lambda: figures.ledger_chart(TURNS.head(0), metric="macro F1"),
    "balance": lambda: figures.class_balance(COUNTS.head(0)),
    "slices": lambda: figures.slices_bar(SLICES.head(0), overall=0.2),
    "suspects": lambda: figures.suspect_scores(SCORES.head(0), FLAGGED.head(0)),
    "curve": lambda: figures.learning_curve(CURVE.head(0), metric="macro F1"),
}


@pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
def test_each_figure_is_see_through_and_comes_with_numbers_and_words(make):
    chart = make()
    assert isinstance(chart, Chart)
    assert chart.figure.layout.paper_bgcolor == chart.figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert chart.figure.layout.font.size >= 12
    assert not chart.numbers.empty
    assert chart.alt.endswith(".")
    json.loads(chart.figure.to_json())


@pytest.mark.parametrize("make", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_to_draw_is_no_error(make):
    chart = make()
    assert chart.alt
    json.loads(chart.figure.to_json())


def test_the_ledger_tells_verdicts_apart_by_shape_and_shows_the_interval():
    chart = figures.ledger_chart(TURNS, metric="macro F1")
    marks = {trace.name: trace for trace in chart.figure.data if trace.mode == "markers"}
    assert set(marks) == {"turn 0", "gain", "no evidence"}
    assert len({trace.marker.symbol for trace in marks.values()}) == 3
    assert marks["gain"].error_y.array[0] == pytest.approx(0.026)
    assert marks["gain"].error_y.arrayminus[0] == pytest.approx(0.025)
    assert "turn 1 0.655 (0.630 to 0.681), gain" in chart.alt


def test_names_from_the_data_are_never_read_as_markup():
    labels = figures.class_balance(COUNTS).figure.layout.yaxis.ticktext
    assert labels == ("common", "rare &lt;b&gt;")


def test_of_many_classes_the_largest_and_the_smallest_are_drawn():
    counts = pd.DataFrame({"collected": range(100, 0, -1)}, index=[f"class {number}" for number in range(100)])
    chart = figures.class_balance(counts)
    assert chart.figure.layout.yaxis.ticktext == tuple(f"class {number}" for number in (*range(12), *range(88, 100)))
    assert len(chart.numbers) == 100


def test_suspects_are_counted_by_score():
    chart = figures.suspect_scores(SCORES, FLAGGED)
    assert chart.numbers["suspect"].sum() == 2
    assert chart.numbers["no suspect"].sum() == 2
    assert chart.numbers["suspect"].iloc[-1] == 2


def test_the_palette_is_readable_on_white_and_on_near_black():
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in (ACCENT, ALERT, NEUTRAL, SECOND, *CLASSES):
        for ground in ("#ffffff", "#14181d"):
            light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3.0, (colour, ground)


# How people without red or green cones see linear red, green and blue (Machado, Oliveira and Fernandes 2009).
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, seen: object) -> np.ndarray:
    """CIE Lab of a colour as somebody sees it."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    white = XYZ @ np.clip(np.asarray(seen) @ linear, 0, 1) / (XYZ @ np.ones(3))
    x, y, z = np.where(white > 0.008856, np.cbrt(white), 7.787 * white + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("who", SEEN_BY)
def test_any_two_colours_of_the_palette_differ_for_people_who_are_colour_blind(who):
    """By 20 in CIE Lab, where 2.3 is just noticed: small marks on a projector are seen worse than plates."""
    seen = {colour: lab(colour, SEEN_BY[who]) for colour in {ACCENT, ALERT, NEUTRAL, SECOND, *CLASSES}}
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= 20, (one, other)
