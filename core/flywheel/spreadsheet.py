"""CSV for spreadsheets: text that a spreadsheet would run as a formula is written so that it stays text.

Excel and its kin take a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, which can fetch addresses and
start programs. The rule is OWASP's ("CSV Injection"): an apostrophe before it, which spreadsheets take for the mark of
text. Numbers stay numbers. Parquet files hold the data exactly as it is.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

__all__ = ["harmless", "write_csv"]

# A full-width sign counts as its narrow one.
_RUN = re.compile("[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20]")


def harmless(value: object) -> object:
    """Put an apostrophe before text that a spreadsheet would run; everything else stays as it is.

    Examples
    --------
    >>> harmless("=1+1"), harmless("a=1"), harmless(-1)
    ("'=1+1", 'a=1', -1)
    """
    return f"'{value}" if isinstance(value, str) and _RUN.match(value) else value


def write_csv(frame: pd.DataFrame, path: Path, *, index: bool = True) -> None:
    """Write a frame as CSV that is harmless in a spreadsheet: cells, ids and names of columns.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
    path : path
    index : bool
        Whether the ids stand in the first column.
    """
    plain = frame.copy(deep=False)
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        if pd.api.types.is_string_dtype(column.dtype):
            runs = column.str.match(_RUN, na=False).to_numpy(dtype=bool)
            plain.isetitem(position, column.mask(runs, "'" + column).array)
    plain.columns = plain.columns.map(harmless)
    if index:
        plain.index = plain.index.map(harmless).rename(frame.index.name)
    # With the line ends of RFC 4180 a cell that holds one of their characters is quoted; otherwise what follows a
    # carriage return within a cell would stand at the beginning of a line.
    plain.to_csv(path, index=index, lineterminator="\r\n")
