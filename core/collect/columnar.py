"""Tables in Parquet and Arrow files, whose columns have types already."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from core.collect.columns import column_from_arrow
from core.collect.errors import ReadError
from core.collect.table import RawTable, limit_columns

__all__ = ["read_arrow", "read_parquet"]

_REMEDY = "Write or download it again."


def read_parquet(data: bytes) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    ReadError
        If it is damaged or cut off.
    """
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(data))
        limit_columns(file.metadata.num_columns)
        return _table(file.read())
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError(f"it is no sound Parquet file ({_brief(error)})", _REMEDY) from None


def read_arrow(data: bytes) -> RawTable:
    """Read an Arrow file (Feather), or an Arrow stream.

    Raises
    ------
    ReadError
        If it is damaged or cut off.
    """
    try:
        source = pa.BufferReader(data)
        if data.startswith((b"ARROW1", b"FEA1")):
            return _table(pa.feather.read_table(source))
        return _table(pa.ipc.open_stream(source).read_all())
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError(f"it is no sound Arrow file ({_brief(error)})", _REMEDY) from None


def _brief(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200].rstrip(". ")


def _table(table: pa.Table) -> RawTable:
    # Offsets and text of a foreign file are checked before anything relies on them.
    table.validate(full=True)
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
        limit_columns(table.num_columns)
    names: list[object] = []
    columns = []
    notes = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        plain = column_from_arrow(column)
        if plain is None:
            notes.append(f"Column '{name}' holds bytes that are no text and is left out.")
            continue
        names.append("index" if name == "__index_level_0__" else name)
        columns.append(plain)
    return RawTable(names, columns, notes)
