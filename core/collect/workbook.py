"""Tables in workbooks: Excel (.xlsx, .xlsb, .xls) and OpenDocument (.ods), through calamine."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook, PasswordError

from core.collect.columns import column_from_values, objects
from core.collect.errors import ReadError
from core.collect.table import RawTable, limit_columns

__all__ = ["read_workbook", "sheet_names"]

MAX_UNPACKED_BYTES = 2 * 1024**3


def sheet_names(data: bytes) -> list[str]:
    """Return the names of the sheets, in their order.

    Raises
    ------
    ReadError
        If the workbook is damaged, protected, or would unpack to more than `MAX_UNPACKED_BYTES`.
    """
    return list(_open(data).sheet_names)


def read_workbook(data: bytes, sheet: str | int | None = None) -> RawTable:
    """Read one sheet; its first row that is not blank holds the names of the columns.

    Parameters
    ----------
    data : bytes
    sheet : str or int, optional
        Name or position of the sheet; by default the first one that holds anything.

    Raises
    ------
    ReadError
        If there is no such sheet or nothing in it, or the workbook can't be opened.
    """
    workbook = _open(data)
    names = list(workbook.sheet_names)
    if sheet is None:
        candidates = names
    elif isinstance(sheet, int) and 0 <= sheet < len(names):
        candidates = [names[sheet]]
    elif sheet in names:
        candidates = [str(sheet)]
    else:
        raise ReadError(f"it has no sheet {sheet!r}", f"Its sheets are {', '.join(map(repr, names))}.")
    for name in candidates:
        rows = _rows(workbook, name)
        if rows:
            break
    else:
        raise ReadError(
            "its sheets are empty" if sheet is None else f"its sheet {candidates[0]!r} is empty",
            "Bring a sheet with a row of column names and at least one row below it.",
        )
    others = [other for other in names if other != name]
    notes = [f"Read from the sheet '{name}'; there are also {', '.join(map(repr, others))}."] if others else []
    return _table(rows, notes)


def _open(data: bytes) -> CalamineWorkbook:
    # The older .xls is no archive.
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise ReadError(f"it unpacks to {unpacked / 1024**3:.1f} GB", "Bring the sheet as CSV or Parquet.")
    workbook: CalamineWorkbook = _calling(CalamineWorkbook.from_filelike, io.BytesIO(data))
    return workbook


def _rows(workbook: CalamineWorkbook, name: str) -> list[list[Any]]:
    rows = _calling(lambda: workbook.get_sheet_by_name(name).to_python(skip_empty_area=True))
    return [row for row in rows if any(value != "" for value in row)]


def _calling(function: Any, *arguments: Any) -> Any:
    """Call into calamine, whose panics on damaged files are no ordinary exceptions."""
    try:
        return function(*arguments)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except PasswordError:
        raise ReadError("it is protected by a password", "Remove the password in the program it came from.") from None
    except BaseException as error:
        raise ReadError(
            f"it is no sound workbook ({str(error).strip().rstrip('.')})", "Open it and save it again as .xlsx or CSV."
        ) from None


def _table(rows: list[list[Any]], notes: list[str]) -> RawTable:
    header, body = rows[0], rows[1:]
    if not body:
        raise ReadError("it has a row of column names but no rows", "Bring a sheet with at least one row below them.")
    limit_columns(len(header))
    names: list[object] = []
    columns: list[pd.Series] = []
    for name, cells in zip(header, zip(*body, strict=True), strict=True):
        values = objects(cells)
        values[values == ""] = None
        if name == "" and pd.isna(values).all():
            continue
        column, note = column_from_values(values)
        names.append(int(name) if isinstance(name, float) and name.is_integer() else name)
        columns.append(_whole(column))
        if note:
            notes = [*notes, f"Column '{name}': {note}"]
    return RawTable(names, columns, notes)


def _whole(column: pd.Series) -> pd.Series:
    """Workbooks know floats only: whole numbers become integers again."""
    if column.dtype != np.float64 or column.hasnans:
        return column
    whole = (column % 1 == 0).all() and (column.abs() < 2**53).all()
    return column.astype(np.int64) if whole else column
