from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from core.dataset import Dataset
from core.progress import Cancelled
from core.train import RECIPES, LockedModel, TrainError, curve_points, learning_curve
from core.train.learning_curve import _rank_of_units

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


def alike(labels):
    return lambda draw: labels


def test_points_of_equal_labels_are_equal_and_those_of_all_rows_are_out_of_fold(table):
    labels = table.labels_of("train")

    points = list(curve_points(table, MODEL, {"one": alike(labels), "other": alike(labels)}, (0.4, 1.0), draws=2))

    assert [(point.draw, point.share, point.labelling) for point in points] == [
        (draw, share, name) for draw in range(2) for share in (0.4, 1.0) for name in ("one", "other")
    ]
    for one, other in zip(points[::2], points[1::2], strict=True):
        pd.testing.assert_frame_equal(one.probabilities, other.probabilities)
    folds = table.folds(5, 1)
    held_out = folds.index[folds == 3]
    fitted = MODEL.fit(table.without(held_out))
    np.testing.assert_allclose(
        points[2].probabilities.loc[held_out], fitted.predict_proba(table.inputs("train").loc[held_out]), atol=1e-12
    )


def test_a_draw_learns_from_the_labels_made_for_it(table):
    labels = table.labels_of("train")
    other = {"stays": "leaves", "leaves": "stays"}

    plain, turned, again, same = curve_points(
        table,
        MODEL,
        {"plain": alike(labels), "turned": lambda draw: labels if draw else labels.map(other)},
        (1.0,),
        draws=2,
    )

    assert not (plain.predicted == turned.predicted).any()
    pd.testing.assert_frame_equal(again.probabilities, same.probabilities)
    assert [point.draw for point in (plain, turned, again, same)] == [0, 0, 1, 1]


def test_what_shares_a_unit_goes_into_a_part_together():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300), "who": np.repeat([f"p{n}" for n in range(60)], 5)})
    frame["label"] = np.where(frame["x"] > 0, "yes", "no")
    dataset = Dataset.from_frame(frame, label="label", group="who", features=["x"], test=0.0)

    ranks = pd.Series(_rank_of_units(dataset, np.random.default_rng(1)), dataset.ids("train"))

    assert ranks.groupby(dataset.part("train")["who"]).nunique().eq(1).all()
    assert (ranks < 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_points_are_the_same_again_and_test_plays_no_part(table):
    labels = table.labels_of("train")
    moved = table.with_labels(dict.fromkeys(table.ids("test"), "stays"))

    one, other = (
        list(curve_points(dataset, MODEL, {"given": alike(labels)}, (0.3, 1.0), draws=2, seed=5))
        for dataset in (table, moved)
    )

    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left.probabilities, right.probabilities)


def test_points_are_cancelled_between_folds(table):
    labels, seen = table.labels_of("train"), []

    with pytest.raises(Cancelled):
        seen += curve_points(table, MODEL, {"given": alike(labels)}, (0.3, 1.0), cancel=lambda: len(seen) > 0)
