from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from core.flywheel import Project, StoreError
from core.flywheel.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "p", create=True)
    yield store
    store.close()


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"초록": [1.5, None], "b": ["x", None]}, index=pd.Index(["a", "b"], dtype="str", name="example")
    )


def blob(store, name):
    return store.folder / "blobs" / f"{name}.parquet"


# rows and small values


def test_writes_are_synchronised_with_the_disk(store):
    assert store.execute("PRAGMA journal_mode") == [("wal",)]
    assert store.execute("PRAGMA synchronous") == [(2,)]


def test_small_values_are_kept(store):
    store.put("name", "고객 이탈")
    store.put("name", {"a": [1, None, "고객"]})

    assert Store(store.folder).get("name") == {"a": [1, None, "고객"]}
    assert store.get("nothing", 7) == 7


def test_what_is_written_together_is_there_together_or_not_at_all(store):
    def both():
        with store.writing():
            store.put("one", 1)
            with store.writing():
                store.put("two", 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        both()
    assert (store.get("one"), store.get("two")) == (None, None)

    with store.writing():
        store.put("one", 1)
        with store.writing():
            store.put("two", 2)
    other = Store(store.folder)
    assert (other.get("one"), other.get("two")) == (1, 2)


def test_nobody_sees_what_is_half_written(store):
    other = Store(store.folder)
    with store.writing():
        store.put("one", 1)
        assert other.get("one") is None
    assert other.get("one") == 1


@pytest.mark.parametrize("content", [b"not a database" * 500, b"\x00" * 8192])
def test_a_file_that_is_no_project_is_refused(tmp_path, content):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "project.sqlite").write_bytes(content)

    with pytest.raises(StoreError, match=r"'p' can't be read .*Restore"):
        Store(tmp_path / "p")


def test_an_empty_file_is_no_project(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "project.sqlite").touch()

    with pytest.raises(StoreError, match="'p'"):
        Project.open(tmp_path / "p")


def test_a_damaged_page_is_said_where_it_is_read(store):
    with store.writing():
        for number in range(200):
            store.put(f"key {number}", "value " * 50)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = store.folder / "project.sqlite"
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xff" * (len(content) - 4096 - 8192)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="can't be read"):
        Store(store.folder).execute("SELECT * FROM meta")


# frames


def test_a_frame_comes_back_as_it_was(store, frame):
    again = store.read_frame(store.write_frame(frame))

    pd.testing.assert_frame_equal(again, frame)


def test_equal_frames_are_one_file(store, frame):
    assert store.write_frame(frame) == store.write_frame(frame.copy())
    assert len(list((store.folder / "blobs").iterdir())) == 1


def test_a_frame_is_on_disk_before_it_has_its_name(store, frame, monkeypatch):
    calls = []
    sync, rename = os.fsync, Path.replace

    def fsync(descriptor):
        calls.append("fsync folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "fsync")
        sync(descriptor)

    def replace(self, target):
        calls.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    store.write_frame(frame)

    assert calls[:2] == ["fsync", "rename"]
    assert calls[2].startswith("fsync")


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:-7], lambda content: content[:40] + b"X" + content[41:], lambda content: b""],
    ids=["torn", "changed", "empty"],
)
def test_a_damaged_frame_is_named(store, frame, damage):
    name = store.write_frame(frame)
    path = blob(store, name)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(StoreError, match=f"'blobs/{name[:12]}….parquet' .* was changed"):
        store.read_frame(name)


def test_a_missing_frame_is_named(store, frame):
    name = store.write_frame(frame)
    blob(store, name).unlink()

    with pytest.raises(StoreError, match=f"'blobs/{name[:12]}….parquet' .* is missing"):
        store.read_frame(name)


def test_writing_a_damaged_frame_again_mends_it(store, frame):
    name = store.write_frame(frame)
    blob(store, name).write_bytes(b"torn")

    assert store.write_frame(frame) == name
    pd.testing.assert_frame_equal(store.read_frame(name), frame)


def test_what_a_killed_process_left_behind_is_harmless(project, dataset):
    blobs = project.folder / "blobs"
    (blobs / ".0123.99.1").write_bytes(b"half a fi")
    name = next(blobs.glob("*.parquet")).stem
    (blobs / f".{name}.99.1").write_bytes(b"PAR1")

    again = Project.open(project.folder)

    assert again.dataset.version == dataset.version
    assert again.store.write_frame(dataset.frame) == project.store.get("frame")


def test_damage_is_said_when_the_project_is_used(project):
    path = blob(project.store, project.store.get("frame"))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(StoreError, match="was changed"):
        _ = Project.open(project.folder).dataset


def test_changing_a_frame_that_was_read_changes_nobody_elses(store, frame):
    name = store.write_frame(frame)
    mine = store.read_frame(name)
    mine.loc["a", "b"] = "changed"
    mine["new"] = 1

    pd.testing.assert_frame_equal(store.read_frame(name), frame)
