from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluate.scores import CELL_METRICS, cell_counts, class_rankings, class_scores, ranking_scores


@given(st.integers(2, 40), st.integers(0, 1000))
def test_a_weight_is_a_repeated_row(rows, seed):
    rng = np.random.default_rng(seed)
    truth, weights = rng.integers(0, 3, rows), rng.integers(0, 4, (rows, 2)).astype(float)
    probabilities = np.round(rng.dirichlet([1, 1, 1], rows), 1)
    found = ranking_scores(class_rankings(truth, probabilities), weights)
    for place in (0, 1):
        repeated = np.repeat(np.arange(rows), weights[:, place].astype(int))
        own = (
            ranking_scores(class_rankings(truth[repeated], probabilities[repeated]), np.ones((len(repeated), 1)))
            if len(repeated)
            else {}
        )
        for name, values in own.items():
            assert found[name][place] == pytest.approx(values[0], nan_ok=True)


def test_a_class_that_a_resample_lacks_scores_zero_and_is_no_recall():
    truth, predicted = np.array([0, 0, 1]), np.array([0, 1, 1])
    counts = cell_counts(np.array([[3.0, 1.0, 2.0], [4.0, 0.0, 0.0]]), truth, predicted, np.array([0, 1]))
    assert CELL_METRICS["accuracy"](*counts).tolist() == pytest.approx([5 / 6, 1])
    assert CELL_METRICS["balanced_accuracy"](*counts).tolist() == pytest.approx([(3 / 4 + 1) / 2, 1])
    assert CELL_METRICS["macro_f1"](*counts).tolist() == pytest.approx([(6 / 7 + 4 / 5) / 2, 1 / 2])


def test_f1_is_a_share_in_disguise():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 2, (2, 100))
    cells, counts = np.unique(truth * 2 + predicted, return_counts=True)
    of_classes = cell_counts(counts.astype(float), *np.divmod(cells, 2), np.array([0, 1]))
    f1, hits, either = class_scores(*of_classes)["f1"]
    np.testing.assert_allclose(f1, sk.f1_score(truth, predicted, average=None))
    np.testing.assert_allclose(f1, 2 * (hits / either) / (1 + hits / either))
