"""Reading a file of any known kind into one frame that the rest of the app can rely on.

What a file is, its content says before its name: people rename files, and programs write CSV into ".xls".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from core.collect.columnar import read_arrow, read_parquet
from core.collect.columns import unique_names
from core.collect.delimited import read_delimited
from core.collect.documents import read_json
from core.collect.encoding import to_utf8
from core.collect.errors import ReadError, shown
from core.collect.packed import holds_sheets, inner_name, is_gzip, is_zip, listed, look_through, unpack_gzip
from core.collect.table import MAX_BYTES, RawTable, limit_columns, limit_rows
from core.collect.workbook import read_workbook, sheet_names
from core.memory import MemoryLimitError, check_memory

__all__ = ["list_members", "list_sheets", "read_table"]

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[Any]

# A file of ten thousand columns without names would have as many.
MAX_NOTES = 50
_BRING = "Bring CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel."
# First bytes of files that hold no table, or hold it packed, and what to say of them.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xfd7zXZ", "it is packed with xz", "Unpack it first."),
    (b"BZh", "it is packed with bzip2", "Unpack it first."),
    (b"7z\xbc\xaf", "it is a 7z archive", "Unpack it first."),
    (b"Rar!\x1a\x07", "it is a RAR archive", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "it is packed with zstd", "Unpack it first."),
    (b"%PDF-", "it is a PDF", "Export the table from it as CSV or Excel."),
    (b"\x89PNG", "it is an image", _BRING),
    (b"\xff\xd8\xff", "it is an image", _BRING),
    (b"GIF89a", "it is an image", _BRING),
    (b"SQLite format 3", "it is an SQLite database", "Export the table from it as CSV."),
    (b"\x80\x04", "it is a Python pickle, which could run code when it is loaded", "Write it as Parquet or CSV."),
    (b"\x80\x05", "it is a Python pickle, which could run code when it is loaded", "Write it as Parquet or CSV."),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|\?xml|svg)\b", re.IGNORECASE)
_JSON_NAMES = {".json", ".jsonl", ".ndjson"}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]\d-])')


def read_table(
    source: Source, *, name: str | None = None, sheet: str | int | None = None, member: str | None = None
) -> pd.DataFrame:
    r"""Read a table from a file, whatever its format, encoding and delimiter.

    Parameters
    ----------
    source : path, bytes or file object
        CSV, TSV and their kin, JSON, JSON Lines, Parquet, Arrow, Excel or OpenDocument, as it is or packed with gzip or
        in a zip archive.
    name : str, optional
        Name of the file: used in messages, and for the format where the content leaves it open. By default the name of
        the path or file object.
    sheet : str or int, optional
        Sheet of a workbook, by name or position; by default the first one that holds anything.
    member : str, optional
        Which of the tables in a zip archive to read, as `list_members` names them; not needed where there is one.

    Returns
    -------
    DataFrame of shape (n, columns)
        Unique names of columns, a ``RangeIndex``, and the dtypes int64, float64, bool, datetime64[us] and str only.
        Blank cells are missing, rows without any value left out. ``frame.attrs["notes"]`` lists what was changed or
        decided on the way, in sentences.

    Raises
    ------
    ReadError
        If it can't be read; the message says what, where and how to mend it.

    Examples
    --------
    >>> frame = read_table("이름;나이\n민수;31\n지영;".encode("cp949"), name="people.csv")
    >>> frame.to_dict("list")
    {'이름': ['민수', '지영'], '나이': [31.0, nan]}
    >>> frame.attrs["notes"]
    ['The text is encoded in CP949.']
    """
    with _one_sentence(name or _name_of(source)) as label:
        check_memory()
        return _finish(_unpack_and_read(_bytes_of(source), label, sheet, member))


def list_members(source: Source, *, name: str | None = None) -> list[str]:
    """Return the names of the tables in a zip archive, or an empty list for every other kind of file.

    Raises
    ------
    ReadError
        If the file can't be read, or is an archive that can't be opened.
    """
    with _one_sentence(name or _name_of(source)):
        if not is_zip(_start_of(source)):
            return []
        data = _bytes_of(source)
        return [] if holds_sheets(data) else list(look_through(data).tables)


def list_sheets(source: Source, *, name: str | None = None, member: str | None = None) -> list[str]:
    """Return the names of the sheets of a workbook, or an empty list for every other kind of file.

    Raises
    ------
    ReadError
        If the file can't be read, or is a workbook that can't be opened.
    """
    with _one_sentence(name or _name_of(source)):
        start = _start_of(source)
        if not (is_zip(start) or start.startswith(_OLD_OFFICE)):
            return []
        data = _bytes_of(source)
        if member is not None:
            data = look_through(data).read(member)
        return sheet_names(data) if _is_workbook(data) else []


@contextmanager
def _one_sentence(name: str) -> Iterator[str]:
    """Turn whatever is raised over a file into one sentence that names it."""
    try:
        yield name
    except ReadError as error:
        raise _named(error, name) from None
    except MemoryLimitError:
        raise
    except MemoryError:
        raise _named(ReadError("it needs more memory than there is", "Bring a part of it."), name) from None
    except RecursionError:
        raise _named(
            ReadError("its values are nested too deeply", "Write them in columns of their own."), name
        ) from None
    except Exception as error:
        # Hostile bytes make libraries raise what they don't document.
        raise _named(ReadError(f"it is damaged ({type(error).__name__})", f"Write it again. {_BRING}"), name) from error


def _named(error: ReadError, name: str) -> ReadError:
    source = f"'{shown(Path(name).name or name)}'" if name else "The file"
    return ReadError(error.what, error.remedy, line=error.line, source=source)


def _name_of(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    own = getattr(source, "name", None)
    return own if isinstance(own, str) else ""


def _bytes_of(source: Source) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif isinstance(source, str | os.PathLike):
        data = _bytes_at(Path(source))
    elif hasattr(source, "read"):
        content = _content(source)
        data = content.encode("utf-8", errors="replace") if isinstance(content, str) else bytes(content)
    else:
        raise ReadError(
            f"a table is read from a path, bytes or a file object, not from {type(source).__name__}",
            "Pass one of them.",
        )
    if not data:
        raise ReadError("it is empty", "Bring a file with a line of column names and at least one row.")
    _check_size(len(data))
    return data


def _start_of(source: Source) -> bytes:
    """The first bytes, which say whether there is more to look at; a large file is not read for them."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if not path.is_file():
            return _bytes_at(path)
        with path.open("rb") as file:
            return file.read(len(_OLD_OFFICE))
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source[: len(_OLD_OFFICE)])
    return _bytes_of(source)


