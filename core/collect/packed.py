"""Packed files: what lies in a gzip or zip file, read in memory.

Nothing is ever unpacked to disk, and no name in an archive is used as a path. What a file unpacks to is limited in all,
in its ratio to what was packed, and in the number of entries; an archive within an archive is not opened.
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from core.collect.errors import ReadError, shown
from core.collect.table import MAX_BYTES
from core.settings import SETTINGS

__all__ = [
    "Archive",
    "holds_sheets",
    "inner_name",
    "is_gzip",
    "is_table_name",
    "is_zip",
    "listed",
    "look_through",
    "open_archive",
    "unpack_gzip",
]

_GZIP = b"\x1f\x8b"
_DIRECTORY_ENTRY = b"PK\x01\x02"
MAX_ENTRIES = SETTINGS.archive_entries
# Tables of numbers pack to a tenth, the most uniform ones to a hundredth; what packs better than this is no table.
MAX_RATIO = SETTINGS.archive_ratio
# Below it any ratio is harmless.
_RATIO_FROM = 64 * 1024**2
_CHUNK = 1 << 20
_TABLES = re.compile(
    r"\.(csv|tsv|tab|txt|data|json|jsonl|ndjson|parquet|pq|arrow|feather|ipc|xlsx|xlsm|xlsb|xls|ods)$", re.IGNORECASE
)
# What systems put into archives unasked.
_LITTER = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)")
_NESTED = "Unpack it once and bring the tables in it."
_BOMB = "If it is a table all the same, unpack it yourself and bring it as Parquet."


def is_gzip(data: bytes) -> bool:
    """Say whether the bytes are packed with gzip."""
    return data.startswith(_GZIP)


def is_zip(data: bytes) -> bool:
    """Say whether the bytes are a zip archive, which a workbook is as well."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@dataclass(frozen=True)
