from __future__ import annotations

import json

import pandas as pd

from core.report import relations_bar, word_shares
from core.report.chart import ACCENT, NEUTRAL, faded

TABLE = pd.DataFrame(
    {
        "kind": ["numbers", "categories"],
        "v": [0.4, 0.02],
        "low": [0.35, 0.0],
        "high": [0.45, 0.06],
        "p": [1e-9, 0.4],
        "missing": [0.1, 0.0],
        "different": [80, 3],
        "p_adjusted": [2e-9, 0.4],
        "related": [True, False],
    },
    index=pd.Index(["월 요금", "<b>plan</b>"], name="column"),
)
WORDS = pd.DataFrame(
    {
        "label": ["배송"] * 2,
        "word": ["택배", "<i>late</i>"],
        "texts": [30, 12],
        "share": [0.3, 0.12],
        "elsewhere": [0.01, 0.02],
        "phi": [0.4, 0.2],
        "p_adjusted": [1e-8, 0.01],
    }
)


def test_bars_have_intervals_and_grey_ones_are_no_more_than_chance():
    chart = relations_bar(TABLE)
    (bar,) = chart.figure.data
    assert list(bar.x) == [0.4, 0.02]
    assert list(bar.marker.color) == [faded(ACCENT, 1.0), faded(NEUTRAL, 1.0)]
    assert chart.figure.layout.yaxis.ticktext == ("월 요금", "&lt;b&gt;plan&lt;/b&gt;")
    assert chart.numbers["related"].tolist() == ["yes", "no evidence"]
    assert "월 요금 0.40 (0.35 to 0.45)" in chart.alt


def test_the_open_column_stands_out_and_what_is_missing_is_written_beside_the_name():
    chart = relations_bar(TABLE, chosen="월 요금", missing=True)
    assert list(chart.figure.data[0].marker.color) == [faded(ACCENT, 1.0), faded(NEUTRAL, 0.55)]
    assert chart.figure.layout.yaxis.ticktext[0] == "월 요금 · 10.0%"


def test_words_are_drawn_in_the_class_and_elsewhere():
    chart = word_shares(WORDS, label="배송")
    _, own, others = chart.figure.data
    assert list(own.x) == [0.3, 0.12]
    assert list(others.x) == [0.01, 0.02]
    assert "<i>" not in json.dumps(json.loads(chart.figure.to_json()))
    assert chart.numbers["in its texts"].tolist() == ["30.0%", "12.0%"]
    assert "택배 in 30.0% against 1.0%" in chart.alt


def test_nothing_to_draw_is_no_error():
    for chart in (relations_bar(TABLE.head(0)), word_shares(WORDS.head(0), label="배송")):
        json.loads(chart.figure.to_json())
        assert "no" in chart.alt
