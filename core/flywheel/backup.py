"""A project as one file, and back: everything in it with its hash, verified as it is restored.

A backup is a zip file: a manifest, ``project.sqlite`` as it was at one moment, and the blobs that it names. It is read
as a file from a stranger: names, sizes and hashes are checked before and while it is unpacked, into a folder that is a
project only once all of it was found sound. It never replaces a project: it becomes another one, which says that it is
a copy and of when.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import secrets
import shutil
import sqlite3
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core import wording
from core.collect import shown
from core.errors import FlywheelError
from core.flywheel import family
from core.flywheel.blob_uses import mentioned_blobs, named_blobs
from core.flywheel.errors import ProjectError
from core.flywheel.family import Origin
from core.flywheel.store import FORMAT, now
from core.flywheel.tables import table_columns
from core.flywheel.workspace import new_folder
from core.progress import Cancel, Cancelled, Progress, Steps
from core.settings import SETTINGS

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["BackupError", "Restored", "back_up", "backup_name", "restore_backup", "restored_from"]

MB = 1024**2
MOST_BYTES = SETTINGS.backup_mb * MB
_KIND = "data flywheel backup"
_MANIFEST, _DATABASE = "manifest.json", "project.sqlite"
_BLOB = re.compile(r"blobs/([0-9a-f]{64})\.parquet")
_MOST_FILES = 100_000
_MOST_MANIFEST = 64 * MB
_CHUNK = MB
_DIRECTORY_ENTRY = re.compile(rb"PK\x01\x02")
_UNDER_WAY = ".restoring-"
_DAY = 24 * 3600
_AGAIN = "Nothing was restored. Take another backup."


class BackupError(ProjectError):
    """A backup can't be made or restored."""


@dataclass(frozen=True)
class Restored:
    """What a restored project is a copy of.

    Attributes
    ----------
    at : str
        When it was restored.
    made : str
        When the backup was made.
    project : str
        Folder of the project that was backed up.
    entries, turns : int
        What the log and the ledger held then.
    """

    at: str
    made: str
    project: str
    entries: int
    turns: int

    @property
    def sentence(self) -> str:
        """What the screen says of it."""
        return (
            f"A copy, restored from a backup of {self.made[:16].replace('T', ' ')} UTC of the project "
            f"'{self.project}'. Of its log {wording.count(self.entries, 'entry', 'entries')} and of its ledger "
            f"{wording.count(self.turns, 'turn')} are from then."
        )


def restored_from(project: Project) -> Restored | None:
    """What a project is a copy of, if it was restored from a backup; the last one, if that was one in turn."""
    known = project.store.get("restored", [])
    return Restored(**known[-1]) if known else None


def backup_name(project: Project) -> str:
    """A name for the file: which project, when."""
    return f"{project.id}-{now()[:19].replace(':', '').replace('-', '').replace('T', '-')}.zip"


# --- making ---------------------------------------------------------------------------------------------------------


