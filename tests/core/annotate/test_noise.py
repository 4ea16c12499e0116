from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.annotate import noise_summary


def confused(n: int = 3000, seed: int = 0) -> tuple[pd.Series, pd.DataFrame]:
    """Three classes; 20% of the labels 'cat' are dogs, none of the others is wrong."""
    rng = np.random.default_rng(seed)
    classes = np.array(["bird", "cat", "dog"])
    truth = rng.integers(0, 3, n)
    odds = rng.normal(size=(n, 3))
    odds[np.arange(n), truth] += 6
    probabilities = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    given = np.where((truth == 2) & (rng.random(n) < 0.2), 1, truth)
    ids = pd.Index([f"e{number}" for number in range(n)], dtype="str")
    labels = pd.Series(classes[given], index=ids, dtype="str")
    return labels, pd.DataFrame(probabilities, index=ids, columns=classes)


def test_the_noisy_class_and_its_confusion_come_first():
    labels, probabilities = confused()
    summary = noise_summary(labels, probabilities)
    assert summary.per_class.index[0] == "cat"
    # A fifth of the dogs comes to a sixth of the labels 'cat'; confident counting is careful and finds somewhat less.
    assert 0.1 < summary.per_class.loc["cat", "share"] < 0.19
    assert summary.per_class.loc["bird", "share"] < 0.02
    first = summary.confusions.iloc[0]
    assert (first["given"], first["probably"]) == ("cat", "dog")
    assert summary.low < summary.share < summary.high
    assert summary.share == pytest.approx(1 / 15, abs=0.02)


def test_the_parts_add_up():
    labels, probabilities = confused(500)
    summary = noise_summary(labels, probabilities)
    assert summary.per_class["labelled"].sum() == 500
    np.testing.assert_array_equal(summary.per_class["labelled"], labels.value_counts()[summary.per_class.index])
    wrong = summary.confusions.groupby("given")["wrong"].sum().reindex(summary.per_class.index, fill_value=0)
    np.testing.assert_allclose(wrong, summary.per_class["wrong"])
    assert summary.share == pytest.approx(summary.per_class["wrong"].sum() / 500)
    for frame in (summary.per_class, summary.confusions):
        assert ((frame["low"] <= frame["share"]) & (frame["share"] <= frame["high"])).all()


def test_labels_the_model_never_learned_take_no_part():
    labels, probabilities = confused(300)
    labels.iloc[0] = "odd"
    assert "odd" not in noise_summary(labels, probabilities).per_class.index


def test_nothing_to_judge():
    labels, probabilities = confused(30)
    summary = noise_summary(labels[:0], probabilities)
    assert np.isnan(summary.share)
    assert summary.per_class.empty
    assert summary.confusions.empty
