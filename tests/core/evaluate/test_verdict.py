from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from core.evaluate import GAIN, HARM, METRICS, NO_EVIDENCE, EvaluationError, Verdict, compare, evaluate, together
from core.statistics import paired_interval

CLASSES = list("abc")


def models(rows, better, seed=0):
    """Labels, and two models that share much of their noise; the second sees the label better by so much."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(CLASSES, rows, p=[0.6, 0.3, 0.1])
    noise = rng.normal(size=(rows, 3))
    ids = pd.Index([f"id{row}" for row in range(rows)])

    def probabilities(sees):
        scores = noise + 0.3 * rng.normal(size=(rows, 3)) + sees * (labels[:, np.newaxis] == CLASSES)
        return pd.DataFrame(np.exp(scores), index=ids, columns=CLASSES).pipe(
            lambda odds: odds.div(odds.sum(axis=1), axis=0)
        )

    return pd.Series(labels, index=ids), probabilities(1.5), probabilities(1.5 + better)


@pytest.mark.parametrize("metric", METRICS)
def test_better_is_gain_worse_is_harm_equal_is_no_evidence(metric):
    labels, before, after = models(1500, 0.8)
    gain = compare(labels, before, after.sample(frac=1, random_state=0), metric=metric)
    harm = compare(labels, after, before, metric=metric)
    assert gain.verdict == "gain"
    assert 0 < gain.low < gain.delta < gain.high
    assert harm.verdict == "harm"
    assert harm.delta == pytest.approx(-gain.delta)
    assert gain.before == evaluate(labels, before).metrics[metric][0]
    assert gain.after == evaluate(labels, after).metrics[metric][0]
    same = compare(labels, before, before, metric=metric)
    assert (same.verdict, same.delta, same.low, same.high) == ("no evidence", 0, 0, 0)


def test_paired_interval_is_narrower_than_two_single_ones():
    labels, before, after = models(1500, 0.1)
    verdict = compare(labels, before, after)
    _, low, high = evaluate(labels, before).metrics["macro_f1"]
    assert verdict.high - verdict.low < high - low


def test_a_lone_prediction_of_a_class_nobody_has_is_no_harm():
    labels, before, _ = models(600, 0)
    predicted = before.idxmax(axis=1)
    strange = predicted.copy()
    strange.iloc[0] = "z"
    verdict = compare(labels, before, before, predicted_before=predicted, predicted_after=strange)
    assert verdict.verdict == "no evidence"
    assert abs(verdict.delta) < 0.01


def test_examples_without_a_label_are_passed_over():
    labels, before, after = models(300, 0.5)
    assert compare(labels[:200], before, after) == compare(labels[:200], before[:200], after[:250])


def test_undefined_metric_is_no_evidence_and_survives_json():
    labels = pd.Series(["a", "a", "a"])
    chances = pd.DataFrame({"a": [0.9, 0.8, 0.7], "b": [0.1, 0.2, 0.3]})
    verdict = compare(labels, chances, chances, metric="roc_auc")
    assert verdict.verdict == "no evidence"
    np.testing.assert_equal(asdict(Verdict.from_json(verdict.to_json())), asdict(verdict))


def test_json_round_trip_and_determinism():
    labels, before, after = models(200, 0.2)
    verdict = compare(labels, before, after, seed=3)
    assert Verdict.from_json(verdict.to_json()) == verdict == compare(labels, before, after, seed=3)
    assert '"verdict": "' in verdict.to_json()


def test_refusals_name_what_is_wrong():
    labels, before, after = models(20, 0)
    with pytest.raises(EvaluationError, match="no metric 'f1'"):
        compare(labels, before, after, metric="f1")
    with pytest.raises(EvaluationError, match="'id3' have none"):
        compare(labels, before, after.drop(index="id3"))


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_no_change_is_seldom_called_one(metric):
    """A small version of benchmarks/verdict.py: equal models with correlated errors and a rare class."""
    rng = np.random.default_rng(0)
    right = np.array([0.97, 0.6])
    claims, simulations, rows = 0, 150, 400
    for seed in range(simulations):
        truth = (rng.random(rows) < 0.05).astype(int)
        share_fate = rng.random(rows) < 0.7
        draws = rng.random((2, rows))
        draws[1, share_fate] = draws[0, share_fate]
        predicted = np.where(draws < right[truth], truth, 1 - truth)
        chances = [pd.DataFrame({"0": 1.0 - own, "1": 1.0 * own}) for own in predicted]
        verdict = compare(pd.Series(truth.astype(str)), *chances, metric=metric, resamples=200, seed=seed)
        claims += verdict.verdict != "no evidence"
    # 5% of 150 and two standard errors of that count.
    assert claims <= 12


def said(delta, error):
    low, high = paired_interval(delta, error)
    return Verdict("accuracy", 0.5, 0.5 + delta, delta, low, high, 2000, error=error)


def test_several_verdicts_are_judged_together_by_holm():
    """2.1 standard errors are a gain alone, and none beside another claim; behind a sure one they are one again."""
    alone = said(0.021, 0.01)
    assert together([alone]) == [alone]
    assert alone.verdict == GAIN
    assert [one.verdict for one in together([alone, said(0.001, 0.01)])] == [NO_EVIDENCE, NO_EVIDENCE]
    first, second = together([alone, said(-0.05, 0.01)])
    assert (first.verdict, second.verdict) == (GAIN, HARM)
    assert (first.level, second.level) == pytest.approx((0.95, 0.975))
    assert first.claims == second.claims == 2


def test_a_verdict_without_an_interval_counts_for_nothing_beside_others():
    silent = Verdict("roc_auc", math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    sure = said(0.021, 0.01)
    assert together([silent, sure])[1] == sure


def test_what_was_written_before_verdicts_had_levels_is_read():
    old = '{"metric": "accuracy", "before": 0.5, "after": 0.6, "delta": 0.1, "low": 0.05, "high": 0.15, '
    read = Verdict.from_json(old + '"resamples": 2000, "verdict": "gain"}')
    assert (read.verdict, read.level, read.claims, read.refits) == (GAIN, 0.95, 1, 0)
