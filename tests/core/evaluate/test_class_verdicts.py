from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from core.evaluate import EvaluationError, compare, compare_classes


@pytest.fixture
def models() -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    n = 400
    truth = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    ids = [f"e{number}" for number in range(n)]

    def model(noise: float) -> pd.DataFrame:
        scores = np.exp(2 * np.eye(3)[truth] + rng.normal(scale=noise, size=(n, 3)))
        return pd.DataFrame(scores / scores.sum(axis=1, keepdims=True), index=ids, columns=["a", "b", "c"])

    return pd.Series(np.array([*"abc"])[truth], index=ids), model(2.0), model(1.0)


@pytest.mark.parametrize("score", ["precision", "recall", "f1"])
def test_scores_are_scikit_learns(models, score):
    labels, before, after = models
    found = compare_classes(labels, before, after, score=score)
    place = ["precision", "recall", "f1"].index(score)
    for side, frame in (("before", before), ("after", after)):
        expected = precision_recall_fscore_support(labels, frame.idxmax(axis=1))[place]
        assert [getattr(found[name], side) for name in "abc"] == pytest.approx(list(expected))
    assert all(each.verdict == "gain" for each in found.values())


def test_intervals_agree_with_resampled_rows(models):
    labels, before, after = models
    found = compare_classes(labels, before, after)
    truth, said = labels.to_numpy(), [frame.idxmax(axis=1).to_numpy() for frame in (before, after)]
    rng = np.random.default_rng(1)
    draws = []
    for _ in range(400):
        some = rng.integers(0, len(truth), len(truth))
        scores = [f1_score(truth[some], own[some], average=None, labels=[*"abc"]) for own in said]
        draws.append(scores[1] - scores[0])
    spread = np.std(draws, axis=0)
    for name, own in zip("abc", spread, strict=True):
        assert found[name].error == pytest.approx(own, rel=0.2)


def test_two_classes_average_to_the_verdict_of_macro_f1(models):
    labels, before, after = models
    two = labels.replace({"c": "b"})
    merged = [frame.assign(b=frame["b"] + frame["c"]).drop(columns="c") for frame in (before, after)]
    found = compare_classes(two, *merged)
    assert np.mean([each.delta for each in found.values()]) == pytest.approx(compare(two, *merged).delta)


def test_the_same_predictions_are_no_change(models):
    labels, before, _ = models
    assert {each.verdict for each in compare_classes(labels, before, before).values()} == {"no evidence"}
    with pytest.raises(EvaluationError, match="precision, recall, f1"):
        compare_classes(labels, before, before, score="luck")
