from __future__ import annotations

import time
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluate import METRICS, Evaluation, cells_of, confusion_of, evaluate, per_class_of
from core.evaluate.predictions import align
from core.evaluate.scores import ROW_METRICS, row_scores

CLASSES = list("abcde")


def example(rows, classes, seed, *, decimals=6, absent=0):
    """Labels over the first classes and rounded (tied) probabilities over all of them."""
    rng = np.random.default_rng(seed)
    names = CLASSES[:classes]
    labels = rng.choice(names[: max(1, classes - absent)], rows)
    scores = rng.normal(size=(rows, classes)) + 1.5 * (labels[:, np.newaxis] == names)
    probabilities = np.round(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), decimals)
    ids = pd.Index([f"id{row}" for row in range(rows)])
    return pd.Series(labels, index=ids), pd.DataFrame(probabilities, index=ids, columns=names)


def expected_ranking(labels, probabilities):
    found = {"roc_auc": [], "average_precision": []}
    for name in sorted(set(labels)):
        positive = labels == name
        if 0 < positive.sum() < len(labels):
            found["roc_auc"].append(sk.roc_auc_score(positive, probabilities[name]))
            found["average_precision"].append(sk.average_precision_score(positive, probabilities[name]))
    return {name: np.mean(values) if values else np.nan for name, values in found.items()}


