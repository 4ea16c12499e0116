from __future__ import annotations

import numpy as np
import pandas as pd

from core.annotate import agreement
from core.report import kappa_matrix


def said(annotators):
    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b"], 60)
    given = np.where(rng.random((60, annotators)) < 0.8, truth[:, None], rng.choice(["a", "b"], (60, annotators)))
    return agreement(pd.DataFrame(given, dtype="object").add_prefix("<b>w"))


def test_each_pair_is_drawn_on_both_sides_of_the_diagonal_and_names_are_no_markup():
    found = said(4)
    chart = kappa_matrix(found["pairwise_kappa"], labelled=found["per_annotator"]["labelled"].sort_index())
    drawn = np.array(chart.figure.data[0].z, dtype=float)

    assert np.allclose(drawn, drawn.T, equal_nan=True)
    assert np.isnan(np.diag(drawn)).all()
    assert len(chart.numbers) == 6
    assert "<b>" not in str(chart.figure.layout.xaxis.ticktext)
    assert "lowest first" in chart.alt


def test_of_many_annotators_those_with_the_most_labels_are_drawn():
    found = said(30)
    chart = kappa_matrix(found["pairwise_kappa"], labelled=found["per_annotator"]["labelled"])

    assert len(chart.figure.data[0].z) == 16
    assert len(chart.numbers) == 30 * 29 / 2
