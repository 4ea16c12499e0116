from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from core.evaluate import EvaluationError, Refit, TrainingLuck, compare, training_luck


def labels(rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.Series(rng.choice(["a", "b", "c"], rows), index=[f"r{place}" for place in range(rows)])


def model(truth, right, seed):
    """Probabilities of a model that is right so often."""
    rng = np.random.default_rng(seed)
    other = rng.choice(["a", "b", "c"], len(truth))
    said = np.where(rng.random(len(truth)) < right, truth, other)
    return pd.DataFrame({name: (said == name).astype(float) for name in "abc"}, index=truth.index)


def folds(truth, right, seed, k=5):
    return [Refit(model(truth, right, 100 * seed + fold)) for fold in range(k)]


def test_refits_that_all_say_the_same_owe_nothing_to_luck():
    truth = labels(200)
    one, two = Refit(model(truth, 0.7, 1)), Refit(model(truth, 0.8, 2))
    assert training_luck(truth, [[one] * 5], [[two] * 5]).variance == 0


def by_hand(truth, before, after):
    """The jackknife over folds, less what the test set makes of it, example by example."""

    def difference(old, new, rows):
        scores = [
            f1_score(truth.iloc[rows], refit.probabilities.loc[truth.index[rows]].idxmax(axis=1), average="macro")
            for refit in (old, new)
        ]
        return scores[1] - scores[0]

    everything = np.arange(len(truth))
    parts = [everything, *(everything[everything % 10 != block] for block in range(10))]
    found = np.array([[difference(old, new, rows) for rows in parts] for old, new in zip(before, after, strict=True)])
    moved = found - found.mean(axis=0)
    noise = sum(np.sum((fold[1:] - fold[1:].mean()) ** 2) * 9 / 10 for fold in moved)
    return (np.sum(moved[:, 0] ** 2) - noise) * 4 / 5


def test_the_variance_is_the_jackknife_s():
    truth = labels(300)
    sets = [(folds(truth, 0.6, seed), folds(truth, 0.8, seed + 50)) for seed in (1, 2, 3)]
    before, after = zip(*sets, strict=True)
    expected = max(0.0, np.mean([by_hand(truth, *pair) for pair in sets]))
    found = training_luck(truth, before, after)
    assert found.variance == pytest.approx(expected)
    assert found.refits == 15


def test_what_both_models_share_moves_neither():
    truth = labels(400)
    same = folds(truth, 0.7, 1)
    assert training_luck(truth, [same], [same]).variance == 0


def test_luck_widens_the_interval_and_the_verdict_says_by_how_many_refits():
    truth = labels(400)
    old, new = model(truth, 0.7, 1), model(truth, 0.75, 2)
    narrow = compare(truth, old, new)
    wide = compare(truth, old, new, luck=TrainingLuck(0.02**2, 15))
    assert wide.error == pytest.approx(math.hypot(narrow.error, 0.02))
    assert wide.high - wide.low > narrow.high - narrow.low
    assert (wide.delta, wide.refits, narrow.refits) == (narrow.delta, 15, 0)


def test_other_folds_on_either_side_are_refused():
    truth = labels(50)
    with pytest.raises(EvaluationError, match="same folds"):
        training_luck(truth, [folds(truth, 0.5, 1)], [folds(truth, 0.5, 2, k=4)])
    with pytest.raises(EvaluationError, match="no metric"):
        training_luck(truth, [folds(truth, 0.5, 1)], [folds(truth, 0.5, 2)], metric="f2")


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "roc_auc"])
def test_every_metric_has_its_luck(metric):
    truth = labels(200)
    before, after = [folds(truth, 0.6, 1)], [folds(truth, 0.8, 2)]
    assert training_luck(truth, before, after, metric=metric).variance >= 0
