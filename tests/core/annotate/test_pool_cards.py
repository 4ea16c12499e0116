from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from core.annotate import chances, pool_cards


@pytest.fixture
def probabilities():
    return pd.DataFrame({"a": [0.45, 0.9, 0.1], "b": [0.41, 0.08, 0.2], "c": [0.14, 0.02, 0.7]}, index=["x", "y", "z"])


def test_a_card_has_no_given_label_the_most_probable_one_as_suggestion_and_the_uncertainty_as_score(probabilities):
    cards = pool_cards(probabilities, pd.Index(["z", "x"]))
    assert cards.index.tolist() == ["z", "x"]
    assert cards["given"].isna().all()
    assert cards["suggested"].tolist() == ["c", "a"]
    assert cards["score"].tolist() == pytest.approx([0.5, 0.96])
    assert cards["flagged"].tolist() == [True, True]


def test_the_reason_says_between_which_classes_the_model_wavers(probabilities):
    cards = pool_cards(probabilities, probabilities.index)
    assert cards.loc["x", "reasons"] == "the model wavers between 'a' (45%) and 'b' (41%)"
    assert cards.loc["y", "reasons"] == "the model leans to 'a' (90%), then 'b' (8%)"
    assert not cards.loc["y", "flagged"]


def test_a_model_that_says_the_same_of_all_is_not_said_to_waver(probabilities):
    flat = pd.DataFrame(0.5, index=list("pqr"), columns=["a", "b"])
    cards = pool_cards(flat, flat.index)
    assert not cards["flagged"].any()
    assert cards["reasons"].str.contains("can't tell the pool apart yet").all()


@pytest.mark.parametrize("shape", [np.asarray, sp.csr_matrix])
def test_what_is_far_from_all_that_is_labelled_is_said_to_be_unlike_it(probabilities, shape):
    labelled = np.random.default_rng(0).normal(size=(100, 2))
    features = np.array([[0.0, 0.1], [9.0, 9.0], [0.1, 0.0]])
    said = pool_cards(probabilities, probabilities.index, features=shape(features), labelled=shape(labelled))["reasons"]
    assert said.str.endswith("unlike anything labelled so far").tolist() == [False, True, False]


def test_a_card_carries_the_probability_of_each_class(probabilities):
    card = pool_cards(probabilities, probabilities.index).loc["z"]
    assert chances(card).to_dict() == {"c": 0.7, "b": 0.2, "a": 0.1}
    assert list(chances(card).index) == ["c", "b", "a"]
    assert chances(card[["given", "suggested", "score"]]).empty