def _content(file: IO[Any]) -> Any:
    """Read a file object and go back to where it was, so that it can be read again."""
    if not (hasattr(file, "seekable") and file.seekable()):
        return file.read()
    place = file.tell()
    content = file.read()
    file.seek(place)
    return content


def _bytes_at(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ReadError("it is a folder", "Name a file in it.")
        _check_size(path.stat().st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, ReadError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"it can't be opened ({reason})", "Check the path and the right to read it.") from None


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ReadError(
            f"it has {size / 1024**3:.1f} GB, and at most {MAX_BYTES / 1024**3:.0f} GB can be read",
            "Bring a part of it, or write it as Parquet.",
        )


def _unpack_and_read(data: bytes, name: str, sheet: str | int | None, member: str | None) -> RawTable:
    """Read a file as it is, or what is packed in it."""
    if is_gzip(data):
        return _read(unpack_gzip(data), inner_name(name), sheet)
    if not is_zip(data) or holds_sheets(data):
        return _read(data, name, sheet)
    archive = look_through(data)
    if member is None:
        if len(archive.tables) > 1:
            raise ReadError(
                f"it holds {len(archive.tables):,} tables: {listed(archive.tables)}", "Say which of them to read."
            )
        (member,) = archive.tables
    content = archive.read(member)
    try:
        table = _read(content, member, sheet)
    except ReadError as error:
        raise ReadError(f"'{shown(member)}' in it: {error.what}", error.remedy, line=error.line) from None
    return replace(table, notes=[*table.notes, *archive.notes])


def _read(data: bytes, name: str, sheet: str | int | None) -> RawTable:
    if data.startswith(b"PAR1"):
        return read_parquet(data)
    if data.startswith((b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")):
        return read_arrow(data)
    if _is_workbook(data):
        return read_workbook(data, sheet)
    if not data:
        raise ReadError("it is empty", "Bring a file with a line of column names and at least one row.")
    for start, what, remedy in _OTHERS:
        if data.startswith(start):
            raise ReadError(what, remedy)
    text, encoding = to_utf8(data)
    if _MARKUP.match(text):
        raise ReadError("it is a web page or XML, not a table", "Download or export the data itself as CSV or Excel.")
    table = _read_text(text, Path(name).suffix.lower())
    if encoding != "utf-8":
        table.notes.append(f"The text is encoded in {encoding.upper()}.")
    return table


def _is_workbook(data: bytes) -> bool:
    return data.startswith(_OLD_OFFICE) or (is_zip(data) and holds_sheets(data))


def holds_delimited_text(head: bytes, name: str) -> bool:
    """Say by its first bytes and its name whether a file is CSV or of its kin, in whatever encoding."""
    others = (b"PAR1", b"ARROW1", b"FEA1", b"\xff\xff\xff\xff", *(start for start, _, _ in _OTHERS))
    if head.startswith(others) or is_gzip(head) or is_zip(head) or head.startswith(_OLD_OFFICE):
        return False
    plain = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0").replace(b"\0", b"")[:4096]
    return not (Path(name).suffix.lower() in _JSON_NAMES or _MARKUP.match(plain) or _JSON.match(plain))


def _read_text(text: bytes, suffix: str) -> RawTable:
    lines = suffix in {".jsonl", ".ndjson"}
    if suffix in _JSON_NAMES or _JSON.match(text):
        return read_json(text, lines=lines)
    return read_delimited(text)


def _finish(raw: RawTable) -> pd.DataFrame:
    """Assemble the frame: unique names, no row without a value, no infinite number."""
    limit_columns(len(raw.columns))
    limit_rows(max(map(len, raw.columns), default=0))
    names, notes = unique_names(raw.names)
    notes = [*raw.notes, *notes]
    columns = dict(zip(names, raw.columns, strict=True))
    for name, column in columns.items():
        if column.dtype == np.float64 and (infinite := np.isinf(column.to_numpy())).any():
            columns[name] = column.mask(infinite)
            notes.append(f"Column '{name}': {infinite.sum():,} infinite numbers are read as missing.")
    frame = pd.DataFrame(columns, copy=False)
    blank = _blank_rows(frame)
    if blank.any():
        frame = frame[~blank].reset_index(drop=True)
        notes.append(f"{blank.sum():,} rows without any value are left out.")
    if frame.empty:
        raise ReadError("it holds no values", "Bring a file with a line of column names and at least one row.")
    more = len(notes) - MAX_NOTES
    frame.attrs["notes"] = [*notes[:MAX_NOTES], f"{more:,} more notes like these are left out."] if more > 0 else notes
    return frame


def _blank_rows(frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    blank = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        if not blank.any():
            break
        blank &= frame[name].isna().to_numpy()
    return blank
