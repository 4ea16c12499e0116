"""Edits: what can be done to the data, each reversible, each one entry in the log.

An edit is checked against the data set it is applied to; replaying the log later is lenient, so that taking one edit
back never breaks those that came after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from core import wording
from core.annotate import Rule, check_rules, read_rules
from core.collect import Check, read_checks
from core.content import canonicalise
from core.dataset import Dataset
from core.flywheel.decision import Decide, Decision
from core.flywheel.edit import Edit, EditError, plain, refuse_sealed, refuse_test
from core.ids import is_among
from core.roles import of_kind

__all__ = [
    "EDITS",
    "Annotations",
    "Collect",
    "Correct",
    "Decide",
    "Decision",
    "Dismiss",
    "DropColumn",
    "Edit",
    "EditError",
    "Exclude",
    "Generate",
    "Relabel",
    "SetChecks",
    "SetRules",
    "plain",
    "read_edit",
    "replay",
]


@dataclass(frozen=True)
class Relabel(Edit):
    """Give train or pool examples other labels."""

    kind: ClassVar[str] = "relabel"
    labels: Mapping[str, str]

    def apply(self, dataset: Dataset) -> Dataset:
        refuse_test(dataset, self.labels)
        return dataset.with_labels(self.labels)

    def payload(self) -> dict[str, Any]:
        return {"labels": {str(example): str(label) for example, label in self.labels.items()}}

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.labels)

    @property
    def summary(self) -> str:
        return f"relabelled {wording.count(len(self.labels), 'example')}"


@dataclass(frozen=True)
class Exclude(Edit):
    """Leave examples out. Those of the test set stay listed, and every turn is scored again without them.

    Sealed examples can't be left out.
    """

    kind: ClassVar[str] = "exclude"
    examples: Sequence[str]

    def apply(self, dataset: Dataset) -> Dataset:
        refuse_sealed(dataset, self.examples)
        return dataset.without(self.examples)

    def payload(self) -> dict[str, Any]:
        return {"examples": [str(example) for example in self.examples]}

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.examples)

    @property
    def summary(self) -> str:
        return f"excluded {wording.count(len(self.examples), 'example')}"


@dataclass(frozen=True)
class Correct(Edit):
    """Put other values into cells, ``{(id, column): value}``."""

    kind: ClassVar[str] = "correct"
    cells: Mapping[tuple[str, str], Any]

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.with_cells(self.cells)

    def payload(self) -> dict[str, Any]:
        return {"cells": [[example, column, plain(value)] for (example, column), value in self.cells.items()]}

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(example for example, _ in self.cells))

    @property
    def summary(self) -> str:
        return f"corrected {wording.count(len(self.cells), 'cell')}"


@dataclass(frozen=True)
class DropColumn(Edit):
    """Hide one feature from the model; its values stay with the data."""

    kind: ClassVar[str] = "drop_column"
    column: str

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.without_column(self.column)

    def payload(self) -> dict[str, Any]:
        return {"column": self.column}

    @property
    def summary(self) -> str:
        return f"dropped the column '{self.column}'"


@dataclass(frozen=True)
class Collect(Edit):
    """Add rows: labelled ones to train, the others to the pool. Rows that are known already are left out.

    ``count`` is how many were new when it was applied, ``batch`` the number under which a batch is kept.
    """

    kind: ClassVar[str] = "collect"
    frame: pd.DataFrame = field(repr=False, compare=False)
    count: int | None = None
    batch: int | None = None

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset.with_rows(dataset.admit(self.frame))

    def payload(self) -> dict[str, Any]:
        of = {} if self.batch is None else {"batch": self.batch}
        return {"count": len(self.frame) if self.count is None else self.count, **of}

    def rows(self) -> pd.DataFrame:
        # A file takes one kind of value in a column; the index plays no part.
        return canonicalise(self.frame).reset_index(drop=True)

    @property
    def summary(self) -> str:
        return f"collected {wording.count(self.payload()['count'], 'example')}"


@dataclass(frozen=True)
class Generate(Edit):
    """Add generated rows to train, with their parents, as ``core.generate.propose`` returns them.

    ``method``, ``settings`` and ``seed`` say how they were made.
    """

    kind: ClassVar[str] = "generate"
    frame: pd.DataFrame = field(repr=False, compare=False)
    method: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def apply(self, dataset: Dataset) -> Dataset:
        if not {"parent", "other_parent"} <= set(self.frame.columns):
            raise EditError("Generated examples must name their parents in the columns 'parent' and 'other_parent'.")
        if self.frame.columns.has_duplicates:
            raise EditError("Column names must differ. Two columns of the generated examples have one name.")
        rows = _generated(dataset, self.frame)
        if rows[dataset.schema.label].isna().any():
            raise EditError("Generated examples must have a label. Some have none.")
        return dataset.with_rows(rows, self.frame[["parent", "other_parent"]])

    def payload(self) -> dict[str, Any]:
        how = {"method": self.method, "settings": dict(self.settings), "seed": self.seed} if self.method else {}
        return {"count": len(self.frame), **how}

    def rows(self) -> pd.DataFrame:
        return canonicalise(self.frame)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.frame.index)

    @property
    def summary(self) -> str:
        return f"generated {wording.count(len(self.frame), 'example')}"


@dataclass(frozen=True)
class Annotations(Edit):
    """Keep what several annotators said: rows ids, columns annotators, missing = not labelled. Changes no data."""

    kind: ClassVar[str] = "annotations"
    frame: pd.DataFrame = field(repr=False, compare=False)

    def apply(self, dataset: Dataset) -> Dataset:
        unknown = self.frame.index[~is_among(self.frame.index, dataset.frame.index)]
        if len(unknown) or self.frame.empty:
            which = f"'{unknown[0]}' is not" if len(unknown) else "There is none"
            raise EditError(f"Annotations need examples that are in the data. {which}. Leave out the others.")
        return dataset

    @property
    def changes_data(self) -> bool:
        return False

    def payload(self) -> dict[str, Any]:
        return {"count": len(self.frame), "annotators": [str(name) for name in self.frame.columns]}

    def rows(self) -> pd.DataFrame:
        return canonicalise(self.frame.astype("str").where(self.frame.notna()))

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.frame.index)

    @property
    def summary(self) -> str:
        annotators = wording.count(self.frame.shape[1], "annotator")
        return f"added labels of {annotators} on {wording.count(len(self.frame), 'example')}"


@dataclass(frozen=True)
class SetRules(Edit):
    """The rules of the project from now on, all of them; the data stays as it is.

    ``changed`` names those to be checked against the data (None: all that are on), ``said`` what was done, in words.
    """

    kind: ClassVar[str] = "rules"
    rules: Sequence[Rule]
    changed: Sequence[str] | None = None
    said: str = ""

    def apply(self, dataset: Dataset) -> Dataset:
        check_rules(self.rules, dataset, only=self.changed)
        return dataset

    @property
    def changes_data(self) -> bool:
        return False

    def payload(self) -> dict[str, Any]:
        return {"rules": [rule.to_dict() for rule in self.rules], "said": self.said}

    @property
    def summary(self) -> str:
        return self.said or f"set {wording.count(len(self.rules), 'rule')}"


@dataclass(frozen=True)
class SetChecks(Edit):
    """What must hold of the data from now on, all of it; the data stays as it is. ``said`` is what was done, in words.

    A check that asks for columns or kinds that the data has not is refused, unless it was there before (``known``).
    """

    kind: ClassVar[str] = "checks"
    checks: Sequence[Check]
    said: str = ""
    known: Sequence[Check] = ()

    def apply(self, dataset: Dataset) -> Dataset:
        for check in self.checks:
            if check not in self.known:
                check.broken(dataset.frame)
        return dataset

    @property
    def changes_data(self) -> bool:
        return False

    def payload(self) -> dict[str, Any]:
        return {"checks": [check.to_dict() for check in self.checks], "said": self.said}

    @property
    def summary(self) -> str:
        return self.said or f"set {wording.count(len(self.checks), 'check')}"


@dataclass(frozen=True)
class Dismiss(Edit):
    """Say of a finding of the audit that it is as it should be, or (``back``) that it is to be shown again.

    ``finding`` is its `findings.finding_key`, ``size`` how much it was about. Changes no data.
    """

    kind: ClassVar[str] = "dismiss"
    finding: str
    title: str
    size: int
    back: bool = False

    def apply(self, dataset: Dataset) -> Dataset:
        return dataset

    @property
    def changes_data(self) -> bool:
        return False

    def payload(self) -> dict[str, Any]:
        return {"finding": self.finding, "title": self.title, "size": self.size, "back": self.back}

    @property
    def summary(self) -> str:
        return f"{'brought back' if self.back else 'dismissed'} the finding '{self.title}'"


EDITS: dict[str, type[Edit]] = {
    edit.kind: edit
    for edit in (
        Relabel,
        Exclude,
        Correct,
        DropColumn,
        Collect,
        Generate,
        Annotations,
        Decide,
        SetRules,
        SetChecks,
        Dismiss,
    )
}


def read_edit(kind: str, payload: Mapping[str, Any], rows: pd.DataFrame | None, *, by: str, reason: str) -> Edit:
    """Make an edit again of what the log kept."""
    if kind == "relabel":
        return Relabel(payload["labels"], by=by, reason=reason)
    if kind == "exclude":
        return Exclude(payload["examples"], by=by, reason=reason)
    if kind == "correct":
        return Correct({(example, column): value for example, column, value in payload["cells"]}, by=by, reason=reason)
    if kind == "drop_column":
        return DropColumn(payload["column"], by=by, reason=reason)
    if kind == "decide":
        decisions = {example: (decision, label) for example, (decision, label) in payload["decisions"].items()}
        queue = payload.get("queue")
        return Decide(
            decisions,
            guideline=payload.get("guideline"),
            blind=payload.get("blind", False),
            queue=None if queue is None else (queue[0], queue[1], queue[2]),
            bulk=payload.get("bulk", False),
            walker=payload.get("walker"),
            by=by,
            reason=reason,
        )
    if kind == "rules":
        return SetRules(read_rules(payload["rules"]), said=payload.get("said", ""), by=by, reason=reason)
    if kind == "checks":
        return SetChecks(read_checks(payload["checks"]), said=payload.get("said", ""), by=by, reason=reason)
    if kind == "dismiss":
        title, size, back = payload["title"], payload["size"], payload["back"]
        return Dismiss(payload["finding"], title=title, size=size, back=back, by=by, reason=reason)
    if kind == "collect" and rows is not None:
        return Collect(rows, count=payload.get("count"), batch=payload.get("batch"), by=by, reason=reason)
    if kind == "generate" and rows is not None:
        how = {name: payload[name] for name in ("method", "settings", "seed") if name in payload}
        return Generate(rows, **how, by=by, reason=reason)
    if kind == "annotations" and rows is not None:
        return Annotations(rows, by=by, reason=reason)
    raise EditError(
        f"The log holds an edit of the unknown kind '{kind}'. It was written by a newer version of the app."
    )


def _generated(dataset: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """Generated rows with every column of the data; what the method did not make comes from the parent."""
    parents = dataset.frame.reindex(frame["parent"].astype("str")).set_axis(frame.index)
    columns = {}
    for name in dataset.schema.names:
        dtype = dataset.frame[name].dtype
        made = of_kind(frame[name] if name in frame.columns else parents[name], dataset.schema.column(name), dtype)
        # Whole numbers stay whole numbers; a fraction among them is kept, not cut off.
        whole = dtype.kind not in "iub" or bool((made.notna() & (made == made.round())).all())
        columns[name] = made.astype(dtype) if whole else made.astype("float64")
    return pd.DataFrame(columns, index=frame.index)


def replay(dataset: Dataset, edits: Iterable[Edit]) -> Dataset:
    """Apply edits that were acknowledged once, in their order.

    Runs of labels, cells and exclusions are gathered and applied at once, so that thousands of decisions replay in a
    moment. What an undone edit took away is passed over: labels of examples that are no longer there, children whose
    parents are gone.
    """
    labels: dict[str, str] = {}
    cells: dict[tuple[str, str], Any] = {}
    gone: dict[str, None] = {}

    def settle(current: Dataset) -> Dataset:
        named = pd.Index([*labels, *gone, *(example for example, _ in cells)], dtype="str")
        there = set(named[is_among(named, current.frame.index)])
        if known := {cell: value for cell, value in cells.items() if cell[0] in there}:
            current = current.with_cells(known)
        if new := {example: label for example, label in labels.items() if example in there}:
            current = current.with_labels(new)
        if out := [example for example in gone if example in there]:
            current = current.without(out)
        labels.clear()
        cells.clear()
        gone.clear()
        return current

    for edit in edits:
        if isinstance(edit, (Relabel, Decide)):
            labels.update(edit.labels)
        if isinstance(edit, Decide):
            gone.update(dict.fromkeys(edit.exclusions))
        elif isinstance(edit, Exclude):
            gone.update(dict.fromkeys(edit.examples))
        elif isinstance(edit, Correct):
            cells.update(edit.cells)
        elif isinstance(edit, DropColumn):
            dataset = settle(dataset)
            if edit.column in dataset.schema.features and len(dataset.schema.inputs) > 1:
                dataset = edit.apply(dataset)
        elif isinstance(edit, Collect):
            dataset = edit.apply(settle(dataset))
        elif isinstance(edit, Generate):
            dataset = settle(dataset)
            train = dataset.ids("train")
            has = [
                is_among(pd.Index(edit.frame[name]), train) | edit.frame[name].isna()
                for name in ("parent", "other_parent")
            ]
            new = ~is_among(edit.frame.index, dataset.frame.index)
            children = edit.frame[has[0] & has[1] & new]
            if len(children):
                dataset = Generate(children).apply(dataset)
    return settle(dataset)
