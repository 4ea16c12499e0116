from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss

from core.dataset import Dataset
from core.flywheel import (
    Annotations,
    Collect,
    Decide,
    DropColumn,
    EditError,
    Exclude,
    LockError,
    Project,
    Relabel,
    SealError,
    StaleError,
    StoreError,
    in_sight,
    open_sealed,
)
from core.flywheel.blind import draw
from core.flywheel.refits import DIVISIONS, FOLDS
from core.flywheel.sealed import refusal, sealed_predictions
from core.progress import Cancelled
from core.train import LockedModel

ROOT = Path(__file__).parents[3]
TABLES = ("predictions", "probabilities", "first_probabilities")


def made(folder, *, rows=400, test=0.25, sealed=0.2, **options) -> Project:
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=rows)})
    frame["label"] = np.where(x + 0.7 * rng.normal(size=rows) > 0, "yes", "no")
    dataset = Dataset.from_frame(frame, label="label", test=test, sealed=sealed)
    return Project.create(folder, dataset, recipe="logistic_regression", **options)


def relabel(project: Project, start: int = 0, count: int = 30) -> None:
    labels = project.dataset.labels_of("train").iloc[start : start + count]
    project.apply(Relabel({key: "no" if label == "yes" else "yes" for key, label in labels.items()}, by="ann"))


@pytest.fixture(scope="module")
def opened_once(tmp_path_factory):
    """The folder of a project after two turns, with its seal: to be copied."""
    project = made(tmp_path_factory.mktemp("opened") / "p")
    project.turn()
    relabel(project)
    project.turn()
    project.store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    project.close()
    return project.folder


@pytest.fixture
def sealed(opened_once, tmp_path):
    """A project after two turns, with its seal."""
    project = Project.open(shutil.copytree(opened_once, tmp_path / "p"))
    yield project
    project.close()


def held(folder) -> int:
    """How many claims are on disk."""
    with sqlite3.connect(folder / "project.sqlite") as file:
        (count,) = file.execute("SELECT COUNT(*) FROM claims").fetchone()
    file.close()
    return count


def is_whole(project: Project) -> None:
    """A claim is there, with all it rests on, and its numbers follow from that."""
    claim, predictions = project.claim, sealed_predictions(project)
    assert set(predictions.index) == set(project.dataset_at(0).ids("sealed"))
    assert claim.score[0] == pytest.approx(f1_score(predictions["label"], predictions["predicted"], average="macro"))
    ((*names,),) = project.store.execute(f"SELECT {', '.join(TABLES)} FROM claims")
    assert all(len(project.store.read_frame(name)) == claim.size for name in names)


# what it says


def test_the_claim_is_what_brute_force_finds_on_the_sealed_rows(sealed):
    claim = sealed.open_sealed(by="ann")

    last, first = sealed.dataset, sealed.dataset_at(0)
    rows = last.part("sealed")
    truth = rows["label"]
    models = [sealed.model.fit(dataset) for dataset in (first, last)]
    found = [
        pd.DataFrame(model.predict_proba(rows[["x", "y"]]), index=rows.index, columns=list(model.classes))
        for model in models
    ]
    said = [each.idxmax(axis=1) for each in found]
    scores = [f1_score(truth, each, average="macro") for each in said]
    assert claim.size == len(rows) == 80
    assert claim.evaluation.metrics["macro_f1"][0] == pytest.approx(scores[1], abs=1e-12)
    assert claim.first.metrics["macro_f1"][0] == pytest.approx(scores[0], abs=1e-12)
    assert claim.evaluation.metrics["accuracy"][0] == pytest.approx(accuracy_score(truth, said[1]), abs=1e-12)
    assert claim.evaluation.metrics["log_loss"][0] == pytest.approx(log_loss(truth, found[1]), abs=1e-9)
    assert (claim.verdict.before, claim.verdict.after) == pytest.approx(scores, abs=1e-12)
    assert claim.evaluation.per_class["support"].to_dict() == truth.value_counts().to_dict()
    predictions = sealed_predictions(sealed)
    pd.testing.assert_series_equal(predictions["label"].sort_index(), truth.sort_index(), check_names=False)
    assert (predictions["predicted"] == said[1].reindex(predictions.index)).all()
    assert (predictions["predicted_by_turn_0"] == said[0].reindex(predictions.index)).all()


