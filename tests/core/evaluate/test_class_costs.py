from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from core.evaluate import EvaluationError, class_costs, costed_metric, pair_costs

METRICS = ("macro_f1", "accuracy", "balanced_accuracy")


def matrix(values) -> pd.DataFrame:
    names = [f"c{number}" for number in range(len(values))]
    return pd.DataFrame(np.asarray(values), index=names, columns=names)


def score(confusion: pd.DataFrame, metric: str) -> float:
    """By scikit-learn, over the rows that the matrix counts."""
    held = confusion.stack()
    held = held[held > 0]
    truth = np.repeat(held.index.get_level_values(0), held)
    predicted = np.repeat(held.index.get_level_values(1), held)
    if metric == "macro_f1":
        return sk.f1_score(truth, predicted, average="macro", labels=list(confusion.index), zero_division=0)
    if metric == "accuracy":
        return sk.accuracy_score(truth, predicted)
    return sk.recall_score(truth, predicted, average="macro", labels=sorted(set(truth)), zero_division=0)


counts = hnp.arrays(np.int64, st.tuples(st.integers(2, 5)).map(lambda k: (k[0], k[0])), elements=st.integers(0, 12))


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=effort(8, 200))
@given(values=counts.filter(lambda values: values.sum() > 0))
def test_the_costs_of_all_classes_add_up_to_what_is_missing(metric, values):
    confusion = matrix(values)
    costs = class_costs(confusion, metric=metric, resamples=20)
    assert costs["cost"].sum() == pytest.approx(1 - score(confusion, metric))
    assert (costs["low"] <= costs["cost"] + 1e-12).all()
    assert (costs["cost"] <= costs["high"] + 1e-12).all()
    assert costs["cost"].is_monotonic_decreasing
    assert costs["missed"].sum() == costs["taken"].sum() == values.sum() - np.trace(values)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=effort(6, 100))
@given(values=counts.filter(lambda values: values.sum() > 0))
def test_the_gain_of_a_pair_is_that_of_moving_its_cell_to_the_diagonal(metric, values):
    confusion = matrix(values)
    before = score(confusion, metric)
    pairs = pair_costs(confusion, metric=metric, resamples=20)
    assert pairs["count"].sum() == values.sum() - np.trace(values)
    for row in pairs.itertuples():
        moved = confusion.copy()
        moved.loc[row.true, row.true] += moved.loc[row.true, row.predicted]
        moved.loc[row.true, row.predicted] = 0
        assert row.gain == pytest.approx(score(moved, metric) - before), row


def test_intervals_hold_the_true_cost_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    true = np.array([[0.5, 0.1, 0.05], [0.08, 0.15, 0.02], [0.01, 0.02, 0.07]])
    of_class = class_costs(matrix(np.round(true * 1e6).astype(int)), resamples=2)["cost"]
    of_pair = pair_costs(matrix(np.round(true * 1e6).astype(int)), resamples=2).set_index(["true", "predicted"])["gain"]
    held = {"class": [], "pair": []}
    for _ in range(100):
        drawn = matrix(rng.multinomial(600, true.ravel()).reshape(3, 3))
        costs = class_costs(drawn, resamples=300).loc[of_class.index]
        held["class"].append(((costs["low"] <= of_class) & (of_class <= costs["high"])).mean())
        pairs = pair_costs(drawn, resamples=300).set_index(["true", "predicted"])
        wanted = of_pair.loc[pairs.index]
        held["pair"].append(((pairs["low"] <= wanted) & (wanted <= pairs["high"])).mean())
    assert np.mean(held["class"]) > 0.92
    assert np.mean(held["pair"]) > 0.88


def test_a_class_without_an_error_still_has_an_interval():
    costs = class_costs(matrix([[10, 0], [0, 10]]))
    assert costs["cost"].tolist() == [0.0, 0.0]
    assert (costs["high"] > 0.05).all()
    assert costs["share"].tolist() == [0.0, 0.0]
    assert pair_costs(matrix([[10, 0], [0, 10]])).empty


def test_of_many_pairs_the_costliest_have_intervals():
    values = np.ones((12, 12), dtype=int) + np.diag(np.full(12, 50))
    values[3, 4] = 40
    pairs = pair_costs(matrix(values), resamples=50)
    assert (pairs["true"][0], pairs["predicted"][0]) == ("c3", "c4")
    assert pairs["low"].notna().sum() == 100
    assert len(pairs) == 132


def test_what_does_not_follow_from_a_confusion_matrix_is_costed_in_macro_f1():
    assert [costed_metric(name) for name in ("accuracy", "log_loss", "roc_auc")] == ["accuracy", "macro_f1", "macro_f1"]
    with pytest.raises(EvaluationError, match=r"one of macro_f1, accuracy, balanced_accuracy.*Got 'log_loss'"):
        class_costs(matrix([[1, 0], [0, 1]]), metric="log_loss")


def test_axes_that_differ_are_refused():
    with pytest.raises(EvaluationError, match="same classes down and across"):
        pair_costs(pd.DataFrame([[1, 2]], index=["a"], columns=["a", "b"]))
