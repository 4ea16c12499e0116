from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.annotate.crowd import read_crowd
from core.annotate.dawid_skene import MAJORITY, Setting, dawid_skene, fit, vote_shares, with_model


def crowd_of(*, examples=300, annotators=12, classes=3, labels=5, seed=0, confusion=None):
    """Simulated annotators: truth, and the table of what they said."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, examples)
    if confusion is None:
        accuracy = rng.uniform(0.4, 0.95, annotators)
        spread = (1 - accuracy) / (classes - 1)
        confusion = np.where(np.eye(classes) > 0, accuracy[:, None, None], spread[:, None, None])
    said = np.full((examples, annotators), None, dtype=object)
    for example, true in enumerate(truth):
        for who in rng.choice(annotators, labels, replace=False):
            said[example, who] = f"c{rng.choice(classes, p=confusion[who, :, true])}"
    return truth, pd.DataFrame(said, index=[f"e{number}" for number in range(examples)]).add_prefix("w")


def plain_dawid_skene(table, steps=30):
    """Dawid and Skene's estimates, label by label, as the paper has them; the slow and independent way."""
    said = [(e, w, int(label[1:])) for e, row in enumerate(table.to_numpy()) for w, label in enumerate(row) if label]
    n, m = table.shape
    k = 1 + max(label for *_, label in said)
    truth = np.zeros((n, k))
    for e, _, label in said:
        truth[e, label] += 1
    truth /= truth.sum(axis=1, keepdims=True)
    fixed = (truth.sum(axis=0) + 1) / (truth.sum() + k)
    for _ in range(steps):
        error = np.full((m, k, k), 1e-9)
        for e, w, label in said:
            error[w, label] += truth[e]
        error /= error.sum(axis=1, keepdims=True)
        product = np.tile(fixed, (n, 1))
        for e, w, label in said:
            product[e] *= error[w, label]
        truth = product / product.sum(axis=1, keepdims=True)
    return truth


def test_without_pseudo_labels_it_is_dawid_and_skene():
    _, table = crowd_of(examples=80, annotators=5, labels=5)
    free = fit(read_crowd(table), Setting("shared", 1e-9, 1.0), steps=30, tolerance=0.0)

    assert np.allclose(free.posterior, plain_dawid_skene(table), atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_annotators_of_unequal_skill_are_weighed_better_than_by_majority(seed):
    truth, table = crowd_of(seed=seed)
    crowd = read_crowd(table)
    right = (dawid_skene(crowd).posterior.argmax(axis=1) == truth).mean()

    assert right >= (vote_shares(crowd).argmax(axis=1) == truth).mean()


def test_many_annotators_of_few_labels_and_many_classes_do_no_worse_than_the_majority():
    truth, table = crowd_of(examples=150, annotators=60, classes=8, labels=3, seed=3)
    crowd = read_crowd(table)
    right = (dawid_skene(crowd).posterior.argmax(axis=1) == truth).mean()

    assert right >= (vote_shares(crowd).argmax(axis=1) == truth).mean() - 0.005


def test_annotators_who_give_one_class_each_do_not_drag_all_examples_to_it():
    """Rules vote like that; free confusions would call everything the more frequent class."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 600)
    said = {}
    for rule in range(10):
        own = rule % 2
        fires = rng.random(600) < np.where(truth == own, 0.4, 0.06)
        said[f"rule{rule}"] = np.where(fires, f"c{own}", None)
    crowd = read_crowd(pd.DataFrame(said, dtype="object"))
    somebody = crowd.counts > 0
    right = dawid_skene(crowd).posterior.argmax(axis=1)[somebody] == truth[somebody]

    assert right.mean() > 0.8


def test_the_estimates_are_probabilities_and_the_same_each_time():
    _, table = crowd_of(seed=7)
    one, other = dawid_skene(read_crowd(table)), dawid_skene(read_crowd(table))

    assert np.array_equal(one.posterior, other.posterior)
    assert np.allclose(one.posterior.sum(axis=1), 1)
    assert np.allclose(one.confusion.sum(axis=1), 1)


def test_without_anybody_to_compare_with_the_votes_stand():
    alone = read_crowd(pd.DataFrame({"ann": ["a", "b", "a"]}))
    made = dawid_skene(alone)

    assert made.setting == MAJORITY
    assert made.posterior.argmax(axis=1).tolist() == [0, 1, 0]


def test_a_model_joins_in_where_it_has_an_opinion():
    posterior = np.array([[0.5, 0.5], [0.5, 0.5]])
    joined = with_model(posterior, np.array([[0.9, 0.1], [np.nan, np.nan]]), 0.6)

    assert joined[0, 0] > 0.7
    assert joined[1].tolist() == [0.5, 0.5]
    assert with_model(posterior, joined, 0.0) is posterior
