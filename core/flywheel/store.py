"""The project on disk: a log in SQLite and immutable parquet files named after their content.

What is written is acknowledged only once it is on disk: SQLite runs with a write-ahead log and full synchronisation,
files are written under a temporary name, synchronised and renamed. A process that is killed at any moment loses nothing
that was acknowledged; what it left half done is dropped when the project is opened, and said.

A folder that can't be written is opened for reading.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import FlywheelError
from core.flywheel.blob_uses import named_blobs, told
from core.flywheel.confirmed import NOTE, counts, missing, read_note, write_note
from core.flywheel.tables import TABLES, connect, table_names
from core.flywheel.unfinished import Frames, drop_unfinished, read_frames

__all__ = ["FORMAT", "Store", "StoreError", "now", "sync_folder"]

FORMAT = 1
# Frames kept in memory, so that a page that is drawn again reads none, unless one takes so many bytes: such data is
# held by what is made of it, and would lie there twice.
_KEPT_FRAMES, _KEPT_BYTES = 8, 128 * 1024**2


class StoreError(FlywheelError):
    """The project folder can't be read or written."""


class Store:
    """One project folder.

    Parameters
    ----------
    folder : Path
        Holds ``project.sqlite`` and ``blobs/``.
    create : bool
        Make the folder, for its owner alone; it must not hold a project yet.

    Attributes
    ----------
    lock : threading.RLock
        The one lock of a project: `Project` and `Ledger` hold the same, so that no two of them can wait for each other.
    read_only : bool
        Whether the folder can only be read; every write is refused then.
    said : list of str
        What was found on opening, in sentences: what was dropped, what is missing, and that nothing can be written.
    lost : str
        Of these, the one that says what was confirmed and is missing; empty if all of it is there.

    Raises
    ------
    StoreError
        If there is no project where one should be, or one where none should be.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = Path(folder)
        self._path = self.folder / "project.sqlite"
        # Whoever derives something from the store holds it as well: two locks could be taken in two orders.
        self.lock = threading.RLock()
        self.read_only = False
        self.said: list[str] = []
        self.lost = ""
        # Moves the write-ahead log into the database, see `_move`.
        self._mover: threading.Thread | None = None
        self._unmoved = False
        self._moving = threading.Lock()
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._writes = False
        self._made = False
        self._frames: OrderedDict[str, pd.DataFrame] = OrderedDict()
        if create:
            if self._path.exists():
                raise StoreError(
                    f"A new project needs a folder without one. '{self.folder.name}' holds a project already. "
                    "Open it, or choose another folder."
                )
            self._made = not self.folder.exists()
            try:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.folder.mkdir(mode=0o700, exist_ok=True)
                (self.folder / "blobs").mkdir(exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"The folder '{self.folder.name}' can't be made ({error.strerror}). Choose another place."
                ) from error
        elif not self._path.is_file():
            raise StoreError(f"There is no project in '{self.folder.name}'. Choose one from the list of projects.")
        try:
            if create or (os.access(self._path, os.W_OK) and os.access(self.folder, os.W_OK | os.X_OK)):
                self._open()
            else:
                self._open_to_read()
        except (sqlite3.Error, OSError) as error:
            if hasattr(self, "_connection"):
                self.close()
            raise StoreError(
                f"The project file in '{self.folder.name}' can't be read ({error}). Restore the folder from a copy."
            ) from error

    def _open(self) -> None:
        frames = read_frames(self._wal)
        self._connection = connect(self._path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        lost = self._lost()
        if lost:
            self.said.append(lost)
        elif self._dropped(frames):
            self.said.append(
                "The app was ended in the midst of a change that was not confirmed yet: that one was dropped. "
                "Everything that was confirmed is there."
            )
        self._connection.executescript(TABLES)
        if dropped := drop_unfinished(self.folder):
            files = "1 file that was" if dropped == 1 else f"{dropped:,} files that were"
            self.said.append(
                f"{files} being written when the app was ended {'was' if dropped == 1 else 'were'} dropped. "
                "Nothing that was confirmed was in there."
            )

    @property
    def _wal(self) -> Path:
        return self._path.with_name(self._path.name + "-wal")

    def _lost(self) -> str:
        """Say what was confirmed and is not there; empty if all of it is."""
        ask = self._connection.execute
        if "log" not in table_names(self._connection):
            return ""
        # The note first: in another process it goes on while this one reads.
        noted, given = read_note(self.folder), counts(ask)
        # The log has no gaps: entries that were on a damaged page count as well.
        ((entries,),) = ask("SELECT COUNT(*) FROM log")
        confirmed = {name: max(number, given.get(name, 0)) for name, number in (given | noted).items()}
        self.lost = missing(confirmed, given | {"log": entries})
        if self.lost:
            ((sound,),) = ask("PRAGMA quick_check(1)")
            self.lost += "" if sound == "ok" else f" What is left of the file is damaged, too ({sound})."
        return self.lost

    def _dropped(self, frames: Frames | None) -> bool:
        """Whether SQLite left out the end of the write-ahead log that it found; it does so without a word."""
        if frames is None:
            return False
        ((_, used, _),) = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        # Another one may be open in another process, and write.
        return frames.number > used and read_frames(self._wal) == frames

    def _open_to_read(self) -> None:
        """Open a folder that can't be written: in its place if SQLite can do that, otherwise a copy of its log."""
        self.read_only = True
        self.said.append(
            f"The folder '{self.folder.name}' can be read, but not written: the project can be looked at, not changed."
        )
        try:
            self._connection = connect(f"file:{quote(str(self._path.absolute()))}?mode=ro")
            wanted = set(table_names(connect(":memory:", TABLES)))
            if wanted <= set(table_names(self._connection)):
                self.said += filter(None, [self._lost()])
                return
            self._connection.close()
        except sqlite3.OperationalError:
            # Nobody has it open, and reading a write-ahead log takes a file beside it that can't be made.
            self._connection.close()
        self._copy = tempfile.TemporaryDirectory(prefix="flywheel-", ignore_cleanup_errors=True)
        copied = Path(self._copy.name) / self._path.name
        for suffix in ("", "-wal"):
            source = self._path.with_name(self._path.name + suffix)
            if source.exists():
                shutil.copyfile(source, copied.with_name(copied.name + suffix))
        self._connection = connect(copied, TABLES)
        self.said += filter(None, [self._lost()])
        self._connection.execute("PRAGMA query_only=ON")

    def close(self) -> None:
        """Close the file; the store can't be used afterwards."""
        self.settle()
        self._connection.close()
        if self._copy is not None:
            self._copy.cleanup()

    def settle(self) -> None:
        """Wait until what was written has moved out of the write-ahead log, as it does by itself in a moment."""
        mover = self._mover
        if mover is not None:
            mover.join()

    def discard(self) -> None:
        """Close and remove a project that could not be filled, and its folder if it was made for it."""
        self.close()
        if self._made:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        (self.folder / NOTE).unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one right to write; what happens inside is on disk together, or not at all.

        Raises
        ------
        StoreError
            If it could not be written. Nothing was changed then.
        """
        with self.lock:
            if self.read_only:
                raise self._refusal()
            if self._writes:
                yield
                return
            self._writes = True
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
                self._confirm()
            except BaseException as error:
                if self._connection.in_transaction:
                    # On a full disk SQLite may have rolled back by itself, or fail to: the error that counts is the
                    # first one, and what was not committed is gone in any case.
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise StoreError(
                        f"The project in '{self.folder.name}' could not be written ({error}). "
                        "Nothing was changed. Check the disk and try again."
                    ) from error
                raise
            finally:
                self._writes = False

    def _confirm(self) -> None:
        """Note how far what is on disk goes, and have it moved out of the write-ahead log; neither can fail a write."""
        with suppress(sqlite3.Error, OSError):
            write_note(self.folder, counts(self._connection.execute))
        with self._moving:
            self._unmoved = True
            if self._mover is None or not self._mover.is_alive():
                mover = threading.Thread(target=self._move, name="moves the log", daemon=True)
                # Where no thread can be had any more, the log stays where it is.
                with suppress(RuntimeError):
                    mover.start()
                    self._mover = mover

    def _move(self) -> None:
        """Move the write-ahead log into the database, so that it is the only home of nothing for longer than a moment.

        On a connection of its own, beside the work: to wait for it would make a decision a third slower.
        """
        while True:
            with self._moving:
                if not self._unmoved:
                    self._mover = None
                    return
                self._unmoved = False
            # Where that fails, what was confirmed stays in the log, which is on disk as well.
            with suppress(sqlite3.Error), closing(connect(f"{self._path.absolute().as_uri()}?mode=rw")) as own:
                # While it waits for readers nobody else can write.
                own.execute("PRAGMA busy_timeout=1000")
                own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def execute(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows.

        Raises
        ------
        StoreError
            If the file can't be read.
        """
        with self.lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                if self._writes:
                    raise
                if self.read_only and getattr(error, "sqlite_errorname", "").startswith("SQLITE_READONLY"):
                    raise self._refusal() from error
                raise StoreError(
                    f"The project file in '{self.folder.name}' can't be read ({error}). Restore the folder from a copy."
                ) from error

    def insert(self, table: str, row: Mapping[str, Any]) -> int:
        """Insert one row and return its number. Table and column names are the program's own, never a user's."""
        with self.lock:
            marks = ", ".join("?" * len(row))
            sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            return int(self._connection.execute(sql, tuple(row.values())).lastrowid or 0)

    def _refusal(self) -> StoreError:
        return StoreError(
            f"The project in '{self.folder.name}' can't be changed: its folder can be read, but not written. Nothing "
            "was changed. Give the app the right to write there, or copy the folder into the workspace."
        )

    # --- small values ----------------------------------------------------------------------------------------

    def get(self, key: str, default: Any = None) -> Any:
        """Read one value that was `put`."""
        rows = self.execute("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else default

    def put(self, key: str, value: Any) -> None:
        """Keep one JSON value under a key."""
        self.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, json.dumps(value, ensure_ascii=False)),
        )

    # --- frames ----------------------------------------------------------------------------------------

    def write_frame(self, frame: pd.DataFrame) -> str:
        """Write a frame durably and return its name, the SHA-256 of the file.

        Raises
        ------
        StoreError
            If it could not be written; no part of it is left.
        """
        if self.read_only:
            raise self._refusal()
        content = _parquet(frame)
        name = hashlib.sha256(content).hexdigest()
        path = self._blob(name)
        if path.is_file() and path.read_bytes() == content:
            return name
        temporary = path.with_name(f".{name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise StoreError(
                f"The data could not be written to '{self.folder.name}' ({error.strerror}). "
                "Nothing was changed. Free some space or check the rights, and try again."
            ) from error
        return name

    def read_frame(self, name: str) -> pd.DataFrame:
        """Read a frame and check it against its name; the last few that are not large are kept in memory.

        Raises
        ------
        StoreError
            If the file is missing or its content is not what was written; the message says what the file holds and
            what can still be used.
        """
        with self.lock:
            if name in self._frames:
                self._frames.move_to_end(name)
                return self._frames[name].copy(deep=False)
        try:
            content = self._blob(name).read_bytes()
        except OSError as error:
            raise self.damage(name, "is missing") from error
        if hashlib.sha256(content).hexdigest() != name:
            raise self.damage(name, "was changed since it was written")
        table = _whole(pq.read_table(pa.BufferReader(content)))
        size = table.nbytes
        # Each form of the content goes as soon as the next is there: a large one is held once, not three times.
        del content
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
        del table
        if size > _KEPT_BYTES:
            return frame
        with self.lock:
            self._frames[name] = frame
            while len(self._frames) > _KEPT_FRAMES:
                self._frames.popitem(last=False)
        return frame.copy(deep=False)

    def damaged(self) -> list[StoreError]:
        """Read every file that the project names, and its log; say of each that is damaged what it was for."""
        found: list[StoreError] = []
        ((problem,),) = self.execute("PRAGMA quick_check(1)")
        if problem != "ok":
            found.append(StoreError(f"The log of the project '{self.folder.name}' is damaged ({problem})."))
        for name in named_blobs(self.execute):
            path = self._blob(name)
            if not path.is_file():
                found.append(self.damage(name, "is missing"))
            elif sha256_of(path) != name:
                found.append(self.damage(name, "was changed since it was written"))
        return found

    def damage(self, name: str, what: str) -> StoreError:
        """The error that says of a file what is wrong, what it holds, and what can be used without it."""
        uses = told(named_blobs(self.execute).get(name, []))
        return StoreError(
            f"The file 'blobs/{name[:12]}….parquet' of the project '{self.folder.name}' {what}. {uses} "
            "Restore it from a backup, or from a copy of the folder.".replace("  ", " ")
        )

    def copy_database(self, path: Path) -> None:
        """Write ``project.sqlite`` as it is at this moment to one new file, without a write-ahead log beside it."""
        with self.lock, closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")

    def _blob(self, name: str) -> Path:
        return self.folder / "blobs" / f"{name}.parquet"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parquet(frame: pd.DataFrame) -> bytes:
    """Write a frame with its index. Numbers hardly repeat: dictionaries of them take time and save nothing."""
    texts = [str(name) for name, kind in frame.dtypes.items() if pd.api.types.is_string_dtype(kind)]
    buffer = io.BytesIO()
    pq.write_table(_table(frame), buffer, compression="zstd", use_dictionary=texts or False)
    return buffer.getvalue()


def _table(frame: pd.DataFrame) -> pa.Table:
    if isinstance(frame.index, pd.RangeIndex | pd.MultiIndex) or frame.empty:
        return pa.Table.from_pandas(frame, preserve_index=True)
    # pyarrow asks each column for attributes, for which pandas looks among the ids: a hash table of them for nothing.
    columns = pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    like = pa.Table.from_pandas(frame.head(1), preserve_index=True).schema
    ids = pa.Array.from_pandas(frame.index)
    return columns.append_column(like.names[-1], ids).replace_schema_metadata(like.metadata)


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sync_folder(folder: Path) -> None:
    """Make a rename durable; systems that can't open folders keep it by themselves."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(table: pa.Table) -> pa.Table:
    """A table whose texts are in one piece each: of several, pandas joins them all for every few rows that it takes."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            table = table.set_column(place, field, table.column(place).combine_chunks())
    return table
