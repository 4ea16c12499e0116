"""Kills, full disks, read-only folders, torn files and clocks that jump: nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from effort import effort

from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import (
    Collect,
    Decide,
    Exclude,
    Project,
    Relabel,
    StaleError,
    StoreError,
    back_up,
    blob_uses,
    current_queue,
    restore_backup,
    start_queue,
)
from core.flywheel import log as log_of
from core.flywheel import places as places_of
from core.flywheel.confirmed import NOTE
from core.flywheel.store import Store
from core.flywheel.tables import table_columns

ROOT = Path(__file__).parents[3]
FAULTY = Path(__file__).with_name("faulty.py")
KILLS = effort(20, 200)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, and a limit on the size of files")


@pytest.fixture
def memory_folder():
    """A folder in memory, where there is one: a kill loses no page of the system, and syncing a disk takes long."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        yield Path(folder)


def narrow(rows: int = 120) -> Dataset:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"key": [f"r{n}" for n in range(rows)], "x": rng.normal(size=rows), "label": rng.choice(["yes", "no"], rows)}
    )
    return Dataset.from_frame(frame, label="label", id="key", test=0.1)


def faulty(*arguments: object) -> list[dict]:
    paths = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    run = subprocess.run(
        [sys.executable, str(FAULTY), *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | paths | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


# --- kills and writes that are cut off ------------------------------------------------------------------------------


@needs_fork
def test_kills_at_any_moment_lose_no_acknowledged_edit(memory_folder):
    Project.create(memory_folder / "project", narrow()).close()

    reports = faulty("kills", memory_folder / "project", KILLS)

    assert len(reports) == KILLS
    assert sum(len(report["lost"]) for report in reports) == 0
    assert all(report["in order"] and report["kept"] for report in reports)
    # A kill may fall between the write and the word of it, once each time.
    assert all(0 <= report["unsaid"] <= 1 for report in reports)
    # Half of them died within a write.
    assert len({report["signal"] for report in reports}) == 2
    assert sum(report["acknowledged"] for report in reports) > KILLS / 2, "hardly anything was written"
    assert any("was dropped" in said for report in reports for said in report["said"])
    # What was replayed in pieces, round after round, is what is replayed of the whole log.
    again = Project.open(memory_folder / "project")
    assert again.dataset.version == reports[-1]["version"]
    assert again.store.damaged() == []
    again.close()


@needs_fork
def test_a_write_that_is_cut_off_at_any_byte_changes_nothing_or_everything(memory_folder):
    Project.create(memory_folder / "project", narrow()).close()

    reports = faulty("writes", memory_folder / "project")

    for report in reports:
        where = f"at byte {report['size']}, {'dead' if report['dies'] else 'refused'}"
        assert not report["broken"], where
        assert set(report["acknowledged"]) <= set(report["held"]), where
        assert not report["damaged"], where
        assert not report["left"], where
        assert report["goes on"] == "decide", where
        assert report["rows"] == 120 + 2 * any("collect" in held for held in report["held"]), where
        for refusal in report["refused"]:
            assert "Nothing was changed" in refusal or "nothing to undo" in refusal, refusal
        if report["dies"]:
            # What was not acknowledged is one change at most.
            assert len(report["held"]) <= len(report["acknowledged"]) + 1, where
        else:
            assert report["signal"] == 0, where
            assert len(report["acknowledged"]) + len(report["refused"]) == 6, where
            assert set(report["held"]) == set(report["acknowledged"]), where
    # The series was cut off everywhere: at its first write, at its last, and in the move into the database.
    assert {len(report["acknowledged"]) for report in reports} >= {0, 1, 2, 3, 6}
    assert any("being written" in said for report in reports for said in report["said"])


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_blob_that_can_not_be_written_is_refused_at_every_step(project, step, monkeypatch):
    before = sorted(path.name for path in (project.folder / "blobs").iterdir())
    rows = project.dataset.frame.iloc[:1].assign(key="new")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync") if step == "fsync" else (Path, step)), full)
        with pytest.raises(StoreError, match=r"could not be written .*No space left.*Nothing was changed"):
            project.apply(Collect(rows))

    assert project.log == []
    assert sorted(path.name for path in (project.folder / "blobs").iterdir()) == before
    assert project.apply(Collect(rows)).seq == 1


# --- a folder that can only be read ---------------------------------------------------------------------------------


def look(folder: Path, train: list[str], version: str) -> None:
    """What a project that can't be written can still do; runs where nothing may be written."""
    project = Project.open(folder)
    assert project.store.read_only
    assert any("can be read, but not written" in said for said in project.said)
    assert [entry.kind for entry in project.log] == ["relabel", "collect"]
    assert project.dataset.version == version
    for change in (
        lambda: project.apply(Relabel({train[0]: "no"})),
        project.undo,
        lambda: project.define("yes", "meaning"),
        lambda: project.store.put("name", "other"),
        lambda: project.store.write_frame(project.dataset.frame),
    ):
        with pytest.raises(StoreError, match="can be read, but not written"):
            change()
    project.close()


@needs_fork
# Tests that run side by side have a thread that listens; the child does not need it.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("clean", [True, False], ids=["closed", "left open"])
def test_a_folder_that_can_only_be_read_is_looked_at_and_nothing_is_changed(dataset, train, clean):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        project = Project.create(Path(place, "before"), dataset)
        project.apply(Relabel({train[0]: "yes"}))
        project.apply(Collect(dataset.frame.iloc[:1].assign(key="new", x=0.123)))
        version = project.dataset.version
        project.store.settle()
        if clean:
            project.close()
        # A copy that was made while it was open has a write-ahead log beside it.
        folder = Path(shutil.copytree(project.folder, Path(place, "p")))
        (folder / "project.sqlite-shm").unlink(missing_ok=True)
        content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for path in folder.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        folder.chmod(0o555)
        child = os.fork()
        if child == 0:
            # Root may write everywhere.
            if os.getuid() == 0:
                os.setuid(65534)
            code = 1
            try:
                look(folder, train, version)
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        for path in (folder, folder / "blobs"):
            path.chmod(0o755)
        assert status == 0
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == content
        project.close()


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def turned(project, train):
    """One turn, rows that came in, and another turn."""
    project.change_recipe("logistic_regression")
    project.turn()
    project.apply(Collect(project.dataset.frame.iloc[:1].assign(key="new", x=0.123), reason="more"))
    project.turn()
    return project


def damage(project: Project, name: str) -> None:
    path = project.folder / "blobs" / f"{name}.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_one_flipped_bit_is_found_and_named_with_what_is_lost_and_what_remains(turned):
    ((name, version),) = turned.store.execute("SELECT suspects, version FROM turns WHERE number = 1")
    damage(turned, name)
    again = Project.open(turned.folder)

    (found,) = again.store.damaged()
    with pytest.raises(StoreError) as raised:
        _ = again.turns[1].suspects

    assert str(found) == str(raised.value)
    assert f"suspects of turn 1 (version {version[:8]})" in str(found)
    assert "The score of turn 1, all other turns and the data can still be used" in str(found)
    assert "Restore it from a backup" in str(found)
    # And so it is.
    assert again.turns[1].headline == turned.turns[1].headline
    assert again.dataset.version == turned.dataset.version
    again.close()


def test_rows_that_are_lost_leave_the_data_before_them(turned):
    (name,) = (entry.blob for entry in turned.log if entry.kind == "collect")
    (turned.folder / "blobs" / f"{name}.parquet").unlink()
    again = Project.open(turned.folder)

    with pytest.raises(StoreError, match=r"rows of entry 1 of the log \(.*is missing|is missing.*rows of entry 1"):
        _ = again.dataset

    assert again.dataset_at(0).version == turned.dataset_at(0).version
    # Taking it back leaves a project that works.
    again.undo()
    assert again.dataset.version == turned.dataset_at(0).version
    again.close()


def test_every_file_of_a_project_has_a_use(turned, make_dataset):
    start_queue(turned, turned.turns[-1].suspects, source="suspects", turn=1)
    names = [path.stem for path in (turned.folder / "blobs").iterdir()]
    for name in names:
        damage(turned, name)

    found = "\n".join(map(str, Project.open(turned.folder).store.damaged()))

    assert found.count("can still be used") + found.count("still there") >= len(names)
    assert all(name[:12] in found for name in names)


def test_every_column_that_names_files_is_known():
    named = {(table, column[1]) for table, columns in table_columns().items() for column in columns}
    named = {(table, column) for table, column in named if column == "blob"}
    known = {(table, column) for table, column, *_ in blob_uses._TABLES}
    assert named <= known


def test_a_damaged_log_is_said(turned):
    turned.close()
    path = turned.folder / "project.sqlite"
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"can't be read|is damaged"):
        raise Project.open(turned.folder).store.damaged()[0]


# --- the write-ahead log, gone or torn ------------------------------------------------------------------------------

HEADER, FRAME = 32, 24


def damages(wal: bytes) -> dict[str, bytes | None]:
    """A write-ahead log, cut off or changed in each kind of region; None: gone."""
    page = int.from_bytes(wal[8:12], "big")
    whole = FRAME + page
    last = HEADER + (len(wal) - HEADER) // whole * whole - whole
    cuts = {"empty": 0, "magic": 2, "header": 20, "no frame": HEADER, "first frame": HEADER + 9}
    cuts |= {"first page": HEADER + FRAME + 100, "after a frame": HEADER + whole, "half": HEADER + len(wal) // 2}
    cuts |= {"last frame": last + 5, "last page": last + FRAME + 7, "last byte": last + whole - 1}
    flips = {"magic": 1, "page size": 10, "salt": 17, "checksum": 27, "number": HEADER + 3, "commit": HEADER + 7}
    flips |= {"frame's salt": HEADER + 9, "frame's checksum": HEADER + 17, "page": HEADER + FRAME + 50}
    flips |= {
        "middle": len(wal) // 2,
        "last salt": last + 9,
        "last page": last + FRAME + 1_000,
        "last byte": len(wal) - 1,
    }
    found: dict[str, bytes | None] = {"gone": None}
    found |= {f"cut in the {name}": wal[:at] for name, at in cuts.items()}
    for name, at in flips.items():
        found[f"changed {name}"] = wal[:at] + bytes([wal[at] ^ 0xFF]) + wal[at + 1 :]
    found["zeros"] = bytes(len(wal))
    found["longer"] = wal + b"\x01" * 500
    return found


def opened_with(folder: Path, wal: bytes | None, place: Path) -> Project:
    """Open a copy of a folder as a kill has left it, with another write-ahead log."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder, place)
    (place / "project.sqlite-shm").unlink(missing_ok=True)
    path = place / "project.sqlite-wal"
    path.unlink(missing_ok=True)
    if wal is not None:
        path.write_bytes(wal)
    return Project.open(place)


def test_a_log_that_is_gone_or_torn_is_noticed_wherever_it_was_and_what_is_missing_is_said(memory_folder, monkeypatch):
    project = Project.create(memory_folder / "p", narrow(40))
    train = list(project.dataset.ids("train"))
    project.store.settle()
    # As if the app was killed before anything could be moved into the database.
    monkeypatch.setattr(Store, "_move", lambda self: None)
    for number in range(12):
        project.apply(Relabel({train[number]: "yes" if number % 2 else "no"}, by="ann"))
    log, wal = project.log, (project.folder / "project.sqlite-wal").read_bytes()
    held = {}
    for what, content in damages(wal).items():
        again = opened_with(project.folder, content, memory_folder / "copy")
        held[what] = len(again.log)
        # What is there is the beginning of the log, as it was confirmed.
        assert again.log == log[: held[what]], what
        assert again.store.damaged() == [], what
        said = " ".join(again.said)
        if held[what] < len(log):
            assert again.store.lost in again.said, what
            assert f"Confirmed work is missing: {len(log) - held[what]} of {len(log)} entries of the log" in said, what
            assert "Everything that was confirmed is there" not in said, what
        else:
            assert again.store.lost == "", what
        again.close()
    assert held["gone"] == held["cut in the header"] == held["changed salt"] == 0
    assert held["cut in the last byte"] == held["changed last page"] == 11
    assert 0 < held["cut in the half"] < 11
    assert held["longer"] == 12

    # It is said until somebody goes on.
    again = opened_with(project.folder, None, memory_folder / "copy")
    again.close()
    again = Project.open(memory_folder / "copy")
    assert again.store.lost
    again.apply(Relabel({train[0]: "no"}))
    again.close()
    assert Project.open(memory_folder / "copy").said == ()
    project.close()


def test_once_it_has_moved_into_the_database_no_fault_of_the_log_loses_anything(memory_folder):
    project = Project.create(memory_folder / "p", narrow(40))
    train = list(project.dataset.ids("train"))
    for number in range(12):
        project.apply(Relabel({train[number]: "yes" if number % 2 else "no"}, by="ann"))
    project.store.settle()
    wal = (project.folder / "project.sqlite-wal").read_bytes()
    assert wal == b""
    for content in (None, b"torn", os.urandom(5_000), bytes(9_000)):
        again = opened_with(project.folder, content, memory_folder / "copy")
        assert again.log == project.log
        assert again.store.lost == ""
        again.close()
    project.close()


def test_a_database_that_was_put_back_from_an_older_copy_is_noticed(project, train):
    project.apply(Relabel({train[0]: "yes"}))
    project.store.settle()
    older = (project.folder / "project.sqlite").read_bytes()
    project.turn()
    project.define("yes", "meaning")
    project.apply(Relabel({train[1]: "yes"}))
    project.close()
    assert Project.open(project.folder).said == ()
    (project.folder / "project.sqlite").write_bytes(older)

    again = Project.open(project.folder)

    assert "missing: 1 of 2 entries of the log, 1 turn, 1 definition of a class." in again.store.lost
    again.close()


def test_a_copy_a_backup_and_a_project_without_the_note_raise_no_alarm(project, train, tmp_path):
    project.apply(Relabel({train[0]: "yes"}))
    backup = back_up(project, tmp_path / "b.zip")
    project.apply(Relabel({train[1]: "yes"}))
    restored = restore_backup(backup, tmp_path / "elsewhere")
    project.close()
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    copy = shutil.copytree(project.folder, tmp_path / "elsewhere" / "copy")
    for folder in (project.folder, copy, restored):
        for note in (None, b"", b"torn {", (copy / NOTE).read_bytes()[:40]):
            again = Project.open(folder)
            assert again.store.lost == ""
            again.close()
            (folder / NOTE).unlink() if note is None else (folder / NOTE).write_bytes(note)
        again = Project.open(folder)
        again.apply(Relabel({train[2]: "yes"}))
        assert (folder / NOTE).is_file()
        again.close()
        assert Project.open(folder).store.lost == ""


def test_an_entry_that_a_damaged_page_took_from_the_middle_is_noticed(project, train):
    for number in range(3):
        project.apply(Relabel({train[number]: "yes"}))
    project.store.execute("DELETE FROM log WHERE seq = 2")
    project.close()
    (project.folder / NOTE).unlink()
    assert "1 of 3 entries of the log" in Store(project.folder).lost


# --- clocks ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_changes_no_order(project, train, monkeypatch):
    times = iter(datetime(2026, 6, 1, tzinfo=UTC) - timedelta(days=day) for day in (0, 400, -9000, 800))
    monkeypatch.setattr(log_of, "now", lambda: next(times).isoformat(timespec="seconds"))
    for label in ("yes", "no", "yes"):
        project.apply(Relabel({train[0]: label}))

    again = Project.open(project.folder)

    assert [entry.seq for entry in again.log] == [1, 2, 3]
    assert again.dataset.labels[train[0]] == "yes"
    assert again.undo().target == 3
    assert again.dataset.labels[train[0]] == "no"
    again.close()


@pytest.mark.parametrize("days", [-30, 30])
def test_a_card_is_held_for_a_while_wherever_the_clock_stood(project, train, days, monkeypatch):
    cards = pd.DataFrame({"given": "yes", "suggested": "no", "score": 0.5, "flagged": True}, index=train[:4])
    queue = start_queue(project, cards, source="all", turn=0)
    monkeypatch.setattr(
        places_of, "now", lambda: (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    )
    with project.store.writing():
        places_of.put(project.store, queue.number, "ann", 0)

    assert places_of.at_hand(project.store, queue.number, "bob") == {}
    assert current_queue(project, "bob").place == 0


# --- many at once ---------------------------------------------------------------------------------------------------

SESSIONS, EACH = 20, effort(10, 50)


def decide_each(project: Project, session: int, wait) -> None:
    """What one session does: its own cards, each on what it has seen last."""
    ids = project.dataset.ids("train")
    wait()
    for number in range(EACH):
        project.apply(
            Decide({ids[session * EACH + number]: ("other", "yes" if number % 2 else "no")}, by=f"session {session}"),
            revision=project.revision,
        )


def check_each(project: Project) -> None:
    entries = project.log
    assert [entry.seq for entry in entries] == list(range(1, SESSIONS * EACH + 1))
    ids = project.dataset.ids("train")
    labels = project.dataset.labels
    for session in range(SESSIONS):
        own = [next(iter(entry.content["decisions"])) for entry in entries if entry.by == f"session {session}"]
        wanted = list(ids[session * EACH : (session + 1) * EACH])
        # Each in the order in which it was made.
        assert own == wanted
        assert labels[wanted].tolist() == ["no", "yes"] * (EACH // 2)


def test_of_twenty_sessions_of_one_process_no_decision_is_lost(memory_folder):
    project = Project.create(memory_folder / "p", narrow(SESSIONS * EACH * 6 // 5))
    barrier = threading.Barrier(SESSIONS)
    failed: list[BaseException] = []

    def session(number: int) -> None:
        try:
            decide_each(project, number, barrier.wait)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=session, args=(number,)) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert not failed
    check_each(project)
    again = Project.open(project.folder)
    assert again.dataset.version == project.dataset.version
    check_each(again)


@needs_fork
def test_of_twenty_sessions_in_four_processes_no_decision_is_lost(memory_folder):
    Project.create(memory_folder / "p", narrow(SESSIONS * EACH * 6 // 5)).close()
    # All of them are forked from one that has imported everything, which is what takes time.
    code = f"""
import os, sys, threading
sys.path[:0] = {[str(ROOT), str(ROOT / "tests"), str(FAULTY.parent)]!r}
import test_faults
def sessions(place):
    project = test_faults.Project.open({str(memory_folder / "p")!r})
    barrier = threading.Barrier(5)
    failed = []
    def session(number):
        try:
            test_faults.decide_each(project, number, barrier.wait)
        except BaseException as error:
            failed.append(repr(error))
    threads = [threading.Thread(target=session, args=(place * 5 + n,)) for n in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print(*failed, file=sys.stderr, flush=True)
    return 1 if failed else 0
for place in range(4):
    if os.fork() == 0:
        code = 1
        try:
            code = sessions(place)
        finally:
            os._exit(code)
sys.exit(max(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]

    project = Project.open(memory_folder / "p")
    check_each(project)
    project.close()


def test_whoever_holds_the_right_to_write_can_read_the_project_while_others_write(project, train):
    """Two locks taken in two orders would wait for each other here."""
    project.turn()
    go = threading.Barrier(3)

    def from_the_store():
        go.wait()
        for _ in range(30):
            with project.store.writing():
                assert len(project.dataset)
                assert project.turns
                assert project.revision >= 0

    def from_the_project():
        go.wait()
        for number in range(30):
            project.apply(Relabel({train[0]: "yes" if number % 2 else "no"}))

    threads = [threading.Thread(target=each, daemon=True) for each in (from_the_store, from_the_project)]
    for thread in threads:
        thread.start()
    go.wait()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"


# --- two tabs -------------------------------------------------------------------------------------------------------


def test_a_stale_write_is_refused_with_what_changed_and_nothing_is_overwritten(project, train):
    seen = project.revision
    other_tab = Project.open(project.folder)
    other_tab.apply(Decide({train[0]: ("other", "yes")}, by="bob"))

    for edit in (Decide({train[0]: ("other", "no")}, by="ann"), Exclude([train[5]], by="ann")):
        with pytest.raises(StaleError, match=r"bob .*Nothing was written"):
            project.apply(edit, revision=seen)

    assert project.dataset.labels[train[0]] == "yes"
    assert len(project.log) == 1
    other_tab.close()


def test_undo_takes_back_ones_own_last_edit_and_only_the_one_that_was_shown(project, train):
    mine = project.apply(Relabel({train[0]: "yes"}, by="ann"))
    theirs = project.apply(Relabel({train[1]: "yes"}, by="bob"))
    second_tab = Project.open(project.folder)
    later = second_tab.apply(Relabel({train[2]: "yes"}, by="ann", reason="from the second tab"))

    with pytest.raises(StaleError, match=r"would take back .*relabelled 1 example.* now.*Nothing was changed"):
        project.undo("ann", shown=mine.seq)
    assert project.undo("ann", shown=later.seq).target == later.seq
    assert project.undo("ann", shown=mine.seq).target == mine.seq
    with pytest.raises(FlywheelError, match="nothing to undo by 'ann'"):
        project.undo("ann")
    assert project.undoable("bob").seq == theirs.seq
    second_tab.close()
