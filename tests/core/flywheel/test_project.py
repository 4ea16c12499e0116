from __future__ import annotations

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from core.dataset import DatasetError
from core.errors import FlywheelError
from core.flywheel import (
    Collect,
    Correct,
    Decide,
    DropColumn,
    EditError,
    Exclude,
    Generate,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    StoreError,
)
from core.generate import methods_for, propose, propose_exclusions

# making and opening


def test_a_project_opens_as_it_was_made(project, dataset):
    again = Project.open(project.folder)

    assert again.dataset.version == dataset.version
    assert again.dataset.split.equals(dataset.split)
    assert again.dataset.folds().equals(dataset.folds())
    assert again.dataset.schema == dataset.schema
    assert (again.name, again.headline, again.id) == ("project", "macro_f1", "project")
    assert again.model.fingerprint == project.model.fingerprint
    assert again.revision == 0
    assert again.turns == []


def test_a_column_called_like_the_index_is_kept(tmp_path, make_dataset, make_table):
    dataset = make_dataset(make_table(60).assign(example="e", index=1, level_0=2))
    Project.create(tmp_path / "p", dataset)

    assert Project.open(tmp_path / "p").dataset.version == dataset.version


def test_exclusions_before_the_project_stay_listed(tmp_path, dataset, train):
    Project.create(tmp_path / "p", dataset.without(train[:1]))

    assert dict(Project.open(tmp_path / "p").dataset.excluded) == {train[0]: "train"}


def test_a_folder_takes_one_project(project, dataset):
    with pytest.raises(StoreError, match="holds a project already"):
        Project.create(project.folder, dataset)

    assert Project.open(project.folder).dataset.version == dataset.version


def test_what_can_not_be_made_is_refused_and_leaves_nothing(tmp_path, dataset, make_dataset):
    with pytest.raises(ProjectError, match="must be one of macro_f1"):
        Project.create(tmp_path / "p", dataset, headline="f7")
    with pytest.raises(ProjectError, match="must have test examples"):
        Project.create(tmp_path / "p", make_dataset(test=0.0))
    with pytest.raises(FlywheelError):
        Project.create(tmp_path / "p", dataset, recipe="crystal_ball")

    assert not (tmp_path / "p").exists()


def test_a_place_that_is_no_folder_is_refused(tmp_path, dataset):
    (tmp_path / "file").write_text("here")

    with pytest.raises(StoreError, match="can't be made"):
        Project.create(tmp_path / "file" / "p", dataset)
    with pytest.raises(StoreError, match="no project in 'nowhere'"):
        Project.open(tmp_path / "nowhere")


def test_another_format_is_refused(project):
    project.store.put("format", 99)

    with pytest.raises(StoreError, match="format 99"):
        Project.open(project.folder)


def test_a_copied_folder_opens_elsewhere(project, train, tmp_path):
    project.apply(Relabel({train[0]: "maybe"}, by="ann"))
    project.store.settle()
    shutil.copytree(project.folder, tmp_path / "else" / "where")
    copy = Project.open(tmp_path / "else" / "where")

    assert copy.dataset.version == project.dataset.version
    copy.apply(Exclude(train[1:3]))
    assert copy.dataset.version != project.dataset.version
    assert project.revision == 1


# applying


def test_an_edit_is_on_disk_when_it_is_acknowledged(project, train):
    entry = project.apply(Relabel({train[0]: "maybe"}, by="한나", reason="looked"))
    again = Project.open(project.folder)

    assert entry.seq == 1
    assert (again.log[0].by, again.log[0].reason, again.log[0].summary) == ("한나", "looked", "relabelled 1 example")
    assert again.dataset.labels[train[0]] == "maybe"
    assert again.dataset.version == project.dataset.version


def test_a_refused_edit_changes_nothing(project, train):
    before = project.dataset.version

    for edit in (Relabel({"nobody": "yes"}), Correct({(train[0], "x"): "many"}), DropColumn("label")):
        with pytest.raises(FlywheelError):
            project.apply(edit)

    assert project.revision == 0
    assert project.dataset.version == before
    assert Project.open(project.folder).revision == 0


