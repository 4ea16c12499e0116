"""Cases: examples of equal or nearly equal content with different labels, which one decision settles together."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.ids import is_among, looked_up, positions
from core.neighbours import equal_groups, near_duplicates

__all__ = ["case_cards", "case_rows", "conflicts", "copies", "differences", "same_content"]

Integers = npt.NDArray[np.int64]

# What the card must not show, or what tells nothing of the content.
_UNSAID = ("label", "truth", "annotator", "split", "id")
# By data set, which is a version: gone with it.
_FOUND: weakref.WeakKeyDictionary[Dataset, pd.Series] = weakref.WeakKeyDictionary()


def same_content(inputs: pd.DataFrame, *, text: str | None = None) -> Integers:
    """Number examples so that those of equal content have one number.

    Parameters
    ----------
    inputs : DataFrame of shape (n, columns)
        What the model sees.
    text : str, optional
        The column with the text: texts that differ only in case, width, spaces and punctuation are equal. All other
        columns are equal only if their values are.

    Returns
    -------
    array of shape (n,), int64
        Group of each row, from 0 in the order in which they first occur.
    """
    if text is None:
        return equal_groups(inputs)
    groups = near_duplicates(inputs[text])
    others = inputs.drop(columns=text)
    if others.shape[1]:
        features = equal_groups(others)
        groups = groups * (features.max(initial=0) + 1) + features
    return pd.factorize(groups)[0].astype(np.int64)


def conflicts(dataset: Dataset) -> pd.Series:
    """Find the train examples whose content occurs in train with another label, too.

    Computed once for a version of the data.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Series of int64
        Train id to the number of its case, from 0 in the order in which cases first occur; only ids in a case. All
        examples of one content belong to it, also those whose label most of them share.
    """
    if dataset not in _FOUND:
        inputs = dataset.inputs("train")
        text = dataset.schema.text
        cases = _in_conflict(same_content(inputs, text=text), dataset.labels_of("train"))
        _FOUND[dataset] = pd.Series(cases, index=inputs.index, name="case")[cases >= 0]
    return _FOUND[dataset]


def _in_conflict(groups: Integers, labels: pd.Series) -> Integers:
    """The case of each row, -1 where all of its group agree."""
    codes = pd.factorize(labels)[0].astype(np.int64)
    # A group has several labels if its smallest and its largest code differ.
    size = int(groups.max(initial=-1)) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(low, groups, codes)
    np.maximum.at(high, groups, codes)
    among = (low < high)[groups] if size else np.zeros(0, dtype=bool)
    cases = np.full(len(groups), -1, dtype=np.int64)
    cases[among] = pd.factorize(groups[among])[0]
    return cases


def copies(cases: pd.Series, ids: pd.Index) -> pd.Series:
    """List for each of some examples all that belong to its case.

    Parameters
    ----------
    cases : Series
        As `conflicts` returns it.
    ids : Index

    Returns
    -------
    Series of object
        Id to the list of the ids in its case, itself included; None where it is in none.
    """
    listed = np.full(len(ids), None, dtype=object)
    places = positions(ids, cases.index)
    asked = places >= 0
    if asked.any():
        numbers = cases.to_numpy()
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers))
        names = cases.index.to_numpy(dtype=object)[order].tolist()
        wanted = numbers[places[asked]]
        members = {case: names[ends[case - 1] if case else 0 : ends[case]] for case in np.unique(wanted).tolist()}
        listed[asked] = pd.Series(wanted).map(members).to_numpy()
    return pd.Series(listed, index=ids, name="copies", dtype="object")


def case_cards(dataset: Dataset, suspects: pd.DataFrame, *, label: str | None = None) -> pd.DataFrame:
    """Choose one card for each case: its most doubtful member.

    Parameters
    ----------
    dataset : Dataset
    suspects : DataFrame
        As `find_suspects` returns it, worst first.
    label : str, optional
        Only cases in which some have this label; one of them is the card.

    Returns
    -------
    DataFrame
        Rows of `suspects`, worst first. Cases of which nothing was ranked come last: their card is the first member,
        and the label that most of the others have is the suggestion.
    """
    cases = conflicts(dataset)
    labels = looked_up(dataset.labels, cases.index)
    asked = cases if label is None else cases[labels == label]
    at = positions(suspects.index, asked.index)
    ranked = suspects[at >= 0]
    numbers = pd.Series(asked.to_numpy()[at[at >= 0]], index=ranked.index)
    cards = ranked[~numbers.duplicated().to_numpy()]
    unranked = asked[~asked.isin(numbers)]
    unranked = unranked[~unranked.duplicated()]
    if unranked.empty:
        return cards
    given = looked_up(labels, unranked.index)
    votes = pd.DataFrame({"case": cases, "label": labels}).value_counts().reset_index()
    votes = votes[votes["label"] != votes["case"].map(pd.Series(given.to_numpy(), index=unranked.to_numpy()))]
    most = votes.drop_duplicates("case").set_index("case")["label"]
    rows = pd.DataFrame({"given": given, "suggested": unranked.map(most).astype("str")}, index=unranked.index)
    rows = rows.assign(score=0.5, flagged=False, reasons="the same content carries another label")
    return pd.concat([cards, rows]).astype({"flagged": bool})


def case_rows(dataset: Dataset, ids: pd.Index) -> pd.Series:
    """List the cases that some examples belong to, one after the other, with all their members.

    Parameters
    ----------
    dataset : Dataset
    ids : Index
        Those in no case are passed over.

    Returns
    -------
    Series of int64
        Id to the number of its case, from 1 in the order of the list; within a case by label.
    """
    cases = conflicts(dataset)
    numbers = cases.to_numpy()
    # By where each id is: a look-up of labels would fail on those in no case.
    asked = numbers[positions(ids[is_among(ids, cases.index)], cases.index)]
    rows = pd.DataFrame({"case": cases, "label": looked_up(dataset.labels, cases.index)})[np.isin(numbers, asked)]
    rows = rows.sort_values(["case", "label"], kind="stable")
    return pd.Series(pd.factorize(rows["case"])[0] + 1, index=rows.index, name="case", dtype="int64")


def differences(dataset: Dataset, ids: Sequence[str]) -> pd.DataFrame:
    """Set the members of a case side by side: the label, and the columns in which they differ.

    Parameters
    ----------
    dataset : Dataset
    ids : sequence of str

    Returns
    -------
    DataFrame
        Indexed by id in the order of `ids`, the label first. Truth and annotators play no part.
    """
    rows = dataset.frame.loc[list(ids)]
    names = [column.name for column in dataset.schema.columns if column.role not in _UNSAID]
    differing = [name for name in names if rows[name].nunique(dropna=False) > 1]
    return rows[[dataset.schema.label, *differing]]
