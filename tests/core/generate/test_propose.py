from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset import Dataset
from core.generate import GenerateError, methods_for, propose, propose_exclusions


def customers(n: int = 160, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer": [f"c{number}" for number in range(n)],
            "age": rng.integers(18, 90, n),
            "spent": pd.Series(rng.lognormal(3, 1, n)).mask(rng.random(n) < 0.1),
            "plan": pd.Series(rng.choice(["basic", "plus"], n), dtype="str").mask(rng.random(n) < 0.1),
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 500, n), unit="D"),
            "note": [f"note {number}" for number in range(n)],
            "churn": np.where(np.arange(n) % 8 == 0, "yes", np.where(np.arange(n) % 8 == 1, None, "no")),
        }
    )
    return Dataset.from_frame(
        frame, label="churn", id="customer", features=["age", "spent", "plan", "joined"], test=0.25, seed=seed
    )


def messages(n: int = 80) -> Dataset:
    frame = pd.DataFrame(
        {
            "text": [
                f"please {'refund' if n % 4 == 0 else 'help with'} order {n} as soon as possible" for n in range(n)
            ],
            "kind": ["refund" if n % 4 == 0 else "help" for n in range(n)],
        }
    )
    return Dataset.from_frame(frame, label="kind", text="text", test=0.25)


CASES = [
    (customers, "smote"),
    (customers, "borderline_smote"),
    (customers, "adasyn"),
    (customers, "jitter"),
    (customers, "mixup"),
    (customers, "crossover"),
    (customers, "mask"),
    (customers, "random_oversample"),
    (messages, "drop_and_swap"),
    (messages, "random_oversample"),
]


@pytest.mark.parametrize(("data", "method"), CASES)
def test_rows_come_from_train_and_fit_the_data_set(data, method):
    dataset = data()
    rows = propose(dataset, method=method, target="balance")
    train = dataset.part("train")
    label = dataset.schema.label
    assert list(rows.columns) == ["parent", "other_parent", *dataset.frame.columns]
    assert rows.index.is_unique
    assert not rows.index.isin(dataset.frame.index).any()
    assert rows["parent"].isin(train.index).all()
    assert rows["other_parent"].dropna().isin(train.index).all()
    for name in ("parent", "other_parent"):
        known = rows[name].dropna()
        assert (train.loc[known, label].to_numpy() == rows.loc[known.index, label].to_numpy()).all()
    grown = dataset.with_rows(rows, rows)
    assert grown.labels.loc[grown.ids("train")].value_counts().nunique() == 1
    pd.testing.assert_series_equal(grown.frame.dtypes, dataset.frame.dtypes)
    pd.testing.assert_frame_equal(grown.part("test"), dataset.part("test"))
    assert set(grown.generated) == set(rows.index)


def test_what_is_no_input_comes_from_the_first_parent():
    dataset = customers()
    rows = propose(dataset, method="smote", target="yes", n=20)
    assert (rows["note"].to_numpy() == dataset.frame.loc[rows["parent"], "note"].to_numpy()).all()
    assert rows["other_parent"].notna().all()


def test_copies_have_one_parent_and_its_content():
    dataset = customers()
    rows = propose(dataset, method="random_oversample", target="yes", n=7)
    assert rows["other_parent"].isna().all()
    content = rows.drop(columns=["parent", "other_parent"])
    parents = dataset.frame.loc[rows["parent"]]
    pd.testing.assert_frame_equal(content, parents.set_axis(content.index), check_names=False)


@settings(max_examples=10)
@given(
    st.integers(0, 50), st.sampled_from(["smote", "random_oversample"]), st.sampled_from(["yes", "no", "balance", 0.7])
)
def test_seeds_repeat_and_nothing_comes_from_outside_train(seed, method, target):
    dataset = customers(seed=seed % 3)
    rows = propose(dataset, method=method, target=target, n=9, seed=seed)
    assert len(rows) == 9
    pd.testing.assert_frame_equal(rows, propose(dataset, method=method, target=target, n=9, seed=seed))
    assert not rows.index.equals(propose(dataset, method=method, target=target, n=9, seed=seed + 1).index)
    outside = dataset.split.index[dataset.split != "train"]
    assert not rows["parent"].isin(outside).any()
    assert not rows["other_parent"].isin(outside).any()


