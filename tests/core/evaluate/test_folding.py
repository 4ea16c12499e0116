from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluate import find_slices, fold


@pytest.fixture
def slices():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice(list("xyz"), 2000), "b": rng.choice(list("uv"), 2000)})
    frame["copy of a"] = frame["a"]
    bad = (frame["a"] == "x") | ((frame["a"] == "y") & (frame["b"] == "u"))
    losses = pd.Series(np.where(bad, rng.random(2000) < 0.6, rng.random(2000) < 0.1).astype(float), frame.index)
    return find_slices(frame, losses, top=40)


def test_near_copies_are_folded_into_the_worse_slice_and_counted(slices):
    folded = fold(slices)
    assert folded[0][0] == slices[0]
    assert sum(copies + 1 for _, copies in folded) == len(slices)
    assert len(folded) < len(slices) / 2


def test_what_is_kept_overlaps_by_half_at_most(slices):
    kept = [set(each.ids) for each, _ in fold(slices)]
    for place, ids in enumerate(kept):
        assert all(len(ids & other) / len(ids | other) <= 0.5 for other in kept[:place])


def test_no_more_than_asked_and_nothing_of_nothing(slices):
    assert len(fold(slices, top=1)) == 1
    assert fold([]) == []
