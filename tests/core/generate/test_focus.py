from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import Predicate
from core.generate import GenerateError, focus_on, on_confused, on_hard, on_slice, propose, propose_exclusions


@pytest.fixture
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "id": [f"e{number}" for number in range(n)],
            "age": rng.integers(18, 80, n),
            "plan": rng.choice(["basic", "plus"], n),
            "label": rng.choice(["no", "no", "yes"], n),
        }
    )
    return Dataset.from_frame(frame, label="label", id="id", test=0.25)


def test_rows_of_a_slice_come_from_it_and_lie_in_it(dataset):
    target = on_slice(
        dataset, [Predicate("age", "18 to 39", low=18.0, high=40.0), Predicate("plan", "plus", values=("plus",))]
    )
    inside = dataset.part("train").query("age < 40 and plan == 'plus'")
    assert set(target.ids) == set(inside.index)
    assert target.counts == inside["label"].value_counts().sort_index().to_dict()
    assert str(target) == "age is 18 to 39 and plan is plus"
    rows = propose(dataset, method="smote", target=target, n=30)
    assert len(rows) == 30
    assert rows["parent"].isin(inside.index).all()
    assert rows["other_parent"].dropna().isin(inside.index).all()
    assert (rows["age"] < 40).all()
    assert (rows["plan"] == "plus").all()
    for method in ("random_oversample", "jitter", "crossover", "mixup", "adasyn", "borderline_smote"):
        assert propose(dataset, method=method, target=target)["parent"].isin(inside.index).all()


def test_examples_to_exclude_come_from_the_slice_too(dataset):
    inside = dataset.part("train").query("plan == 'plus'")
    target = focus_on(dataset, inside.index, words="plus", n=6)
    gone = propose_exclusions(dataset, method="random_undersample", target=target)
    assert len(gone) == 6
    assert gone.index.isin(inside.index).all()
    many = focus_on(dataset, inside.index[:4], words="four", n=8)
    with pytest.raises(GenerateError, match="may go, and"):
        propose_exclusions(dataset, method="random_undersample", target=many)


def test_test_pool_and_generated_examples_are_no_parents(dataset):
    rows = propose(dataset, method="random_oversample", target="yes", n=5)
    grown = dataset.with_rows(rows, rows)
    target = focus_on(grown, grown.frame.index, words="all")
    assert set(target.ids) == set(dataset.ids("train"))
    with pytest.raises(GenerateError, match="'test' train holds none"):
        focus_on(dataset, dataset.ids("test"), words="test")


def test_hard_examples_are_those_with_the_largest_loss(dataset):
    train = dataset.labels_of("train")
    rng = np.random.default_rng(1)
    yes = pd.Series(rng.random(len(train)), index=train.index)
    found = pd.DataFrame({"no": 1 - yes, "yes": yes})
    target = on_hard(dataset, found, share=0.1)
    own = pd.Series(np.where(train == "yes", yes, 1 - yes), index=train.index)
    assert set(target.ids) == set(own.nsmallest(15).index)
    assert sum(target.counts.values()) == 15
    assert target.found_on_errors
    with pytest.raises(GenerateError, match="share of hard examples"):
        on_hard(dataset, found, share=0)


def test_confused_pairs_are_taken_for_each_other(dataset):
    train = dataset.labels_of("train")
    predicted = pd.Series("no", index=train.index).where(np.arange(len(train)) % 3 > 0, "yes")
    target = on_confused(dataset, predicted, "no", "yes", n=12)
    assert set(target.ids) == set(train.index[train != predicted])
    assert sum(target.counts.values()) == 12
    with pytest.raises(GenerateError, match="taken for each other"):
        on_confused(dataset, train, "no", "yes")
