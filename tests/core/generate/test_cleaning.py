from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks

from core.generate.cleaning import disagreeing, tomek_links
from core.generate.table import Table


@pytest.fixture
def points() -> tuple[Table, pd.Series]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(150, 3)), columns=["a", "b", "c"])
    labels = pd.Series(np.where(frame["a"] + rng.normal(size=150) > 0.8, "x", "y"), dtype="str")
    return Table.of(frame, []), labels


def test_links_and_disagreeing_rows_are_those_of_imbalanced_learn(points):
    table, labels = points
    known: dict = {}
    for classes in (["y"], ["x", "y"]):
        sampler = TomekLinks(sampling_strategy=classes)
        sampler.fit_resample(table.space, labels.to_numpy(dtype=object))
        kept = np.setdiff1d(np.arange(150), np.flatnonzero(tomek_links(table, labels, classes, known)))
        np.testing.assert_array_equal(kept, np.sort(sampler.sample_indices_))
        assert len(kept) < 150
        for unanimous, kind in ((True, "all"), (False, "mode")):
            codes = (labels == "y").astype(int)
            sampler = EditedNearestNeighbours(sampling_strategy=[int(name == "y") for name in classes], kind_sel=kind)
            sampler.fit_resample(table.space, codes)
            gone = disagreeing(table, labels, classes, known, unanimous=unanimous)
            np.testing.assert_array_equal(np.flatnonzero(~gone), np.sort(sampler.sample_indices_))


def test_brute_force_agrees(points):
    table, labels = points
    distance = ((table.space[:, None] - table.space[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    y = labels.to_numpy()
    expected = [nearest[nearest[i]] == i and y[nearest[i]] != y[i] for i in range(150)]
    np.testing.assert_array_equal(tomek_links(table, labels, ["x", "y"]), expected)
