from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cleanlab.multiannotator import get_label_quality_multiannotator

from core.annotate.crowd import read_crowd
from core.annotate.crowdlab import crowdlab


@pytest.mark.parametrize("seed", range(4))
def test_the_probabilities_are_those_behind_cleanlabs_quality(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 150)
    # Three annotators and no example without a majority, since cleanlab draws lots for ties.
    said = np.where(rng.random((150, 3)) < [0.9, 0.7, 0.8], truth[:, None], rng.integers(0, 3, (150, 3))).astype(float)
    said = said[[len(set(row)) < 3 for row in said]]
    model = rng.dirichlet(np.ones(3), len(said))
    known = get_label_quality_multiannotator(
        said, model, verbose=False, consensus_method="majority_vote", return_annotator_stats=False
    )["label_quality"]
    crowd = read_crowd(pd.DataFrame(said))
    ours = crowdlab(crowd, model)

    assert np.allclose(ours.sum(axis=1), 1)
    assert np.allclose(ours[np.arange(len(said)), known["consensus_label"]], known["consensus_quality_score"])
