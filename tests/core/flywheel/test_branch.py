"""A branch is the first project up to a point, bit for bit, and in the list as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.annotate import Rule
from core.annotate.conditions import Missing
from core.evaluate import Predicate
from core.flywheel import (
    Collect,
    Correct,
    Decide,
    Exclude,
    Generate,
    Project,
    ProjectError,
    Relabel,
    SetRules,
    StoreError,
    answer,
    blind_queue,
    branch,
    branched_from,
    current_queue,
    decide,
    draw,
    judge_watched,
    list_projects,
    log,
    start_queue,
    watch,
    write_note,
)
from core.flywheel.blind import BlindError
from core.flywheel.notes import notes

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def grown(tmp_path_factory, dataset, make_table, make_children):
    """A project with every kind of edit and four turns."""
    project = Project.create(tmp_path_factory.mktemp("workspace") / "first", dataset, recipe="logistic_regression")
    train = list(dataset.ids("train"))
    project.turn()
    project.apply(Decide({train[0]: ("other", "no"), train[1]: ("exclude", None)}, by="ann"))
    project.apply(Collect(make_table(6, seed=9, pool=0).assign(key=[f"n{n}" for n in range(6)]), by="bob"))
    project.turn()
    project.apply(Correct({(train[3], "x"): 7.0, (train[4], "colour"): "red"}, by="ann"))
    project.apply(Generate(make_children(project.dataset, train[5:9]), by="ann"))
    project.undo("bob")
    project.turn()
    project.go_back(project.turns[0].revision, by="bob")
    project.apply(Relabel(dict.fromkeys(train[10:20], "yes"), by="bob"))
    project.turn()
    project.store.settle()
    yield project
    project.close()


@pytest.fixture
def first(tmp_path, grown):
    """A copy of it, in a workspace of its own."""
    shutil.copytree(grown.folder, tmp_path / "first")
    project = Project.open(tmp_path / "first")
    yield project
    project.close()


def same_turn(one, other):
    assert (one.number, one.at, one.revision, one.version) == (other.number, other.at, other.revision, other.version)
    assert (one.fingerprint, one.changes, one.rescored) == (other.fingerprint, other.changes, other.rescored)
    assert one.evaluation.to_json() == other.evaluation.to_json()
    for name in ("out_of_fold", "test_probabilities", "suspects"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    verdicts = [(turn.verdict, turn.verdict_against_first) for turn in (one, other)]
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("turn", range(4))
def test_a_branch_is_the_first_project_at_its_turn_bit_for_bit(first, turn):
    point = first.turns[turn]
    made = branch(first, first.folder.with_name("second"), turn=turn, by="ann")

    assert made.dataset.version == point.version == first.dataset_at(point.revision).version
    assert made.dataset.folds().equals(first.dataset_at(point.revision).folds())
    assert list(made.log) == [entry for entry in first.log if entry.seq <= point.revision]
    assert (made.model.fingerprint, made.headline) == (first.model.fingerprint, first.headline)
    assert len(made.turns) == turn + 1
    for own, other in zip(made.turns, first.turns, strict=False):
        same_turn(own, other)
    came = branched_from(made)
    assert (came.project, came.name, came.turn, came.revision, came.by) == (
        "first",
        "first",
        turn,
        point.revision,
        "ann",
    )
    assert made.name == f"first, from turn {turn}"
    made.close()


def test_both_go_on_by_themselves_and_alike(first):
    made = branch(first, first.folder.with_name("second"), turn=1)
    train = list(made.dataset.ids("train"))
    first.go_back(first.turns[1].revision)
    assert made.dataset.version == first.dataset.version

    for project in (first, made):
        project.apply(Relabel(dict.fromkeys(train[30:50], "no"), by="eve"))
    one, other = first.turn(), made.turn()

    assert one.version == other.version
    assert one.evaluation.to_json() == other.evaluation.to_json()
    pd.testing.assert_frame_equal(one.test_probabilities, other.test_probabilities)
    assert (one.number, other.number) == (4, 2)
    assert len(first.turns) == 5
    again = Project.open(made.folder)
    assert again.dataset.version == other.version
    again.undo("eve")
    assert first.dataset.version == one.version
    for project in (made, again):
        project.close()


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(place=st.integers(0, 40), back=st.integers(0, 40))
def test_a_branch_from_any_entry_is_the_data_of_then(grown, tmp_path_factory, place, back):
    folder = tmp_path_factory.mktemp("workspace") / "first"
    shutil.copytree(grown.folder, folder)
    project = Project.open(folder)
    with contextlib.suppress(ProjectError):
        project.go_back(back % (project.revision + 1))
    revision = place % (project.revision + 1)
    made = branch(project, folder.with_name("second"), revision=revision)

    assert made.dataset.version == project.dataset_at(revision).version
    assert made.revision == revision
    assert [turn.revision for turn in made.turns] == [
        turn.revision for turn in project.turns if turn.revision <= revision
    ]
    entry = made.apply(Exclude(made.dataset.ids("train")[:1]))
    assert entry.seq == revision + 1
    made.undo()
    assert made.dataset.version == project.dataset_at(revision).version
    made.close()
    project.close()


def test_a_branch_stands_alone_when_the_first_is_gone(first, tmp_path):
    made = branch(first, tmp_path / "second", turn=2)
    version = made.dataset.version
    made.close()
    first.close()
    shutil.rmtree(first.folder)
    shutil.move(tmp_path / "second", tmp_path / "elsewhere")

    again = Project.open(tmp_path / "elsewhere")
    assert again.dataset.version == version
    assert len(again.turns) == 3
    assert again.turns[2].verdict is not None
    again.export(tmp_path / "out")
    again.close()


def test_what_is_no_part_of_the_data_comes_along_as_it_is_now(first, tmp_path):
    draw(first, 10, seed=5, by="ann")
    queue = blind_queue(first, "ann")
    ids = list(queue.cards.index[:3])
    other = {"yes": "no", "no": "yes"}
    for place, example in enumerate(ids):
        answer(first, queue, place, other[first.dataset.labels[example]], by="ann")
    first.undo("ann")
    first.apply(SetRules([Rule("a", "yes", Missing("x"))], by="bob"))
    first.define("yes", "Says yes.", by="ann")
    made = branch(first, tmp_path / "second", turn=1)

    assert made.dataset.labels_of("test").equals(first.dataset.labels_of("test"))
    assert made.dataset.labels_of("train").equals(first.dataset_at(first.turns[1].revision).labels_of("train"))
    assert (made.rules, made.guidelines) == (first.rules, {"yes": "Says yes."})
    assert [turn.evaluation.to_json() for turn in made.turns] == [turn.evaluation.to_json() for turn in first.turns[:2]]
    # The sample is the one that was drawn; what was answered is not asked again, and what was not is.
    assert list(blind_queue(made, "bob").cards.index) == list(queue.cards.index)
    assert blind_queue(made, "bob").place == 2
    with pytest.raises(BlindError, match="answered once"):
        answer(made, blind_queue(made, "bob"), 0, "yes", by="bob")
    with pytest.raises(BlindError, match="drawn with seed 5"):
        draw(made, 12, seed=6)
    answer(made, blind_queue(made, "bob"), 2, "yes", by="bob")
    made.close()


def test_a_blind_answer_that_was_taken_back_since_is_taken_back_in_the_branch(first, tmp_path):
    draw(first, 10, by="ann")
    queue = blind_queue(first, "ann")
    example = queue.cards.index[0]
    given = first.dataset.labels[example]
    answer(first, queue, 0, {"yes": "no", "no": "yes"}[given], by="ann")
    revision = first.revision
    first.undo("ann")
    made = branch(first, tmp_path / "second", revision=revision)

    assert made.dataset.labels[example] == given
    assert [entry.kind for entry in made.log][-1] == log.UNDO
    made.redo("ann")
    assert made.dataset.labels[example] != given
    made.close()


def test_queues_and_notes_of_then_come_along_and_later_ones_do_not(first, tmp_path):
    project = branch(first, tmp_path / "base", turn=1)
    queue = start_queue(project, project.turns[1].suspects, source="suspects of turn 1", turn=1, by="ann")
    decide(project, queue, 0, "keep", by="ann")
    revision = project.revision
    write_note(project, 0, "as brought", by="ann")
    project.apply(Exclude(project.dataset.ids("train")[:2]))
    project.turn()
    write_note(project, 2, "two out", by="ann")
    start_queue(project, project.turns[2].suspects, source="suspects of turn 2", turn=2, by="ann")
    made = branch(project, tmp_path / "second", revision=revision)

    assert current_queue(made, "ann").source == "suspects of turn 1"
    assert current_queue(made, "ann").place == 1
    assert {turn: note.text for turn, note in notes(made).items()} == {0: "as brought"}
    # A number that meant a queue there means no other one here.
    assert start_queue(made, made.turns[1].suspects, source="again", turn=1).number == 3
    made.close()
    project.close()


def test_pinned_slices_come_along_and_are_judged_alike(first, tmp_path):
    watch(first, [Predicate("n", "below 4", high=4.0)], turn=0, by="ann")
    made = branch(first, tmp_path / "second", turn=2)

    ours = [(each.turn, each.size, each.word, each.verdict) for each in judge_watched(made)]
    assert ours == [(each.turn, each.size, each.word, each.verdict) for each in judge_watched(first) if each.turn < 3]
    assert ours
    made.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"turn": 4}, "turn that was run, 0 to 3. Got 4"),
        ({"turn": -1}, "turn that was run, 0 to 3. Got -1"),
        ({"revision": 99}, r"entry of the log, 0 to \d+. Got 99"),
    ],
)
def test_what_never_was_can_not_be_branched_from(first, tmp_path, options, said):
    with pytest.raises(ProjectError, match=said):
        branch(first, tmp_path / "second", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first"]


def test_a_branch_needs_a_new_folder_beside_the_first(first, tmp_path):
    with pytest.raises(StoreError, match="is there already"):
        branch(first, tmp_path / "first")
    (tmp_path / "deep").mkdir()
    with pytest.raises(ProjectError, match="lies beside the project it comes from"):
        branch(first, tmp_path / "deep" / "second")


def test_frames_are_shared_and_damage_is_found(first, tmp_path):
    made = branch(first, tmp_path / "second", turn=0)
    names = {path.name for path in (made.folder / "blobs").iterdir()}

    assert names < {path.name for path in (first.folder / "blobs").iterdir()}
    assert all((made.folder / "blobs" / name).samefile(first.folder / "blobs" / name) for name in names)
    made.close()


def test_where_the_disk_has_no_links_frames_are_copied(first, tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    made = branch(first, tmp_path / "second", turn=1)

    assert made.dataset.version == first.turns[1].version
    assert len(made.turns) == 2
    made.close()


def test_a_full_disk_leaves_nothing(first, tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.modules["core.flywheel.branch"], "_share", no_space)
    with pytest.raises(StoreError, match=r"'second' \(No space left on device\). Nothing was changed"):
        branch(first, tmp_path / "second")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".families", "first"]
    assert [summary.id for summary in list_projects(tmp_path)] == ["first"]


WRITER = """
import os, signal, sys, time
from pathlib import Path
from core.flywheel import Project, branch

