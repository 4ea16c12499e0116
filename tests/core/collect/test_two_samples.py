from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.collect import tell_apart
from core.collect.two_samples import _delong


def pairs(rows, seed, bound):
    """Two columns that are each the same on both sides; only together they tell which side it is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pd.DataFrame({"x": x, "y": bound * x + np.sqrt(1 - bound**2) * rng.normal(size=rows), "z": rng.random(rows)})


def test_two_draws_of_one_table_are_not_told_apart():
    told = [tell_apart(pairs(300, seed, 0.5), pairs(300, seed + 100, 0.5)).told_apart for seed in range(6)]
    assert sum(told) <= 2


def test_what_no_single_column_shows_is_seen_and_the_columns_are_named():
    found = tell_apart(pairs(800, 0, 0.9), pairs(800, 1, -0.9))
    assert found.told_apart
    assert found.auc > 0.8
    assert set(found.columns.index[:2]) == {"x", "y"}


def test_copies_are_not_recognised():
    rows = pairs(200, 0, 0.5)
    assert not tell_apart(rows, rows.copy().set_axis([f"b{place}" for place in rows.index])).told_apart


def test_words_that_are_typical_of_the_batch_are_named():
    rng = np.random.default_rng(0)
    common = np.array(["order", "parcel", "invoice", "box", "street"])
    before = pd.DataFrame({"text": [" ".join(rng.choice(common, 6)) for _ in range(200)]})
    after = before.assign(text=before["text"] + " refund")
    found = tell_apart(before, after, text="text")
    assert found.told_apart
    assert found.words[0] == "refund"


def test_too_few_rows_say_nothing():
    assert tell_apart(pairs(10, 0, 0.5), pairs(500, 1, 0.5)) is None


def test_the_same_twice_is_the_same():
    first, second = (tell_apart(pairs(200, 0, 0.2), pairs(200, 1, 0.6)) for _ in range(2))
    assert (first.auc, first.low) == (second.auc, second.low)
    pd.testing.assert_frame_equal(first.columns, second.columns)


def test_the_area_is_scikit_learn_s():
    rng = np.random.default_rng(0)
    new = rng.random(200) < 0.4
    scores = np.round(rng.normal(size=200) + new, 1)
    assert _delong(scores, new)[0] == pytest.approx(roc_auc_score(new, scores))
