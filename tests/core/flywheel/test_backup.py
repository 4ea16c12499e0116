from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import zipfile
from pathlib import Path

import pytest

from core.dataset import Dataset
from core.flywheel import (
    BackupError,
    Collect,
    Decide,
    Project,
    Relabel,
    SealError,
    StoreError,
    back_up,
    backup_name,
    list_projects,
    restore_backup,
    restored_from,
    start_queue,
)
from core.flywheel import backup as backup_of
from core.progress import Cancelled

NAME = "고객 <b>이탈</b>"


@pytest.fixture(scope="module")
def made(tmp_path_factory, dataset):
    """A project with a bit of everything, closed, and its backup: what tests take copies of."""
    place = tmp_path_factory.mktemp("made")
    train = list(dataset.ids("train"))
    project = Project.create(place / "churn", dataset, recipe="logistic_regression", name=NAME)
    project.turn()
    project.apply(Relabel({train[0]: "yes"}, by="ann"))
    project.apply(Collect(dataset.frame.iloc[:1].assign(key="new", x=0.123), by="ann"))
    project.undo("ann")
    project.define("yes", "gone", by="bob")
    start_queue(project, project.turns[0].suspects, source="suspects", turn=0)
    project.apply(Decide({train[1]: ("skip", None)}, by="bob"))
    back_up(project, place / backup_name(project))
    project.close()
    return place


@pytest.fixture
def worked(made, tmp_path):
    project = Project.open(shutil.copytree(made / "churn", tmp_path / "home" / "churn"))
    yield project
    project.close()


@pytest.fixture
def backup(made, tmp_path):
    (tmp_path / "backups").mkdir()
    return Path(shutil.copy(next(made.glob("churn-*.zip")), tmp_path / "backups"))


def contents(project: Project) -> dict:
    return {
        "log": project.log,
        "version": project.dataset.version,
        "turns": [(turn.at, turn.version, turn.fingerprint, turn.headline) for turn in project.turns],
        "suspects": [turn.suspects.to_json() for turn in project.turns],
        "guidelines": project.guidelines,
        "queue": project.store.execute("SELECT * FROM queue"),
        "places": project.store.execute("SELECT * FROM places"),
    }


