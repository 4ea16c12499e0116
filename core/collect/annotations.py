"""What several annotators said, as files have it: a row a label (long) or a column an annotator (wide)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from core.collect.errors import ReadError
from core.content import canonicalise
from core.roles import are_whole, with_label

__all__ = ["Layout", "find_layout", "find_long", "gather_examples", "read_annotations", "to_wide"]

_ANNOTATOR = re.compile(
    r"annotator|rater|labell?er|coder|worker|judge|reviewer|radiologist|performer|평가자|작업자", re.IGNORECASE
)
_EXAMPLE = re.compile(
    r"(^|[_ ])(id|key|uid|uuid|item|task|example|question|document|doc|image|song|object|unit|row)$|[a-z]I[dD]$|"
    r"^(id|item|task|example|question|document|image|song)[_ ]?(id|no|name|number)$|번호$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"label|class|answer|response|annotation|rating|vote|judg|category|choice|라벨|레이블|분류", re.IGNORECASE
)
_MOST_CLASSES = 200
# Pairs of example and annotator that may repeat (somebody looked twice) in a file with a row a label.
_REPEATED = 0.2
_SOURCE = "The annotations"


@dataclass(frozen=True)
class Layout:
    """Where a file says who labelled what.

    Attributes
    ----------
    kind : str
        ``long`` (a row a label) or ``wide`` (a column an annotator).
    id : str
        The column that names the example.
    annotators : tuple of str
        Wide: the columns with one annotator's labels each.
    annotator, label : str
        Long: the columns that name the annotator and the label given.
    reason : str
        Why, in words.
    """

    kind: str
    id: str
    annotators: tuple[str, ...] = ()
    annotator: str = ""
    label: str = ""
    reason: str = ""


def to_wide(frame: pd.DataFrame, *, id: str, annotator: str, label: str) -> pd.DataFrame:
    """Turn a table with a row a label into one with a row an example and a column an annotator.

    Parameters
    ----------
    frame : DataFrame of shape (labels, columns)
    id, annotator, label : str
        The columns that name the example, the annotator, and the label given.

    Returns
    -------
    DataFrame of shape (examples, annotators), str
        Missing where an annotator did not label an example. Examples in the order of the file, annotators by name.
        Rows without example, annotator or label are left out; of repeated ones the last counts.

    Raises
    ------
    ReadError
        If a column is not there, or no row is left.
    DatasetError
        If the label holds numbers that are no classes.
    """
    frame = _canonical(frame)
    missing = [name for name in (id, annotator, label) if name not in frame.columns]
    if missing:
        raise ReadError(
            f"there is no column '{missing[0]}', only {_listed(frame.columns)}",
            "Name the columns of example, annotator and label.",
            source=_SOURCE,
        )
    if len({id, annotator, label}) < 3:
        raise ReadError(
            "example, annotator and label must be three columns, and two of them are one",
            "Name three different columns.",
            source=_SOURCE,
        )
    rows = pd.DataFrame(
        {
            "example": _names(_column(frame, id)),
            "annotator": _names(_column(frame, annotator)),
            "label": _labels(_column(frame, label), label),
        }
    ).dropna()
    if rows.empty:
        raise ReadError(
            f"no row has all of '{id}', '{annotator}' and '{label}'", "Choose other columns.", source=_SOURCE
        )
    order = rows["example"].drop_duplicates()
    last = rows.drop_duplicates(["example", "annotator"], keep="last")
    wide = last.pivot(index="example", columns="annotator", values="label").loc[order]
    return wide.astype("str").rename_axis(index="example", columns=None)


def find_long(frame: pd.DataFrame) -> Layout | None:
    """Say whether a table has a row a label: examples repeat, and a column is named after annotators.

    Returns
    -------
    Layout or None
        None if it does not look so.
    """
    frame = _canonical(frame)
    annotators = [name for name in _usable(frame) if _ANNOTATOR.search(name)]
    examples = [name for name in _usable(frame) if _EXAMPLE.search(name) and name not in annotators]
    labels = [
        name
        for name in _usable(frame)
        if _LABEL.search(name) and name not in (*annotators, *examples) and frame[name].nunique() <= _MOST_CLASSES
    ]
    for example in examples:
        for annotator in annotators:
            for label in sorted(labels, key=lambda name: name.lower() != "label"):
                if reason := _is_long(frame, example, annotator):
                    return Layout("long", example, annotator=annotator, label=label, reason=reason)
    return None


def find_layout(frame: pd.DataFrame, *, ids: Iterable[str] | None = None) -> Layout:
    """Find out how a file says who labelled what.

    Parameters
    ----------
    frame : DataFrame
        As `read_table` returns it.
    ids : iterable of str, optional
        The ids of the examples that are known: the column that holds them is the one that names the example.

    Returns
    -------
    Layout

    Raises
    ------
    ReadError
        If no column names the example, or nothing looks like the labels of several annotators.
    """
    frame = _canonical(frame)
    names = _usable(frame)
    known = None if ids is None else pd.Index(list(ids), dtype="str")
    long = find_long(frame)
    if long is not None and (known is None or known.isin(_names(frame[long.id])).any()):
        return long
    example = _id_column(frame, names, known)
    others = [name for name in names if name != example]
    if not _names(frame[example]).dropna().is_unique:
        # Examples repeat, so a row is a label: the annotator is who gives each example one label.
        for annotator in others:
            reason = _is_long(frame, example, annotator)
            rest = [name for name in others if name != annotator and frame[name].nunique() <= _MOST_CLASSES]
            if reason and rest:
                label = _label_column(frame, example, rest)
                return Layout("long", example, annotator=annotator, label=label, reason=reason)
        raise ReadError(
            f"the examples in '{example}' repeat, but no column tells their annotators apart",
            "Add a column that names the annotator of each row.",
            source=_SOURCE,
        )
    named = [name for name in others if _ANNOTATOR.search(name)]
    if named:
        reason = f"{len(named)} columns are named after annotators" if len(named) > 1 else "a column of one annotator"
        return Layout("wide", example, annotators=tuple(named), reason=reason)
    alike = _sharing_classes(frame, others)
    if len(alike) < 2:
        raise ReadError(
            "it must have one row per label (example, annotator, label) or one column per annotator, and no columns "
            "look so",
            "Name the columns rater_1, rater_2 and so on, or bring three columns id, annotator, label.",
            source=_SOURCE,
        )
    return Layout("wide", example, annotators=alike, reason=f"{len(alike)} columns hold the same classes")


def read_annotations(frame: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Bring a file into the one form: rows examples, columns annotators, missing = not labelled, all str.

    Raises
    ------
    ReadError
        If an example repeats in a wide file, or nobody labelled anything.
    """
    if layout.kind == "long":
        return to_wide(frame, id=layout.id, annotator=layout.annotator, label=layout.label)
    frame = _canonical(frame)
    missing = [name for name in (layout.id, *layout.annotators) if name not in frame.columns]
    if missing:
        raise ReadError(f"there is no column '{missing[0]}'", "Name columns that are in the file.", source=_SOURCE)
    ids = _names(_column(frame, layout.id))
    wide = pd.DataFrame({name: _labels(_column(frame, name), name) for name in layout.annotators})
    wide = wide.set_axis(pd.Index(ids, name="example"))[ids.notna().to_numpy()]
    if wide.index.has_duplicates:
        raise ReadError(
            f"each example must have one row, and '{wide.index[wide.index.duplicated()][0]}' has several",
            "Keep one row per example, or bring one row per label with a column for the annotator.",
            source=_SOURCE,
        )
    wide = wide.dropna(how="all").dropna(how="all", axis="columns")
    if wide.empty:
        raise ReadError("nobody labelled anything", "Choose other columns.", source=_SOURCE)
    return wide.astype("str")