def test_every_kind_of_edit_survives_reopening(project, dataset, train, make_table, make_children):
    pool = dataset.ids("pool")
    project.apply(Relabel({train[0]: "maybe", pool[0]: "yes"}))
    project.apply(Exclude([train[1], dataset.ids("test")[0]]))
    project.apply(Correct({(train[2], "x"): None, (train[2], "when"): "2026-05-05", (train[2], "colour"): 5}))
    project.apply(DropColumn("n"))
    project.apply(Collect(make_table(5, seed=9).assign(key=[f"n{number}" for number in range(5)])))
    project.apply(Generate(make_children(project.dataset, train[5:8])))
    project.apply(Decide({train[9]: ("exclude", None), train[10]: ("other", "no"), train[11]: ("keep", None)}))

    again = Project.open(project.folder)

    assert again.dataset.version == project.dataset.version
    assert again.dataset.excluded.equals(project.dataset.excluded)
    assert again.dataset.folds().equals(project.dataset.folds())
    assert list(again.dataset.frame.columns) == list(project.dataset.frame.columns)
    assert again.dataset.frame.dtypes.equals(project.dataset.frame.dtypes)
    for revision in range(8):
        assert again.dataset_at(revision).version == project.dataset_at(revision).version


def test_what_every_method_proposes_can_be_applied_and_survives(tmp_path, make_dataset, make_table, make_texts):
    methods = []
    texts = make_texts()
    texts["message"] += ". " + texts["key"] + " says hello."
    for name, dataset in (("table", make_dataset(make_table())), ("texts", make_dataset(texts, text="message"))):
        project = Project.create(tmp_path / name, dataset)
        for method in methods_for(dataset):
            if method.excludes:
                gone = propose_exclusions(project.dataset, method=method.key, target="majority", n=3)
                project.apply(Exclude(list(gone.index)))
            else:
                told = {
                    "templates": ["{verb} {what} now"],
                    "fillers": {"verb": ["win", "take"], "what": ["cash", "it"]},
                }
                settings = {name: value for name, value in told.items() if name in method.settings}
                rows = propose(project.dataset, method=method.key, target="minority", n=5, settings=settings)
                project.apply(Generate(rows))
            assert Project.open(tmp_path / name).dataset.version == project.dataset.version
            methods.append(method.key)
        assert project.dataset.frame.dtypes.equals(dataset.frame.dtypes)

    assert len(set(methods)) >= 3


def test_what_was_collected_is_counted_without_the_known_rows(project, make_table):
    batch = pd.concat([make_table(10), make_table(3, seed=9).assign(key=["n0", "n1", "n2"])])
    entry = project.apply(Collect(batch))

    assert entry.summary == "collected 3 examples"
    assert project.pending == ("3 collected",)


def test_a_stale_edit_is_refused_and_says_what_changed(project, train):
    seen = project.revision
    Project.open(project.folder).apply(Relabel({train[0]: "maybe"}, by="ann"))

    with pytest.raises(StaleError, match="ann relabelled 1 example"):
        project.apply(Exclude(train[1:2]), revision=seen)

    assert project.revision == 1
    project.apply(Exclude(train[1:2]), revision=1)
    assert project.revision == 2


def test_two_objects_on_one_folder_see_each_other(project, train):
    other = Project.open(project.folder)
    for number in range(6):
        (project, other)[number % 2].apply(Relabel({train[number]: "maybe"}))
        assert project.dataset.version == other.dataset.version
    other.undo()

    assert project.dataset.labels[train[5]] != "maybe"
    assert [entry.seq for entry in project.log] == [entry.seq for entry in other.log]


def test_a_second_reader_is_not_kept_waiting_by_a_writer(project, train):
    with project.store.writing():
        other = Project.open(project.folder)
        assert other.dataset.version
        assert other.revision == 0


