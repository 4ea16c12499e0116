from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, Relabel
from core.flywheel.refits import DIVISIONS, FOLDS, kept_refits
from core.progress import Cancelled


def made(folder, test):
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=600)})
    frame["label"] = np.where(x + 0.8 * rng.normal(size=600) > 0, "yes", "no")
    dataset = Dataset.from_frame(frame, label="label", test=test)
    return Project.create(folder, dataset, recipe="logistic_regression")


def relabel(project, start):
    ids = project.dataset.ids("train")[start : start + 6]
    labels = project.dataset.labels.loc[ids]
    project.apply(Relabel({key: "no" if label == "yes" else "yes" for key, label in labels.items()}, by="ann"))


def test_a_small_test_set_needs_no_refits(tmp_path):
    project = made(tmp_path / "p", 0.25)
    project.turn()
    relabel(project, 0)
    turn = project.turn()
    assert turn.verdict.refits == 0
    assert kept_refits(project.store, turn.version, turn.fingerprint) is None


def test_a_large_test_set_has_the_luck_of_training_in_its_interval(tmp_path):
    project = made(tmp_path / "p", 0.7)
    project.turn()
    assert kept_refits(project.store, project.turns[0].version, project.turns[0].fingerprint) is None
    relabel(project, 0)
    turn = project.turn()
    assert turn.verdict.refits == FOLDS * DIVISIONS
    refits = kept_refits(project.store, turn.version, turn.fingerprint)
    assert [len(folds) for folds in refits] == [FOLDS] * DIVISIONS
    for folds in refits:
        for probabilities, threshold in folds:
            assert threshold is None
            np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
            assert set(probabilities.index) == set(project.dataset.ids("test"))
    again = Project.open(project.folder)
    assert again.turns[1].verdict == turn.verdict


def test_the_same_data_is_not_refitted_twice(tmp_path):
    project = made(tmp_path / "p", 0.7)
    project.turn()
    for start in (0, 10):
        relabel(project, start)
        project.turn()
    (held,) = project.store.execute("SELECT COUNT(*) FROM refits")[0]
    assert held == 3
    assert project.turns[2].verdict_against_first.refits == FOLDS * DIVISIONS


def test_a_turn_that_is_cancelled_among_its_refits_leaves_the_ledger_as_it_was(tmp_path):
    project = made(tmp_path / "p", 0.7)
    project.turn()
    relabel(project, 0)
    shares = []

    class Stop:
        def is_set(self):
            return bool(shares) and shares[-1] > 0.5

    with pytest.raises(Cancelled):
        project.turn(progress=lambda share, message: shares.append(share), cancel=Stop())
    assert len(project.turns) == 1
    assert project.turn().verdict.refits == FOLDS * DIVISIONS
