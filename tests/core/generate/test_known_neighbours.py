from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from core.generate.known_neighbours import KnownNeighbours


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_they_are_scikit_learns_and_sought_once(form, monkeypatch):
    points = form(np.random.default_rng(0).normal(size=(60, 4)))
    expected = NearestNeighbors(n_neighbors=4).fit(points).kneighbors(points[:20])
    searched = []
    search = NearestNeighbors.kneighbors
    monkeypatch.setattr(NearestNeighbors, "kneighbors", lambda self, *given: searched.append(1) or search(self, *given))
    known: dict = {}
    for k in (4, 2, 4):
        found = clone(KnownNeighbours(k, known)).fit(points).kneighbors(points[:20])
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs[:, :k])
    assert len(searched) == 1
    KnownNeighbours(4, known).fit(points).kneighbors(points[:21])
    KnownNeighbours(4, known).fit(points[:50]).kneighbors(points[:20])
    assert len(searched) == 3
    KnownNeighbours(4).fit(points).kneighbors(points[:20])
    assert len(searched) == 4


def test_fewer_points_than_are_sought_for_others_are_enough():
    points = np.arange(5.0)[:, np.newaxis]
    found = KnownNeighbours(3, {}).fit(points).kneighbors(points, return_distance=False)
    assert found.shape == (5, 3)
    assert found[0].tolist() == [0, 1, 2]
