"""Tables in text: CSV, TSV and their kin, whatever their delimiter.

The parser is pyarrow's, which reads every cell as text; types are found afterwards, column by column. It is fast and
guesses nothing, but it says little about broken files and swallows rows after a stray quote. So the quotes are checked
first, and a file that is not sound goes through the slower ``csv`` module, which knows the lines.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from core.collect.errors import ReadError
from core.collect.readings import column_from_text
from core.collect.table import RawTable, limit_columns

__all__ = ["Layout", "find_layout", "parsing", "read_delimited"]

DELIMITERS = (",", "\t", ";", "|")
SAMPLE_BYTES = 1 << 18
SAMPLE_RECORDS = 200
BLOCK_BYTES = 1 << 24
# No file holds it: the delimiter of a file with one column.
_NO_DELIMITER = "\x1f"
_QUOTE, _NEWLINE, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]
_LINE_END = re.compile(rb"[\r\n]")
_ANY_TEXT = re.compile(rb"\S")


@dataclass(frozen=True)
class Layout:
    """How the cells are laid out: the delimiter, whether a space follows it, and the header."""

    delimiter: str
    spaced: bool
    header: list[str]
    # Bytes up to the end of the header.
    start: int


def read_delimited(data: bytes) -> RawTable:
    """Read delimited text; the first line that is not blank holds the names of the columns.

    Parameters
    ----------
    data : bytes
        UTF-8.

    Returns
    -------
    RawTable

    Raises
    ------
    ReadError
        If a quote is never closed, a row has more cells than the header, or there are no rows.
    """
    # Its default of 128 KB is less than a long document; the limit of the file's size stands before it.
    csv.field_size_limit(2**31 - 1)
    layout = find_layout(data)
    limit_columns(len(layout.header))
    if not _ANY_TEXT.search(data, layout.start):
        if data.count(b'"') % 2:
            _parse_with_lines(data, layout)
        raise _without_rows()
    header, cells, notes = _parse(data, layout)
    if layout.spaced:
        cells = [pc.utf8_ltrim_whitespace(column) for column in cells]
    decimal_comma = layout.delimiter != ","
    # Casts release the lock of the interpreter.
    with ThreadPoolExecutor(max_workers=4) as pool:
        typed = list(pool.map(lambda column: column_from_text(column, decimal_comma=decimal_comma), cells))
    notes += [f"Column '{name}': {note}" for name, (_, note) in zip(header, typed, strict=True) if note]
    return RawTable(list(header), [column for column, _ in typed], notes)


def _without_rows() -> ReadError:
    return ReadError("it has a line of column names but no rows", "Bring a file with at least one row below them.")


def find_layout(data: bytes) -> Layout:
    """Find the delimiter and the line of names, by the first lines.

    Raises
    ------
    ReadError
        If the text is blank.
    """
    end = _LINE_END.search(data)
    size = max(SAMPLE_BYTES, end.end() if end else len(data))
    sample = data[:size].decode(errors="ignore")
    best, best_score = _NO_DELIMITER, (0.0, 1)
    for delimiter in DELIMITERS:
        records = _sample_records(sample, delimiter, cut=size < len(data))
        score = _score(records)
        if score > best_score:
            best, best_score = delimiter, score
    records = _sample_records(sample, best, cut=size < len(data))
    # A blank cell is no sign of a space after the delimiter: it may be how this file writes what is missing.
    beyond_first = [cell for record in records for cell in record[1:] if cell.strip()]
    spaced = bool(beyond_first) and sum(cell[0] == " " for cell in beyond_first) > 0.9 * len(beyond_first)
    header, start = _header(data, best, spaced)
    return Layout(best, spaced, header, start)


def _sample_records(sample: str, delimiter: str, *, cut: bool) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    records = [record for record in islice(reader, SAMPLE_RECORDS + 1) if record]
    if cut and len(records) > 1 and len(records) <= SAMPLE_RECORDS:
        records.pop()
    return records


def _score(records: list[list[str]]) -> tuple[float, int]:
    """Say how well a delimiter fits: the share of rows as wide as the header (or one wider), and that width."""
    if not records or len(records[0]) < 2:
        return 0.0, 0
    width = len(records[0])
    widths = np.array([len(record) for record in records[1:]])
    if not len(widths):
        return 1.0, width
    return float(max((widths == width).mean(), (widths == width + 1).mean() - 0.01, 0.001)), width


def _header(data: bytes, delimiter: str, spaced: bool) -> tuple[list[str], int]:
    lines: list[int] = []

    def counted() -> Iterator[str]:
        for line in io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""):
            lines.append(len(line.encode()))
            yield line

    for record in csv.reader(counted(), delimiter=delimiter, skipinitialspace=spaced):
        if any(cell.strip() for cell in record):
            return record, sum(lines)
    raise ReadError("it is blank", "Bring a file with a line of column names and at least one row.")


def _parse(data: bytes, layout: Layout) -> tuple[list[str], list[pa.ChunkedArray], list[str]]:
    codes = np.frombuffer(data, dtype=np.uint8)
    quotes = _places(codes, _QUOTE)
    if not len(quotes) or _is_sound(codes, quotes, ord(layout.delimiter)):
        try:
            return layout.header, _parse_fast(data, layout, quoted=bool(len(quotes))), []
        except pa.ArrowInvalid:
            # Rows of unequal width, or cells larger than a block.
            pass
    return _parse_with_lines(data, layout)


def _places(codes: npt.NDArray[np.uint8], code: int) -> npt.NDArray[np.intp]:
    """Return the places of one byte, block by block so that no temporary is as large as the file."""
    blocks = range(0, len(codes), BLOCK_BYTES)
    return np.concatenate([np.flatnonzero(codes[start : start + BLOCK_BYTES] == code) + start for start in blocks])


def _is_sound(codes: npt.NDArray[np.uint8], quotes: npt.NDArray[np.intp], delimiter: int) -> bool:
    """Say whether quotes open at the start of a cell and close at its end, as far as one can see from their neighbours.

    A quote within quotes is doubled, so that the odd ones open (or follow one that closes) and the even ones close.
    """
    if len(quotes) % 2:
        return False
    edge = np.zeros(256, dtype=bool)
    edge[[delimiter, _QUOTE, _NEWLINE, _RETURN]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = edge[codes[opening - 1]] | (opening == 0)
    after = edge[codes[(closing + 1) % len(codes)]] | (closing == len(codes) - 1)
    if not (before.all() and after.all()):
        return False
    # TSV has no quoting by its standard: a quoted cell over several lines is rather two stray quotes, when each line
    # by itself is as wide as the others.
    lines = _places(codes, _NEWLINE)
    spans = bool((np.searchsorted(quotes, lines) % 2).any())
    if spans and chr(delimiter) == "\t":
        widths = np.diff(np.searchsorted(_places(codes, delimiter), lines))
        return bool((widths != widths[0]).any())
    return True


def _parse_fast(data: bytes, layout: Layout, *, quoted: bool) -> list[pa.ChunkedArray]:
    rows = pa.BufferReader(pa.py_buffer(data).slice(layout.start))
    return list(pacsv.read_csv(rows, **parsing(layout, quoted=quoted)).columns)


def parsing(layout: Layout, *, quoted: bool, block: int = BLOCK_BYTES) -> dict[str, Any]:
    """Options of pyarrow's parser for the rows below the names: every cell is text, columns are called by position."""
    names = [str(position) for position in range(len(layout.header))]
    return {
        "read_options": pacsv.ReadOptions(column_names=names, block_size=block),
        "parse_options": pacsv.ParseOptions(
            delimiter=layout.delimiter, quote_char='"' if quoted else False, newlines_in_values=quoted
        ),
        "convert_options": pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, null_values=[]
        ),
    }