def test_threads_lose_no_decision(project, train):
    """Eight reviewers, 50 decisions each, on two objects over one folder."""
    objects = [project, Project.open(project.folder)]

    def review(reviewer):
        own = objects[reviewer % 2]
        return [
            own.apply(Decide({train[(reviewer * 7 + turn) % len(train)]: ("keep", None)}, by=f"r{reviewer}")).seq
            for turn in range(50)
        ]

    with ThreadPoolExecutor(8) as pool:
        acknowledged = list(pool.map(review, range(8)))

    log = Project.open(project.folder).log
    assert sorted(seq for own in acknowledged for seq in own) == [entry.seq for entry in log]
    for reviewer, own in enumerate(acknowledged):
        assert own == sorted(own)
        assert [entry.seq for entry in log if entry.by == f"r{reviewer}"] == own
    assert [entry.seq for entry in project.log] == [entry.seq for entry in log]


def test_reading_while_another_thread_writes(project, train):
    stop = threading.Event()
    failures = []

    def look():
        while not stop.is_set():
            try:
                dataset = project.dataset
                assert len(dataset.frame) == len(dataset.split)
                assert dataset.version
            except Exception as error:
                failures.append(error)
                return

    reader = threading.Thread(target=look)
    reader.start()
    for example in train[:15]:
        project.apply(Exclude([example]))
        project.undo()
    stop.set()
    reader.join()

    assert failures == []


# undo and redo


def test_undo_and_redo_are_inverse_and_stay_after_reopening(project, train):
    versions = [project.dataset.version]
    for example in train[:4]:
        project.apply(Exclude([example]))
        versions.append(project.dataset.version)
    for version in reversed(versions[:-1]):
        project.undo()
        assert project.dataset.version == version
    with pytest.raises(ProjectError, match="nothing to undo"):
        project.undo()
    again = Project.open(project.folder)
    for version in versions[1:]:
        again.redo()
        assert again.dataset.version == version
        assert project.dataset.version == version
    with pytest.raises(ProjectError, match="nothing to redo"):
        project.redo()


def test_undo_takes_back_ones_own_last_edit(project, train):
    project.apply(Relabel({train[0]: "maybe"}, by="ann"))
    project.apply(Relabel({train[1]: "maybe"}, by="bob"))
    entry = project.undo(by="ann")

    assert entry.target == 1
    assert project.dataset.labels[train[0]] != "maybe"
    assert project.dataset.labels[train[1]] == "maybe"
    with pytest.raises(ProjectError, match="nothing to undo by 'eve'"):
        project.undo(by="eve")


@pytest.mark.parametrize("kind", ["collect", "generate"])
def test_undo_of_rows_that_were_worked_on_breaks_nothing(project, train, make_table, make_children, kind):
    if kind == "collect":
        project.apply(Collect(make_table(4, seed=9, pool=0).assign(key=["n0", "n1", "n2", "n3"]), by="ann"))
        new = ["n0", "n1", "n2", "n3"]
    else:
        project.apply(Generate(make_children(project.dataset, train[:4]), by="ann"))
        new = ["g0", "g1", "g2", "g3"]
    project.apply(Relabel({new[0]: "maybe", train[5]: "maybe"}, by="bob"))
    project.apply(Correct({(new[1], "x"): 7.0}, by="bob"))
    project.apply(Generate(make_children(project.dataset, [new[0], train[6]], prefix="child"), by="bob"))
    project.apply(Decide({new[2]: ("exclude", None), "child0": ("other", "no")}, by="bob"))
    before = project.dataset.version

    project.undo(by="ann")
    dataset = project.dataset

    assert not dataset.frame.index.isin([*new, "child0"]).any()
    assert list(dataset.generated) == ["child1"]
    assert dataset.labels[train[5]] == "maybe"
    assert Project.open(project.folder).dataset.version == dataset.version
    project.redo(by="ann")
    assert project.dataset.version == before