def test_the_interval_of_its_verdict_agrees_with_resampled_rows(sealed):
    claim, predictions = sealed.open_sealed(), sealed_predictions(sealed)
    truth, after, before = (predictions[name].to_numpy() for name in ("label", "predicted", "predicted_by_turn_0"))
    rows = np.random.default_rng(1).integers(0, len(truth), (1500, len(truth)))

    def macro_f1(truth, said):
        found = [
            2
            * ((truth == name) & (said == name)).sum(axis=-1)
            / ((truth == name).sum(axis=-1) + (said == name).sum(axis=-1))
            for name in np.unique(truth)
        ]
        return np.mean(found, axis=0)

    assert macro_f1(truth, after) == pytest.approx(f1_score(truth, after, average="macro"))
    differences = macro_f1(truth[rows], after[rows]) - macro_f1(truth[rows], before[rows])
    spread = 2.05 * np.std(differences)
    assert claim.verdict.high - claim.verdict.low == pytest.approx(2 * spread, rel=0.1)


def test_it_says_who_when_which_turn_and_how_often_test_was_looked_at(sealed):
    claim = open_sealed(sealed, by="ann")

    turn = sealed.turns[-1]
    assert (claim.turn, claim.version, claim.fingerprint) == (turn.number, turn.version, turn.fingerprint)
    assert (claim.by, claim.looks, claim.headline) == ("ann", 2, "macro_f1")
    assert claim.at >= turn.at
    assert claim.test_score == turn.evaluation.metrics["macro_f1"]
    assert claim.test_verdict == turn.verdict_against_first


def test_a_single_turn_is_judged_by_itself(tmp_path):
    project = made(tmp_path / "p")
    project.turn()

    claim = project.open_sealed()

    assert (claim.turn, claim.first, claim.verdict) == (0, None, None)
    assert list(sealed_predictions(project).columns) == ["label", "predicted"]


def test_equal_data_is_not_fitted_twice(tmp_path, monkeypatch):
    project = made(tmp_path / "p")
    project.turn()
    relabel(project)
    project.turn()
    project.undo()
    project.turn()
    fits, fit = [], LockedModel.fit
    monkeypatch.setattr(LockedModel, "fit", lambda *given: fits.append(given[1].version) or fit(*given))

    claim = project.open_sealed()

    assert len(fits) <= 1
    assert claim.turn == 2
    assert (claim.verdict.delta, claim.verdict.verdict) == (0, "no evidence")


def test_the_decision_rule_is_that_of_each_turn(tmp_path):
    project = made(tmp_path / "p", decision="threshold")
    project.turn()
    relabel(project)
    turn = project.turn()

    project.open_sealed()

    predictions = sealed_predictions(project)
    ((name,),) = project.store.execute("SELECT probabilities FROM claims")
    chances = project.store.read_frame(name)["yes"].reindex(predictions.index)
    assert turn.threshold != 0.5
    assert ((chances >= turn.threshold) == (predictions["predicted"] == "yes")).all()


def test_a_dropped_column_and_a_new_class_are_no_obstacle(tmp_path):
    project = made(tmp_path / "p")
    project.turn()
    project.apply(DropColumn("y"))
    project.apply(Relabel(dict.fromkeys(project.dataset.ids("train")[:20], "maybe")))
    project.turn()

    claim = project.open_sealed()

    assert 0 < claim.score[0] < 1
    is_whole(project)


def test_a_large_sealed_share_brings_the_luck_of_training_into_the_interval(tmp_path):
    project = made(tmp_path / "p", test=0.1, sealed=0.5)
    project.turn()
    relabel(project)
    turn = project.turn()

    claim = project.open_sealed()

    assert turn.verdict.refits == 0
    assert claim.verdict.refits == FOLDS * DIVISIONS


# once


def test_a_second_opening_is_refused(sealed):
    claim = sealed.open_sealed(by="ann")

    for _ in range(2):
        with pytest.raises(SealError, match=r"can be opened once.* by ann, for turn 1.*new project"):
            sealed.open_sealed(by="ben")
    assert sealed.claim.row() == claim.row()
    assert held(sealed.folder) == 1


def test_neither_undo_nor_redo_nor_another_turn_seals_it_again(sealed):
    claim = sealed.open_sealed()
    sealed.undo()
    sealed.turn()
    sealed.redo()
    relabel(sealed, 50)
    sealed.turn()

    with pytest.raises(SealError, match="once"):
        sealed.open_sealed()
    again = Project.open(sealed.folder)
    assert again.claim.row() == sealed.claim.row() == claim.row()
    assert again.claim.turn == 1


