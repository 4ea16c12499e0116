"""A large file of delimited text becomes Parquet in a stream: block by block, in memory that does not grow with it.

Three passes: the text is checked (encoding, quotes); its cells go as text into a Parquet file beside the target; then
each column is settled over all its blocks (`core.collect.readings.settle`) and written as what it is. What is not sound
goes through `read_table`, which reads it whole and knows the line that is wrong.
"""

from __future__ import annotations

import codecs
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from core.collect.columns import unique_names
from core.collect.delimited import Layout, find_layout, parsing
from core.collect.encoding import find_encoding
from core.collect.errors import ReadError
from core.collect.readers import holds_delimited_text, read_table
from core.collect.readings import Reading, settle
from core.collect.table import limit_columns, limit_rows
from core.progress import Cancel, Progress, Steps

__all__ = ["to_parquet"]

BLOCK_BYTES = 1 << 23
_LONGEST_LINE = 1 << 26
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
_KINDS = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "datetime64[us]": pa.timestamp("us"),
    "str": pa.large_string(),
}


def to_parquet(
    source: str | Path,
    target: str | Path,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[str]:
    """Convert a file to Parquet; CSV and its kin in a stream, everything else as `read_table` reads it.

    Parameters
    ----------
    source : path
    target : path
        Of the Parquet file; it is there once it is whole. `read_table` makes of it what it makes of the source.
    name : str, optional
        Name of the file, as for `read_table`; by default that of the path.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    list of str
        What was decided on the way, in sentences.

    Raises
    ------
    ReadError
        As `read_table`.
    Cancelled
        If it was cancelled; no file is left.
    """
    source, target = Path(source), Path(target)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".converting-") as folder:
        made = Path(folder) / "typed.parquet"
        notes = _in_stream(source, name or source.name, made, progress, cancel)
        if notes is None:
            frame = read_table(source, name=name)
            notes = list(frame.attrs.pop("notes"))
            frame.to_parquet(made, index=False)
        made.replace(target)
    return notes


@dataclass(frozen=True)
class _Text:
    """A file of text that was checked: where it lies, its encoding, and how its cells are laid out."""

    path: Path
    encoding: str
    mark: int
    layout: Layout
    quoted: bool


def _in_stream(
    source: Path, name: str, made: Path, progress: Progress | None, cancel: Cancel | None
) -> list[str] | None:
    """Convert delimited text; None if it is something else, or not sound."""
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            head = file.read(BLOCK_BYTES)
    except OSError:
        return None
    if not holds_delimited_text(head, name):
        return None
    blocks = size // BLOCK_BYTES + 1
    # Checking is many times quicker than parsing; each pass over the blocks counts a step for each.
    steps = Steps(3 * blocks + 40, progress, cancel)
    try:
        text = _checked(source, steps)
        if text is None:
            return None
        cells = made.with_name("cells.parquet")
        _write_cells(text, cells, steps)
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return None
    notes = _write_typed(text, cells, made, steps)
    steps.finish()
    return notes


def _utf8(path: Path, encoding: str, mark: int) -> Iterator[bytes]:
    """The text in blocks of UTF-8."""
    decode = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        file.seek(mark)
        while block := file.read(BLOCK_BYTES):
            text = decode.decode(block)
            yield block if encoding == "utf-8" else text.encode()
    decode.decode(b"", final=True)


def _checked(path: Path, steps: Steps) -> _Text | None:
    """Find encoding and layout, and check all quotes; None if they are not sound, or a NUL byte is among the text."""
    encoding, mark = _encoding(path)
    layout = None
    opened, quoted = 0, False
    before = _NEWLINE
    blocks = _utf8(path, encoding, mark)
    block = next(blocks, b"")
    while block:
        steps.start("checking the text")
        following = next(blocks, b"")
        if layout is None:
            layout = find_layout(block if not following else block[: block.rfind(b"\n") + 1] or block)
            limit_columns(len(layout.header))
        if b"\0" in block or b"\x1a" in block[-1:]:
            return None
        codes = np.frombuffer(bytes([before]) + block + (following[:1] or b"\n"), dtype=np.uint8)
        quotes = np.flatnonzero(codes[1:-1] == _QUOTE) + 1
        if len(quotes):
            quoted = True
            if not _sound(codes, quotes, opened, ord(layout.delimiter)):
                return None
            opened = (opened + len(quotes)) % 2
        before, block = block[-1], following
    if layout is None or opened:
        return None
    return _Text(path, encoding, mark, layout, quoted)


