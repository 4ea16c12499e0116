from __future__ import annotations

from threading import Event

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import GenerateError, propose, trial
from core.progress import Cancelled
from core.train import LockedModel


def points(n: int = 400, rare: float = 0.08, seed: int = 0) -> Dataset:
    """Two overlapping clouds, one of them rare."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < rare, "rare", "usual")
    centre = np.where(labels == "rare", 1.2, 0.0)[:, np.newaxis]
    frame = pd.DataFrame(rng.normal(size=(n, 3)) + centre, columns=["a", "b", "c"]).assign(label=labels)
    return Dataset.from_frame(frame, label="label", test=0.25, seed=seed)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return points()


@pytest.fixture(scope="module")
def model(dataset) -> LockedModel:
    return LockedModel.for_dataset(dataset, recipe="logistic_regression")


class Spy:
    """A model that notes what it was trained on and predicts nothing but the class shares."""

    def __init__(self, model: LockedModel) -> None:
        self.model, self.recipe = model, model.recipe
        self.folds: list[tuple[pd.Index, pd.DataFrame]] = []

    def out_of_fold(self, dataset, augment=None, progress=None, cancel=None):
        if augment is None:
            return self.model.out_of_fold(dataset)

        def noted(ids: pd.Index) -> pd.DataFrame:
            made = augment(ids)
            self.folds.append((ids, made))
            return made

        return self.model.out_of_fold(dataset, augment=noted)


@pytest.mark.parametrize("method", ["smote", "random_oversample"])
def test_no_child_of_an_example_meets_it_on_the_other_side(dataset, model, method):
    spy = Spy(model)
    trial(dataset, spy, method=method, target="balance")
    assert len(spy.folds) == 5
    train = dataset.ids("train")
    for ids, made in spy.folds:
        held_out = train.difference(ids)
        assert len(held_out)
        assert len(made)
        for name in ("parent", "other_parent"):
            assert not made[name].isin(held_out).any()
            assert made[name].dropna().isin(ids).all()
        sizes = pd.concat([dataset.labels.loc[ids], made["label"]]).value_counts()
        assert sizes["rare"] == pytest.approx(sizes["usual"], rel=0.1)


def test_generated_examples_have_no_children_and_are_not_scored(dataset, model):
    rows = propose(dataset, method="smote", target="rare", n=30)
    grown = dataset.with_rows(rows, rows)
    spy = Spy(model)
    verdict = trial(grown, spy, method="smote", target="rare", n=20)
    for _, made in spy.folds:
        assert not made["parent"].isin(grown.generated).any()
    before = model.out_of_fold(grown).loc[dataset.ids("train")]
    known = dataset.labels.loc[before.index]
    assert verdict.before == pytest.approx(_macro_f1(known, before.idxmax(axis=1)))


def _macro_f1(labels: pd.Series, predicted: pd.Series) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, average="macro"))


def test_oversampling_helps_a_model_that_neglects_the_rare_class(dataset, model):
    verdict = trial(dataset, model, method="random_oversample", target="balance", metric="balanced_accuracy")
    assert verdict.verdict == "gain"
    assert verdict.delta > 0.1


def test_undersampling_leaves_out_of_training_but_scores_all(dataset, model):
    verdict = trial(dataset, model, method="random_undersample", target="majority", metric="balanced_accuracy")
    assert verdict.verdict == "gain"
    none = trial(dataset, model, method="random_undersample", target="usual", n=1, metric="balanced_accuracy")
    assert abs(none.delta) < 0.05


def test_the_same_trial_gives_the_same_verdict_with_and_without_known_probabilities(dataset, model):
    first = trial(dataset, model, method="smote", target="rare", n=40, seed=3)
    again = trial(dataset, model, method="smote", target="rare", n=40, seed=3, before=model.out_of_fold(dataset))
    assert first == again


def test_test_is_not_looked_at(dataset, model):
    cells = {(example, "a"): 99.0 for example in dataset.ids("test")}
    spoiled = dataset.with_cells(cells)
    call = {"method": "smote", "target": "balance"}
    assert trial(dataset, model, **call) == trial(spoiled, model, **call)


def test_a_threshold_is_chosen_on_either_side(dataset):
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression", decision="threshold")
    verdict = trial(dataset, model, method="random_oversample", target="balance")
    # What a threshold already gave, copies can't give again.
    assert verdict.verdict == "no evidence"
    assert (
        verdict.before
        > trial(
            dataset, LockedModel.for_dataset(dataset, recipe="logistic_regression"), method="smote", target="rare", n=1
        ).before
    )


def test_texts_are_tried_too():
    frame = pd.DataFrame(
        {
            "text": [f"{'give my money back' if n % 6 == 0 else 'where is my parcel'} number {n}" for n in range(120)],
            "kind": ["refund" if n % 6 == 0 else "parcel" for n in range(120)],
        }
    )
    dataset = Dataset.from_frame(frame, label="kind", text="text")
    verdict = trial(dataset, LockedModel.for_dataset(dataset), method="drop_and_swap", target="balance")
    assert verdict.verdict in {"gain", "no evidence"}


def test_progress_rises_to_one_and_cancel_stops(dataset, model):
    heard: list[float] = []
    trial(dataset, model, method="smote", target="rare", n=5, progress=lambda share, _: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        trial(dataset, model, method="smote", target="rare", n=5, cancel=stop)


def test_what_can_not_be_made_is_refused_before_any_fit(dataset):
    with pytest.raises(GenerateError):
        trial(dataset, None, method="smote", target="unknown")
    with pytest.raises(GenerateError):
        trial(dataset, None, method="drop_and_swap", target="rare")


def test_a_class_that_a_fold_nearly_takes_away_is_a_clear_error():
    dataset = points()
    rare = dataset.labels.index[(dataset.labels == "rare") & (dataset.split == "train")]
    folds = dataset.folds().loc[rare]
    two = folds.drop_duplicates().index[:2]
    dataset = dataset.without(rare.difference(two))
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression")
    with pytest.raises(GenerateError, match="leaves out a fifth"):
        trial(dataset, model, method="smote", target="rare", n=20)