def write_for_ever(round):
    first = Project.open(sys.argv[1])
    os.write(pipe, b".")
    for number in range(1000):
        made = branch(first, Path(sys.argv[1]).with_name(f"b{round}-{number}"), turn=number % 4)
        os.write(1, f"{made.id}\\n".encode())
        made.close()

for round, wait in enumerate(map(float, sys.argv[2:])):
    listen, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write_for_ever(round)
        finally:
            os._exit(1)
    assert os.read(listen, 1) == b"."
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills as Unix does")
def test_a_kill_while_branching_leaves_no_half_project_in_the_list(first, tmp_path):
    waits = ("0.02", "0.05", "0.11", "0.17")
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(first.folder), *waits],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.split()

    listed = [summary.id for summary in list_projects(tmp_path)]
    assert set(said) <= set(listed)
    assert len(listed) <= len(said) + 1 + len(waits)
    for name in listed:
        project = Project.open(tmp_path / name)
        point = project.turns[-1]
        assert project.dataset.version == point.version == first.turns[point.number].version
        pd.testing.assert_frame_equal(point.test_probabilities, first.turns[point.number].test_probabilities)
        project.close()
    # What was left half done is removed by and by.
    for left in tmp_path.glob(".branch-*"):
        os.utime(left, (0, 0))
    branch(first, tmp_path / "last").close()
    assert not list(tmp_path.glob(".branch-*"))
