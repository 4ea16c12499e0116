"""Tables in JSON: records, columns, rows, the forms that pandas writes, and JSON Lines.

Objects within a record become columns with dotted names, lists become JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from core.collect.columns import column_from_values, objects
from core.collect.errors import ReadError
from core.collect.table import RawTable, limit_columns

__all__ = ["read_json"]

# Objects within objects become columns down to this depth; what lies below stays JSON text.
_MAX_DEPTH = 20
_REMEDY = 'Bring a list of records, [{"text": …, "label": …}, …], or one record per line.'


class _NotJson(ReadError):
    """The text is no valid JSON."""


def read_json(data: bytes, *, lines: bool = False) -> RawTable:
    """Read JSON that holds a table, as one document or as one record a line.

    Parameters
    ----------
    data : bytes
        UTF-8. A list of records, of rows or of values; an object of columns; ``{"columns": …, "data": …}`` as pandas
        writes it; an object with one list of records in it; or JSON Lines.
    lines : bool
        Whether to try JSON Lines first.

    Raises
    ------
    ReadError
        If it is not valid JSON, with line and column, or no table.
    """
    failures: list[_NotJson] = []
    for parse in (_lines, _document) if lines else (_document, _lines):
        try:
            return _table(parse(data))
        except _NotJson as error:
            failures.append(error)
    # The reading that came further is what was meant.
    raise max(failures, key=lambda error: error.line or 0)


def _document(data: bytes) -> object:
    return _parsed(data, 1, "Mend that place, or export the data again.")


def _lines(data: bytes) -> object:
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
    records: list[Any] = []
    with suppress(ValueError, RecursionError):
        # All at once is several times faster than line by line.
        records = json.loads(b"[" + b",".join(line for _, line in lines) + b"]")
    if len(records) != len(lines):
        records = [_parsed(line, number, "Mend that line; each line holds one record.") for number, line in lines]
    # A whole document in one line is no record.
    return records[0] if len(records) == 1 and isinstance(records[0], list) else records


def _parsed(data: bytes, line: int, remedy: str) -> object:
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        line += error.lineno - 1
        raise _NotJson(f"line {line}, column {error.colno}: not valid JSON ({error.msg})", remedy, line=line) from None
    except RecursionError:
        raise _NotJson(f"line {line}: its JSON is nested too deeply", _REMEDY, line=line) from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise _NotJson(f"line {line}: it holds a number of too many digits", "Write it as text.", line=line) from None


def _table(document: object) -> RawTable:
    if isinstance(document, list):
        return _from_list(document)
    if isinstance(document, dict):
        return _from_object(document)
    raise ReadError("its JSON is a single value, not a table", _REMEDY)


def _from_list(items: list[Any]) -> RawTable:
    if not items:
        raise ReadError("its list of records is empty", _REMEDY)
    records = [item for item in items if item is not None]
    if all(isinstance(item, dict) for item in records):
        return _from_records(records)
    if all(isinstance(item, list) for item in records):
        header, rows = records[0], records[1:]
        if rows and header and all(isinstance(name, str) for name in header) and len(set(header)) == len(header):
            return _from_rows(header, rows)
        return _from_rows([None] * max(map(len, records)), records)
    if any(isinstance(item, dict | list) for item in records):
        raise ReadError("its list mixes records with other things", _REMEDY)
    return _from_columns({"value": items})


def _from_object(document: dict[str, Any]) -> RawTable:
    columns, data = document.get("columns"), document.get("data")
    if isinstance(columns, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return _from_rows(columns, data)
    values = list(document.values())
    if values and all(isinstance(value, list) for value in values) and len(set(map(len, values))) == 1:
        is_records = len(values) == 1 and all(isinstance(value, dict | list) for value in values[0])
        return _from_list(values[0]) if is_records else _from_columns(document)
    if len(values) > 1 and all(isinstance(value, dict) for value in values):
        return _from_keyed(document)
    lists = [value for value in values if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == 1:
        return _from_records([item for item in lists[0] if isinstance(item, dict)])
    if values and all(isinstance(value, list) for value in values):
        raise ReadError("its columns have different lengths", "Make all lists of one length.")
    raise ReadError("its JSON is one object, in which no table was found", _REMEDY)


def _from_keyed(document: dict[str, dict[str, Any]]) -> RawTable:
    """Read an object of objects: columns of rows as pandas writes them, or rows under their ids."""
    keys = list(dict.fromkeys(chain.from_iterable(document.values())))
    if all(key.isdecimal() for key in keys) and not all(name.isdecimal() for name in document):
        limit_columns(len(document))
        return _from_columns({name: [column.get(key) for key in keys] for name, column in document.items()})
    return _from_records([{"id": key, **record} for key, record in document.items()])


def _from_rows(header: Sequence[object], rows: Sequence[Sequence[Any]]) -> RawTable:
    for number, row in enumerate(rows, start=1):
        if len(row) > len(header):
            raise ReadError(
                f"row {number} has {len(row)} values where there are {len(header)} columns",
                "Make all rows of one length.",
            )
    limit_columns(len(header))
    width = len(header)
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    columns = [objects(column) for column in zip(*padded, strict=True)]
    return _finished(list(header), pd.DataFrame(dict(enumerate(columns)), dtype=object))


def _from_columns(columns: dict[str, list[Any]]) -> RawTable:
    limit_columns(len(columns))
    return _finished(list(columns), pd.DataFrame(dict(enumerate(map(objects, columns.values()))), dtype=object))


def _from_records(records: Sequence[dict[str, Any]]) -> RawTable:
    frame = _records_frame(records)
    return _finished(list(frame.columns), frame)


def _records_frame(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    names = list(dict.fromkeys(chain.from_iterable(records)))
    limit_columns(len(names))
    if not names:
        raise ReadError("its records are empty", _REMEDY)
    columns = [objects([record.get(name) for record in records]) for name in names]
    # As objects: a name may hold half a character, which no index of text can.
    return pd.DataFrame(dict(enumerate(columns)), dtype=object).set_axis(pd.Index(names, dtype=object), axis=1)


def _finished(names: list[Any], frame: pd.DataFrame) -> RawTable:
    """Spread objects over dotted columns and give each column its dtype."""
    done_names: list[object] = []
    columns: list[pd.Series] = []
    notes: list[str] = []
    for position, name in enumerate(names):
        for own_name, values in _spread(name, frame.iloc[:, position].to_numpy(dtype=object)):
            limit_columns(len(columns) + 1)
            column, note = column_from_values(values)
            done_names.append(own_name)
            columns.append(column)
            if note:
                notes.append(f"Column '{own_name}': {note}")
    return RawTable(done_names, columns, notes)


def _spread(name: object, values: np.ndarray[Any, np.dtype[np.object_]], depth: int = 0) -> list[tuple[object, Any]]:
    """Give each key of the objects in a column a column of its own; what is no object stays under the name."""
    if depth >= _MAX_DEPTH or not pd.api.types.infer_dtype(values, skipna=True).startswith("mixed"):
        return [(name, values)]
    nested = np.array([isinstance(value, dict) for value in values])
    if not nested.any():
        return [(name, values)]
    rest = values.copy()
    rest[nested] = None
    spread: list[tuple[object, Any]] = [] if pd.isna(rest).all() else [(name, rest)]
    records = [value if isinstance(value, dict) else {} for value in values]
    if not any(records):
        return spread
    inner = _records_frame(records)
    for position, key in enumerate(inner.columns):
        spread += _spread(f"{name}.{key}", inner.iloc[:, position].to_numpy(dtype=object), depth + 1)
    return spread
