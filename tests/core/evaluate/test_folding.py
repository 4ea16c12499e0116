from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluate import find_slices, fold, fold_copies, overlaps


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


def test_near_copies_are_named_under_the_slice_they_repeat(slices):
    folded = fold_copies(slices)
    assert [(each.slice, len(each.copies)) for each in folded] == fold(slices)
    assert "copy of a is x" in map(str, folded[0].copies)
    for each in folded:
        assert all(len(each.slice.ids.intersection(copy.ids)) > 0.5 * copy.size for copy in each.copies)


def test_overlaps_are_shares_of_both_together(slices):
    shared = overlaps(slices[:12])
    assert list(shared.index) == list(shared.columns) == [str(each) for each in slices[:12]]
    for one in slices[:12]:
        for other in slices[:12]:
            both, all_of = set(one.ids) & set(other.ids), set(one.ids) | set(other.ids)
            assert shared.loc[str(one), str(other)] == pytest.approx(len(both) / len(all_of))
    assert overlaps([]).shape == (0, 0)
