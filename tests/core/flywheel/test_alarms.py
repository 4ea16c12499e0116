from __future__ import annotations

import pandas as pd
import pytest

from core.flywheel.alarms import alarms_of
from core.flywheel.batch_report import BatchReport


def report(**said) -> BatchReport:
    return BatchReport(**({"turn": 3, "rows": 100, "known": 0, "held": 0, "new": 100, "labelled": 100} | said))


def columns(drifted: dict[str, str]) -> pd.DataFrame:
    """Every kind of row, of which those named have drifted: name to what it is a row of."""
    of = {"income": "column", "age": "column", "label": "label", "predicted class": "predicted class"}
    of |= {"confidence": "confidence"}
    table = pd.DataFrame({"of": of, "effect": 0.3, "p_adjusted": 0.001, "detail": "median 1 to 2"})
    return table.assign(drifted=table.index.isin(list(drifted)))


@pytest.mark.parametrize(
    ("drifted", "kind"),
    [
        ("income", "batch_drift"),
        ("label", "batch_labels"),
        ("predicted class", "batch_predictions"),
        ("confidence", "batch_confidence"),
    ],
)
def test_each_thing_that_drifts_has_a_sentence_of_its_own(drifted, kind):
    confidence = {"test": [0.5, 0.6, 0.9, 0.95, 1.0], "batch": [0.5, 0.5, 0.6, 0.7, 0.8]}
    (found,) = alarms_of(report(columns=columns({drifted: ""}), confidence=confidence), "macro_f1")
    assert found.kind == kind
    assert "median 1 to 2" in found.message
    assert found.remedy


def test_a_quiet_report_has_no_alarm():
    assert alarms_of(report(columns=columns({}), told=(0.58, 0.53, 0.63)), "macro_f1") == ()
    assert alarms_of(report(), "macro_f1") == ()


def test_a_classifier_that_is_not_sure_or_sees_a_trifle_is_no_alarm():
    kinds = [
        [found.kind for found in alarms_of(report(told=told), "macro_f1")]
        for told in ((0.7, 0.49, 0.9), (0.59, 0.55, 0.63), (0.7, 0.62, 0.78))
    ]
    assert kinds == [[], [], ["batch_told"]]


def test_confidence_that_rises_is_said_otherwise_than_one_that_falls():
    fallen = {"test": [0.5, 0.6, 0.9, 0.95, 1.0], "batch": [0.5, 0.5, 0.6, 0.7, 0.8]}
    risen = {"test": fallen["batch"], "batch": fallen["test"]}
    titles = [
        alarms_of(report(columns=columns({"confidence": ""}), confidence=each), "macro_f1")[0].title
        for each in (fallen, risen)
    ]
    assert titles == ["The model is less sure than before", "The model is more sure than before"]


def test_a_score_that_is_lost_comes_first_with_both_scores():
    said = {"score": (0.6, 0.5, 0.7), "test_score": (0.8, 0.77, 0.83), "lost": (0.2, 0.1, 0.3)}
    first, *_ = alarms_of(report(columns=columns({"income": ""}), **said), "macro_f1")
    assert first.kind == "batch_score"
    assert "0.600 (0.500 to 0.700)" in first.message
    assert "0.800" in first.message


def test_severe_checks_weigh_more_than_others():
    mild, severe = (alarms_of(report(checks=(("age is there", 4, grade),)), "macro_f1")[0] for grade in (False, True))
    assert severe.severity > 0.6 > mild.severity
    assert "4 break 'age is there'" in severe.message