def _encoding(path: Path) -> tuple[str, int]:
    """Find the encoding by the head, and by the first whole lines that are not ASCII.

    Of whole lines, since a block may end within a character, which then looks like one of another encoding.
    """
    pending, at_head = b"", True
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            pending += block
            # Without an end of line for so long, a character that is cut no longer matters.
            end = pending.rfind(b"\n") + 1 or (len(pending) if len(pending) > _LONGEST_LINE else 0)
            whole, pending = pending[:end], pending[end:]
            if whole and (at_head or not whole.isascii()):
                found = find_encoding(whole)
                if found != ("utf-8", 0) or not whole.isascii():
                    return found
                at_head = False
    return find_encoding(pending)


def _sound(codes: np.ndarray, quotes: np.ndarray, opened: int, delimiter: int) -> bool:
    """Say of one block whether quotes open where a cell begins and close where it ends, as `delimited` says of all."""
    edge = np.zeros(256, dtype=bool)
    edge[[delimiter, _QUOTE, _NEWLINE, _RETURN]] = True
    opening, closing = quotes[opened::2], quotes[1 - opened :: 2]
    if not (edge[codes[opening - 1]].all() and edge[codes[closing + 1]].all()):
        return False
    if chr(delimiter) != "\t":
        return True
    # A quoted cell of several lines is rather two stray quotes in TSV.
    lines = np.flatnonzero(codes == _NEWLINE)
    return not ((np.searchsorted(quotes, lines) + opened) % 2).any()


class _Blocks(io.RawIOBase):
    """The blocks of UTF-8 as a file that is read from the line of names on."""

    def __init__(self, text: _Text, steps: Steps) -> None:
        self._blocks = _utf8(text.path, text.encoding, text.mark)
        self._steps = steps
        self._rest = next(self._blocks, b"")[text.layout.start :]

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if not self._rest:
            self._steps.start("reading the rows")
            self._rest = next(self._blocks, b"")
        if size is None or size < 0:
            size = len(self._rest)
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def _write_cells(text: _Text, path: Path, steps: Steps) -> None:
    """Write all cells as text; nothing is guessed yet."""
    options = parsing(text.layout, quoted=text.quoted, block=BLOCK_BYTES)
    with pacsv.open_csv(pa.PythonFile(_Blocks(text, steps), mode="r"), **options) as reader:
        kept = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
        with pq.ParquetWriter(path, reader.schema, **kept) as writer:
            rows = 0
            for batch in reader:
                rows += batch.num_rows
                limit_rows(rows)
                if batch.num_rows:
                    writer.write_batch(batch)


def _write_typed(text: _Text, cells: Path, path: Path, steps: Steps) -> list[str]:
    """Settle each column over all blocks, then write them together."""
    names, notes = unique_names(text.layout.header)
    file = pq.ParquetFile(cells)
    groups = file.metadata.num_row_groups
    if not groups:
        raise ReadError("it has a line of column names but no rows", "Bring a file with at least one row below them.")

    def blocks(column: int) -> Callable[[], Iterator[pa.ChunkedArray]]:
        return lambda: (_column(file.read_row_group(group, [str(column)]), text.layout) for group in range(groups))

    readings: list[Reading] = []
    for number, name in enumerate(names):
        steps.check()
        steps.announce(f"looking at column {number + 1:,} of {len(names):,}")
        reading = settle(blocks(number), decimal_comma=text.layout.delimiter != ",")
        readings.append(reading)
        if reading.note:
            notes.append(f"Column '{name}': {reading.note}")
    schema = pa.schema([(name, _KINDS[reading.kind]) for name, reading in zip(names, readings, strict=True)])
    texts = [field.name for field in schema if field.type == pa.large_string()]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=texts or False) as writer:
        for group in range(groups):
            steps.start("writing the columns")
            table = file.read_row_group(group)
            arrays = [
                pa.Array.from_pandas(reading(_column(table.select([str(number)]), text.layout)), type=field.type)
                for number, (reading, field) in enumerate(zip(readings, schema, strict=True))
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    if text.encoding != "utf-8":
        notes.insert(0, f"The text is encoded in {text.encoding.upper()}.")
    return notes


def _column(table: pa.Table, layout: Layout) -> pa.ChunkedArray:
    column = table.column(0)
    return pc.utf8_ltrim_whitespace(column) if layout.spaced else column
