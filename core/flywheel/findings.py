"""What the audit says of a project's data: looked for once a version, kept on disk where it took long, dismissed.

What is kept is a cache: a file that is missing or unreadable is looked for again.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect import Check, Finding, audit, check_table, read_checks
from core.collect.finding import Cells
from core.dataset import Dataset
from core.flywheel import log
from core.flywheel.edits import Dismiss, plain
from core.flywheel.log import Entry
from core.flywheel.mend import size
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = [
    "AT_ONCE",
    "Findings",
    "check_dataset",
    "checks_in_force",
    "dismiss",
    "dismissals",
    "dismissed_findings",
    "finding_key",
    "findings_before",
    "is_dismissed",
    "is_quick",
    "open_findings",
    "ready_findings",
    "restore",
]

# Cells up to which an audit is so quick that a page may wait for it; a text counts as many.
AT_ONCE = 20_000
_CELLS_OF_A_TEXT = 20
# Raised when findings of the same data come out otherwise, so that no stale file is read.
_FORMAT = 3
_KEPT_FILES = 8
_KEPT = 4
_WORDS = ("kind", "title", "severity", "message", "remedy", "columns", "fix")


class Findings:
    """The findings of one project, by version of its data. Safe to share between threads.

    Parameters
    ----------
    folder : Path
        Of the project; files go to ``findings/`` below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "findings"
        self._looking = threading.Lock()
        self._kept: OrderedDict[str, list[Finding]] = OrderedDict()
        # What was said last, of whatever version.
        self.last: list[Finding] = []

    def known(self, dataset: Dataset, checks: Sequence[Check] = ()) -> list[Finding] | None:
        """What was found in this version of the data, worst first; None if it has not all been looked for."""
        found = self._read(_key(dataset))
        broken = self._read(_key(dataset, checks)) if checks else []
        return None if found is None or broken is None else self._say(found, broken)

    def look(
        self,
        dataset: Dataset,
        checks: Sequence[Check] = (),
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> list[Finding]:
        """Audit the data and ask the checks, unless that was done already.

        Raises
        ------
        Cancelled
            If the caller asked to stop.
        """
        # Whoever comes second waits for the first instead of looking for the same.
        with self._looking:
            key = _key(dataset)
            found = self._read(key)
            if found is None:
                found = self._keep(key, dataset, audit(dataset, progress, cancel))
            if not checks:
                return self._say(found, [])
            key = _key(dataset, checks)
            broken = self._read(key)
            if broken is None:
                broken = self._keep(key, dataset, check_dataset(dataset, checks, progress, cancel))
        return self._say(found, broken)

    def _say(self, found: list[Finding], broken: list[Finding]) -> list[Finding]:
        self.last = sorted([*broken, *found], key=lambda finding: -finding.severity)
        return self.last

    def _keep(self, key: str, dataset: Dataset, found: list[Finding]) -> list[Finding]:
        if not is_quick(dataset):
            _write(self._folder, key, found)
        return self._remember(key, found)

    def _read(self, key: str) -> list[Finding] | None:
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        found = _read(self._folder / f"{key}.parquet")
        return None if found is None else self._remember(key, found)

    def _remember(self, key: str, found: list[Finding]) -> list[Finding]:
        self._kept[key] = found
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


def check_dataset(
    dataset: Dataset, checks: Sequence[Check], progress: Progress | None = None, cancel: Cancel | None = None
) -> list[Finding]:
    """Ask checks of every example but those that were generated; only train examples are offered for exclusion."""
    collected = dataset.without(dataset.generated) if len(dataset.generated) else dataset
    train, sealed = collected.ids("train"), collected.ids("sealed")
    unnamed = sealed if len(sealed) else None
    return check_table(collected.frame, checks, excludable=train, unnamed=unnamed, progress=progress, cancel=cancel)


def is_quick(dataset: Dataset) -> bool:
    """Whether an audit takes so little that a page may wait for it."""
    texts = dataset.schema.text is not None
    return len(dataset) * (dataset.frame.shape[1] + _CELLS_OF_A_TEXT * texts) <= AT_ONCE


def _key(dataset: Dataset, checks: Sequence[Check] = ()) -> str:
    asked = [check.to_dict() for check in checks]
    return hashlib.sha256(json.dumps([_FORMAT, dataset.version, asked]).encode()).hexdigest()


# --- as it should be ------------------------------------------------------------------------------------------------


def finding_key(finding: Finding) -> str:
    """What a finding is called across versions: its kind and its columns; of a check, what it asks."""
    said = [finding.title] if finding.kind == "check" else []
    return json.dumps([finding.kind, *finding.columns, *said], ensure_ascii=False)


def dismiss(finding: Finding, *, by: str = "", reason: str = "") -> Dismiss:
    """Make the edit that says of a finding: it is as it should be. It comes back when it is about more than now."""
    return Dismiss(finding_key(finding), title=finding.title, size=size(finding), by=by, reason=reason)


def restore(finding: Finding, *, by: str = "", reason: str = "") -> Dismiss:
    """Make the edit that takes a dismissal back, whatever was done since."""
    return Dismiss(finding_key(finding), title=finding.title, size=size(finding), back=True, by=by, reason=reason)


def checks_in_force(force: Sequence[Entry]) -> tuple[Check, ...]:
    """The checks that the last change of them in force left."""
    last = next((entry for entry in reversed(force) if entry.kind == "checks"), None)
    return () if last is None else read_checks(last.content["checks"])


def dismissals(force: Sequence[Entry]) -> dict[str, Entry]:
    """Findings that were dismissed and not brought back, by `finding_key`, with the entry that did it.

    Parameters
    ----------
    force : sequence of Entry
        The entries in force.
    """
    known: dict[str, Entry] = {}
    for entry in force:
        if entry.kind == "dismiss":
            known.pop(entry.content["finding"], None)
            if not entry.content["back"]:
                known[entry.content["finding"]] = entry
    return known


def is_dismissed(finding: Finding, known: Mapping[str, Entry]) -> bool:
    """Whether a finding was dismissed when it was about as much as now, or more."""
    entry = known.get(finding_key(finding))
    return entry is not None and size(finding) <= entry.content["size"]


# --- on disk --------------------------------------------------------------------------------------------------------


def _write(folder: Path, key: str, found: Sequence[Finding]) -> None:
    """Keep findings as one Parquet file: their words in its header, the examples of all as its rows."""
    words: list[dict[str, Any]] = []
    parts: list[pa.Array] = []
    for finding in found:
        said = {name: getattr(finding, name) for name in _WORDS}
        runs = list(_runs(finding.cells))
        said |= {"values": list(map(plain, finding.values)), "labels": list(finding.labels.items())}
        words.append(said | {"ids": len(finding.ids), "cells": [(column, len(ids)) for column, ids in runs]})
        parts += [_texts(ids) for ids in (finding.ids, *(ids for _, ids in runs))]
    table = pa.table({"example": pa.chunked_array(parts, type=pa.large_string())})
    table = table.replace_schema_metadata({"findings": json.dumps(words)})
    temporary = folder / f".{key}.{os.getpid()}.{threading.get_ident()}"
    # Without room on the disk the findings are there all the same.
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        pq.write_table(table, temporary)
        temporary.replace(folder / f"{key}.parquet")
        files = sorted(folder.glob("*.parquet"), key=lambda path: path.stat().st_mtime)
        for old in files[:-_KEPT_FILES]:
            old.unlink(missing_ok=True)


def _runs(cells: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Cells as runs of one column each: its name and the examples."""
    if isinstance(cells, Cells):
        for column in cells.places:
            yield column, cells.ids_of(column)
    else:
        for column, run in itertools.groupby(cells, key=lambda cell: cell[1]):
            yield column, [example for example, _ in run]


def _texts(ids: Any) -> pa.Array:
    texts = pa.array(ids, type=pa.large_string())
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def _read(path: Path) -> list[Finding] | None:
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
        words = json.loads((table.schema.metadata or {})[b"findings"])
        examples = pd.Index(table["example"].to_pandas(), dtype="str", name="example")
        found, start = [], 0
        for said in words:
            number, runs = said.pop("ids"), said.pop("cells")
            ids, start = examples[start : start + number], start + number
            stop = start + sum(length for _, length in runs)
            said |= {"columns": tuple(said["columns"]), "labels": dict(said["labels"])}
            found.append(Finding(**said, ids=ids, cells=_cells(examples[start:stop], runs)))
            start = stop
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError):
        return None
    return found


def _cells(examples: pd.Index, runs: Sequence[tuple[str, int]]) -> Sequence[tuple[str, str]]:
    """Cells of runs; made as they are asked for where each column has one run."""
    lengths = [length for _, length in runs]
    columns = [column for column, _ in runs]
    if len(set(columns)) < len(columns):
        return list(zip(examples, np.repeat(columns, lengths).tolist(), strict=True))
    starts = np.cumsum([0, *lengths])
    return Cells(examples, {name: np.arange(starts[n], starts[n + 1]) for n, name in enumerate(columns)})


# --- of a project ---------------------------------------------------------------------------------------------------


def ready_findings(project: Project) -> list[Finding] | None:
    """What the audit says of the data as it is, if it is known or found in a moment; None if that takes long."""
    dataset = project.dataset
    look = project.audits.look if is_quick(dataset) else project.audits.known
    found = look(dataset, project.checks)
    return None if found is None else open_findings(project, found)


def findings_before(project: Project) -> list[Finding]:
    """What the audit said before the last edits, without what they mended: for while the data is looked at again."""
    dataset = project.dataset
    return [finding for finding in open_findings(project, project.audits.last) if _still_there(finding, dataset)]


def _still_there(finding: Finding, dataset: Dataset) -> bool:
    frame = dataset.frame
    if not (finding.ids.isin(frame.index).all() and set(finding.columns) <= set(frame.columns)):
        return False
    if finding.fix == "relabel":
        example, label = next(iter(finding.labels.items()))
        return bool(frame.at[example, dataset.schema.label] != label)
    if finding.fix == "correct" and finding.values:
        # One edit corrects all cells of a finding: one of them tells.
        (example, column), value = finding.cells[0], finding.values[0]
        now: Any = frame.at[example, column] if example in frame.index else value
        return not (now == value or (value is None and pd.isna(now)))
    return finding.fix != "drop_column" or finding.columns[0] in dataset.schema.inputs


def open_findings(project: Project, found: Sequence[Finding]) -> list[Finding]:
    """Those of some findings that nobody has dismissed."""
    known = dismissals(log.active(project.log))
    return [finding for finding in found if not is_dismissed(finding, known)]


def dismissed_findings(project: Project) -> list[tuple[Finding, Entry]]:
    """The findings of the data as it is that were dismissed, each with who did it and why; none before the audit."""
    known = dismissals(log.active(project.log))
    found = project.audits.known(project.dataset, project.checks) if known else None
    return [(finding, known[finding_key(finding)]) for finding in found or () if is_dismissed(finding, known)]
