from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.annotate import EVIDENCE, spoken

SCORES = st.dictionaries(st.sampled_from([*EVIDENCE, "score", "given"]), st.floats(0, 1) | st.just(np.nan))


@given(SCORES)
def test_only_what_is_there_and_not_silent_speaks_in_one_order(scores):
    found = spoken(pd.Series(scores, dtype=object))
    assert list(found) == [name for name in EVIDENCE if name in scores and not np.isnan(scores[name])]
    assert all(found[name] == scores[name] for name in found)


def test_a_missing_value_of_any_kind_is_silent():
    assert spoken({"model": None, "rules": pd.NA, "annotators": np.nan, "neighbours": np.float32(0.5)}) == {
        "neighbours": 0.5
    }
    assert spoken({"given": "yes", "score": 0.9}) == {}


def test_each_evidence_has_words_of_its_own():
    assert list(EVIDENCE) == ["model", "neighbours", "same_content", "annotators", "rules"]
    assert len(set(EVIDENCE.values())) == len(EVIDENCE)
