from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from core.generate.decision import _threshold, moved_decision
from core.train import choose_threshold


def scored(n: int = 600, classes: int = 2, seed: int = 0) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Calibrated-looking probabilities of a rare class or two, and folds."""
    rng = np.random.default_rng(seed)
    names = [*"abc"][:classes]
    truth = rng.choice(classes, n, p=[0.9, 0.1] if classes == 2 else [0.85, 0.1, 0.05])
    logits = 1.5 * np.eye(classes)[truth] + rng.normal(size=(n, classes)) + np.log([0.9, 0.1, 0.05][:classes])
    found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    ids = [f"e{number}" for number in range(n)]
    return (
        pd.Series(np.array(names)[truth], index=ids),
        pd.DataFrame(found, index=ids, columns=names),
        pd.Series(rng.integers(0, 5, n), index=ids),
    )


def test_the_threshold_is_the_best_of_all():
    labels, found, _ = scored()
    truth, scores = (labels == "b").to_numpy().astype(int), found["b"].to_numpy()
    for metric, score in (
        ("macro_f1", lambda said: f1_score(truth, said, average="macro")),
        ("balanced_accuracy", lambda said: balanced_accuracy_score(truth, said)),
        ("accuracy", lambda said: (truth == said).mean()),
    ):
        best = max(score((scores >= cut).astype(int)) for cut in np.append(scores, 2.0))
        assert score((scores >= _threshold(truth, scores, metric)).astype(int)) == pytest.approx(best)
    assert _threshold(truth, scores, "macro_f1") == choose_threshold(labels, found)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fold_is_decided_without_its_labels(classes):
    labels, found, folds = scored(classes=classes)
    said = moved_decision(labels, found, folds, "macro_f1")
    here = folds == 2
    other = labels.copy()
    other[here] = np.random.default_rng(0).permutation(labels[here])
    assert moved_decision(other, found, folds, "macro_f1")[here].equals(said[here])


@pytest.mark.parametrize("classes", [2, 3])
def test_rare_classes_are_found_more_often(classes):
    labels, found, folds = scored(classes=classes)
    said, plain = moved_decision(labels, found, folds, "macro_f1"), found.idxmax(axis=1)
    assert f1_score(labels, said, average="macro") > f1_score(labels, plain, average="macro") + 0.02
    assert (said != "a").sum() > (plain != "a").sum()


def test_metrics_of_probabilities_have_no_decision():
    assert moved_decision(*scored(), "log_loss") is None
