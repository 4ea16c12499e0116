"""The part of the audit that finds two values in one cell: "San Diego CA" in a column of cities beside one of states.

Rahm and Do, "Data cleaning: problems and current approaches", 2000, call them embedded and misfielded values.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, examples_of

__all__ = ["check_merged"]

MOST_VALUES = 50_000
# The column that the second value belongs to repeats its values, and the first column usually has none of them.
MOST_SHORT = 1_000
MOST_MERGED = 0.15
LEAST = 3


def check_merged(audited: Audited) -> Iterator[Finding]:
    """Yield cells that end in a value which belongs to another column, where that one has it too or nothing."""
    words = [audited.coded(name) for name in audited.worded]
    long = [coded for coded in words if 2 <= len(coded.values) <= MOST_VALUES]
    short = [coded for coded in long if len(coded.values) <= min(MOST_SHORT, 0.2 * coded.present)]
    for coded in long:
        heads, tails = _split(coded)
        for other in short:
            if other.name != coded.name:
                yield from _merged(audited, coded, other, heads, tails)


def _split(coded: Coded) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Each value but for its last word, and that word; empty where there is one word only."""
    parts = [str(value).rstrip().rpartition(" ") for value in coded.values]
    heads = np.array([head.rstrip(" ,;/-") for head, _, _ in parts], dtype=object)
    tails = np.array([tail.strip("()[]") if head else "" for head, _, tail in parts], dtype=object)
    return heads, tails


def _merged(
    audited: Audited,
    coded: Coded,
    other: Coded,
    heads: npt.NDArray[np.object_],
    tails: npt.NDArray[np.object_],
) -> Iterator[Finding]:
    known = {str(value): code for code, value in enumerate(other.values)}
    belongs = np.array([known.get(tail, -1) for tail in tails], dtype=np.int64)
    tail = np.append(belongs, -1)[coded.codes]
    # The other column must say the same or nothing, and mostly nothing: else the word belongs to both.
    fits = (tail >= 0) & ((other.codes < 0) | (other.codes == tail))
    empty = fits & (other.codes < 0)
    if fits.sum() < LEAST or fits.sum() > MOST_MERGED * len(audited) or fits.sum() < 0.5 * (tail >= 0).sum():
        return
    heads_known = np.isin(heads, coded.values)
    if empty.sum() < 0.5 * fits.sum() and heads_known[coded.codes[fits]].mean() < 0.5:
        return
    where, gaps = np.flatnonzero(fits), np.flatnonzero(empty)
    cells = audited.cells({coded.name: where, other.name: gaps})
    shown = dict.fromkeys(coded.codes[where].tolist())
    also = f" '{other.name}' is missing in {len(gaps):,} of them." if len(gaps) else ""
    yield Finding(
        "merged_values",
        f"'{coded.name}' holds values of '{other.name}'",
        min(0.6, 0.4 + len(where) / len(audited)),
        f"{audited.of_examples(len(where), 'has', 'have')} a value of '{other.name}' at the end of '{coded.name}': "
        f"{examples_of(((coded.values[i], heads[i]) for i in shown), 3)}.{also}",
        "Give each column its own value.",
        ids=cells.ids,
        columns=(coded.name, other.name),
        cells=cells,
        values=[*heads[coded.codes[where]].tolist(), *other.values[tail[gaps]].tolist()],
        fix="correct",
    )
