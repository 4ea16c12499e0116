"""One thing that is wrong with the data, in one shape whatever it is, so that one table on screen serves all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

__all__ = ["Finding", "counted"]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number and its noun: "1 class", "2,000 classes"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _nobody() -> pd.Index:
    return pd.Index([], dtype="str", name="example")


@dataclass(frozen=True, eq=False)
class Finding:
    """One result of the audit.

    Attributes
    ----------
    kind : str
        What it is, such as "exact_duplicates".
    title : str
        The same in a few words for a heading.
    severity : float
        0 (worth knowing) to 1 (the figures mean nothing until it is mended).
    message : str
        What is wrong, with count and share.
    remedy : str
        What to do about it.
    ids : Index
        The examples it is about: those that ``fix`` acts on, if that is "exclude".
    columns : tuple of str
        The columns it is about: the one that ``fix`` acts on, if that is "drop_column".
    cells : list of (id, column)
        The single cells it is about: those that ``fix`` acts on, if that is "correct".
    fix : str or None
        The edit that mends it: "exclude", "drop_column", "correct", "relabel" or None.
    values : list
        What to put into ``cells``, in their order, if ``fix`` is "correct"; None makes a cell missing.
    labels : dict of str to str
        Id to the label to give it, if ``fix`` is "relabel".
    """

    kind: str
    title: str
    severity: float
    message: str
    remedy: str
    ids: pd.Index = field(default_factory=_nobody)
    columns: tuple[str, ...] = ()
    cells: list[tuple[str, str]] = field(default_factory=list)
    fix: str | None = None
    values: list[Any] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
