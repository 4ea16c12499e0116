from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import propose
from core.train import LockedModel, TrainError, predict_children


def customers(n: int = 240, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n)
    frame = pd.DataFrame(
        {
            "age": age,
            "plan": rng.choice(["basic", "plus"], n),
            "churn": np.where(age + rng.normal(0, 8, n) > 48, "yes", "no"),
        }
    )
    return Dataset.from_frame(frame, label="churn", test=0.25)


@pytest.mark.parametrize("method", ["random_oversample", "smote"])
def test_each_row_is_predicted_by_a_model_without_the_folds_of_its_parents(method):
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    rows = propose(dataset, method=method, target="yes", n=30)
    found = predict_children(dataset, model, rows)
    assert found.index.equals(rows.index)
    assert list(found.columns) == list(dataset.classes)
    folds = 4 if method == "smote" else 5
    fold = dataset.folds(folds)
    for example, row in rows.head(12).iterrows():
        out = {fold[row["parent"]]} if pd.isna(row["other_parent"]) else set(fold[[row["parent"], row["other_parent"]]])
        if method == "smote" and len(out) == 1:
            out |= {(max(out) + 1) % folds}
        gone = fold.index[fold.isin(out)]
        alone = model.fit(dataset.without(gone)).predict_proba(rows.loc[[example]])
        np.testing.assert_array_equal(found.loc[[example]].to_numpy(), alone)


def test_children_of_an_earlier_round_are_not_learned_from_either():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    first = propose(dataset, method="random_oversample", target="yes", n=200)
    grown = dataset.with_rows(first, first)
    rows = propose(grown, method="random_oversample", target="yes", n=5)
    found = predict_children(grown, model, rows)
    fold = grown.folds(5)
    for example, row in rows.iterrows():
        # Copies are in the fold of their parents.
        alone = model.fit(grown.without(fold.index[fold == fold[row["parent"]]])).predict_proba(rows.loc[[example]])
        np.testing.assert_array_equal(found.loc[[example]].to_numpy(), alone)


def test_parents_that_are_not_in_train_are_refused():
    dataset = customers()
    rows = propose(dataset, method="random_oversample", target="yes", n=3)
    rows.loc[rows.index[1], "parent"] = dataset.ids("test")[0]
    with pytest.raises(TrainError, match=r"must be train examples. '.*' is none"):
        predict_children(dataset, LockedModel.for_dataset(dataset, "logistic_regression"), rows)


def test_no_rows_no_predictions():
    dataset = customers()
    rows = propose(dataset, method="random_oversample", target="yes", n=3)
    found = predict_children(dataset, LockedModel.for_dataset(dataset, "logistic_regression"), rows.iloc[:0])
    assert found.shape == (0, 2)


def test_others_are_placed_in_the_space_without_shaping_it():
    for dataset in (customers(), texts()):
        model = LockedModel.for_dataset(dataset)
        alone = model.features(dataset)
        others = dataset.inputs("train").iloc[[3, 1]]
        both = model.features(dataset, others=others)
        dense = [space if isinstance(space, np.ndarray) else space.toarray() for space in (alone, both)]
        np.testing.assert_array_equal(dense[1][: len(dense[0])], dense[0])
        np.testing.assert_array_equal(dense[1][len(dense[0]) :], dense[0][[3, 1]])


def texts() -> Dataset:
    frame = pd.DataFrame(
        {"text": [f"words of number {n % 7} and {n % 5} here" for n in range(60)], "kind": ["a", "b", "b"] * 20}
    )
    return Dataset.from_frame(frame, label="kind", text="text", test=0.2)
