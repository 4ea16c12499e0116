from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.generate.resampling import draw_exclusions, draw_parents


@given(st.integers(0, 1000))
def test_parents_are_drawn_from_their_class(seed):
    labels = pd.Series(["a"] * 3 + ["b"] * 9, dtype="str")
    drawn = draw_parents(labels, {"a": 7, "b": 2}, seed)
    assert labels.iloc[drawn].value_counts().to_dict() == {"a": 7, "b": 2}
    np.testing.assert_array_equal(drawn, draw_parents(labels, {"a": 7, "b": 2}, seed))


@given(st.integers(0, 1000))
def test_exclusions_are_drawn_once_each(seed):
    labels = pd.Series(["a"] * 3 + ["b"] * 9, dtype="str")
    gone = draw_exclusions(labels, {"b": 5}, seed)
    assert len(set(gone)) == 5
    assert set(labels.iloc[gone]) == {"b"}