def test_a_copy_of_the_folder_carries_its_opened_seal(sealed, tmp_path):
    claim = sealed.open_sealed()
    sealed.close()
    shutil.copytree(sealed.folder, tmp_path / "copy")

    copy = Project.open(tmp_path / "copy")

    assert copy.claim.row() == claim.row()
    with pytest.raises(SealError, match="once"):
        copy.open_sealed()


def test_a_re_baseline_leaves_the_claim_as_it_is(sealed):
    claim = sealed.open_sealed()
    sealed.rebaseline()

    assert Project.open(sealed.folder).claim.row() == claim.row()
    with pytest.raises(SealError, match="once"):
        sealed.open_sealed()


def test_the_store_itself_holds_one_claim_at_most(sealed):
    sealed.open_sealed()
    row = "1, at, by, turn, version, fingerprint, content, predictions, probabilities, first_probabilities"

    for seal in ("1", "2"):
        with pytest.raises(StoreError, match="constraint"), sealed.store.writing():
            sealed.store._connection.execute(f"INSERT INTO claims SELECT {seal}{row[1:]} FROM claims")


@settings(max_examples=5)
@given(each=st.lists(st.booleans(), min_size=2, max_size=6))
def test_of_many_threads_one_opens_it(opened_once, tmp_path_factory, each):
    """True: a thread with a project of its own, as another process has; False: one that shares the first."""
    folder = shutil.copytree(opened_once, tmp_path_factory.mktemp("threads") / "p")
    shared = Project.open(folder)
    projects = [Project.open(folder) if own else shared for own in each]
    barrier, said = threading.Barrier(len(each)), []

    def open_it(project, name):
        barrier.wait()
        try:
            said.append((name, project.open_sealed(by=name)))
        except SealError as error:
            said.append((name, str(error)))

    threads = [threading.Thread(target=open_it, args=(each, f"t{place}")) for place, each in enumerate(projects)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    won = [(name, claim) for name, claim in said if not isinstance(claim, str)]
    assert len(said) == len(each)
    assert len(won) == 1
    assert won[0][1].by == won[0][0]
    assert all(project.claim.row() == won[0][1].row() for project in projects)
    assert all(f"by {won[0][0]}" in claim for _, claim in said if isinstance(claim, str))
    assert held(folder) == 1
    for project in {id(each): each for each in projects}.values():
        project.close()


OPENER = """
import sys, time
from pathlib import Path
from core.flywheel import Project, SealError

folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
project = Project.open(folder)
project.turns
(folder / f"ready-{name}").touch()
while len(list(folder.glob("ready-*"))) < count:
    time.sleep(0.005)
try:
    print("opened by", project.open_sealed(by=name).by)
except SealError as error:
    print("refused:", error)
"""


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_two_processes_one_opens_it(opened_once, tmp_path):
    folder = shutil.copytree(opened_once, tmp_path / "p")
    running = [start(OPENER, folder, name, 2) for name in ("ann", "ben")]
    said = [process.communicate(timeout=120) for process in running]

    assert [process.returncode for process in running] == [0, 0], said
    lines = sorted(out for out, _ in said)
    claim = Project.open(folder).claim
    assert lines[0] == f"opened by {claim.by}\n"
    assert f"by {claim.by}, for turn 1" in lines[1]
    assert held(folder) == 1


# a kill in the middle

KILLED = """
import os, signal, sys
from core.flywheel import Project
from core.flywheel.store import Store

insert = Store.insert

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def insert_and_die(self, table, row):
    if table == "claims" and moment == "before":
        die()
    number = insert(self, table, row)
    if table == "claims" and moment == "within":
        die()
    return number

Store.insert = insert_and_die
for moment in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        Project.open(os.path.join(sys.argv[1], moment)).open_sealed(by="ann")
        if moment == "after":
            die()
        os._exit(1)
    print(moment, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
MOMENTS = {"before": 0, "within": 0, "after": 1}


@pytest.fixture(scope="module")
def killed(opened_once, tmp_path_factory):
    """A folder with a project for each moment at which its opening was killed, and how each process ended."""
    place = tmp_path_factory.mktemp("killed")
    for moment in MOMENTS:
        shutil.copytree(opened_once, place / moment)
    process = start(KILLED, place, *MOMENTS)
    out, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return place, dict(line.split() for line in out.splitlines())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize(("moment", "claims"), MOMENTS.items())
def test_a_kill_leaves_it_sealed_or_opened_with_its_claim(killed, moment, claims):
    place, ends = killed
    folder = place / moment
    assert ends[moment] == "-9"

    assert held(folder) == claims
    project = Project.open(folder)
    if not claims:
        assert project.claim is None
        project.open_sealed()
    is_whole(project)
    with pytest.raises(SealError, match="once"):
        project.open_sealed()


ROUNDS_OF_KILLS = effort(6, 40)
ROUNDS = """
import os, random, shutil, signal, sys, time
from core.flywheel import Project

source, target, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(7)
begin = time.monotonic()
project = Project.open(shutil.copytree(source, f"{target}/measured"))
project.open_sealed()
project.close()
whole = time.monotonic() - begin

for round in range(rounds):
    folder = shutil.copytree(source, f"{target}/{round}")
    listen, ready = os.pipe()
    child = os.fork()
    if child == 0:
        Project.open(folder).open_sealed(by="ann")
        os.write(ready, b".")
        time.sleep(60)
    time.sleep(random.uniform(0, 1.3 * whole))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    print(folder, int(os.read(listen, 1) == b"."), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to be killed often and quickly")
def test_a_kill_at_any_moment_loses_no_claim_that_was_made(opened_once, tmp_path):
    process = start(ROUNDS, opened_once, tmp_path, ROUNDS_OF_KILLS)
    out, said = process.communicate(timeout=240)
    assert process.returncode == 0, said

    rounds = [line.rsplit(" ", 1) for line in out.splitlines()]
    assert len(rounds) == ROUNDS_OF_KILLS
    for folder, answered in rounds:
        project = Project.open(folder)
        if answered == "1":
            assert project.claim is not None
        if project.claim is None:
            project.open_sealed()
        is_whole(project)
        project.close()


# when it is refused


def test_without_sealed_examples_there_is_nothing_to_open(tmp_path):
    project = made(tmp_path / "p", sealed=0.0)
    project.turn()

    with pytest.raises(SealError, match=r"This project has none.*sealed share"):
        project.open_sealed()
    assert project.claim is None


def test_before_the_first_turn_there_is_nothing_to_judge(tmp_path):
    with pytest.raises(SealError, match="Run turn 0 first"):
        made(tmp_path / "p").open_sealed()


def test_a_change_since_the_last_turn_asks_for_a_turn_first(sealed):
    relabel(sealed, 60)

    with pytest.raises(SealError, match="Run turn 2 first"):
        sealed.open_sealed()
    assert sealed.claim is None
    sealed.undo()
    assert refusal(sealed) is None
    assert sealed.open_sealed().turn == 1


def test_what_changes_no_data_does_not_stop_it(sealed):
    sealed.apply(Decide({sealed.dataset.ids("train")[5]: ("keep", None)}))

    assert sealed.open_sealed().turn == 1


def test_a_blind_correction_of_a_test_label_needs_no_turn_first(sealed):
    drawn = draw(sealed, 5, by="ann")
    (example, *_), labels = drawn.ids, sealed.dataset.labels
    other = "no" if labels[example] == "yes" else "yes"
    sealed.apply(Decide({example: ("other", other)}, blind=True, by="ann"))

    claim = sealed.open_sealed()

    assert sealed.dataset.version != claim.version
    assert claim.test_score == sealed.turns[-1].evaluation.metrics["macro_f1"]
    assert sealed.turns[-1].rescored
    is_whole(sealed)


def test_a_moved_library_asks_for_a_re_baseline_first(sealed, monkeypatch):
    moved = {"scikit-learn": ("0.1", "9.9")}
    monkeypatch.setattr(Project, "moved_versions", property(lambda self: moved))

    with pytest.raises(LockError, match=r"scikit-learn 0\.1 to 9\.9.*re-baseline"):
        sealed.open_sealed()
    assert sealed.claim is None


def test_a_turn_that_another_process_runs_meanwhile_leaves_it_sealed(sealed):
    other = Project.open(sealed.folder)

    def meanwhile(share, message):
        if len(other.turns) == 2:
            relabel(other, 60)
            other.turn()

    with pytest.raises(StaleError, match="stay sealed"):
        sealed.open_sealed(progress=meanwhile)
    assert sealed.claim is None
    assert sealed.open_sealed().turn == 2


@pytest.mark.parametrize("late", [False, True], ids=["at once", "between two steps"])
def test_a_cancelled_opening_leaves_it_sealed(opened_once, tmp_path, late):
    project = Project.open(shutil.copytree(opened_once, tmp_path / "p"))
    heard = []

    with pytest.raises(Cancelled):
        project.open_sealed(
            progress=lambda share, _: heard.append(share), cancel=lambda: not late or max(heard, default=0) > 0.5
        )
    assert project.claim is None
    assert project.open_sealed().turn == 1


def test_progress_rises_to_one(sealed):
    shares = []
    sealed.open_sealed(progress=lambda share, _: shares.append(share))

    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    "edit", [Exclude, lambda ids: Decide({ids[0]: ("exclude", None)}, blind=True)], ids=["exclude", "decide"]
)
def test_no_sealed_example_can_be_left_out(sealed, edit):
    ids = [sealed.dataset.ids("sealed")[0], sealed.dataset.ids("train")[0]]
    with pytest.raises(EditError, match="stay as they were set aside"):
        edit(ids).apply(sealed.dataset)
    with pytest.raises(EditError):
        sealed.apply(edit(ids))
    assert sealed.log[-1].kind == "relabel"


# what is sealed stays out of sight


def test_nothing_that_a_turn_makes_depends_on_what_is_sealed(tmp_path):
    rng = np.random.default_rng(3)
    part = rng.choice(["train", "test", "sealed"], 300, p=[0.6, 0.2, 0.2])
    x = rng.normal(size=300)
    frame = pd.DataFrame({"key": [f"r{n}" for n in range(300)], "x": x, "split": part})
    frame["label"] = np.where(x + 0.5 * rng.normal(size=300) > 0, "yes", "no")
    other = frame.copy()
    other.loc[part == "sealed", "x"] = rng.normal(size=(part == "sealed").sum()) * 9
    other.loc[part == "sealed", "label"] = rng.choice(["yes", "no"], (part == "sealed").sum())
    turns = []
    for name, each in (("one", frame), ("two", other)):
        dataset = Dataset.from_frame(each, label="label", id="key")
        assert len(dataset.ids("sealed")) == (part == "sealed").sum()
        project = Project.create(tmp_path / name, dataset, recipe="logistic_regression")
        turns.append(project.turn())

    one, two = turns
    assert one.version != two.version
    pd.testing.assert_frame_equal(one.out_of_fold, two.out_of_fold)
    pd.testing.assert_frame_equal(one.test_probabilities, two.test_probabilities)
    pd.testing.assert_frame_equal(one.suspects, two.suspects)
    assert one.evaluation.metrics == two.evaluation.metrics


def test_until_it_is_opened_it_is_out_of_sight(sealed):
    dataset = sealed.dataset
    ids, away = dataset.frame.index, dataset.ids("sealed")
    assert list(in_sight(sealed, ids)) == [each for each in ids if each not in set(away)]
    assert len(in_sight(sealed, away)) == 0

    sealed.open_sealed()

    assert in_sight(sealed, ids).equals(ids)


def test_what_annotators_said_of_it_is_sealed_as_well(sealed):
    ids = [*sealed.dataset.ids("sealed")[:3], *sealed.dataset.ids("train")[:3]]
    sealed.apply(Annotations(pd.DataFrame({"ann": "yes", "ben": "no"}, index=ids)))

    assert set(sealed.annotations.index) == set(ids[3:])


def test_new_rows_equal_to_sealed_ones_are_not_let_in(sealed):
    rows = sealed.dataset.part("sealed").head(5).reset_index(drop=True)
    sealed.apply(Collect(rows))

    assert len(sealed.dataset) == 400


def test_the_export_is_without_it_until_it_is_opened(sealed, tmp_path):
    away = set(sealed.dataset.ids("sealed"))
    before = sealed.export(tmp_path / "before")
    for name in ("data.csv", "sealed.csv", "claim.json"):
        assert (before / name).exists() == (name == "data.csv")
    assert not away & set(pd.read_csv(before / "data.csv", dtype=str)["example"])
    for name in ("data.parquet", "raw.parquet", "split.parquet"):
        assert not away & set(pd.read_parquet(before / name).index)
    assert "80 sealed examples were not opened" in (before / "README.txt").read_text()

    claim = sealed.open_sealed(by="ann")
    after = sealed.export(tmp_path / "after")

    assert away <= set(pd.read_csv(after / "data.csv", dtype=str)["example"])
    assert set(pd.read_csv(after / "sealed.csv", dtype=str)["example"]) == away
    written = json.loads((after / "claim.json").read_text())
    assert written["sentence"] == claim.sentence
    assert written["metrics"]["macro_f1"]["value"] == claim.score[0]
    assert "sealed examples were not" not in (after / "README.txt").read_text()
