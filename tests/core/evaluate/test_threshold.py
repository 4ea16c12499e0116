from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluate import THRESHOLD_SCORES, EvaluationError, threshold_curve
from core.statistics import wilson_interval


def data(rows: int = 500, seed: int = 0, digits: int = 3, rare: float = 0.3):
    rng = np.random.default_rng(seed)
    chance = np.round(rng.beta(1, (1 - rare) / rare, rows), digits)
    label = np.where(rng.random(rows) < chance, "yes", "no")
    label[:2] = ["yes", "no"]
    ids = pd.Index([f"e{number}" for number in range(rows)])
    return pd.Series(label, index=ids), pd.DataFrame({"no": 1 - chance, "yes": chance}, index=ids)


def test_every_score_is_scikit_learn_s_at_that_threshold():
    labels, probabilities = data()
    curve = threshold_curve(labels, probabilities, positive="yes", resamples=20)
    for threshold, row in curve.table.iloc[::17].iterrows():
        predicted = np.where(probabilities["yes"] >= threshold, "yes", "no")
        claimed = (predicted == "yes").any()
        wanted = {
            "precision": sk.precision_score(labels, predicted, pos_label="yes") if claimed else 1.0,
            "recall": sk.recall_score(labels, predicted, pos_label="yes"),
            "f1": sk.f1_score(labels, predicted, pos_label="yes"),
            "macro_f1": sk.f1_score(labels, predicted, average="macro"),
            "accuracy": sk.accuracy_score(labels, predicted),
        }
        assert row[list(THRESHOLD_SCORES)].to_dict() == pytest.approx(wanted)
        counts = sk.confusion_matrix(labels, predicted, labels=["yes", "no"]).ravel().tolist()
        assert row[["hits", "missed", "false_alarms", "rejected"]].tolist() == counts


def test_precision_and_recall_are_those_of_scikit_learn_s_curve():
    labels, probabilities = data(300, digits=2)
    precision, recall, cuts = sk.precision_recall_curve(labels == "yes", probabilities["yes"])
    curve = threshold_curve(labels, probabilities, positive="yes", also=cuts, resamples=5)
    found = curve.table.loc[cuts]
    np.testing.assert_allclose(found["precision"], precision[:-1])
    np.testing.assert_allclose(found["recall"], recall[:-1])


@settings(max_examples=effort(8, 200))
@given(seed=st.integers(0, 999), rows=st.integers(4, 60), digits=st.integers(1, 3))
def test_the_best_threshold_is_the_best_of_all(seed, rows, digits):
    labels, probabilities = data(rows, seed, digits)
    curve = threshold_curve(labels, probabilities, positive="yes", resamples=5)
    tried = [
        sk.f1_score(labels, np.where(probabilities["yes"] >= cut, "yes", "no"), pos_label="yes")
        for cut in probabilities["yes"].unique()
    ]
    assert curve.at(curve.best)["f1"] == pytest.approx(max(tried))
    assert curve.best_low <= curve.best <= curve.best_high


def test_the_bands_hold_the_scores_and_are_wilson_s_where_a_score_is_a_share():
    labels, probabilities = data()
    table = threshold_curve(labels, probabilities, positive="yes").table
    for name in THRESHOLD_SCORES:
        assert (table[f"{name}_low"] <= table[name] + 1e-12).all(), name
        assert (table[name] <= table[f"{name}_high"] + 1e-12).all(), name
    row = table.loc[0.25]
    low, high = wilson_interval(row["hits"], row["hits"] + row["missed"])
    assert (row["recall_low"], row["recall_high"]) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_the_band_of_macro_f1_is_as_wide_as_resampling_the_rows_makes_it():
    labels, probabilities = data(800)
    row = threshold_curve(labels, probabilities, positive="yes", resamples=2000).at(0.3)
    rng = np.random.default_rng(5)
    truth, claimed = (labels == "yes").to_numpy(), (probabilities["yes"] >= 0.3).to_numpy()
    draws = []
    for _ in range(600):
        rows = rng.integers(0, 800, 800)
        draws.append(sk.f1_score(truth[rows], claimed[rows], average="macro"))
    low, high = np.percentile(draws, [2.5, 97.5])
    assert row["macro_f1_high"] - row["macro_f1_low"] == pytest.approx(high - low, rel=0.2)


def test_the_rarer_class_is_the_positive_one_unless_another_is_asked_for():
    labels, probabilities = data(rare=0.2)
    assert threshold_curve(labels, probabilities, resamples=5).positive == "yes"
    curve = threshold_curve(labels, probabilities, positive="no", resamples=5)
    assert (curve.positive, curve.negative) == ("no", "yes")
    assert curve.at(0.5)["hits"] == ((labels == "no") & (probabilities["no"] >= 0.5)).sum()


def test_scores_in_one_corner_are_cut_finely_enough():
    rng = np.random.default_rng(0)
    chance = rng.random(2000) * 0.004
    ids = pd.Index(np.arange(2000).astype(str))
    labels = pd.Series(np.where(chance > 0.0031, "yes", "no"), index=ids)
    curve = threshold_curve(labels, pd.DataFrame({"no": 1 - chance, "yes": chance}, index=ids), resamples=100)
    assert curve.at(curve.best)["f1"] == 1
    assert 0.003 < curve.best_low <= curve.best <= curve.best_high < 0.0033


def test_the_same_seed_gives_the_same_bands():
    labels, probabilities = data(100)
    one, other = (threshold_curve(labels, probabilities, resamples=50, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)


def test_three_classes_have_no_threshold_and_a_wrong_class_is_named():
    labels, probabilities = data(50)
    with pytest.raises(EvaluationError, match=r"between two classes\. The data has 3"):
        threshold_curve(labels, probabilities.assign(maybe=0.0))
    with pytest.raises(EvaluationError, match=r"one of no, yes\. Got 'nope' instead"):
        threshold_curve(labels, probabilities, positive="nope")
