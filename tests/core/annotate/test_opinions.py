from __future__ import annotations

import warnings

import numpy as np
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score

from core.annotate import LabelsError
from core.annotate.opinions import Opinions
from core.progress import Cancelled


@pytest.fixture(scope="module")
def table():
    return make_classification(500, 12, n_informative=6, n_classes=3, class_sep=1.5, random_state=0)


@pytest.fixture(scope="module")
def texts():
    """Word weights of two topics over 60 words, rows of length 1."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 2, 400)
    chances = np.where(np.arange(60) < 30, np.where(topic[:, None], 0.02, 0.12), np.where(topic[:, None], 0.12, 0.02))
    weights = (rng.random((400, 60)) < chances) * rng.random((400, 60))
    weights[:, 0] += 0.01
    return csr_matrix(weights / np.linalg.norm(weights, axis=1, keepdims=True)), topic


def test_every_learner_learns_from_numbers(table):
    features, labels = table
    opinions = Opinions(features).ask(labels, 3)
    assert len(opinions) == 4
    for view in opinions:
        np.testing.assert_allclose(view.sum(axis=1), 1.0)
        assert roc_auc_score(labels, view, multi_class="ovr") > 0.8


def test_texts_have_word_counts_besides(texts):
    features, labels = texts
    opinions = Opinions(features).ask(labels, 2)
    assert len(opinions) == 6
    assert min(roc_auc_score(labels, view[:, 1]) for view in opinions) > 0.8
    assert len(Opinions(features - features.multiply(2)).ask(labels, 2)) == 4


def test_nobody_vouches_for_itself_nor_for_its_copies(table):
    """With labels by chance nothing can be learned, unless a row or its copy is seen."""
    features, _ = table
    features = np.vstack([features[:200], features[:200]])
    labels = np.tile(np.random.default_rng(0).integers(0, 2, 200), 2)
    for view in Opinions(features).ask(labels, 2):
        assert roc_auc_score(labels, view[:, 1]) < 0.65


def test_what_is_not_kept_teaches_nothing(table):
    features, labels = table
    opinions = Opinions(features)
    keep = np.random.default_rng(0).random(500) < 0.7
    spoiled = np.where(keep, labels, (labels + 1) % 3)
    one, other = opinions.ask(labels, 3, keep), opinions.ask(spoiled, 3, keep)
    # Shares of classes and the temperature are of all labels; the rest must not know them.
    np.testing.assert_allclose(one[3], other[3])
    assert (one[1].argmax(axis=1) == other[1].argmax(axis=1)).all()


def test_a_row_that_is_left_out_of_the_keep_is_predicted_all_the_same(table):
    features, labels = table
    views = Opinions(features).ask(labels, 3, np.arange(500) < 250)
    assert all(np.isfinite(view).all() and (view.max(axis=1) > 0).all() for view in views)


def test_the_same_features_give_the_same_answers(table):
    features, labels = table
    for one, other in zip(Opinions(features).ask(labels, 3), Opinions(features).ask(labels, 3), strict=True):
        np.testing.assert_array_equal(one, other)


def test_votes_are_shares_of_the_neighbours(table):
    features, labels = table
    opinions = Opinions(features)
    share = opinions.votes_for(labels)
    assert ((share >= 0) & (share <= 1)).all()
    # Labels have far more of their neighbours' votes than labels by chance would have.
    assert share.mean() > opinions.votes_for(np.random.default_rng(0).permutation(labels)).mean() + 0.2
    assert (opinions.neighbours[0] != np.arange(500)[:, None]).all()


def test_missing_numbers_are_refused(table):
    features = table[0].copy()
    features[3, 2] = np.nan
    with pytest.raises(LabelsError, match="finite"):
        Opinions(features)


def test_the_work_stops_between_two_learners(table):
    features, labels = table
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Opinions(features).ask(labels, 3, check=check)
    assert len(asked) == 3


@settings(max_examples=effort(4, 40))
@given(st.integers(0, 10_000), st.integers(4, 40), st.integers(1, 6), st.integers(2, 4), st.booleans())
def test_any_features_give_probabilities_without_warnings(seed, rows, columns, classes, sparse):
    rng = np.random.default_rng(seed)
    features = rng.integers(0, 3, (rows, columns)).astype(float)
    labels = rng.integers(0, classes, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        views = Opinions(csr_matrix(features) if sparse else features).ask(labels, classes)
    for view in views:
        assert view.shape == (rows, classes)
        assert ((view >= 0) & (view <= 1 + 1e-9)).all()