def back_up(project: Project, path: str | Path, progress: Progress | None = None, cancel: Cancel | None = None) -> Path:
    """Write a project as it is now to one file. Others may go on working meanwhile.

    Parameters
    ----------
    project : Project
    path : path
        Of the file; it must not be there yet. It is there once it is whole.
    progress, cancel
        See `core.progress`.

    Raises
    ------
    BackupError
        If there is such a file already, or it can't be written.
    StoreError
        If a file of the project is damaged: a backup of it would not be one.
    Cancelled
        If it was cancelled; no file is left.
    """
    path, store = Path(path), project.store
    if path.exists():
        raise BackupError(f"A backup never replaces a file. '{path.name}' is there already. Choose another name.")
    version, entries = project.dataset.version, len(project.log)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not store.read_only:
            # What is restored from it is of one family with this project: one seal, and looks at one test set.
            with store.writing():
                family.enrol(project)
        with tempfile.TemporaryDirectory(prefix="flywheel-") as folder:
            database = Path(folder) / _DATABASE
            store.copy_database(database)
            with closing(sqlite3.connect(database)) as copied:
                said = mentioned_blobs(lambda sql: copied.execute(sql).fetchall())
                there = {name for name in said if (store.folder / "blobs" / f"{name}.parquet").is_file()}
                names = sorted(there | set(named_blobs(lambda sql: copied.execute(sql).fetchall())))
                ((logged, turns),) = copied.execute(
                    "SELECT (SELECT COUNT(*) FROM log), (SELECT COUNT(*) FROM turns WHERE baseline = "
                    "(SELECT value FROM meta WHERE key = 'baseline'))"
                )
            steps = Steps(len(names) + 2, progress, cancel)
            files: dict[str, dict[str, Any]] = {}
            with zipfile.ZipFile(temporary, "x", zipfile.ZIP_STORED) as archive:
                steps.start("writing the log")
                files[_DATABASE] = _add(archive, database, _DATABASE, compress=True)
                for number, name in enumerate(names, start=1):
                    steps.start(f"writing file {number:,} of {len(names):,}")
                    inside = f"blobs/{name}.parquet"
                    if not (store.folder / inside).is_file():
                        raise store.damage(name, "is missing")
                    files[inside] = _add(archive, store.folder / inside, inside, compress=False)
                    if files[inside]["sha256"] != name:
                        raise store.damage(name, "was changed since it was written")
                manifest = {
                    "kind": _KIND,
                    "format": FORMAT,
                    "project": project.id,
                    "name": project.name,
                    "made": now(),
                    "entries": logged,
                    "turns": turns,
                    # What the log replays to; told only if nobody wrote between the two looks.
                    "version": version if logged == entries else None,
                    "files": files,
                }
                archive.writestr(
                    zipfile.ZipInfo(_MANIFEST), json.dumps(manifest, ensure_ascii=False), zipfile.ZIP_DEFLATED
                )
            steps.start("waiting for the disk")
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            steps.finish()
    except OSError as error:
        raise BackupError(
            f"The backup '{path.name}' can't be written ({error.strerror}). Free some space or choose another place."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _add(archive: zipfile.ZipFile, source: Path, name: str, *, compress: bool) -> dict[str, Any]:
    """Put a file into the archive and say what was put there."""
    digest, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    with source.open("rb") as file, archive.open(entry, "w", force_zip64=True) as target:
        while chunk := file.read(_CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"bytes": size, "sha256": digest.hexdigest()}


# --- restoring ------------------------------------------------------------------------------------------------------


def restore_backup(
    path: str | Path, workspace: Path, progress: Progress | None = None, cancel: Cancel | None = None
) -> Path:
    """Make a project of a backup, in a new folder of the workspace.

    Parameters
    ----------
    path : path
    workspace : Path
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Path
        The folder of the new project. It has another id than the one that was backed up, and says what it is a copy of.

    Raises
    ------
    BackupError
        If the file is no backup, or not as it was written, or would take too much; the workspace is as before.
    Cancelled
        If it was cancelled; the workspace is as before.
    """
    # Brings in the whole core.
    from core.flywheel.project import Project

    _sweep(workspace)
    with _opened(Path(path)) as archive:
        manifest = _manifest(archive)
        files: dict[str, Any] = manifest["files"]
        _check_room(workspace, sum(each["bytes"] for each in files.values()))
        steps = Steps(len(files) + 2, progress, cancel)
        building, whole = workspace / f"{_UNDER_WAY}{secrets.token_hex(8)}", False
        try:
            (building / "blobs").mkdir(parents=True)
            building.chmod(0o700)
            for number, name in enumerate(files, start=1):
                steps.start(f"restoring file {number:,} of {len(files):,}")
                # The name was matched against what a backup holds: it leads nowhere else.
                _unpack(archive, name, files[name], building / name)
            steps.start("checking the log")
            _check_database(building / _DATABASE)
            steps.start("replaying the log")
            project = Project.open(building)
            try:
                for blob in named_blobs(project.store.execute):
                    if f"blobs/{blob}.parquet" not in files:
                        raise BackupError(f"The backup lacks 'blobs/{shown(blob, 12)}', which its log names. {_AGAIN}")
                mark = project.store.get("family")
                if mark is not None and not re.fullmatch("[0-9a-f]{32}", str(mark)):
                    raise BackupError(f"The project in the backup is of no family that could be. {_AGAIN}")
                if [entry.seq for entry in project.log] != list(range(1, manifest["entries"] + 1)):
                    raise BackupError(f"The log of the backup is not as long as its manifest says. {_AGAIN}")
                if manifest["version"] is not None and project.dataset.version != manifest["version"]:
                    raise BackupError(f"The log of the backup does not lead to the data it was made of. {_AGAIN}")
                copy = {"at": now()} | {key: manifest[key] for key in ("made", "project", "entries", "turns")}
                _make_branch(project, manifest, copy)
            finally:
                project.close()
            folder = new_folder(workspace, manifest["name"])
            building.replace(folder)
            building = folder
            _enrol(folder)
            whole = True
        except (BackupError, Cancelled):
            raise
        except OSError as error:
            raise BackupError(
                f"The project can't be restored ({error.strerror}). Free some space or check the rights."
            ) from error
        except Exception as error:
            # Entries that were made up can fail in any way as they are replayed.
            raise BackupError(
                f"The log of the backup can't be read ({shown(error) or type(error).__name__}). {_AGAIN}"
            ) from error
        finally:
            if not whole:
                shutil.rmtree(building, ignore_errors=True)
    steps.finish()
    return folder


def _enrol(folder: Path) -> None:
    from core.flywheel.project import Project

    with closing(Project.open(folder)) as project, project.store.writing():
        family.enrol(project)


def _make_branch(project: Project, manifest: dict[str, Any], copy: dict[str, Any]) -> None:
    """Note what the copy is: a branch of the project that was backed up, from its last turn of then on."""
    store = project.store
    came = Origin(
        project=manifest["project"],
        name=manifest["name"],
        revision=manifest["entries"],
        turn=manifest["turns"] - 1,
        at=copy["at"],
        by="",
        looks=len(family.looks(project)),
    )
    ((shared,),) = store.execute("SELECT COUNT(*) FROM turns")
    values = {"branched_from": asdict(came), "shared": shared, "restored": [*store.get("restored", []), copy]}
    with store.writing():
        for key, value in values.items():
            store.put(key, value)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        _check_entries(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"'{shown(path.name)}' is no backup, or a damaged one. {_AGAIN}") from error
    except OSError as error:
        raise BackupError(f"'{shown(path.name)}' can't be read ({error.strerror}). {_AGAIN}") from error


def _check_entries(path: Path) -> None:
    """Count the entries before an object is made of each: a file of some megabytes can name a million."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise BackupError(f"'{shown(path.name)}' is empty. {_AGAIN}")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for number, _ in enumerate(_DIRECTORY_ENTRY.finditer(content)):
                if number > 2 * _MOST_FILES:
                    raise BackupError(f"A backup holds at most {_MOST_FILES:,} files. This one holds more. {_AGAIN}")


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read the manifest and hold the archive against it, before anything is unpacked."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if _MANIFEST not in names:
        raise BackupError(f"A backup begins with its {_MANIFEST}. This file has none: it is no backup. {_AGAIN}")
    for entry in entries:
        if entry.filename not in (_MANIFEST, _DATABASE) and not _BLOB.fullmatch(entry.filename):
            raise BackupError(f"A backup holds no file named '{shown(entry.filename)}'. {_AGAIN}")
        if entry.is_dir() or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BackupError(f"A backup holds files alone. '{shown(entry.filename)}' is a link or a folder. {_AGAIN}")
        if entry.flag_bits & 0x1:
            raise BackupError(f"A backup has no password. '{shown(entry.filename)}' is protected by one. {_AGAIN}")
    if len(set(names)) < len(names):
        raise BackupError(f"A backup holds each file once. Some are in this one twice. {_AGAIN}")
    if archive.getinfo(_MANIFEST).file_size > _MOST_MANIFEST:
        raise BackupError(f"The manifest of the backup is far too large. {_AGAIN}")
    try:
        manifest = json.loads(archive.read(_MANIFEST))
        _check_manifest(manifest)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, FlywheelError):
            raise
        raise BackupError(f"The manifest of the backup is damaged. {_AGAIN}") from error
    files = manifest["files"]
    if set(files) | {_MANIFEST} != set(names):
        odd = sorted((set(files) | {_MANIFEST}) ^ set(names))[0]
        raise BackupError(f"The files of the backup are not those of its manifest, first '{shown(odd)}'. {_AGAIN}")
    total = sum(each["bytes"] for each in files.values())
    if total > MOST_BYTES:
        raise BackupError(
            f"A backup may unpack to {MOST_BYTES // MB:,} MB (the setting backup_mb). This one says {total // MB:,} MB."
        )
    for name, each in files.items():
        if archive.getinfo(name).file_size != each["bytes"]:
            raise BackupError(f"'{name}' in the backup is not as long as its manifest says. {_AGAIN}")
    return dict(manifest)


def _check_manifest(manifest: dict[str, Any]) -> None:
    if manifest["kind"] != _KIND:
        raise ValueError("another kind")
    if manifest["format"] != FORMAT:
        raise BackupError(
            f"The backup was written in format {shown(manifest['format'])}, this app reads {FORMAT}. "
            "Restore it with the version of the app that wrote it."
        )
    texts = [manifest[key] for key in ("project", "name", "made")]
    numbers = [manifest[key] for key in ("entries", "turns")]
    numbers += [each["bytes"] for each in manifest["files"].values()]
    hashes = [each["sha256"] for each in manifest["files"].values()]
    sound = all(isinstance(text, str) and len(text) <= 500 for text in texts)
    sound &= all(type(number) is int and number >= 0 for number in numbers)
    sound &= all(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text) for text in hashes)
    sound &= manifest["version"] is None or isinstance(manifest["version"], str)
    if not sound or _DATABASE not in manifest["files"]:
        raise ValueError("values that can't be")


def _check_room(workspace: Path, total: int) -> None:
    workspace.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(workspace).free
    if total > free:
        raise BackupError(
            f"The backup takes {total / MB:,.0f} MB once it is restored, and {free / MB:,.0f} MB are free. "
            "Nothing was restored. Free some space."
        )


def _unpack(archive: zipfile.ZipFile, name: str, wanted: dict[str, Any], target: Path) -> None:
    """Unpack one file as far as the manifest says, and hold it against its hash."""
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        # What its own checksum finds is found by the hash as well.
        with suppress(zipfile.BadZipFile, zlib.error, EOFError), archive.open(name) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > wanted["bytes"]:
                    break
                digest.update(chunk)
                file.write(chunk)
        _sync(file)
    blob = _BLOB.fullmatch(name)
    if size != wanted["bytes"] or digest.hexdigest() != wanted["sha256"] or (blob and blob[1] != wanted["sha256"]):
        raise BackupError(f"'{name}' in the backup was changed since it was written. {_AGAIN}")


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _check_database(path: Path) -> None:
    """Let nothing in that is no log of a project: no table but its own, and nothing that acts by itself."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA trusted_schema=OFF")
        database.execute("PRAGMA cell_size_check=ON")
        ((sound,),) = database.execute("PRAGMA integrity_check(1)").fetchall()
        if sound != "ok":
            raise BackupError(f"The log of the backup is damaged ({sound}). {_AGAIN}")
        own, found = table_columns(), table_columns(database)
        for table, columns in found.items():
            if own.get(table) != columns:
                raise BackupError(f"The log of the backup has a table '{shown(table)}' that no project has. {_AGAIN}")
        others = database.execute(
            "SELECT name FROM sqlite_master WHERE NOT (type = 'table' AND sql LIKE 'CREATE TABLE %') "
            "AND NOT (type = 'index' AND sql IS NULL)"
        ).fetchall()
        if others:
            raise BackupError(f"The log of the backup holds '{shown(others[0][0])}', which no project has. {_AGAIN}")
        if not {"meta", "log", "turns"} <= set(found):
            raise BackupError(f"The log of the backup is none of a project. {_AGAIN}")


def _sweep(workspace: Path) -> None:
    """Remove what a restore that was killed left behind, a day after."""
    for left in workspace.glob(f"{_UNDER_WAY}*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > _DAY:
            shutil.rmtree(left, ignore_errors=True)
