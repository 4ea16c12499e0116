"""The part of the audit that finds tables in which several sources tell of the same things, and do not agree.

Each source has one row for each thing. Then the things, not the columns, settle the values, and what most sources say
is the best guess: truth discovery by majority (Li et al., "Truth finding on the deep web: is the problem solved?",
2012).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import wording
from core.collect.audit_dependencies import GROUP, MOST_BROKEN, majorities
from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, examples_of

__all__ = ["check_sources", "things_and_sources"]

LEAST_THINGS, LEAST_SOURCES, MOST_SOURCES = 5, 3, 200
# A source names a thing once, and tells of a good part of them.
ONCE, TOLD = 0.98, 0.4
# Rows that say what most say of their thing; below it, the thing does not settle the value.
AGREED, MAJORITY = 0.6, 0.5
VARIED = 0.5


def check_sources(audited: Audited) -> Iterator[Finding]:
    """Yield cells in which one source says something else than most."""
    found = things_and_sources(audited)
    if found is None:
        return
    things, sources = found
    for name in audited.worded:
        if name not in (things.name, sources.name):
            yield from _disagree(audited, things, sources, audited.coded(name))


def things_and_sources(audited: Audited) -> tuple[Coded, Coded] | None:
    """Find the column that names the things and the one that names the sources, if the table is of that kind.

    Numbers and dates are no sources: a row for each customer and month tells of changes, not of disagreement.

    Returns
    -------
    (Coded, Coded) or None
    """
    names = [audited.coded(name) for name in audited.groupings]
    for sources in names:
        if sources.name not in audited.worded or not LEAST_SOURCES <= len(sources.values) <= MOST_SOURCES:
            continue
        numbered = pc.match_substring_regex(pa.array(sources.values, pa.large_string()), "[0-9]")
        if (pc.sum(numbered).as_py() or 0) > 0.5 * len(sources.values):
            continue
        for things in names:
            count = len(things.values)
            there = (things.codes >= 0) & (sources.codes >= 0)
            full = there.sum() / (count * len(sources.values))
            if things is sources or count < LEAST_THINGS or not TOLD <= full <= 1 / ONCE:
                continue
            if there.sum() < GROUP * count:
                continue
            pairs = np.unique(things.codes[there] * len(sources.values) + sources.codes[there])
            if len(pairs) >= ONCE * there.sum():
                return things, sources
    return None


def _disagree(audited: Audited, things: Coded, sources: Coded, coded: Coded) -> Iterator[Finding]:
    usual = majorities(things, coded, ~audited.judged, MAJORITY)[things.codes]
    tells = (usual >= 0) & (coded.codes >= 0)
    other = tells & (usual != coded.codes)
    told = int((coded.codes >= 0).sum())
    if tells.sum() < AGREED * told or other.sum() > (1 - AGREED) * tells.sum() or other.sum() <= MOST_BROKEN * told:
        return
    if np.bincount(usual[tells]).max() > (1 - VARIED) * tells.sum():
        return
    where = np.flatnonzero(other)
    cells = audited.cells({coded.name: where})
    old, new = coded.values[coded.codes[where]].tolist(), coded.values[usual[where]].tolist()
    yield Finding(
        "sources_disagree",
        f"Sources disagree on '{coded.name}' in {wording.count(len(where), 'example')}",
        0.4,
        f"'{sources.name}' names {len(sources.values):,} sources that each tell of the same {len(things.values):,} "
        f"'{things.name}'. {audited.of_examples(len(where), 'says', 'say')} something else than most sources: "
        f"{examples_of(dict(zip(old, new, strict=True)).items())}.",
        "If a thing has one true value, give these cells what most sources say.",
        ids=cells.ids,
        columns=(coded.name,),
        cells=cells,
        values=new,
        fix="correct",
    )
