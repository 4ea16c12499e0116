from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.annotate import AnnotationsError, next_to_label
from core.annotate.active_lab import active_lab


def some(n=6, classes=("a", "b")):
    rng = np.random.default_rng(0)
    values = rng.random((n, len(classes)))
    ids = [f"i{number}" for number in range(n)]
    return pd.DataFrame(values / values.sum(axis=1, keepdims=True), index=ids, columns=list(classes))


@pytest.mark.parametrize(
    "votes",
    [
        {"one": ["a", " ", None, "b", "", np.nan], "two": [None] * 6},
        {"one": [1, 2.0, "a", True, None, "b"], "two": [1, None, "b", None, None, None]},
        {"one": ["a", None, None, None, None, None], "two": ["b", None, None, None, None, None]},
        {"one": ["c"] * 6, "two": ["d"] * 6},
        {"one": ["", "  ", None, None, None, None]},
    ],
    ids=["blank", "numbers", "one example", "unheard of", "nothing"],
)
def test_whatever_people_wrote_something_is_chosen(votes):
    probabilities = some()
    annotations = pd.DataFrame(votes, index=probabilities.index, dtype=object)
    worth = active_lab(probabilities, annotations)
    assert worth.between(0, 1).all()
    assert worth.index.equals(probabilities.index)
    assert len(next_to_label(probabilities, n=3, annotations=annotations)) == 3


def test_annotators_of_other_examples_only_are_passed_over():
    probabilities = some()
    votes = pd.DataFrame({"one": ["a", "b", None], "two": [None, None, "b"]}, index=["i0", "i1", "elsewhere"])
    assert active_lab(probabilities, votes).between(0, 1).all()


def test_an_example_that_all_agree_on_is_worth_less_than_one_they_split_on():
    probabilities = pd.DataFrame(0.5, index=[f"i{n}" for n in range(20)], columns=["a", "b"])
    votes = pd.DataFrame({who: ["a", "b"] * 10 for who in ("one", "two", "three", "four")}, index=probabilities.index)
    votes.loc["i0", ["one", "two"]] = "b"
    assert active_lab(probabilities, votes).idxmax() == "i0"


def test_repeated_examples_are_refused():
    votes = pd.DataFrame({"one": ["a", "b"]}, index=["i0", "i0"])
    with pytest.raises(AnnotationsError, match="'i0' repeats"):
        active_lab(some(), votes)
