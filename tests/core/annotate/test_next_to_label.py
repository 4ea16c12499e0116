from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from core.annotate import PoolError, next_to_label
from core.annotate.next_to_label import uncertainty
from core.errors import FlywheelError


def pool(rows: int = 200, classes: int = 3, columns: int = 5, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Probabilities of a model and the features of the same examples."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(classes), rows)
    frame = pd.DataFrame(probabilities, index=[f"e{n}" for n in range(rows)], columns=list("abcdefgh")[:classes])
    return frame, rng.normal(size=(rows, columns))


@given(
    rows=st.integers(1, 60),
    classes=st.integers(1, 4),
    n=st.integers(0, 70),
    kinds=st.integers(1, 60),
    flat=st.booleans(),
    space=st.sampled_from(["none", "dense", "sparse"]),
    seed=st.integers(0, 5),
)
def test_it_gives_distinct_ids_of_the_pool_as_many_as_asked_whatever_the_order_of_the_rows(
    rows, classes, n, kinds, flat, space, seed
):
    probabilities, features = pool(rows, classes, seed=seed)
    if flat:
        probabilities.loc[:, :] = 1 / classes
    features = features[np.arange(rows) % kinds]
    shape = {"none": lambda _: None, "dense": np.asarray, "sparse": sp.csr_matrix}[space]
    chosen = next_to_label(probabilities, features=shape(features), n=n)
    assert len(chosen) == min(n, rows)
    assert chosen.is_unique
    assert set(chosen) <= set(probabilities.index)
    mixed = np.random.default_rng(seed).permutation(rows)
    again = next_to_label(probabilities.iloc[mixed], features=shape(features[mixed]), n=n)
    assert list(again) == list(chosen)


def test_dense_and_sparse_features_choose_the_same():
    probabilities, features = pool(500)
    features = np.where(np.abs(features) < 0.7, 0.0, features)
    assert set(next_to_label(probabilities, features=features, n=20)) == set(
        next_to_label(probabilities, features=sp.csc_matrix(features), n=20)
    )


def test_what_is_chosen_is_more_uncertain_than_the_pool_and_the_most_uncertain_comes_first():
    probabilities, features = pool(1000)
    doubt = pd.Series(uncertainty(probabilities), index=probabilities.index)
    chosen = doubt.loc[next_to_label(probabilities, features=features, n=20)]
    assert chosen.mean() > doubt.mean() + 0.15
    assert chosen.is_monotonic_decreasing


def test_uncertainty_is_the_distance_of_the_two_largest():
    assert uncertainty([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]]).tolist() == [1.0, 0.0, 0.8]
    assert uncertainty([[1.0], [1.0]]).tolist() == [1.0, 1.0]


def test_a_batch_is_taken_from_every_cluster_of_what_is_uncertain():
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(10), 30)
    features = 20 * np.eye(10)[cluster] + rng.normal(0, 0.1, (300, 10))
    probabilities = pd.DataFrame(0.5, index=range(300), columns=["a", "b"])
    assert set(cluster[next_to_label(probabilities, features=features, n=10)]) == set(range(10))


@pytest.mark.parametrize("sparse", [False, True])
def test_of_equal_examples_one_is_taken_as_long_as_there_are_others(sparse):
    probabilities, features = pool(100)
    features[:60] = features[0]
    # The copies are what the model is least sure of.
    probabilities.iloc[:60] = [0.5, 0.5, 0.0]
    copies = set(probabilities.index[:60])
    space = sp.csr_matrix(features) if sparse else features
    assert len(copies & set(next_to_label(probabilities, features=space, n=20))) <= 1
    assert len(next_to_label(probabilities, features=space, n=80)) == 80


def test_before_the_first_model_the_features_decide():
    _, features = pool(100)
    positions = next_to_label(None, features=features, n=10)
    assert len(set(positions) & set(range(100))) == 10
    named = pd.DataFrame(features, index=[f"e{n}" for n in range(100)])
    assert list(next_to_label(None, features=named, n=10)) != []
    assert set(next_to_label(None, features=named, n=10)) <= set(named.index)
    no_class_yet = pd.DataFrame(index=named.index)
    assert set(next_to_label(no_class_yet, features=features, n=10)) <= set(named.index)


