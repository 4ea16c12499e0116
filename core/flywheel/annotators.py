"""Several annotators in a project: what they said, gathered from the data, the log and the reviewers' own decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.annotate import agreement, consensus, disputes
from core.collect import find_layout, read_annotations
from core.flywheel import log
from core.flywheel.errors import ProjectError
from core.flywheel.sealed import in_sight
from core.ids import aligned, is_among, present

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = [
    "Matched",
    "Study",
    "gathered",
    "is_annotated",
    "label_by_consensus",
    "match_annotations",
    "reviewer_annotations",
    "study",
]

_METHODS = {"consensus": "label", "majority": "majority"}


@dataclass(frozen=True)
class Matched:
    """Annotations of a file, matched with the examples of a project.

    Attributes
    ----------
    frame : DataFrame
        Rows ids that are in the data, columns annotators.
    reason : str
        How the file was understood.
    unknown : Index
        Ids in the file that the data does not have.
    """

    frame: pd.DataFrame
    reason: str
    unknown: pd.Index


def match_annotations(project: Project, table: pd.DataFrame) -> Matched:
    """Read a file of annotations and match it with the data, by id.

    Parameters
    ----------
    project : Project
    table : DataFrame
        As `core.collect.read_table` returns it: a row a label, or a column an annotator.

    Raises
    ------
    ReadError
        If it can't be understood, or no example of it is in the data.
    """
    ids = project.dataset.frame.index
    layout = find_layout(table, ids=ids)
    wide = read_annotations(table, layout)
    known = is_among(wide.index, ids)
    return Matched(wide[known].dropna(how="all", axis="columns"), layout.reason, wide.index[~known])


def gathered(project: Project) -> pd.DataFrame:
    """What several annotators said of the examples in the data; of two labels by one, the last counts.

    What they said of sealed examples is sealed as well.

    Returns
    -------
    DataFrame
        Indexed by id, in the order of the data: the examples that somebody labelled. Columns annotators.
    """
    dataset = project.dataset
    wide = dataset.frame[list(dataset.schema.annotators)]
    for entry in log.active(project.log):
        if entry.kind == "annotations" and entry.blob is not None:
            new = project.store.read_frame(entry.blob)
            order = wide.columns.append(new.columns.difference(wide.columns, sort=False))
            wide = new.combine_first(wide)[order]
    wide = wide.dropna(how="all")
    if len(wide):
        seen = in_sight(project, dataset.frame.index)
        wide = wide.reindex(seen[is_among(seen, wide.index)])
    return wide.astype("str")


def is_annotated(project: Project) -> bool:
    """Whether several people's labels are known, by a column of the data or a file that was added."""
    in_data = bool(project.dataset.schema.annotators)
    return in_data or any(entry.kind == "annotations" for entry in log.active(project.log))


def reviewer_annotations(project: Project) -> pd.DataFrame:
    """What the reviewers decided, as annotations: rows ids, columns reviewers, missing = not looked at.

    Keeping a label is giving it. Who called an example ambiguous, excluded or skipped it gave no label; nor did who
    decided on several at once without a look at each.
    """
    # Nothing is to be learned from what was said of test examples.
    entries = [each for each in log.active(project.log) if not each.content.get("blind", False)]
    decided = {example for each in entries if each.kind == "decide" for example in each.content["decisions"]}
    came, now = (data.labels[data.labels.index.isin(decided)] for data in (project.dataset_at(0), project.dataset))
    labels = present(came).to_dict()
    said: dict[str, dict[str, str]] = {}
    for entry in entries:
        if entry.kind == "relabel":
            labels.update(entry.content["labels"])
        if entry.kind != "decide":
            continue
        for example, (decision, label) in entry.content["decisions"].items():
            given = labels.get(example, now.get(example)) if decision == "keep" else label
            if decision in ("keep", "suggested", "other") and pd.notna(given):
                labels[example] = str(given)
                if not entry.content.get("bulk"):
                    said.setdefault(entry.by or "somebody", {})[example] = str(given)
    if not said:
        return pd.DataFrame(index=pd.Index([], dtype="str", name="example"))
    return pd.DataFrame({by: pd.Series(labels, dtype="str") for by, labels in said.items()}).rename_axis("example")


def label_by_consensus(
    frame: pd.DataFrame, annotators: Sequence[str], *, method: str = "consensus"
) -> tuple[pd.DataFrame, str]:
    """Add a label to a table in which annotators have a column each.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
    annotators : sequence of str
        Their columns.
    method : str
        ``consensus`` (weighs annotators by how reliable they are) or ``majority`` (a tie is left without a label).

    Returns
    -------
    frame : DataFrame of shape (n, columns + 1)
    column : str
        The name of the new column.

    Raises
    ------
    ProjectError
        If there are fewer than two annotators, or another method is asked for.
    """
    if method not in _METHODS:
        raise ProjectError(f"A label is made by one of {', '.join(_METHODS)}. Got '{method}' instead.")
    if len(annotators) < 2:
        raise ProjectError(
            f"A consensus needs the columns of at least two annotators. Got {len(annotators)}. "
            "Give the columns that hold one annotator's labels each the role 'annotator'."
        )
    said = frame[list(annotators)].reset_index(drop=True)
    settled = consensus(said)
    label = settled[_METHODS[method]]
    if method == "majority":
        votes = settled["label"].notna() & ~_tied(said)
        label = label.where(votes)
    column = "label"
    while column in frame.columns:
        column = f"{column}_of_annotators" if column == "label" else f"{column}_"
    made = frame.assign(**{column: label.to_numpy()})
    made.attrs = dict(frame.attrs)
    return made, column


def _tied(said: pd.DataFrame) -> pd.Series:
    """Whether two classes have as many votes as any, by row."""
    rows = said.stack().astype("str").reset_index(level=1, drop=True)
    votes = rows.groupby([rows.index, rows.to_numpy()]).size()
    most = votes.groupby(level=0).transform("max")
    return ((votes == most).groupby(level=0).sum() > 1).reindex(said.index, fill_value=False)


@dataclass(frozen=True)
class Study:
    """What several annotators come to, in one go: it takes seconds where there are many labels.

    Attributes
    ----------
    consensus : DataFrame
        As `core.annotate.consensus`, with ``given``, the label in the data, beside it.
    agreement : dict
        As `core.annotate.agreement`.
    disputes : DataFrame
        Cards of the train examples to be looked at, as `core.annotate.disputes`.
    """

    consensus: pd.DataFrame
    agreement: dict[str, Any]
    disputes: pd.DataFrame


def study(project: Project, turn: Turn) -> Study:
    """Compare the annotators of a project, with the probabilities of a turn.

    Raises
    ------
    AnnotationsError
        If what was said are no classes.
    """
    said, labels = project.annotations, project.dataset.labels
    settled = consensus(said, turn.out_of_fold)
    settled.insert(0, "given", aligned(labels, settled.index))
    return Study(settled, agreement(said), disputes(project.dataset.labels_of("train"), said, turn.out_of_fold))