def test_a_project_comes_back_in_another_folder_as_it_was(worked, backup, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    folder = restore_backup(backup, elsewhere)

    assert folder.parent == elsewhere
    again = Project.open(folder)
    assert contents(again) == contents(worked)
    assert again.store.damaged() == []
    again.apply(Relabel({again.dataset.ids("train")[2]: "no"}))
    assert again.turn().number == 1
    assert again.redo("ann").kind == "redo"
    again.close()


def test_a_copy_has_another_id_and_says_what_it_is(worked, backup, tmp_path):
    folder = restore_backup(backup, tmp_path / "home")

    assert folder.name != worked.id
    again = Project.open(folder)
    copy = restored_from(again)
    assert (copy.project, copy.entries, copy.turns) == (worked.id, len(worked.log), 1)
    assert "A copy, restored from a backup of" in copy.sentence
    assert restored_from(worked) is None
    assert {found.id for found in list_projects(tmp_path / "home")} == {worked.id, folder.name}
    again.close()


def test_nothing_is_replaced_when_restoring_or_backing_up(worked, backup, tmp_path):
    before = {path: path.read_bytes() for path in worked.folder.rglob("*.parquet")}
    first, second = (restore_backup(backup, tmp_path / "home") for _ in range(2))

    assert len({first, second, worked.folder}) == 3
    assert {path: path.read_bytes() for path in worked.folder.rglob("*.parquet")} == before
    with pytest.raises(BackupError, match="never replaces a file"):
        back_up(worked, backup)


def test_what_is_written_while_it_is_made_is_all_in_or_all_out(worked, tmp_path):
    train = worked.dataset.ids("train")

    def meanwhile(share, message):
        worked.apply(Relabel({train[3]: "yes" if len(worked.log) % 2 else "no"}))

    path = back_up(worked, tmp_path / "b.zip", progress=meanwhile)

    again = Project.open(restore_backup(path, tmp_path / "elsewhere"))
    assert again.log == worked.log[: len(again.log)]
    again.close()


def test_it_can_be_stopped_and_nothing_is_left(worked, backup, tmp_path):
    with pytest.raises(Cancelled):
        back_up(worked, tmp_path / "stopped.zip", cancel=lambda: True)
    assert not list(tmp_path.glob("*stopped*"))

    with pytest.raises(Cancelled):
        restore_backup(backup, tmp_path / "elsewhere", cancel=lambda: True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_damaged_project_is_not_backed_up_as_if_it_were_whole(worked, tmp_path):
    ((name,),) = worked.store.execute("SELECT suspects FROM turns")
    path = worked.folder / "blobs" / f"{name}.parquet"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(StoreError, match="suspects of turn 0"):
        back_up(worked, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*b.zip*"))


def test_a_full_disk_leaves_no_half_a_backup_and_no_half_a_project(worked, backup, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BackupError, match="No space left"):
        back_up(worked, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*b.zip*"))
    with pytest.raises(BackupError, match="No space left"):
        restore_backup(backup, tmp_path / "elsewhere")
    assert not list((tmp_path / "elsewhere").iterdir())


# --- what is not as it was written ----------------------------------------------------------------------------------


def rewritten(path: Path, change, *, drop: str = "", manifest=None) -> Path:
    """The backup with one file changed by ``change(name, content)``, and its manifest as well if that is asked for."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != drop}
    files = {name: change(name, content) for name, content in files.items()}
    if manifest is not None:
        said = json.loads(files["manifest.json"])
        manifest(said)
        files["manifest.json"] = json.dumps(said).encode()
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def hashed(path: Path, change) -> Path:
    """The backup with another database, and a manifest that fits it: what somebody makes who means it."""
    changed: dict[str, bytes] = {}

    def edit(name: str, content: bytes) -> bytes:
        if name == "project.sqlite":
            database = path.with_name("edited.sqlite")
            database.write_bytes(content)
            connection = sqlite3.connect(database)
            connection.executescript(change)
            connection.close()
            changed[name] = content = database.read_bytes()
        return content

    def manifest(said: dict) -> None:
        content = changed["project.sqlite"]
        said["files"]["project.sqlite"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    return rewritten(path, edit, manifest=manifest)


def refused(path: Path, tmp_path: Path, match: str) -> None:
    place = tmp_path / "refused"
    with pytest.raises(BackupError, match=match):
        restore_backup(path, place)
    assert not place.exists() or not list(place.iterdir())


def same(name: str, content: bytes) -> bytes:
    return content


def first_blob(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return next(name for name in archive.namelist() if name.startswith("blobs/"))


def test_every_file_that_was_changed_is_found(backup, tmp_path):
    with zipfile.ZipFile(backup) as archive:
        names = [name for name in archive.namelist() if name != "manifest.json"]
    for wanted in names:
        changed = rewritten(backup, lambda name, content, w=wanted: _flip(content) if name == w else content)
        refused(changed, tmp_path, "was changed since it was written")


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("cut", [1, 100, 5_000])
def test_a_backup_that_is_cut_off_is_refused(backup, tmp_path, cut):
    backup.write_bytes(backup.read_bytes()[:-cut])
    refused(backup, tmp_path, "is no backup, or a damaged one")


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_backup_is_refused(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    refused(tmp_path / "x.zip", tmp_path, "is empty|is no backup")


def test_files_beside_those_of_the_manifest_and_files_that_lack_are_refused(backup, tmp_path):
    blob = first_blob(backup)
    refused(rewritten(backup, same, drop=blob), tmp_path, "are not those of its manifest")
    refused(
        rewritten(backup, same, manifest=lambda said: said["files"].pop(blob)),
        tmp_path,
        "are not those of its manifest",
    )
    refused(rewritten(backup, same, drop="manifest.json"), tmp_path, "has none: it is no backup")


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "blobs/../../evil.parquet",
        "..\\evil",
        "C:\\evil",
        "blobs/" + "A" * 64 + ".parquet",
        "x/y",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(backup, tmp_path, name):
    def known(said):
        said["files"][name] = {"bytes": 4, "sha256": hashlib.sha256(b"evil").hexdigest()}

    changed = rewritten(backup, same, manifest=known)
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr(name, "evil")
    refused(changed, tmp_path, "holds no file named")
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o600, stat.S_IFCHR | 0o600])
def test_links_and_devices_are_refused(backup, tmp_path, mode):
    blob = first_blob(backup)
    changed = rewritten(backup, same, drop=blob)
    entry = zipfile.ZipInfo(blob)
    entry.external_attr = mode << 16
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr(entry, "/etc/passwd")
    refused(changed, tmp_path, "is a link or a folder")


def test_one_name_twice_is_refused(backup, tmp_path):
    with zipfile.ZipFile(backup, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("project.sqlite", "another")
    refused(backup, tmp_path, "Some are in this one twice")


def test_what_unpacks_to_more_than_it_says_or_than_is_allowed_is_refused(backup, tmp_path, monkeypatch):
    blob = first_blob(backup)

    def bomb(name, content):
        return bytes(50_000_000) if name == blob else content

    refused(rewritten(backup, bomb), tmp_path, "is not as long as its manifest says")

    def admitted(said):
        said["files"][blob] = {"bytes": 50_000_000, "sha256": hashlib.sha256(bytes(50_000_000)).hexdigest()}

    monkeypatch.setattr(backup_of, "MOST_BYTES", 1_000_000)
    refused(rewritten(backup, bomb, manifest=admitted), tmp_path, "may unpack to")


def test_a_length_that_the_archive_lies_about_is_not_believed(backup, tmp_path):
    """The directory says few bytes, the stream holds more: it is unpacked no further than the manifest says."""
    blob = first_blob(backup)
    changed = rewritten(backup, lambda name, content: content + b"more" if name == blob else content)
    with zipfile.ZipFile(changed) as archive:
        size = archive.getinfo(blob).file_size
    content = changed.read_bytes()
    # In the directory alone, which is what is read first.
    at = content.rindex(blob.encode()) - 46 + 24
    content = content[:at] + (size - 4).to_bytes(4, "little") + content[at + 4 :]
    changed.write_bytes(content)
    refused(changed, tmp_path, "was changed since it was written|damaged one")


def test_a_million_entries_are_not_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr(backup_of, "_MOST_FILES", 10)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}", "")
    refused(tmp_path / "many.zip", tmp_path, "holds at most 10 files")


def test_too_little_room_is_said_before_anything_is_written(backup, tmp_path, monkeypatch):
    monkeypatch.setattr(backup_of.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1_000})())
    refused(backup, tmp_path, r"0 MB are free.*Nothing was restored")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "something"}, "manifest of the backup is damaged"),
        ({"format": 99}, "written in format 99"),
        ({"name": 3}, "manifest of the backup is damaged"),
        ({"files": []}, "manifest of the backup is damaged"),
        ({"entries": -1}, "manifest of the backup is damaged"),
        ({"version": "0" * 64}, "does not lead to the data it was made of"),
    ],
)
def test_a_manifest_that_is_not_true_is_refused(backup, tmp_path, change, match):
    refused(rewritten(backup, same, manifest=lambda said: said.update(change)), tmp_path, match)


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM log; END", "holds 't', which no project has"),
        ("CREATE VIEW v AS SELECT * FROM log", "holds 'v', which no project has"),
        ("CREATE TABLE more (a)", "a table 'more' that no project has"),
        ("ALTER TABLE log ADD COLUMN more TEXT", "a table 'log' that no project has"),
        ("DROP TABLE log", "is none of a project"),
        ("CREATE INDEX i ON log (by)", "holds 'i', which no project has"),
        ("UPDATE meta SET value = '\"../../../etc/passwd\"' WHERE key = 'frame'", "which its log names"),
        ("UPDATE meta SET value = '\"../../../evil\"' WHERE key = 'family'", "of no family that could be"),
        ("UPDATE meta SET value = 'no json' WHERE key = 'schema'", "can't be read"),
        ("UPDATE log SET payload = '{}'", "can't be read|does not lead to"),
        ("DELETE FROM log WHERE seq = 1", "not as long as"),
    ],
)
def test_a_log_that_was_made_up_is_refused_even_with_the_right_hash(backup, tmp_path, sql, match):
    refused(hashed(backup, sql), tmp_path, match)


def test_what_a_killed_restore_left_is_no_project_and_goes_after_a_day(backup, tmp_path):
    place = tmp_path / "home"
    left = place / ".restoring-0123"
    (left / "blobs").mkdir(parents=True)
    (left / "project.sqlite").write_bytes(b"half")
    assert list_projects(place) == []
    restore_backup(backup, place)
    assert left.exists()
    os.utime(left, (0, 0))
    restore_backup(backup, place)
    assert not left.exists()


def test_a_project_that_can_only_be_read_can_be_backed_up(worked, tmp_path, monkeypatch):
    version = worked.dataset.version
    worked.close()
    monkeypatch.setattr("core.flywheel.store.os.access", lambda path, mode: False)
    reading = Project.open(worked.folder)
    assert reading.store.read_only
    path = back_up(reading, tmp_path / "b.zip")
    reading.close()
    monkeypatch.undo()

    again = Project.open(restore_backup(path, tmp_path / "elsewhere"))
    assert again.dataset.version == version
    again.close()


# --- seals ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(tmp_path, make_table):
    dataset = Dataset.from_frame(make_table(), label="label", id="key", sealed=0.2)
    project = Project.create(tmp_path / "home" / "sealed", dataset, recipe="logistic_regression")
    project.turn()
    yield project
    project.close()


def test_a_seal_that_was_opened_is_not_opened_again_by_way_of_a_backup(sealed, tmp_path):
    before = back_up(sealed, tmp_path / "before.zip")
    early = Project.open(restore_backup(before, tmp_path / "home"))
    claim = sealed.open_sealed(by="ann")
    late = Project.open(restore_backup(before, tmp_path / "home"))

    for copy in (early, late):
        with pytest.raises(SealError, match=r"those of the project 'sealed', too, .* by ann"):
            copy.open_sealed()
        assert copy.claim is None
    after = Project.open(restore_backup(back_up(sealed, tmp_path / "after.zip"), tmp_path / "third"))
    assert after.claim.sentence == claim.sentence
    # And whoever brings the older backup to that workspace finds it there, too.
    older = Project.open(restore_backup(before, tmp_path / "third"))
    with pytest.raises(SealError, match="once for all branches and restored copies"):
        older.open_sealed()
    for project in (early, late, after, older):
        project.close()


def test_a_claim_that_is_made_in_a_copy_says_so(sealed, tmp_path):
    copy = Project.open(restore_backup(back_up(sealed, tmp_path / "b.zip"), tmp_path / "home"))

    assert "A copy, restored from a backup of" in copy.open_sealed().sentence
    with pytest.raises(SealError, match="once for all branches and restored copies"):
        sealed.open_sealed()
    copy.close()


def test_other_projects_of_the_same_data_keep_their_own_seal(sealed, tmp_path, make_table):
    other = Project.create(
        tmp_path / "home" / "other",
        Dataset.from_frame(make_table(), label="label", id="key", sealed=0.2),
        recipe="logistic_regression",
    )
    other.turn()
    sealed.open_sealed()

    assert other.open_sealed().turn == 0
    other.close()
