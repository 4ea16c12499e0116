from __future__ import annotations

import shutil
import threading

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Decide, Decision, Generate, Project, Relabel, fix_or_add, is_current, kept_fix_or_add
from core.flywheel.errors import ProjectError
from core.flywheel.fix_or_add import _with_more_wrong, open_suspects
from core.progress import Cancelled


def make(folder, *, rows=500, wrong=0.25, seed=0, test=0.2):
    """A project in which many labels of one class are wrong; ``true_label`` is the truth."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 6))
    truth = np.where(values.sum(axis=1) + 0.7 * rng.normal(size=rows) > 0, "yes", "no")
    frame = pd.DataFrame(values).rename(columns=lambda place: f"x{place}")
    frame["label"] = np.where((truth == "yes") & (rng.random(rows) < wrong), "no", truth)
    frame["true_label"] = truth
    dataset = Dataset.from_frame(frame, label="label", test=test)
    project = Project.create(folder, dataset, recipe="logistic_regression")
    project.turn()
    return project


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory):
    """The folder of a project that was measured, what was found, and what was heard meanwhile."""
    project, heard = make(tmp_path_factory.mktemp("measured") / "noisy"), []
    found = fix_or_add(project, seed=3, progress=lambda share, message: heard.append(share))
    project.close()
    return project.folder, found, heard


@pytest.fixture
def measured(measured_once, tmp_path):
    project = Project.open(shutil.copytree(measured_once[0], tmp_path / "noisy"))
    yield project
    project.close()


@pytest.fixture(scope="module")
def noisy_once(tmp_path_factory):
    project = make(tmp_path_factory.mktemp("noisy") / "noisy", rows=300)
    project.close()
    return project.folder


@pytest.fixture
def noisy(noisy_once, tmp_path):
    project = Project.open(shutil.copytree(noisy_once, tmp_path / "noisy"))
    yield project
    project.close()


def test_wrong_labels_that_cost_are_worth_rows_and_it_is_kept(measured, measured_once):
    noisy, (_, found, heard) = measured, measured_once

    assert found.suspects == len(open_suspects(noisy, noisy.turns[-1])) > 20
    assert found.curves.gain[0] > 0
    assert found.curves.worth[0] > 0
    assert 0 < found.wrong[1] < found.wrong[0] < found.wrong[2] < found.suspects
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    kept = kept_fix_or_add(Project.open(noisy.folder))
    assert (kept.curves.worth, kept.wrong, kept.at) == (found.curves.worth, found.wrong, found.at)
    pd.testing.assert_frame_equal(kept.curves.points, found.curves.points)
    pd.testing.assert_frame_equal(kept.curves.fitted, found.curves.fitted)
    assert is_current(noisy, kept)


def test_the_same_seed_gives_the_same_answer_and_test_is_not_looked_at(measured, measured_once, tmp_path):
    # Another test set altogether: its labels turned round, before anything is measured.
    turned = measured.dataset.with_labels(measured.dataset.labels_of("test").map({"yes": "no", "no": "yes"}).to_dict())
    other = Project.create(tmp_path / "other", turned, recipe="logistic_regression")
    other.turn()

    again, first = fix_or_add(other, seed=3), measured_once[1]

    pd.testing.assert_frame_equal(again.curves.points, first.curves.points)
    assert again.curves.worth == first.curves.worth
    assert again.wrong == first.wrong


def test_reviews_say_how_many_suspects_are_wrong(measured, measured_once):
    noisy, before = measured, measured_once[1]
    left = open_suspects(noisy, noisy.turns[-1])
    noisy.apply(Decide(dict.fromkeys(left.index[:15], (Decision.KEEP, None)), by="ann"))

    assert not is_current(noisy, before)
    after = fix_or_add(noisy)

    assert after.answers == 15
    assert after.suspects == before.suspects - 15
    # Of fifteen reviewed not one was wrong.
    assert after.wrong[0] / after.suspects < 0.7 * before.wrong[0] / before.suspects
    assert (after.wrong[2] - after.wrong[1]) / after.suspects < (before.wrong[2] - before.wrong[1]) / before.suspects


def test_without_open_suspects_it_still_says_what_more_rows_bring(noisy):
    left = open_suspects(noisy, noisy.turns[-1])
    noisy.apply(Decide(dict.fromkeys(left.index, (Decision.KEEP, None)), by="ann"))

    found = fix_or_add(noisy)

    assert found.suspects == 0
    assert found.curves.answer == "none"
    assert found.curves.doubled[0] > 0


def test_before_the_first_turn_it_says_what_to_do(tmp_path, dataset):
    project = Project.create(tmp_path / "new", dataset)

    with pytest.raises(ProjectError, match="Run turn 0 first"):
        fix_or_add(project)
    assert kept_fix_or_add(project) is None


def test_a_cancel_keeps_nothing(noisy):
    cancel = threading.Event()
    blobs = sorted((noisy.folder / "blobs").iterdir())

    def stop(share: float, _: str) -> None:
        if share > 0.3:
            cancel.set()

    with pytest.raises(Cancelled):
        fix_or_add(noisy, progress=stop, cancel=cancel)

    assert kept_fix_or_add(noisy) is None
    assert sorted((noisy.folder / "blobs").iterdir()) == blobs


def test_going_back_to_a_version_finds_what_was_measured_of_it(measured, measured_once):
    noisy, before = measured, measured_once[1]
    example = noisy.dataset.ids("train")[0]
    other = "no" if noisy.dataset.labels[example] == "yes" else "yes"
    noisy.apply(Relabel({example: other}, by="ann"))
    after = fix_or_add(noisy)

    assert after.version != before.version
    assert kept_fix_or_add(noisy).at == after.at
    noisy.undo("ann")
    assert kept_fix_or_add(noisy).version == before.version


def test_wrong_labels_are_added_as_the_suspects_are(noisy):
    labels = noisy.dataset.labels_of("train")
    suspects = open_suspects(noisy, noisy.turns[-1])

    worse = _with_more_wrong(labels, noisy.dataset, suspects, np.ones(len(suspects)), np.random.default_rng(0))

    changed = worse.index[worse != labels]
    added = pd.crosstab(labels[changed], worse[changed])
    meant = pd.crosstab(suspects["suggested"], suspects["given"])
    assert len(changed) == len(suspects)
    assert added.to_numpy().tolist() == meant.to_numpy().tolist()
    none = _with_more_wrong(labels, noisy.dataset, suspects, np.zeros(len(suspects)), np.random.default_rng(0))
    assert none.equals(labels)


def test_what_was_generated_from_an_example_follows_its_label(noisy):
    parents = list(noisy.dataset.ids("train"))
    rows = noisy.dataset.frame.loc[parents].copy()
    rows.index = pd.Index([f"g{number}" for number in range(len(parents))], dtype="str")
    rows["x0"] += 0.01
    noisy.apply(Generate(rows.assign(parent=parents, other_parent=None), by="ann"))
    dataset, suspects = noisy.dataset, open_suspects(noisy, noisy.turns[-1])
    labels = dataset.labels_of("train")

    worse = _with_more_wrong(labels, dataset, suspects, np.ones(len(suspects)), np.random.default_rng(0))

    np.testing.assert_array_equal(worse.loc[rows.index], worse.loc[parents])
    assert (worse != labels).sum() == 2 * len(suspects)