def test_a_rare_class_is_found_sooner_than_at_random():
    """A class of 2% with a model that has seen 3 examples of it."""
    rng = np.random.default_rng(0)
    labels = (np.arange(2000) % 50 == 0).astype(int)
    features = rng.normal(size=(2000, 6)) + 2.5 * labels[:, np.newaxis] * np.array([1, 1, 0, 0, 0, 0])
    known = np.concatenate([np.flatnonzero(labels == 1)[:3], np.flatnonzero(labels == 0)[:40]])
    labelled = np.isin(np.arange(2000), known)
    for _ in range(3):
        model = LogisticRegression().fit(features[labelled], labels[labelled])
        rest = np.flatnonzero(~labelled)
        probabilities = pd.DataFrame(model.predict_proba(features[rest]), index=rest)
        labelled[next_to_label(probabilities, features=features[rest], n=20)] = True
    found = labels[labelled].sum() - 3
    # 60 at random hold 1.2 on average, 6 or more once in a thousand times.
    assert found >= 12


def test_a_hundred_thousand_examples_take_seconds():
    probabilities, features = pool(100_000, columns=20)
    started = time.process_time()
    assert len(next_to_label(probabilities, features=features, n=20)) == 20
    flat = probabilities * 0 + 1 / 3
    assert len(next_to_label(flat, features=features, n=500)) == 500
    assert time.process_time() - started < 20


def test_a_large_batch_is_spread_as_well():
    probabilities, features = pool(1000, columns=2)
    chosen = next_to_label(probabilities, features=features, n=300)
    assert len(set(chosen)) == 300


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"n": -1}, "must not be negative"),
        ({"features": np.zeros((3, 2))}, "a row for each of the 200"),
        ({"features": np.full((200, 2), np.nan)}, "finite numbers"),
        ({"features": sp.csr_matrix(np.full((200, 2), np.inf))}, "finite numbers"),
        ({"probabilities": None, "features": None}, "neither"),
        ({"probabilities": np.ones((200, 2))}, "DataFrame of ids by classes. Got ndarray"),
        ({"probabilities": pool()[0].mask(lambda frame: frame > 0.9)}, "nan means"),
        ({"probabilities": pool()[0] * 2}, "between 0 and 1"),
        ({"probabilities": pool()[0].set_axis(["same"] * 200)}, "'same' repeats"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(change, match):
    probabilities, features = pool()
    given_ = {"probabilities": probabilities, "features": features, "n": 5} | change
    with pytest.raises(PoolError, match=match) as caught:
        next_to_label(given_.pop("probabilities"), **given_)
    assert isinstance(caught.value, FlywheelError)


# several annotators


def test_an_example_that_people_disagree_on_is_worth_another_label():
    """One example with two against two labels, among many on which all agree, and a pool the model is sure of."""
    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b"], 60)
    sure = np.where(truth == "a", 0.95, 0.05)
    probabilities = pd.DataFrame({"a": sure, "b": 1 - sure}, index=[f"e{n}" for n in range(60)])
    probabilities.loc["e7"] = 0.5
    annotations = pd.DataFrame({f"r{rater}": truth[:40] for rater in range(4)}, index=probabilities.index[:40])
    annotations.loc["e7"] = ["a", "a", "b", "b"]
    assert "e7" in next_to_label(probabilities, n=3, annotations=annotations)
    assert next_to_label(probabilities, n=60, annotations=annotations)[0] == "e7"


def test_without_a_label_of_anybody_annotations_change_nothing_in_who_is_most_uncertain():
    probabilities, features = pool(100, classes=2)
    none = pd.DataFrame({"ann": [None, None]}, index=["e1", "e2"])
    assert next_to_label(probabilities, features=features, n=10, annotations=none).equals(
        next_to_label(probabilities, features=features, n=10)
    )


def test_annotations_may_hold_classes_the_model_has_not_seen_and_ids_it_does_not_know():
    probabilities, features = pool(50)
    annotations = pd.DataFrame({"ann": ["a", "new", "b"], "bob": ["a", None, "b"]}, index=["e1", "e2", "elsewhere"])
    chosen = next_to_label(probabilities, features=features, n=10, annotations=annotations)
    assert len(set(chosen) & set(probabilities.index)) == 10


def test_every_example_may_have_a_label_already():
    probabilities, _ = pool(30, classes=2)
    annotations = pd.DataFrame({"ann": ["a", "b"] * 15}, index=probabilities.index)
    assert len(next_to_label(probabilities, n=5, annotations=annotations)) == 5