def test_test_and_pool_play_no_part_whatever_they_hold():
    dataset = customers()
    other = dataset.with_cells({(example, "age"): 1000 for part in ("test", "pool") for example in dataset.ids(part)})
    for method in ("smote", "random_oversample"):
        pd.testing.assert_frame_equal(
            propose(dataset, method=method, target="balance"), propose(other, method=method, target="balance")
        )


def test_a_second_proposal_is_another_one_and_its_parents_are_originals():
    dataset = customers()
    first = propose(dataset, method="smote", target="yes", n=10)
    grown = dataset.with_rows(first, first)
    second = propose(grown, method="smote", target="yes", n=10)
    assert not second.index.isin(first.index).any()
    assert not second["parent"].isin(first.index).any()
    assert not second["age"].reset_index(drop=True).equals(first["age"].reset_index(drop=True))
    assert len(grown.with_rows(second, second).generated) == 20


def test_ids_of_excluded_rows_are_not_given_again():
    dataset = customers()
    first = propose(dataset, method="random_oversample", target="yes", n=10)
    shrunk = dataset.with_rows(first, first).without(first.index)
    again = propose(shrunk, method="random_oversample", target="yes", n=10)
    assert not again.index.isin(first.index).any()


def test_exclusions_are_train_examples_of_the_larger_class():
    dataset = customers()
    gone = propose_exclusions(dataset, target="majority", seed=1)
    assert gone.index.isin(dataset.ids("train")).all()
    assert gone.index.is_unique
    assert set(gone["label"]) == {"no"}
    left = dataset.without(gone.index)
    assert left.labels.loc[left.ids("train")].value_counts().nunique() == 1
    pd.testing.assert_frame_equal(gone, propose_exclusions(dataset, target="majority", seed=1))


@pytest.mark.parametrize(
    ("data", "call", "words"),
    [
        (customers, lambda d: propose(d, method="drop_and_swap", target="yes"), "random_oversample, smote"),
        (messages, lambda d: propose(d, method="smote", target="refund"), "for text data"),
        (customers, lambda d: propose(d, method="random_undersample", target="no"), "propose_exclusions"),
        (customers, lambda d: propose_exclusions(d, method="smote", target="no"), "Use propose"),
        (customers, lambda d: propose(d, method="smote", target="maybe"), "'no', 'yes'"),
    ],
)
def test_what_does_not_fit_is_refused(data, call, words):
    with pytest.raises(GenerateError, match=words):
        call(data())


def test_short_texts_name_the_method_that_works():
    frame = pd.DataFrame({"text": [f"word {n}" for n in range(40)], "kind": ["a", "b"] * 20})
    dataset = Dataset.from_frame(frame, label="kind", text="text")
    with pytest.raises(GenerateError, match=r"'a' has none.*random oversampling"):
        propose(dataset, method="drop_and_swap", target="a", n=3)
    assert len(propose(dataset, method="random_oversample", target="a", n=3)) == 3


def test_columns_named_like_parents_are_refused():
    frame = customers().frame.rename(columns={"note": "parent"})
    dataset = Dataset.from_frame(frame, label="churn", features=["age"])
    with pytest.raises(GenerateError, match="'parent' is taken"):
        propose(dataset, method="smote", target="yes", n=1)


def test_methods_say_what_they_are():
    for data in (customers(), messages()):
        methods = methods_for(data)
        assert [method.excludes for method in methods] == sorted(method.excludes for method in methods)
        assert {method.key for method in methods} >= {"random_oversample", "random_undersample"}
        assert all(method.title and method.sentence.endswith(".") for method in methods)
    assert "smote" in {method.key for method in methods_for(customers())}
    assert "smote" not in {method.key for method in methods_for(messages())}
