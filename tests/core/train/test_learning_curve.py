from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from core.progress import Cancelled
from core.train import RECIPES, LockedModel, TrainError, learning_curve

MODEL = LockedModel(RECIPES["logistic_regression"])


def test_the_whole_is_the_out_of_fold_score(table):
    points = learning_curve(table, MODEL, (0.3, 1.0))

    out_of_fold = MODEL.out_of_fold(table)
    labels = table.labels.loc[out_of_fold.index]
    assert points["share"].tolist() == [0.3, 1.0]
    assert points["size"].tolist() == pytest.approx([0.8 * 54, 0.8 * 180], abs=1)
    assert points["value"].iloc[1] == pytest.approx(f1_score(labels, MODEL.decide(out_of_fold), average="macro"))
    assert (points["low"] < points["value"]).all()
    assert (points["value"] < points["high"]).all()


def test_a_larger_part_holds_the_smaller_ones(table, monkeypatch):
    kept = []
    refit = MODEL.refitter(table)
    monkeypatch.setattr(
        LockedModel, "refitter", lambda *_: lambda **given: kept.append(given["keep"]) or refit(**given)
    )

    learning_curve(table, MODEL, (0.2, 0.5, 1.0))

    assert all((small <= large).all() for small, large in pairwise(kept))
    labels = table.labels.loc[table.ids("train")]
    shares = labels[kept[1]].value_counts() / labels.value_counts()
    assert shares.between(0.45, 0.55).all()


def test_generated_examples_go_with_their_parents(table, monkeypatch):
    train = table.ids("train")
    ids = pd.Index([f"made-{number}" for number in range(len(train))], dtype="str")
    parents = pd.DataFrame({"parent": train, "other_parent": None}, index=ids)
    dataset = table.with_rows(table.frame.loc[train].set_axis(ids), parents)
    kept = []
    refit = MODEL.refitter(dataset)
    monkeypatch.setattr(
        LockedModel, "refitter", lambda *_: lambda **given: kept.append(given["keep"]) or refit(**given)
    )

    learning_curve(dataset, MODEL, (0.4,))

    keep = pd.Series(kept[0], index=dataset.ids("train"))
    np.testing.assert_array_equal(keep[ids], keep[train])


def test_another_score_hears_labels_probabilities_and_predictions(table):
    def accuracy(labels, probabilities, predicted):
        assert probabilities.index.equals(labels.index)
        value = float((labels == predicted).mean())
        return value, value - 0.1, value + 0.1

    model = LockedModel.for_dataset(table, "logistic_regression", decision="threshold")

    points = learning_curve(table, model, (1.0,), score=accuracy)

    np.testing.assert_allclose(points["high"] - points["low"], 0.2)


@pytest.mark.parametrize("shares", [(), (0.0, 1.0), (0.5, 1.2)])
def test_shares_that_are_none_are_refused(table, shares):
    with pytest.raises(TrainError, match="above 0 and at most 1"):
        learning_curve(table, MODEL, shares)


def test_progress_rises_and_cancel_is_heard(table):
    heard, cancel = [], threading.Event()

    learning_curve(table, MODEL, (0.5, 1.0), progress=lambda share, message: heard.append((share, message)))
    cancel.set()

    assert heard[1][1] == "50% of the examples, fold 1 of 5"
    assert heard[-1] == (1.0, "done")
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    with pytest.raises(Cancelled):
        learning_curve(table, MODEL, cancel=cancel)
