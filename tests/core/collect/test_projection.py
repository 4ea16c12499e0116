from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from core.collect import projection
from core.collect.projection import ProjectionError, available_projections, project_features


@given(st.integers(1, 30), st.integers(1, 12), st.booleans(), st.integers(0, 5))
def test_the_axes_are_those_of_the_singular_values_dense_or_sparse(rows, dimensions, thin, seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, dimensions)) * (rng.random((rows, dimensions)) < 0.5)
    found = project_features(sparse.csr_matrix(features) if thin else features)
    centred = features - features.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = np.zeros((rows, 2))
    axes = min(2, len(values))
    expected[:, :axes] = left[:, :axes] * values[:axes]
    # Axes have no sign, and of two equal ones any mixture is right.
    for axis in range(2):
        if axis + 1 < len(values) and np.isclose(values[axis], values[axis + 1]):
            break
        assert np.abs(found.places[:, axis]) == pytest.approx(np.abs(expected[:, axis]), abs=1e-6)
    total = (values**2).sum()
    if total > 1e-12:
        shares = [*(values**2 / total), 0.0, 0.0][:2]
        assert found.explained == pytest.approx(tuple(shares) if rows > 1 else (0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize("make", [np.zeros, lambda shape: sparse.csr_matrix(shape)])
def test_examples_that_are_all_alike_lie_in_one_place(make):
    for shape in ((1, 4), (40, 30)):
        found = project_features(make(shape))
        assert np.ptp(found.places, axis=0) == pytest.approx([0, 0])
        assert found.explained == (0.0, 0.0)


def test_the_same_features_give_the_same_places():
    features = sparse.random(200, 300, density=0.05, random_state=0, format="csr")
    assert np.array_equal(project_features(features).places, project_features(features).places)


def test_umap_is_offered_only_where_it_is_installed(monkeypatch):
    monkeypatch.setattr(projection, "find_spec", lambda name: None)
    assert available_projections() == ("pca",)
    with pytest.raises(ProjectionError, match="Install umap-learn"):
        project_features(np.zeros((5, 2)), method="umap")
    with pytest.raises(ProjectionError, match=r"must be one of pca\. Got 'tsne'"):
        project_features(np.zeros((5, 2)), method="tsne")


def test_umap_keeps_two_clouds_apart():
    if importlib.util.find_spec("umap") is None:
        pytest.skip("umap-learn is not installed: the map offers PCA alone")
    rng = np.random.default_rng(0)
    features = np.vstack([rng.normal(size=(40, 5)), rng.normal(20, 1, size=(40, 5))])
    places = project_features(features, method="umap").places
    middles = places[:40].mean(axis=0), places[40:].mean(axis=0)
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * places[:40].std()