def test_undo_of_a_label_takes_the_children_of_a_pool_example_along(project, dataset, make_children):
    pool = dataset.ids("pool")[0]
    project.apply(Relabel({pool: "yes"}, by="ann"))
    project.apply(Generate(make_children(project.dataset, [pool]), by="bob"))
    project.undo(by="ann")

    assert project.dataset.split[pool] == "pool"
    assert len(project.dataset.generated) == 0


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_redo_that_leaves_nothing_is_refused_and_not_written(project, dataset, part):
    ids = list(dataset.ids(part))
    project.apply(Exclude(ids[::2], by="ann"))
    project.undo(by="ann")
    project.apply(Exclude(ids[1::2], by="bob"))

    with pytest.raises(DatasetError, match=f"At least one {part} example"):
        project.redo(by="ann")

    assert project.revision == 3
    assert Project.open(project.folder).dataset.version == project.dataset.version


def test_a_number_of_decisions_replays_in_a_moment(project, train):
    for number in range(300):
        project.apply(Decide({train[number % 50]: ("other", "no" if number % 2 else "yes")}))
    again = Project.open(project.folder)

    assert again.dataset.version == project.dataset.version
    assert len(again.versions) <= 4


# guidelines


def test_guidelines_have_versions(project):
    assert project.guideline_version == "0"
    project.define("yes", "Says yes.", by="ann")
    project.define("yes", "Says yes in any language: 네.", by="ann")

    again = Project.open(project.folder)
    assert again.guidelines == {"yes": "Says yes in any language: 네."}
    assert again.guideline_version == "2"


# what goes wrong on disk


def test_a_full_disk_is_said_and_changes_nothing(project, train):
    (pages,) = project.store.execute("PRAGMA page_count")[0]
    project.store.execute(f"PRAGMA max_page_count={pages}")
    version = project.dataset.version

    with pytest.raises(StoreError, match=r"could not be written .*full.*Nothing was changed"):
        project.apply(Relabel({train[0]: "maybe"}, reason="long " * 20_000))

    assert project.revision == 0
    assert project.dataset.version == version
    project.store.execute("PRAGMA max_page_count=1000000")
    assert project.apply(Relabel({train[0]: "maybe"})).seq == 1


def test_a_full_disk_for_rows_is_said_and_changes_nothing(project, make_table, monkeypatch):
    import os

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    blobs = sorted((project.folder / "blobs").iterdir())
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StoreError, match=r"No space left on device.*\n*Nothing was changed"):
        project.apply(Collect(make_table(3, seed=9).assign(key=["n0", "n1", "n2"])))
    monkeypatch.undo()

    assert project.revision == 0
    assert sorted((project.folder / "blobs").iterdir()) == blobs
    assert project.apply(Collect(make_table(3, seed=9).assign(key=["n0", "n1", "n2"]))).seq == 1


def test_a_project_that_could_not_be_written_leaves_the_folder_free(tmp_path, dataset, monkeypatch):
    import os

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StoreError, match="No space left"):
        Project.create(tmp_path / "p", dataset)
    monkeypatch.undo()
    assert not (tmp_path / "p").exists()

    assert Project.create(tmp_path / "p", dataset).dataset.version == dataset.version


def test_a_locked_file_is_said(project, train):
    blocker = sqlite3.connect(project.folder / "project.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    project.store.execute("PRAGMA busy_timeout=50")
    try:
        with pytest.raises(StoreError, match="locked"):
            project.apply(Relabel({train[0]: "maybe"}))
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()

    assert project.apply(Relabel({train[0]: "maybe"})).seq == 1


def test_an_edit_that_fails_inside_rolls_back(project, train, monkeypatch):
    def broken(self):
        raise EditError("no payload")

    monkeypatch.setattr(Relabel, "payload", broken)
    with pytest.raises(EditError, match="no payload"):
        project.apply(Relabel({train[0]: "maybe"}))
    monkeypatch.undo()

    assert project.revision == 0
    assert project.apply(Relabel({train[0]: "maybe"})).seq == 1
