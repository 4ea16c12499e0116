from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import METHODS, GenerateError, Sources


@pytest.fixture
def sources() -> Sources:
    frame = pd.DataFrame({"x": range(40), "label": ["a"] * 30 + ["b"] * 10})
    dataset = Dataset.from_frame(frame, label="label", test=0.0)
    return Sources(dataset.frame, dataset.schema)


def test_parents_are_drawn_from_their_class_and_from_those_that_may_be(sources):
    drawn = sources.draw({"b": 50, "a": 7}, seed=0)
    assert sources.labels.iloc[drawn].tolist() == ["b"] * 50 + ["a"] * 7
    np.testing.assert_array_equal(drawn, sources.draw({"b": 50, "a": 7}, seed=0))
    some = sources.among(sources.examples.index[[1, 2, 33]])
    assert some.sizes == {"a": 2, "b": 1}
    assert set(some.draw({"a": 40, "b": 3}, seed=0)) == {1, 2, 33}
    even = np.arange(40) % 2 == 0
    assert set(some.draw({"a": 40}, seed=0, among=even)) == {2}
    with pytest.raises(GenerateError, match="'b' has no example"):
        some.draw({"b": 3}, seed=0, among=even)


def test_what_is_known_of_the_examples_is_made_once_whoever_may_be_a_parent(sources):
    made = []
    for each in (sources, sources.among(sources.examples.index[:3]), sources):
        assert each.once("it", lambda: made.append(1) or len(made)) == 1
    assert made == [1]
    assert sources.once("other", lambda: 7) == 7


def test_settings_have_defaults_and_no_others_are_taken():
    assert METHODS["smote"].settled(None) == dict(METHODS["smote"].settings)
    with pytest.raises(GenerateError, match=r"SMOTE has .*Got 'speed'"):
        METHODS["smote"].settled({"speed": 1})