@given(
    rows=st.integers(1, 80),
    classes=st.integers(1, 5),
    absent=st.integers(0, 2),
    seed=st.integers(0, 10_000),
    decimals=st.integers(0, 3),
)
def test_values_equal_scikit_learn(rows, classes, absent, seed, decimals):
    labels, probabilities = example(rows, classes, seed, decimals=decimals, absent=absent)
    predicted = probabilities.columns.to_numpy()[probabilities.to_numpy().argmax(axis=1)]
    found = evaluate(labels, probabilities.sample(frac=1, random_state=seed), resamples=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "macro_f1": sk.f1_score(labels, predicted, average="macro", zero_division=0),
            "accuracy": sk.accuracy_score(labels, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
            "log_loss": sk.log_loss(labels, probabilities, labels=probabilities.columns) if classes > 1 else None,
        } | expected_ranking(labels, probabilities)
        names = found.per_class.index
        per_class = sk.precision_recall_fscore_support(labels, predicted, labels=names, zero_division=0)
        confusion = sk.confusion_matrix(labels, predicted, labels=names)
    assert list(found.metrics) == list(METRICS)
    for name, value in expected.items():
        if value is not None:
            assert found.metrics[name][0] == pytest.approx(value, nan_ok=True, abs=1e-12), name
    for column, values in zip(["precision", "recall", "f1", "support"], per_class, strict=True):
        np.testing.assert_allclose(found.per_class[column], values)
    np.testing.assert_array_equal(found.confusion, confusion)
    for value, low, high in found.metrics.values():
        assert np.isnan(value) or low - 1e-12 <= value <= high + 1e-12 or not 0 < value < 1


def test_multiclass_ranking_equals_scikit_learns_own_average():
    labels, probabilities = example(500, 4, 0, decimals=8)
    probabilities = probabilities.div(probabilities.sum(axis=1), axis=0)
    found = evaluate(labels, probabilities).metrics
    assert found["roc_auc"][0] == pytest.approx(sk.roc_auc_score(labels, probabilities, multi_class="ovr"))
    assert found["average_precision"][0] == pytest.approx(sk.average_precision_score(labels, probabilities))


def test_intervals_agree_with_resampled_rows():
    labels, probabilities = example(400, 3, 1)
    found = evaluate(labels, probabilities)
    aligned = align(labels, [probabilities])
    truth, chances, predicted = aligned.truth, aligned.probabilities[0], aligned.predicted[0]
    draws = []
    for rows in np.random.default_rng(0).integers(0, 400, size=(300, 400)):
        own = replace(aligned, truth=truth[rows], probabilities=(chances[rows],))
        by_rows = row_scores(own, 0, np.ones((400, 1)))
        by_cells = sk.f1_score(truth[rows], predicted[rows], average="macro")
        draws.append([by_cells, *(values[0] for values in by_rows.values())])
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    for name, width in zip(["macro_f1", *ROW_METRICS], high - low, strict=True):
        assert found.metrics[name][2] - found.metrics[name][1] == pytest.approx(width, rel=0.3), name


def test_what_takes_long_can_be_left_out_and_the_rest_is_the_same():
    labels, probabilities = example(200, 3, seed=1)
    whole, quick = evaluate(labels, probabilities), evaluate(labels, probabilities, ranking=False)
    assert quick.metrics == {name: whole.metrics[name] for name in METRICS if name not in ROW_METRICS}
    pd.testing.assert_frame_equal(quick.per_class, whole.per_class)
    pd.testing.assert_frame_equal(quick.confusion, whole.confusion)


def test_a_class_the_model_does_not_know_and_one_the_labels_lack():
    labels = pd.Series(list("aabbcc"), index=range(6))
    probabilities = pd.DataFrame({"a": [0.9, 0.8, 0.3, 0.2, 0.1, 0.2], "z": [0.1, 0.2, 0.1, 0.1, 0.2, 0.7]})
    probabilities["b"] = 1 - probabilities.sum(axis=1)
    found = evaluate(labels, probabilities)
    assert list(found.per_class.index) == ["a", "b", "c", "z"]
    assert found.per_class.loc["c", ["recall", "f1", "support"]].tolist() == [0, 0, 2]
    assert found.per_class.loc["z", "support"] == 0
    assert (found.per_class.loc["z", "recall_low"], found.per_class.loc["z", "recall_high"]) == (0, 1)


def test_one_class_only_leaves_ranking_undefined():
    found = evaluate(pd.Series(["a"] * 5), pd.DataFrame({"a": [1.0] * 5}))
    assert found.metrics["accuracy"][0] == found.metrics["macro_f1"][0] == 1
    assert np.isnan(found.metrics["roc_auc"]).all()


def test_no_error_seen_is_not_no_error_possible():
    labels, _ = example(40, 2, 0)
    perfect = pd.get_dummies(labels).astype(float)
    for name in ("accuracy", "macro_f1", "balanced_accuracy"):
        value, low, high = evaluate(labels, perfect).metrics[name]
        assert value == high == 1
        assert 0.7 < low < 0.97


def test_the_decision_may_be_another_than_the_largest_probability():
    labels, probabilities = example(50, 2, 3)
    always = pd.Series("b", index=labels.index)
    found = evaluate(labels, probabilities, predicted=always)
    assert found.metrics["accuracy"][0] == pytest.approx((labels == "b").mean())
    assert found.metrics["log_loss"] == evaluate(labels, probabilities).metrics["log_loss"]


def test_same_seed_same_numbers_whatever_the_order():
    labels, probabilities = example(200, 3, 2)
    first = evaluate(labels, probabilities, seed=5)
    again = evaluate(labels, probabilities.sample(frac=1, random_state=0), seed=5)
    assert first.to_json() == again.to_json()
    assert first.metrics != evaluate(labels, probabilities, seed=6).metrics


def test_json_round_trip():
    for labels in (["a", "b", "b"], ["a", "a", "a"]):
        found = evaluate(pd.Series(labels), pd.DataFrame({"a": [0.9, 0.2, 0.6], "b": [0.1, 0.8, 0.4]}))
        again = Evaluation.from_json(found.to_json())
        pd.testing.assert_frame_equal(again.per_class, found.per_class)
        pd.testing.assert_frame_equal(again.confusion, found.confusion)
        np.testing.assert_equal(again.metrics, found.metrics)
        assert again.note == found.note


def test_two_thousand_resamples_are_quick():
    labels, probabilities = example(10_000, 5, 0)
    evaluate(labels[:50], probabilities)
    started = time.process_time()
    evaluate(labels, probabilities)
    assert time.process_time() - started < 4


def test_a_confusion_matrix_alone_says_the_same_of_each_class():
    rng = np.random.default_rng(3)
    ids = [f"e{number}" for number in range(200)]
    probabilities = pd.DataFrame(rng.dirichlet(np.ones(3), 200), index=ids, columns=list("abc"))
    labels = pd.Series(rng.choice(list("abd"), 200), index=ids)
    whole = evaluate(labels, probabilities, resamples=10)
    confusion = confusion_of(labels, probabilities.idxmax(axis=1))
    pd.testing.assert_frame_equal(confusion, whole.confusion)
    pd.testing.assert_frame_equal(per_class_of(confusion), whole.per_class)


def test_cells_are_listed_mistakes_first():
    confusion = pd.DataFrame([[8, 2, 0], [5, 90, 0], [0, 0, 0]], index=list("abc"), columns=list("abc"))
    cells = cells_of(confusion)
    assert cells[["true", "predicted", "count"]].to_numpy().tolist() == [
        ["b", "a", 5],
        ["a", "b", 2],
        ["b", "b", 90],
        ["a", "a", 8],
    ]
    assert cells["share"].tolist() == pytest.approx([5 / 95, 0.2, 90 / 95, 0.8])
    assert ((cells["low"] < cells["share"]) & (cells["share"] < cells["high"])).all()
