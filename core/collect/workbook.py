"""Tables in workbooks: Excel (.xlsx, .xlsb, .xls) and OpenDocument (.ods), through calamine in a process of its own."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.collect import sheet_process
from core.collect.columns import column_from_values, objects
from core.collect.errors import ReadError, shown
from core.collect.packed import is_zip, open_archive
from core.collect.table import RawTable, limit_columns
from core.settings import SETTINGS

__all__ = ["read_workbook", "sheet_names"]

# A full sheet takes half a minute.
_SECONDS = SETTINGS.workbook_seconds
_LIMITS = {"memory": SETTINGS.workbook_memory_mb * 1024**2, "cells": SETTINGS.workbook_cells}
_SAVE_AGAIN = "Open it and save it again as .xlsx or CSV."
_BRING_AS_CSV = "Bring the sheet as CSV or Parquet."


def sheet_names(data: bytes) -> list[str]:
    """Return the names of the sheets, in their order.

    Raises
    ------
    ReadError
        If the workbook is damaged, protected, or would unpack to too much.
    """
    names: list[str] = next(_answer(data, None))["names"]
    return names


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
    answer = _answer(data, {"sheet": sheet})
    names = next(answer)["names"]
    name, rows = None, []
    for line in answer:
        if isinstance(line, list):
            rows.append(line)
        elif "sheet" in line:
            name = line["sheet"]
        else:
            raise ReadError(f"its sheet {shown(name)!r} spans {line['cells']:,} cells", _BRING_AS_CSV)
    if name is None:
        if sheet is None:
            raise ReadError(
                "it has no sheets", "Bring a sheet with a row of column names and at least one row below it."
            )
        raise ReadError(
            f"it has no sheet {shown(sheet)!r}", f"Its sheets are {', '.join(repr(shown(n)) for n in names)}."
        )
    if not rows:
        raise ReadError(
            "its sheets are empty" if sheet is None else f"its sheet {shown(name)!r} is empty",
            "Bring a sheet with a row of column names and at least one row below it.",
        )
    others = [shown(other) for other in names if other != name]
    notes = [f"Read from the sheet '{shown(name)}'; there are also {', '.join(map(repr, others))}."] if others else []
    return _table(rows, notes)


def _answer(data: bytes, wanted: dict[str, Any] | None) -> Iterator[Any]:
    """Ask the process that opens workbooks; what it says but its last line."""
    # The older .xls is no archive.
    if is_zip(data):
        open_archive(data).close()
    command = [sys.executable, "-I", sheet_process.__file__, json.dumps(wanted), json.dumps(_LIMITS)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ReadError(f"its sheet can't be read within {_SECONDS} seconds", _BRING_AS_CSV) from None
    lines = done.stdout.splitlines()
    last = json.loads(lines[-1]) if lines and done.returncode == 0 else {}
    if isinstance(last, dict) and "error" in last:
        if last["error"] == "password":
            raise ReadError("it is protected by a password", "Remove the password in the program it came from.")
        raise ReadError(f"it is no sound workbook ({shown(last['error'])})", _SAVE_AGAIN)
    if last != {"done": True}:
        raise ReadError(
            "its sheet takes more memory than there is for one: its cells may lie very far apart", _BRING_AS_CSV
        )
    decode = json.JSONDecoder(object_hook=_untagged).decode
    for line in lines[:-1]:
        yield decode(line.decode())


_KINDS = {kind.__name__: kind.fromisoformat for kind in (datetime.datetime, datetime.date, datetime.time)}


def _untagged(line: dict[str, Any]) -> Any:
    """Give a value back that JSON does not know."""
    ((kind, value),) = line.items()
    if kind == "seconds":
        return datetime.timedelta(seconds=value)
    return _KINDS[kind](value) if kind in _KINDS else line


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