def gather_examples(frame: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Turn a data file with a row a label into one with a row an example.

    Parameters
    ----------
    frame : DataFrame of shape (labels, columns)
    layout : Layout
        As `find_long` returns it.

    Returns
    -------
    DataFrame of shape (examples, columns - 2 + annotators)
        The id, the columns that are the same in all rows of an example, and a column an annotator. What differs from
        row to row of an example (a time, a remark of the annotator) is left out and named in ``attrs["notes"]``.
    """
    wide = to_wide(frame, id=layout.id, annotator=layout.annotator, label=layout.label)
    wide.columns = [f"annotator_{name}" for name in wide.columns]
    frame = _canonical(frame).reset_index(drop=True)
    ids = _names(frame[layout.id])
    rest = frame.drop(columns=[layout.id, layout.annotator, layout.label])[ids.notna().to_numpy()]
    ids = ids.dropna()
    differing = [name for name in rest.columns if (rest[name].groupby(ids.to_numpy()).nunique(dropna=False) > 1).any()]
    first = rest.drop(columns=differing).set_axis(pd.Index(ids.to_numpy(), dtype="str"))
    first = first[~first.index.duplicated()].reindex(wide.index)
    wide.columns = [f"{name}_label" if name in first.columns else name for name in wide.columns]
    gathered = first.join(wide).reset_index(names=layout.id)
    notes = [f"{len(frame):,} labels of {wide.shape[1]:,} annotators became {len(gathered):,} rows, one an example."]
    if differing:
        notes.append(
            f"Left out, since they differ between the labels of one example: {', '.join(map(str, differing))}."
        )
    gathered.attrs["notes"] = notes
    return gathered


def _canonical(frame: pd.DataFrame) -> pd.DataFrame:
    """Values and names of columns in one form; a file whose names repeat is refused."""
    if frame.empty:
        raise ReadError("it holds no rows", "Bring a table with a header and one row per label.", source=_SOURCE)
    frame = canonicalise(frame)
    if frame.columns.has_duplicates:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise ReadError(f"two columns have the name '{repeated}'", "Rename one of them.", source=_SOURCE)
    return frame


def _usable(frame: pd.DataFrame) -> list[str]:
    """The columns that hold anything."""
    return [str(name) for name in frame.columns if bool(frame[name].notna().any())]


def _is_long(frame: pd.DataFrame, example: str, annotator: str) -> str:
    """Why a table has a row a label, with the annotator in that column; empty if it has not."""
    pairs = pd.DataFrame({"example": _names(frame[example]), "annotator": _names(frame[annotator])}).dropna()
    examples, annotators = pairs["example"].nunique(), pairs["annotator"].nunique()
    repeated = pairs.duplicated().mean() if len(pairs) else 1.0
    if annotators < 2 or examples < 2 or repeated > _REPEATED or len(pairs) <= examples:
        return ""
    if pairs["annotator"].value_counts().max() < 2:
        return ""
    return f"{examples:,} examples in '{example}' repeat, each labelled by several of {annotators:,} in '{annotator}'"


def _id_column(frame: pd.DataFrame, names: list[str], known: pd.Index | None) -> str:
    """The column that names the example: the one with ids that are known, else one named so."""
    if known is not None and len(known):
        shares = {
            name: float((known.get_indexer(pd.Index(_names(frame[name]).dropna())) >= 0).mean()) for name in names
        }
        best = max(shares, key=shares.__getitem__, default="")
        if best and shares[best] > 0:
            return best
        raise ReadError(
            "no column holds ids of examples of this project",
            f"The ids look like '{known[0]}'. Take them from the project's export, or from the file it was made of.",
            source=_SOURCE,
        )
    for name in names:
        if _EXAMPLE.search(name):
            return name
    raise ReadError(f"no column names the example, there are {_listed(names)}", "Add a column 'id'.", source=_SOURCE)


def _label_column(frame: pd.DataFrame, example: str, names: list[str]) -> str:
    """The column of labels: named so, or the one of fewest values that differ between the rows of an example."""
    for name in names:
        if _LABEL.search(name):
            return name
    differing = [name for name in names if (frame.groupby(_names(frame[example]))[name].nunique() > 1).any()]
    values = {name: len(frame[name].dropna().unique()) for name in differing or names}
    return min(values, key=values.__getitem__)


def _sharing_classes(frame: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """The largest set of columns of few values that are the same ones: most of the values that all of them hold."""
    values = {name: frozenset(_names(frame[name]).dropna().unique()) for name in names if frame[name].nunique() <= 50}
    best: tuple[str, ...] = ()
    for own in values.values():
        alike = tuple(other for other, theirs in values.items() if 2 * len(own & theirs) > len(own | theirs))
        if own and len(alike) > len(best):
            best = alike
    return best


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].reset_index(drop=True)


def _labels(column: pd.Series, name: str) -> pd.Series:
    """The labels of one column as names of classes, as a data set has them."""
    return with_label(canonicalise(column.rename(name).to_frame()), name)[name]


def _names(column: pd.Series) -> pd.Series:
    """Ids and annotators as str, as a data set has its ids: 1.0 and 1 are "1", blank ones are missing."""
    values = canonicalise(column.rename("name").to_frame())["name"]
    if are_whole(values):
        values = values.astype("Int64")
    text = values.astype("str").where(values.notna()).str.strip()
    return text.where(text != "").astype("str")


def _listed(names: Iterable[object]) -> str:
    shown = [f"'{name}'" for name in names]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
