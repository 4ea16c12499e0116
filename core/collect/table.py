"""What every reader hands over: columns with the names they have in the file, and notes on what was changed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from core.collect.errors import ReadError
from core.settings import SETTINGS

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "MAX_ROWS", "RawTable", "limit_bytes", "limit_columns", "limit_rows"]

MAX_BYTES = SETTINGS.unpacked_mb * 1024**2
MAX_COLUMNS = SETTINGS.columns
MAX_ROWS = SETTINGS.rows


@dataclass(frozen=True)
class RawTable:
    """The columns of one file, all of one length, with the names they have there."""

    names: list[object]
    columns: list[pd.Series]
    notes: list[str] = field(default_factory=list)


def limit_columns(count: int) -> None:
    """Refuse more columns than the app can show and learn from.

    Raises
    ------
    ReadError
        If there are more than `MAX_COLUMNS`.
    """
    if count > MAX_COLUMNS:
        raise ReadError(
            f"it has {count:,} columns, and at most {MAX_COLUMNS:,} can be read",
            "Leave out columns, or check that rows and columns are not swapped.",
        )


def limit_rows(count: int) -> None:
    """Refuse more rows than the app should hold.

    Raises
    ------
    ReadError
        If there are more than `MAX_ROWS`.
    """
    if count > MAX_ROWS:
        raise ReadError(
            f"it has {count:,} rows or more, and at most {MAX_ROWS:,} can be read",
            "Bring a sample of them, or raise the setting 'rows'.",
        )


def limit_bytes(size: int) -> None:
    """Refuse a file whose few bytes stand for more than memory should hold.

    Raises
    ------
    ReadError
        If it unpacks to more than `MAX_BYTES`.
    """
    if size > MAX_BYTES:
        raise ReadError(
            f"it unpacks to {size / 1024**3:,.1f} GB, and at most {MAX_BYTES / 1024**3:.0f} GB can be read",
            "Bring fewer rows or columns.",
        )