class Archive:
    """A zip archive that was looked through.

    Parameters
    ----------
    tables : sequence of str
        Names of the entries that are taken for tables, in their order.
    notes : sequence of str
        What is left aside.
    """

    tables: Sequence[str]
    notes: Sequence[str]
    _file: zipfile.ZipFile

    def read(self, name: str) -> bytes:
        """Unpack one entry.

        Raises
        ------
        ReadError
            If there is no such table, it is protected by a password, packed in an unknown way, damaged, or an archive.
        """
        if name not in self.tables:
            raise ReadError(f"it holds no table {shown(name)!r}", f"Its tables are {listed(self.tables)}.")
        entry = self._file.getinfo(name)
        if entry.flag_bits & 0x1:
            raise ReadError(f"its entry {shown(name)!r} is protected by a password", "Pack it without one.")
        try:
            with self._file.open(entry) as file:
                data = _limited(file, entry.compress_size)
        except NotImplementedError:
            raise ReadError(
                f"its entry {shown(name)!r} is packed by a method that is not known here",
                "Pack it again as an ordinary zip file.",
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            if isinstance(error, ReadError):
                raise
            raise ReadError(f"its entry {shown(name)!r} is damaged", "Pack or download it again.") from None
        _refuse_nested(data, f"its entry {shown(name)!r}")
        return data


def listed(names: Sequence[str], most: int = 8) -> str:
    """Write names for a sentence, the first few of many."""
    written = ", ".join(repr(shown(name)) for name in names[:most])
    return written + (f" and {len(names) - most:,} more" if len(names) > most else "")


def unpack_gzip(data: bytes) -> bytes:
    """Unpack what gzip packed.

    Raises
    ------
    ReadError
        If it is damaged or cut off, unpacks to too much, or holds an archive again.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = _limited(file, len(data))
    except EOFError:
        raise ReadError("it is packed with gzip, and cut off", "Download or pack it again.") from None
    except (OSError, zlib.error) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError("it is packed with gzip, and damaged", "Download or pack it again.") from None
    _refuse_nested(unpacked, "it")
    return unpacked


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open a zip file, a workbook's as well, if what it says of itself is within the limits.

    Raises
    ------
    ReadError
        If it is damaged, has more than `MAX_ENTRIES` entries, or would unpack to too much.
    """
    # Counted before zipfile makes an object of each: a million of them would take minutes.
    entries = data.count(_DIRECTORY_ENTRY)
    if entries > 2 * MAX_ENTRIES:
        raise _too_many(entries)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise ReadError("it is a damaged ZIP archive or workbook", "Download, pack or save it again.") from None
    found = archive.infolist()
    if len(found) > MAX_ENTRIES:
        raise _too_many(len(found))
    total = sum(entry.file_size for entry in found)
    if total > MAX_BYTES:
        raise ReadError(
            f"it unpacks to {total / 1024**3:,.1f} GB, and at most {MAX_BYTES / 1024**3:.0f} GB can be read", _BOMB
        )
    _check_ratio(total, len(data))
    return archive


def look_through(data: bytes) -> Archive:
    """Look through a zip archive for tables.

    Raises
    ------
    ReadError
        If it can't be opened, a name in it leads out of it, or it holds no table.
    """
    file = open_archive(data)
    entries = [entry for entry in file.infolist() if not entry.is_dir()]
    for entry in file.infolist():
        if _LEADS_OUT.search(entry.filename):
            raise ReadError(
                f"its entry {shown(entry.filename)!r} has a name that leads out of the archive",
                "Pack the files again, without absolute names and '..'.",
            )
    notes = []
    links = [entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
    if links:
        notes.append(f"Links in the archive are not followed: {listed(links)}.")
    files = [entry for entry in entries if entry.filename not in links and not _LITTER.search(entry.filename)]
    names = list(dict.fromkeys(entry.filename for entry in files))
    if len(names) < len(files):
        raise ReadError("several of its entries have one name", "Pack the files again under different names.")
    if "[Content_Types].xml" in names:
        raise ReadError("it is an office document without sheets", "Export the table from it as CSV or Excel.")
    tables = [name for name in names if _TABLES.search(name)] or names
    if not tables:
        raise ReadError("it is a ZIP archive without a table in it", "Pack CSV, JSON, Parquet, Arrow or Excel files.")
    others = [name for name in names if name not in tables]
    if others:
        notes.append(f"In the archive, but no tables: {listed(others)}.")
    return Archive(tables, notes, file)


def inner_name(name: str) -> str:
    """Name of what a gzip file holds: 'x.csv.gz' holds 'x.csv'."""
    return re.sub(r"\.(gz|gzip)$", "", name, flags=re.IGNORECASE)


def _limited(file: IO[bytes] | gzip.GzipFile, packed: int) -> bytes:
    """Read to the end, unless it comes to more than the limits allow."""
    unpacked = io.BytesIO()
    while chunk := file.read(_CHUNK):
        unpacked.write(chunk)
        size = unpacked.tell()
        _check_ratio(size, packed)
        if size > MAX_BYTES:
            raise ReadError(f"it unpacks to more than {MAX_BYTES / 1024**3:.0f} GB", _BOMB)
    return unpacked.getvalue()


def _check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > _RATIO_FROM and unpacked > MAX_RATIO * packed:
        raise ReadError(
            f"it unpacks to more than {MAX_RATIO} times its size, as files do that are made to exhaust memory", _BOMB
        )


def _too_many(entries: int) -> ReadError:
    return ReadError(
        f"it is an archive of {entries:,} entries, and at most {MAX_ENTRIES:,} are looked through",
        "Pack only the tables, or put them together into one.",
    )


def _refuse_nested(data: bytes, what: str) -> None:
    # A workbook is an archive by itself, but holds a table.
    packed = is_gzip(data) or data.startswith(
        (b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd")
    )
    if data[257:262] == b"ustar" or packed or (is_zip(data) and not holds_sheets(data)):
        raise ReadError(f"{what} holds an archive or a packed file in turn, which is not opened", _NESTED)


def holds_sheets(data: bytes) -> bool:
    """Say whether a zip file is a workbook.

    Raises
    ------
    ReadError
        As `open_archive`.
    """
    names = open_archive(data).namelist()
    return any(name.startswith("xl/") for name in names) or "content.xml" in names


def is_table_name(name: str) -> bool:
    """Say whether a name ends like that of a table, or of one that is packed."""
    return bool(_TABLES.search(inner_name(name))) or name.lower().endswith(".zip")
