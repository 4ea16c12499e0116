"""The data card of a report: what the data is, where it came from, classes, parts and columns, what was found in it.

Nothing of sealed examples is told but how many there are, as long as they are sealed. Of the values of a
column only those are named that ten train examples share.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.collect import Finding
from core.dataset import Dataset
from core.flywheel import is_sealed, kept_batches
from core.ids import is_among
from core.report.card import written
from core.report.html_page import Facts, Part, Section, Sentences, Table
from core.schema import Modality, Schema
from core.wording import count, moment, number, percent, shorten

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["data_section", "rest"]

_MOST_CLASSES, _MOST_COLUMNS, _MOST_FINDINGS, _MOST_BATCHES = 40, 60, 40, 40
# A value that fewer train examples have may point to one of them.
_SHARED_BY, _NAMED = 10, 3
_EXAMPLES = {Modality.TABLE: "a row of a table", Modality.TEXT: "a text", Modality.IMAGE: "an image"}


def data_section(project: Project, dataset: Dataset, findings: Sequence[Finding], *, until: str) -> Section:
    """Tell what the data is.

    Parameters
    ----------
    project : Project
    dataset : Dataset
        The data that the report is about.
    findings : sequence of Finding
        What the audit says of it.
    until : str
        Of what came before that time is told.
    """
    parts: list[Part] = [Facts(_facts(project, dataset)), _classes(dataset)]
    batches = [batch for batch in kept_batches(project) if batch.at <= until]
    if batches:
        rows = [
            [batch.name, moment(batch.at), count(batch.report.rows), batch.fate, batch.reason or "–", batch.by or "–"]
            for batch in batches
        ]
        columns = ("file", "when", "rows", "what became of it", "why", "who")
        shown = rows[-_MOST_BATCHES:]
        parts.append(Table("Batches that came later", columns, shown, ("rows",), remark=rest(rows, shown, "earlier")))
    parts.append(_columns(dataset))
    return Section("The data", parts, (Section("What the audit found", _findings(findings)),))


def rest(rows: Sized, shown: Sized, which: str = "more") -> str:
    """Say how many rows a table leaves out; nothing where it has them all."""
    left = len(rows) - len(shown)
    return f"{count(left)} {which} not listed here." if left else ""


def _facts(project: Project, dataset: Dataset) -> dict[str, str]:
    schema, brought = dataset.schema, project.dataset_at(0)
    columns = brought.frame.shape[1]
    kind = _EXAMPLES[schema.modality]
    if schema.text and len(schema.features) > 1:
        kind += " with columns beside it"
    train = count(len(dataset.ids("train")))
    generated = len(dataset.generated)
    facts = {
        "An example is": f"{kind}; {count(len(schema.features), 'column')} for the model to learn from",
        "What is predicted": f"the class in column '{schema.label}', one of {count(len(dataset.classes))}",
        "Brought": f"{moment(project.created)}: {count(len(brought), 'example')}, {count(columns, 'column')}",
        "Train": f"{train}, of which {count(generated)} generated" if generated else train,
        "Test": f"{count(len(dataset.ids('test')))}, {_how_split(schema)}",
    }
    if pool := len(dataset.ids("pool")):
        facts["Without a label"] = count(pool)
    if sealed := len(dataset.ids("sealed")):
        state = "not looked at" if is_sealed(project) else "opened once"
        facts["Sealed"] = f"{count(sealed)}, {state}"
    if gone := len(dataset.excluded):
        facts["Excluded"] = f"{count(gone, 'example')} that were brought are left out; they stay listed in the app"
    return facts | {"Version of the data": dataset.version[:16]}


def _how_split(schema: Schema) -> str:
    how = "drawn at random"
    if schema.split_column:
        how = f"as column '{schema.split_column}' says"
    elif schema.time:
        how = f"the latest by column '{schema.time}'"
    how += ", fixed when the project was made"
    return f"{how}; examples of one '{schema.group}' are on one side" if schema.group else how


def _classes(dataset: Dataset) -> Table:
    generated = dataset.generated
    train = dataset.labels_of("train")
    made = is_among(train.index, generated)
    counts = pd.DataFrame(
        {
            "train": train[~made].value_counts(),
            "generated": train[made].value_counts(),
            "test": dataset.labels_of("test").value_counts(),
        }
    )
    counts = counts.reindex(list(dataset.classes)).fillna(0).astype(int)
    counts = counts.sort_values("train", ascending=False, kind="stable")
    if not len(generated):
        counts = counts.drop(columns="generated")
    share = counts["train"] / max(1, counts["train"].sum())
    rows = [[str(name), *map(count, counts.loc[name]), percent(share[name])] for name in counts.index]
    columns = ("class", *counts.columns, "share of train")
    shown = rows[:_MOST_CLASSES]
    return Table("Classes", columns, shown, columns[1:], remark=rest(rows, shown, "smaller classes"))


def _columns(dataset: Dataset) -> Table:
    train = dataset.part("train")
    if len(dataset.generated):
        train = train.drop(index=dataset.generated)
    rows = []
    for column in dataset.schema.columns:
        values = train[column.name]
        missing = percent(float(values.isna().mean())) if len(values) else "–"
        rows.append([column.name, column.role, column.kind, missing, _holds(column.role, column.kind, values)])
    columns = ("column", "role", "kind", "missing", "what it holds")
    shown = rows[:_MOST_COLUMNS]
    return Table("Columns, as they are in train", columns, shown, ("missing",), remark=rest(rows, shown, "columns"))


def _holds(role: str, kind: str, values: pd.Series) -> str:
    """What the values of a column are like; nothing that only few examples have."""
    present = values.dropna()
    if present.empty or role in ("id", "group", "annotator", "ignored"):
        return "–"
    if kind == "text":
        return f"texts, half of them up to {count(float(present.astype(str).str.len().median()), 'character')}"
    if kind == "numeric" and not pd.api.types.is_bool_dtype(present):
        quantiles = np.nanquantile(present.to_numpy(dtype=float), [0.5, 0.01, 0.99])
        middle, low, high = (written(float(f"{value:.4g}")) for value in quantiles)
        return f"median {middle}; nearly all from {low} to {high}"
    if kind == "datetime":
        first, last = (written(pd.Timestamp(end).normalize()) for end in present.quantile([0.01, 0.99]))
        return f"nearly all from {first} to {last}"
    held = present.map(written).value_counts()
    named = held[held >= _SHARED_BY].head(_NAMED)
    often = ", ".join(f"{shorten(value, 40)} {percent(size / len(present))}" for value, size in named.items())
    return f"{count(len(held), 'value')}: {often}" if often else count(len(held), "value")


def _findings(findings: Sequence[Finding]) -> list[Part]:
    if not findings:
        return [Sentences(["Nothing."])]
    rows = [[each.title, number(each.severity, 2), shorten(each.message, 400), each.remedy] for each in findings]
    columns = ("finding", "severity", "where and how much", "what to do")
    shown = rows[:_MOST_FINDINGS]
    return [
        Table(
            f"{count(len(findings), 'finding')}, the worst first (severity from 0 to 1)",
            columns,
            shown,
            ("severity",),
            remark=rest(rows, shown, "findings"),
        )
    ]
