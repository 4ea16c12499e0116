from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel import FARTHEST, LABELLINGS, TwoCurves
from core.report import two_curves_numbers, volume_moment

NAMES = {"collected": "as they <b>were</b>", "consistent": "true labels"}
INF = math.inf


def curves(worth=(2137.0, 900.0, 4200.0), rows=2000) -> TwoCurves:
    def table(at):
        return pd.concat(
            [
                pd.DataFrame({"labelling": name, "rows": at, "value": base + 0.02 * np.log(at)}).assign(
                    low=lambda each: each["value"] - 0.01, high=lambda each: each["value"] + 0.01
                )
                for name, base in zip(LABELLINGS, (0.5, 0.52), strict=True)
            ],
            ignore_index=True,
        )

    measured, ahead = table([240, 400, 640, 1040, 1600]), table([300, 800, rows, 4000, FARTHEST * rows])
    return TwoCurves(rows, measured, ahead, (0.02, 0.01, 0.03), (0.014, 0.005, 0.02), worth)


def moment(worth=(2137.0, 900.0, 4200.0)):
    return volume_moment(curves(worth), metric="Macro F1", names=NAMES, says="So many do as well.", sub="By the truth.")


def test_it_holds_what_was_measured_and_both_laws_as_json_can_hold_them():
    found = json.loads(json.dumps(moment(), allow_nan=False))
    assert (found["view"], found["says"], found["sub"]) == ("volume", "So many do as well.", "By the truth.")
    picture = found["volume"]
    assert (picture["rows"], picture["most"]) == (2000, 8000)
    for drawn, labelling in zip(picture["curves"], LABELLINGS, strict=True):
        for name, table in (("measured", curves().points), ("fitted", curves().fitted)):
            own = table[table["labelling"] == labelling]
            columns = ["rows", "value", "low", "high"][: len(drawn[name][0])]
            np.testing.assert_allclose(drawn[name], own[columns])
    assert [tick["text"] for tick in picture["ticks"]] == ["0", "2,000", "4,000", "6,000", "8,000"]


def test_each_labelling_says_where_it_stands_with_the_rows_there_are():
    collected, consistent = moment()["sides"]
    assert (collected["title"], consistent["title"]) == ("as they <b>were</b>", "true labels")
    assert collected["score"] == f"{0.5 + 0.02 * math.log(2000):.3f}"
    assert consistent["score"] == f"{0.52 + 0.02 * math.log(2000):.3f}"
    assert collected["did"] == "with 2,000 train examples; twice as many: +0.014"
    assert consistent["did"] == "with as many: +0.020 (+0.010 to +0.030)"
    assert (collected["colour"], collected["mark"]) != (consistent["colour"], consistent["mark"])


@pytest.mark.parametrize(
    ("worth", "text", "ends"),
    [
        ((2137.0, 900.0, 4200.0), "+2,100 examples", (4137, 2900, 6200)),
        ((2137.0, 900.0, INF), "+2,100 examples", (4137, 2900, 8000)),
        ((INF, 900.0, INF), "over 6,000 more examples", (8000, 2900, 8000)),
    ],
)
def test_the_stretch_goes_as_far_as_the_worth_and_never_off_the_axis(worth, text, ends):
    apart = moment(worth)["volume"]["apart"]
    assert apart["text"] == text
    assert (apart["to"], apart["low"], apart["high"]) == ends
    assert apart["reached"] == math.isfinite(worth[0])
    # At the score of the better labels with the rows there are.
    assert apart["score"] == pytest.approx(0.52 + 0.02 * math.log(2000))


@pytest.mark.parametrize("worth", [(100.0, -50.0, 420.0), (-300.0, -800.0, -10.0), (800.0, -50.0, 5000.0)])
def test_what_the_interval_does_not_allow_is_not_drawn(worth):
    assert moment(worth)["volume"]["apart"] is None


@given(st.floats(1, 1e6), st.floats(0, 1), st.floats(1, 10))
def test_everything_lies_on_the_axes(value, low, high):
    picture = moment((value, value * low, value * high))["volume"]
    scores = picture["scores"]
    for curve in picture["curves"]:
        assert all(scores["low"] < each < scores["high"] for _, *said in curve["measured"] for each in said)
        assert all(scores["low"] < score < scores["high"] for _, score in curve["fitted"])
    apart = picture["apart"]
    assert apart is None or picture["rows"] <= apart["low"] <= apart["to"] <= apart["high"] <= picture["most"]


def test_the_numbers_are_those_of_the_figure():
    numbers = two_curves_numbers(curves(), metric="Macro F1", names=NAMES)
    assert set(numbers["labels"]) == set(NAMES.values())
    assert (numbers["how"] == "measured").sum() == 10
    assert "8,000" in moment()["alt"]
