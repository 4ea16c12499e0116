"""Tables in Parquet and Arrow files, whose columns have types already.

A few bytes of such a file can stand for very many: a value that repeats is written once. What it would come to is
checked before it takes memory.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather
import pyarrow.parquet

from core.collect.columns import column_from_arrow
from core.collect.errors import ReadError
from core.collect.table import RawTable, limit_bytes, limit_columns, limit_rows

__all__ = ["read_arrow", "read_parquet"]

_REMEDY = "Write or download it again."
# A number takes eight bytes, and a text at least so much for its place.
_VALUE_BYTES = 8
# Nested columns are read in so many rows at once, so that what they come to is seen before it is too much.
_NESTED_ROWS = 1024
# What Arrow packs begins with the size it unpacks to, then the mark of zstd or LZ4.
_PACKED_BUFFER = re.compile(rb"(?s)(.{8})(?:\x28\xb5\x2f\xfd|\x04\x22\x4d\x18)")


def read_parquet(data: bytes) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    ReadError
        If it is damaged or cut off.
    """
    try:
        return _table(_parquet_table(data))
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
        limit_bytes(sum(max(0, int.from_bytes(size, "little", signed=True)) for size in _PACKED_BUFFER.findall(data)))
        source = pa.BufferReader(data)
        if data.startswith((b"ARROW1", b"FEA1")):
            return _table(pa.feather.read_table(source))
        return _table(pa.ipc.open_stream(source).read_all())
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError(f"it is no sound Arrow file ({_brief(error)})", _REMEDY) from None


def _parquet_table(data: bytes) -> pa.Table:
    """Read the columns, texts as dictionaries: as they are written, a text that repeats is there once."""
    schema = pa.parquet.read_schema(pa.BufferReader(data))
    texts = [field.name for field in schema if _is_text(field.type)]
    file = pa.parquet.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
    about = file.metadata
    limit_columns(about.num_columns)
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    limit_bytes(
        _VALUE_BYTES * sum(group.column(leaf).num_values for group in groups for leaf in range(about.num_columns))
    )
    limit_rows(about.num_rows)
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    table = file.read([name for name in schema.names if name not in nested])
    if not nested:
        return table
    batches, size = [], 0
    for batch in file.iter_batches(_NESTED_ROWS, columns=nested):
        batches.append(batch)
        size += batch.nbytes
        limit_bytes(size)
    inner = pa.Table.from_batches(batches, pa.schema([schema.field(name) for name in nested]))
    return pa.table([*table.columns, *inner.columns], names=[*table.column_names, *inner.column_names]).select(
        schema.names
    )


def _is_text(kind: pa.DataType) -> bool:
    is_ = pa.types
    return bool(is_.is_string(kind) or is_.is_large_string(kind) or is_.is_binary(kind) or is_.is_large_binary(kind))


def _spelled_out(column: pa.ChunkedArray) -> int:
    """Bytes that a column of dictionaries takes once each text stands where it belongs."""
    return sum(
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for chunk in column.chunks
        if _is_text(chunk.type.value_type)
    )


def _brief(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200].rstrip(". ")


def _table(table: pa.Table) -> RawTable:
    # Offsets and text of a foreign file are checked before anything relies on them.
    table.validate(full=True)
    limit_bytes(sum(_spelled_out(column) for column in table.columns if pa.types.is_dictionary(column.type)))
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
