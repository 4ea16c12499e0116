from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from core.annotate import injection
from core.annotate.injection import doubt, pooled


def views(
    rows: int = 1500, classes: int = 3, wrong: float = 0.15, noise: tuple[float, ...] = (1.0, 1.0), seed: int = 0
):
    """Truth, noisy labels, and one view for each amount of noise that its log odds carry."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows)
    flipped = rng.random(rows) < wrong
    given = np.where(flipped, (truth + rng.integers(1, classes, rows)) % classes, truth)
    found = []
    for amount in noise:
        odds = amount * rng.normal(size=(rows, classes))
        odds[np.arange(rows), truth] += 2
        found.append(np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True))
    return found, given, flipped


def margin(view: np.ndarray, labels: np.ndarray) -> np.ndarray:
    others = np.log(view)
    own = others[np.arange(len(view)), labels].copy()
    others[np.arange(len(view)), labels] = -np.inf
    return others.max(axis=1) - own


def test_the_better_of_two_views_is_found_without_truth():
    (sharp, blurred), labels, flipped = views(noise=(1.0, 6.0))
    mean = average_precision_score(flipped, margin(sharp, labels) + margin(blurred, labels))
    learned = average_precision_score(flipped, doubt([sharp, blurred], labels))
    assert learned > mean + 0.03


def test_several_views_rank_better_than_each():
    found, labels, flipped = views(noise=(2.0, 2.0, 2.0))
    alone = [average_precision_score(flipped, margin(view, labels)) for view in found]
    assert average_precision_score(flipped, doubt(found, labels)) > max(alone)


def test_frequent_confusions_raise_the_doubt_by_their_rate():
    logs = np.log(np.array([[0.45, 0.45, 0.1], [0.45, 0.1, 0.45]]))
    labels = np.array([0, 2])
    even = injection._against(logs, labels, np.zeros((3, 3)))
    np.testing.assert_allclose(even, np.log(0.55 / 0.45))
    # Of the class 1, four in ten are labelled 0: that the first was meant to be a 1 is the more probable.
    rates = np.log(np.array([[0.98, 0.01, 0.01], [0.4, 0.59, 0.01], [0.01, 0.01, 0.98]]))
    noisy = injection._against(logs, labels, rates)
    odds = (0.45 * 0.4 + 0.1 * 0.01) / (0.45 * 0.98)
    np.testing.assert_allclose(noisy[0], np.log(odds))
    assert noisy[0] > noisy[1]


def test_the_same_seed_gives_the_same():
    found, labels, _ = views(300)
    np.testing.assert_array_equal(doubt(found, labels), doubt(found, labels))
    assert not np.array_equal(doubt(found, labels), doubt(found, labels, seed=1))


def test_flips_are_other_classes_at_about_the_rate_and_lopsided():
    found, labels, _ = views(6000)
    changed, rates = [], []
    for seed in range(20):
        new, flipped = injection._flip(pooled(found), labels, np.random.default_rng(seed))
        assert (new[flipped] != labels[flipped]).all()
        assert (new[~flipped] == labels[~flipped]).all()
        changed.append(flipped.mean())
        rates.append([flipped[labels == each].mean() for each in range(3)])
    assert 0.08 < np.mean(changed) < 0.2
    assert np.ptp(rates, axis=1).mean() > 0.05


@pytest.mark.parametrize("share", [None, 0.5, 0.8])
def test_rates_of_confusion_are_found_where_the_model_is_sure(share):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 20_000)
    labels = np.where((truth == 1) & (rng.random(20_000) < 0.3), 0, truth)
    view = np.where(np.eye(2)[truth] > 0, 0.95, 0.05)
    rates = injection._confusion_rates(view, labels, share, 2.0)
    np.testing.assert_allclose(rates, [[1.0, 0.0], [0.3, 0.7]], atol=0.03)
    np.testing.assert_allclose(rates.sum(axis=1), 1.0, atol=0.01)


@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 5), st.booleans())
def test_any_views_give_a_finite_doubt_for_each(seed, rows, classes, extreme):
    rng = np.random.default_rng(seed)
    found = [rng.dirichlet(np.full(classes, 0.3), rows) for _ in range(3)]
    if extreme:
        found[0] = np.eye(classes)[rng.integers(0, classes, rows)]
        found[1] = np.zeros((rows, classes))
    doubts = doubt(found, rng.integers(0, classes, rows))
    assert doubts.shape == (rows,)
    assert np.isfinite(doubts).all()
