"""Checks asked of a frame: which rows break which, and a finding for each that is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core import wording
from core.collect.checks import Check, CheckError, Compared, HasPattern, IfThen, InRange, OneOf, Unique, said
from core.collect.finding import Cells, Finding
from core.ids import is_among
from core.progress import Cancel, Progress, Steps

__all__ = ["ask", "ask_new", "check_table"]

Booleans = npt.NDArray[np.bool_]

# A check is as bad as its analyst says, whatever the share of rows that break it.
_SEVERE, _MILD = 0.7, 0.2


def ask(frame: pd.DataFrame, checks: Sequence[Check]) -> tuple[pd.DataFrame, dict[int, str]]:
    """Ask checks of a frame.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
    checks : sequence of Check

    Returns
    -------
    broken : DataFrame of shape (n, checks)
        Bools: whether a row breaks the check of that place. A check that can't be asked is broken nowhere.
    unasked : dict of int to str
        Place to why it can't be asked.
    """
    found: dict[int, Booleans] = {}
    unasked: dict[int, str] = {}
    for place, check in enumerate(checks):
        try:
            found[place] = check.broken(frame)
        except CheckError as error:
            found[place] = np.zeros(len(frame), dtype=bool)
            unasked[place] = str(error)
    return pd.DataFrame(found, index=frame.index), unasked


def ask_new(frame: pd.DataFrame, new: pd.DataFrame, checks: Sequence[Check]) -> tuple[pd.DataFrame, dict[int, str]]:
    """Ask checks of new rows as if they were in the data already: what is there may not come again.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        The data as it is.
    new : DataFrame of shape (m, columns)
        With the same columns.
    checks : sequence of Check

    Returns
    -------
    broken : DataFrame of shape (m, checks)
    unasked : dict of int to str
        As `ask` returns them.
    """
    broken, unasked = ask(new, checks)
    for place, check in enumerate(checks):
        if isinstance(check, Unique) and place not in unasked:
            names = list(check.together)
            both = pd.concat([frame[names], new[names]], ignore_index=True)
            broken[place] = check.broken(both)[len(frame) :]
    return broken, unasked


def check_table(
    frame: pd.DataFrame,
    checks: Sequence[Check],
    *,
    excludable: pd.Index | None = None,
    unnamed: pd.Index | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> list[Finding]:
    """Ask checks of a frame and say what breaks them, each as a finding of the kind "check".

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        Indexed by example id.
    checks : sequence of Check
    excludable : Index, optional
        The ids that may be excluded (those of train): repeats among them can be.
    unnamed : Index, optional
        The ids whose values no message may name (those that are sealed).
    progress, cancel
        See `core.progress`.

    Returns
    -------
    list of Finding
        In the order of the checks, those that hold left out.
    """
    steps = Steps(len(checks), progress, cancel)
    found = []
    for check in checks:
        steps.start("asking the checks")
        broken, unasked = ask(frame, [check])
        if unasked:
            found.append(_unasked(check, unasked[0]))
        elif broken[0].any():
            found.append(_finding(frame, check, broken[0].to_numpy(), excludable, unnamed))
    steps.finish()
    return found


def _unasked(check: Check, why: str) -> Finding:
    return Finding(
        "check",
        f"Can't be asked: {check}",
        _SEVERE if check.severe else _MILD,
        why,
        "Change the check, or remove it.",
        columns=check.columns,
    )


def _finding(
    frame: pd.DataFrame, check: Check, broken: Booleans, excludable: pd.Index | None, unnamed: pd.Index | None
) -> Finding:
    ids = frame.index[broken]
    inner = check.then if isinstance(check, IfThen) else check
    named = broken if unnamed is None else broken & ~frame.index.isin(unnamed)
    marked = check.columns if isinstance(check, (Unique, Compared)) else inner.columns
    found = Finding(
        "check",
        f"Broken: {check}",
        _SEVERE if check.severe else _MILD,
        f"{len(ids):,} of {wording.count(len(frame), 'example')} ({len(ids) / len(frame):.1%}) "
        f"{wording.verb(len(ids), 'breaks', 'break')} the check{_for(frame, marked, named)}.",
        "Put the right values. If they are right as they are, change the check.",
        ids=ids,
        columns=check.columns,
        cells=Cells(frame.index, dict.fromkeys(marked, np.flatnonzero(broken))),
    )
    if isinstance(check, Unique):
        copies = ids if excludable is None else ids[is_among(ids, excludable)]
        remedy = "Exclude what repeats; the first of each stays. If both are right, change the check."
        return replace(
            found, remedy=remedy, cells=(), ids=copies if len(copies) else ids, fix="exclude" if len(copies) else None
        )
    if isinstance(inner, (InRange, OneOf, HasPattern)):
        values = _nearest(inner, frame.loc[broken, inner.column])
        known = sum(value is not None for value in values)
        remedy = (
            "Look at them and put the right values. What nobody knows can be made missing: the button does that"
            + (f", and mends the spelling of {known:,} of them." if known else ".")
        )
        return replace(found, remedy=remedy, fix="correct", values=values)
    return found


def _for(frame: pd.DataFrame, names: Sequence[str], broken: Booleans) -> str:
    """Name some of the values that break a check, the most frequent first."""
    counts = frame.loc[broken, list(names)].value_counts()
    if counts.empty:
        return ""
    told = []
    for values, number in counts.head(4).items():
        words = " and ".join(said(value) for value in (values if isinstance(values, tuple) else (values,)))
        told.append(words if number == 1 else f"{words} ({wording.times(number)})")
    return ": " + ", ".join(told) + (f" and {len(counts) - 4:,} more" if len(counts) > 4 else "")


def _nearest(check: Check, values: pd.Series) -> list[Any]:
    """What to put instead: a known value that is written the same but for case and blanks; else a missing one."""
    if not isinstance(check, OneOf):
        return [None] * len(values)
    spelt = {_spelling(each): each for each in check.values if isinstance(each, str)}
    codes, known = pd.factorize(values)
    meant = [spelt.get(_spelling(each)) if isinstance(each, str) else None for each in known]
    return [meant[code] for code in codes]


def _spelling(text: str) -> str:
    return " ".join(text.casefold().split())