def _parse_with_lines(data: bytes, layout: Layout) -> tuple[list[str], list[pa.ChunkedArray], list[str]]:
    """Parse with the ``csv`` module, in the reading of quotes under which all rows are as wide as the header."""
    text = data.decode()
    failure: ReadError | None = None
    for dialect, note in _readings(text, layout):
        try:
            lines, rows = _rows(text, dialect)
            header, rows, notes = _squared(lines[1:], rows[0], rows[1:], layout.delimiter)
        except ReadError as error:
            failure = failure or error
            continue
        cells = [pa.chunked_array([pa.array(column, pa.large_string())]) for column in zip(*rows, strict=True)]
        return header, cells, [note, *notes] if note else notes
    assert failure is not None
    raise failure


def _readings(text: str, layout: Layout) -> Iterator[tuple[dict[str, Any], str]]:
    common = {"delimiter": layout.delimiter, "skipinitialspace": layout.spaced, "strict": True}
    yield common, ""
    if '\\"' in text:
        yield {**common, "escapechar": "\\", "doublequote": False}, "Backslashes before quotes are read as escapes."
    if layout.delimiter == "\t":
        yield {**common, "quoting": csv.QUOTE_NONE}, "Quotes are read as part of the cells."


def _rows(text: str, dialect: dict[str, Any]) -> tuple[list[int], list[list[str]]]:
    """Return the records that are not blank, and the line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), **dialect)
    lines: list[int] = []
    rows: list[list[str]] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(line)
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise ReadError(
                f"line {line}: a quote is opened and never closed",
                'Close it, or double each quote inside a quoted cell ("").',
                line=line,
            ) from None
        raise ReadError(
            f"line {reader.line_num}: text follows a closing quote",
            'Double each quote inside a quoted cell ("").',
            line=reader.line_num,
        ) from None
    return lines, rows


def _squared(
    lines: list[int], header: list[str], rows: list[list[str]], delimiter: str
) -> tuple[list[str], list[list[str]], list[str]]:
    """Make all rows as wide as the header: short ones are filled up, and empty cells beyond it cut off."""
    if not rows:
        raise _without_rows()
    width = len(header)
    widths = np.array([len(row) for row in rows])
    named_rows = len(rows) > 1 and (widths == width + 1).all() and len({row[0] for row in rows}) == len(rows)
    if named_rows and any(row[-1] for row in rows):
        # R writes the names of rows without a name of their own.
        return ["", *header], rows, ["The first column has no name: it is taken for the names of the rows."]
    notes = []
    short, long = np.flatnonzero(widths < width), np.flatnonzero(widths > width)
    for position in long:
        if any(cell.strip() for cell in rows[position][width:]):
            line, found = lines[position], int(widths[position])
            raise ReadError(
                f"line {line} has {found} cells where the header has {width}",
                f"Put quotes round cells that hold the delimiter {_named(delimiter)}.",
                line=line,
            )
        rows[position] = rows[position][:width]
    for position in short:
        rows[position] = rows[position] + [""] * (width - len(rows[position]))
    if len(short):
        notes.append(
            f"{len(short):,} rows have fewer cells than the header (the first is line {lines[short[0]]:,}); "
            "the cells at their end are read as missing."
        )
    return header, rows, notes


def _named(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else f"'{delimiter}'"
