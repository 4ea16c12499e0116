from __future__ import annotations

from threading import Event

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import FlywheelError
from core.progress import Cancelled
from core.train import Change, LockedModel, out_of_fold_under
from core.train.fit import TrainingSet


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "c": rng.choice(["u", "v"], 200)})
    return Dataset.from_frame(frame.assign(label=np.where(frame["x"] > 0, "a", "b")), label="label", test=0.25)


@pytest.fixture(scope="module")
def model(dataset) -> LockedModel:
    return LockedModel.for_dataset(dataset, recipe="logistic_regression")


@pytest.fixture
def fits(monkeypatch) -> list[int]:
    counted: list[int] = []
    fit = TrainingSet._fit
    monkeypatch.setattr(TrainingSet, "_fit", lambda self, *given: counted.append(1) or fit(self, *given))
    return counted


def unchanged(ids: pd.Index) -> Change:
    return Change()


def first_half(ids: pd.Index) -> Change:
    return Change(without=ids[len(ids) // 2 :])


def test_no_change_is_out_of_fold(dataset, model):
    (outcome,) = out_of_fold_under(model, dataset, {"as it is": unchanged})
    pd.testing.assert_frame_equal(outcome.probabilities, model.out_of_fold(dataset))
    assert outcome.seconds > 0
    assert outcome.problem == ""


def test_what_is_left_out_is_not_learned_but_predicted(dataset, model):
    gone = dataset.ids("train")[:60]
    (outcome,) = out_of_fold_under(model, dataset, {"fewer": lambda ids: Change(without=ids[ids.isin(gone)])})
    refitted = model.refitter(dataset)(keep=dataset.ids("train").difference(gone))
    pd.testing.assert_frame_equal(outcome.probabilities, refitted)


def test_equal_training_sets_are_fitted_once(dataset, model, fits):
    changes = {"one": unchanged, "two": first_half, "three": lambda ids: Change(rows=rows(dataset, ids).iloc[:0])}
    found = out_of_fold_under(model, dataset, changes | {"four": first_half})
    # Two folds may be at work on the same rows at once; then both are fitted.
    assert 10 <= len(fits) <= 12
    pd.testing.assert_frame_equal(found[0].probabilities, found[2].probabilities)
    pd.testing.assert_frame_equal(found[1].probabilities, found[3].probabilities)


def rows(dataset: Dataset, ids: pd.Index) -> pd.DataFrame:
    copies = dataset.frame.loc[ids[:5]]
    return copies.assign(parent=copies.index, other_parent=pd.Series(pd.NA, index=copies.index, dtype="str"))


def test_a_child_of_the_fold_that_is_predicted_is_refused(dataset, model):
    train = dataset.ids("train")

    def leak(ids: pd.Index) -> Change:
        return Change(rows=rows(dataset, train.difference(ids)))

    honest, leaky = out_of_fold_under(
        model, dataset, {"honest": lambda ids: Change(rows=rows(dataset, ids)), "leak": leak}
    )
    assert honest.problem == ""
    assert leaky.probabilities is None
    assert "must come from the examples it trains on" in leaky.problem


def test_another_division_holds_others_out_together(dataset, model):
    heard: list[pd.Index] = []

    def note(ids: pd.Index) -> Change:
        heard.append(ids)
        return Change()

    out_of_fold_under(model, dataset, {"other": note}, division=1)
    train, folds = dataset.ids("train"), dataset.folds(division=1)
    assert {frozenset(train.difference(ids)) for ids in heard} == {
        frozenset(folds.index[folds == number]) for number in folds.unique()
    }


def test_a_change_that_can_not_be_made_says_why_and_stops_only_itself(dataset, model, fits):
    def refuse(ids: pd.Index) -> Change:
        raise FlywheelError("There is nothing to change.")

    bad, good = out_of_fold_under(model, dataset, {"bad": refuse, "good": first_half})
    assert (bad.probabilities, bad.problem) == (None, "There is nothing to change.")
    assert good.probabilities is not None
    assert len(fits) == 5


def test_a_cancelled_search_stops(dataset, model):
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        out_of_fold_under(model, dataset, {"as it is": unchanged}, cancel=stop)
