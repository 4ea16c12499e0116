from __future__ import annotations

import pandas as pd
import pytest

from core.evaluate import Verdict
from core.report import knobs_chart, race_answer, race_numbers, race_terms

RULES = {"budget": 240.0, "seconds_per_fit": 5.0, "seconds_per_decision": 10.0, "reviews_per_turn": 5}


@pytest.fixture
def table():
    rows = [
        ("model", "start", "", 0.0, 0, 0.0, 0.60),
        ("model", "9 models tried. Now: Trees", "Trees with <b>5</b> leaves.", 16.0, 0, 80.0, 0.62),
        ("data", "start", "", 0.0, 0, 0.0, 0.60),
        ("data", "5 suspects reviewed, 5 labels changed", "", 6.0, 5, 80.0, 0.70),
        ("data", "5 suspects reviewed, 2 labels changed", "", 12.0, 10, 160.0, 0.72),
    ]
    frame = pd.DataFrame(rows, columns=["arm", "step", "detail", "fits", "decisions", "cost", "score"])
    return frame.assign(low=frame["score"] - 0.03, high=frame["score"] + 0.03)


def verdict(delta, error=0.01):
    return Verdict("macro_f1", 0.62, 0.62 + delta, delta, delta - 2 * error, delta + 2 * error, 2000, error=error)


@pytest.mark.parametrize(
    ("delta", "answer"),
    [
        (0.1, "Better data won: Macro F1 0.720, a better model 0.620."),
        (-0.1, "A better model won: Macro F1 0.620, better data 0.720."),
        (0.01, "Too close to call: Macro F1 0.720 with better data, 0.620 with a better model."),
    ],
)
def test_the_answer_says_no_more_than_the_interval(table, delta, answer):
    said, behind = race_answer(table, verdict(delta), metric="Macro F1")
    assert said == answer
    assert "95% interval" in behind
    assert "Both" not in behind


def test_where_there_is_a_third_side_its_end_is_said_too(table):
    both = table[table["arm"] == "data"].assign(arm="both")
    _, behind = race_answer(pd.concat([table, both]), verdict(0.1), metric="Macro F1")
    assert behind.endswith("Both together: 0.720.")


def test_the_terms_name_prices_reviewer_and_what_it_is_scored_on():
    said = race_terms(RULES | {"simulated": True, "accuracy": 0.95})
    assert "4.0 minutes" in said
    assert "a fit costs 5 s, a decision 10 s" in said
    assert "right in 95%" in said
    assert "truth of the test set" in said
    assert "ledger" in race_terms(RULES | {"simulated": False})


def test_the_time_by_the_clock_is_told_beside_the_prices():
    took = {"seconds": {"model": 61.4, "data": 1500.0}}
    said = race_terms(RULES | {"simulated": False} | took)
    assert said.endswith("By the clock: a better model 61 s, better data 25 min.")
    # Races that were kept before it was noted.
    assert "clock" not in race_terms(RULES | {"simulated": False})


def test_the_numbers_hold_every_step_also_of_a_race_from_before_there_were_details(table):
    numbers = race_numbers(table, metric="Macro F1")
    assert numbers["minutes spent"].tolist() == ["0.0", "1.3", "0.0", "1.3", "2.7"]
    assert numbers["model taken"][1] == "Trees with <b>5</b> leaves."
    before = race_numbers(table.drop(columns="detail"), metric="Macro F1")
    pd.testing.assert_frame_equal(before.drop(columns="model taken"), numbers.drop(columns="model taken"))


def test_the_knobs_are_what_each_side_gained_with_the_paired_interval():
    chart = knobs_chart({"model": verdict(0.02), "data": verdict(0.12)}, metric="Macro F1")
    (bars,) = chart.figure.data
    assert list(bars.y) == ["a better model", "better data"]
    assert list(bars.x) == pytest.approx([0.02, 0.12])
    assert list(bars.error_x.array) == pytest.approx([0.02, 0.02])
    assert chart.numbers["gain"].tolist() == ["+0.020", "+0.120"]
    assert chart.numbers["verdict"].tolist() == ["no evidence", "gain"]
    assert "better data +0.120 (+0.100 to +0.140)" in chart.alt
