"""From a finding to the edit that mends it: what it would change, what of it is chosen, and the edit itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from core.collect import Finding
from core.dataset import Dataset
from core.flywheel.edits import Correct, DropColumn, Edit, Exclude, Relabel
from core.ids import positions

__all__ = ["before_after", "chosen", "edit_of", "mended_size", "size"]


def size(finding: Finding) -> int:
    """How many cells or examples a finding shows: the cells of a correction, else the examples."""
    if finding.fix == "relabel":
        return len(finding.labels)
    if finding.fix == "correct" or (finding.fix is None and finding.cells):
        return len(finding.cells)
    return len(finding.ids)


def mended_size(finding: Finding) -> int:
    """How many cells, labels, examples or columns the finding's edit would change; 0 if there is no such edit."""
    if finding.fix is None:
        return 0
    return 1 if finding.fix == "drop_column" else size(finding)


def edit_of(finding: Finding, by: str = "") -> Edit | None:
    """Make the edit that mends a finding, with the finding as its reason.

    Parameters
    ----------
    finding : Finding
        All of it is mended; see `chosen` for a part.
    by : str
        Who signs.

    Returns
    -------
    Edit or None
        None where no edit mends it, or nothing of it is left.
    """
    if mended_size(finding) == 0:
        return None
    if finding.fix == "exclude":
        return Exclude(tuple(finding.ids), by=by, reason=finding.title)
    if finding.fix == "drop_column":
        return DropColumn(finding.columns[0], by=by, reason=finding.title)
    if finding.fix == "relabel":
        return Relabel(finding.labels, by=by, reason=finding.title)
    return Correct(dict(zip(finding.cells, finding.values, strict=True)), by=by, reason=finding.title)


def chosen(finding: Finding, *, left_out: Collection[int] = (), values: Mapping[int, Any] | None = None) -> Finding:
    """Take a part of a finding, or other values than those it proposes.

    Parameters
    ----------
    finding : Finding
    left_out : collection of int
        Places among its cells (labels, examples) that stay as they are.
    values : mapping of int to value, optional
        By place, what to put there instead; None makes a cell missing. In a finding of cells without a fix, these are
        the only ones that are mended.

    Returns
    -------
    Finding
        The same about what was chosen.
    """
    values = {} if values is None else values
    if finding.fix is None and finding.cells:
        kept = [place for place in sorted(values) if place not in left_out]
        cells = [finding.cells[place] for place in kept]
        return replace(finding, cells=cells, values=[values[place] for place in kept], fix="correct" if kept else None)
    if not left_out and not values:
        return finding
    kept = [place for place in range(size(finding)) if place not in left_out]
    if finding.fix == "correct":
        return replace(
            finding,
            cells=[finding.cells[place] for place in kept],
            values=[values.get(place, finding.values[place]) for place in kept],
        )
    if finding.fix == "relabel":
        labels = list(finding.labels.items())
        return replace(finding, labels={labels[place][0]: str(values.get(place, labels[place][1])) for place in kept})
    return replace(finding, ids=finding.ids[kept])


def before_after(dataset: Dataset, finding: Finding, part: slice | None = None) -> pd.DataFrame:
    """List what a finding is about, cell by cell: what stands there, and what would.

    Parameters
    ----------
    dataset : Dataset
    finding : Finding
        One of cells or of labels.
    part : slice, optional
        The places to list; by default all. Only these are read.

    Returns
    -------
    DataFrame of shape (cells, 4)
        Indexed by place: ``example``, ``column``, ``before``, ``after``. An example that is no longer there has a
        missing ``before``; without a proposed value ``after`` equals ``before``.
    """
    part = slice(0, size(finding)) if part is None else part
    after: list[Any] | None
    cells: Sequence[tuple[str, str]]
    if finding.fix == "relabel":
        labels = list(finding.labels.items())[part]
        cells = [(example, dataset.schema.label) for example, _ in labels]
        after = [label for _, label in labels]
    else:
        cells = finding.cells[part]
        after = finding.values[part] if finding.fix == "correct" else None
    examples = np.array([example for example, _ in cells], dtype=object)
    columns = np.array([column for _, column in cells], dtype=object)
    before = np.full(len(cells), None, dtype=object)
    places = positions(pd.Index(examples, dtype="str"), dataset.frame.index)
    for name in dict.fromkeys(columns):
        if name not in dataset.frame.columns:
            continue
        asked = np.flatnonzero((columns == name) & (places >= 0))
        before[asked] = dataset.frame[name].iloc[places[asked]].astype("object").to_numpy()
    listed = pd.DataFrame(
        {"example": examples, "column": columns}, index=range(part.start or 0, (part.start or 0) + len(cells))
    )
    listed["before"] = pd.Series(before, index=listed.index, dtype="object")
    listed["after"] = listed["before"] if after is None else pd.Series(after, index=listed.index, dtype="object")
    return listed
