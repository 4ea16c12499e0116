"""What each file of a project is for: what is lost where one is damaged, and what can still be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Use", "mentioned_blobs", "named_blobs", "told"]

Execute = Callable[[str], list[tuple[Any, ...]]]

_NAME = re.compile(r"\b[0-9a-f]{64}\b")

# Of one table each: column of the file, what it holds (a template over the other columns), and what can still be used.
_TABLES = (
    (
        "log",
        "blob",
        "seq, summary",
        "the rows of entry {0:,} of the log ({1})",
        "The data as it was before entry {0:,} and the numbers of the turns can still be used.",
    ),
    (
        "turns",
        "out_of_fold",
        "number, version",
        "the out-of-fold predictions of turn {0} (version {1:.8})",
        "The score of turn {0}, all other turns and the data can still be used.",
    ),
    (
        "turns",
        "test_probabilities",
        "number, version",
        "the test predictions of turn {0} (version {1:.8})",
        "What was said of turn {0} when it ran, all other turns and the data can still be used.",
    ),
    (
        "turns",
        "suspects",
        "number, version",
        "the suspects of turn {0} (version {1:.8})",
        "The score of turn {0}, all other turns and the data can still be used; the next turn finds suspects anew.",
    ),
    (
        "queue",
        "blob",
        "number, source",
        "review queue {0} ({1})",
        "Every decision, the data and all turns can still be used; start another queue.",
    ),
    (
        "rankings",
        "blob",
        "version",
        "the better ranking of the suspects of version {0:.8}",
        "Data, decisions and turns can still be used; the next turn is ranked anew.",
    ),
    (
        "refits",
        "blob",
        "version",
        "the refits of version {0:.8}, for the luck of the training sample",
        "Data, decisions and the scores of all turns can still be used.",
    ),
    (
        "dated_refits",
        "blob",
        "version",
        "the refits of version {0:.8} on a dated test set, for the luck of the training sample",
        "Data, decisions and the scores of all turns can still be used.",
    ),
    (
        "fits",
        "blob",
        "version",
        "the predictions of version {0:.8}, for the attribution of a change",
        "Data, decisions and all turns can still be used.",
    ),
    ("races", "blob", "number", "the table of race {0}", "Data, decisions, turns and other races can still be used."),
    (
        "forecasts",
        "blob",
        "turn",
        "which examples the forecasts after turn {0} are about",
        "Data, decisions and turns can still be used; make the forecasts anew.",
    ),
    (
        "curves",
        "blob",
        "kind, version",
        "the two curves ({0}) of version {1:.8}",
        "Data, decisions and turns can still be used; measure the curves anew.",
    ),
    (
        "watched",
        "blob",
        "number",
        "the learned columns of pinned slice {0}",
        "Data, decisions and turns can still be used.",
    ),
    (
        "batches",
        "columns",
        "number, name",
        "the drift of batch {0} ({1})",
        "What was said of the batch, data, decisions and turns can still be used.",
    ),
    (
        "batches",
        "predictions",
        "number, name",
        "what the model predicted of batch {0} ({1})",
        "Data, decisions and turns can still be used; the batch gets no true score.",
    ),
    (
        "dated_tests",
        "blob",
        "number, name",
        "the rows of dated test set {0} ({1})",
        "Data, decisions and the turns on the first test set can still be used.",
    ),
    (
        "predictions",
        "blob",
        "version",
        "what the model of version {0:.8} predicts of a dated test set",
        "Data, decisions and turns can still be used; the model is fitted anew for it.",
    ),
    (
        "claims",
        "predictions",
        "turn",
        "the labels and predictions behind the claim on turn {0}",
        "The claim itself and all else can still be used.",
    ),
    (
        "claims",
        "probabilities",
        "turn",
        "the probabilities behind the claim on turn {0}",
        "The claim itself and all else can still be used.",
    ),
    (
        "claims",
        "first_probabilities",
        "turn",
        "the probabilities of turn 0 behind the claim on turn {0}",
        "The claim itself and all else can still be used.",
    ),
)
_BROUGHT = "The log and what was said of each turn are still there; the data can't be made of them without it."
_META = {
    "frame": ("the data as it was brought", _BROUGHT),
    "memberships": ("the split as it was made", _BROUGHT),
    "parents": ("the parents of rows that were brought", _BROUGHT),
}


@dataclass(frozen=True)
class Use:
    """What a file holds, and what can be used without it, both in words."""

    holds: str
    remains: str


def named_blobs(execute: Execute) -> dict[str, list[Use]]:
    """Every file that the project names, with what it is for.

    Parameters
    ----------
    execute : callable
        Runs one statement and returns its rows, as `Store.execute`.
    """
    found: dict[str, list[Use]] = {}
    for key, (holds, remains) in _META.items():
        for (name,) in execute(f"SELECT json_extract(value, '$') FROM meta WHERE key = '{key}'"):
            found.setdefault(name, []).append(Use(holds, remains))
    for (name,) in execute("SELECT json_extract(value, '$.order') FROM meta WHERE key = 'blind'"):
        found.setdefault(name, []).append(
            Use("the order in which test labels are drawn for blind review", "Data, decisions and turns can be used.")
        )
    for table, column, words, holds, remains in _TABLES:
        for name, *values in execute(f"SELECT {column}, {words} FROM {table} WHERE {column} IS NOT NULL"):
            found.setdefault(name, []).append(Use(holds.format(*values), remains.format(*values)))
    return found


def mentioned_blobs(execute: Execute) -> set[str]:
    """Every word in any row that could be the name of a file; some are versions and fingerprints.

    What copies a project takes those of them that are files: a table that is new and not described above is copied too.
    """
    names: set[str] = set()
    for (table,) in execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        for row in execute(f"SELECT * FROM {table}"):
            names.update(name for value in row if isinstance(value, str) for name in _NAME.findall(value))
    return names


def told(uses: list[Use], most: int = 3) -> str:
    """Say what a file holds and what can be used without it; empty if nothing names it."""
    if not uses:
        return ""
    more = f" and {len(uses) - most:,} more" if len(uses) > most else ""
    remains = " ".join(dict.fromkeys(use.remains for use in uses[:most]))
    return f"It holds {', '.join(use.holds for use in uses[:most])}{more}. {remains}"
