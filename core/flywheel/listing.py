"""The queue as a table: which rows there are, which a filter leaves, in which order, and one decision on many.

Works on whole columns, so that a hundred thousand rows are filtered in a moment; a page shows fifty of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.flywheel.bands import Audit, BandError, Figure
from core.flywheel.edits import Decide, Decision
from core.flywheel.errors import ProjectError
from core.flywheel.review import decisions
from core.ids import aligned, is_among, looked_up

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel.log import Entry
    from core.flywheel.project import Project

__all__ = ["ANY_COLUMN", "Filter", "decide_rows", "decided_many", "evidence", "list_cards", "matching", "open_rows"]

Booleans = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# Search in every text column, instead of one named column of any kind.
ANY_COLUMN = ""
_CHANGES = {Decision.SUGGESTED, Decision.OTHER, Decision.EXCLUDE}


@dataclass(frozen=True)
class Filter:
    """Which rows of a listing are wanted, and in which order.

    Attributes
    ----------
    given, suggested : str or None
        Only this class.
    lowest, highest : float
        Bounds of the score, both included.
    flagged : bool or None
        Only suspects, or only the others.
    decision : str or None
        ``"open"`` (nothing was decided, or it was skipped), ``"decided"``, or one `Decision`.
    by : str or None
        Decided by them.
    words : str
        A piece of text, as it stands, in upper or lower case.
    column : str
        Where to look for it; `ANY_COLUMN` for all text columns and the id.
    generated : bool or None
        Only generated examples, or only collected ones.
    sort : str
        A column of the listing or of the data; "" leaves the order of the queue.
    descending : bool
    """

    given: str | None = None
    suggested: str | None = None
    lowest: float = 0.0
    highest: float = 1.0
    flagged: bool | None = None
    decision: str | None = None
    by: str | None = None
    words: str = ""
    column: str = ANY_COLUMN
    generated: bool | None = None
    sort: str = ""
    descending: bool = False


def list_cards(project: Project, cards: pd.DataFrame) -> pd.DataFrame:
    """Put beside each card what was decided on it.

    Parameters
    ----------
    project : Project
    cards : DataFrame
        A queue's cards or a turn's suspects.

    Returns
    -------
    DataFrame
        Indexed as the cards: ``card`` (place from 1), ``given``, ``suggested``, ``score``, ``flagged``, ``decision``
        and ``by`` ("" where nothing was decided), ``there`` (whether the example is in train).
    """
    known = aligned(decisions(project)[["decision", "by"]], cards.index)
    return cards[["given", "suggested", "score", "flagged"]].assign(
        card=np.arange(1, len(cards) + 1),
        decision=known["decision"].fillna("").astype("str"),
        by=known["by"].fillna("").astype("str"),
        there=(aligned(project.dataset.split, cards.index) == "train").to_numpy(),
    )


def matching(listing: pd.DataFrame, dataset: Dataset, wanted: Filter) -> pd.DataFrame:
    """The rows that a filter leaves, in the order it asks for; equal ones stay in the order of the queue.

    Parameters
    ----------
    listing : DataFrame
        As `list_cards` gives it.
    dataset : Dataset
        Where words are looked for. Examples that are no longer in it hold none.
    wanted : Filter

    Returns
    -------
    DataFrame
        Rows of the listing; the listing itself where it is all of them as they stand.

    Raises
    ------
    ProjectError
        If a column is asked for that isn't there.
    """
    keep = listing["score"].between(wanted.lowest, wanted.highest).to_numpy(dtype=bool, copy=True)
    for name in ("given", "suggested", "by"):
        value = getattr(wanted, name)
        if value is not None:
            keep &= (listing[name] == value).fillna(False).to_numpy(dtype=bool)
    if wanted.flagged is not None:
        keep &= listing["flagged"].to_numpy(dtype=bool) == wanted.flagged
    if wanted.generated is not None:
        keep &= is_among(listing.index, dataset.generated) == wanted.generated
    open_ = _is_open(listing)
    if wanted.decision in {"open", "decided"}:
        keep &= open_ == (wanted.decision == "open")
    elif wanted.decision is not None:
        keep &= (listing["decision"] == wanted.decision).to_numpy(dtype=bool)
    # By places: to look the ids of a million rows up again takes longer than all of the rest.
    places = np.flatnonzero(keep)
    if wanted.words:
        places = places[_holds(listing.index[places], dataset, wanted.words, wanted.column)]
    if not wanted.sort and not wanted.descending and len(places) == len(listing):
        return listing
    return listing.iloc[_sorted(places, listing, dataset, wanted)]


def open_rows(listing: pd.DataFrame) -> Booleans:
    """Which rows are in train and nothing was decided on, or were skipped; of shape (n,)."""
    there: Booleans = listing["there"].to_numpy(dtype=bool)
    return _is_open(listing) & there


def _is_open(listing: pd.DataFrame) -> Booleans:
    return listing["decision"].isin(["", Decision.SKIP]).to_numpy(dtype=bool)


def _holds(ids: pd.Index, dataset: Dataset, words: str, column: str) -> Booleans:
    schema = dataset.schema
    names = [column] if column else [name for name in schema.inputs if _is_text(dataset.frame[name])]
    frame = aligned(_columns(dataset, names), ids)
    held = np.zeros(len(ids), dtype=bool)
    if not column:
        held |= pd.Series(ids, dtype="str").str.contains(words, case=False, regex=False).to_numpy(dtype=bool)
    for name in names:
        values = frame[name] if _is_text(frame[name]) else frame[name].astype("str")
        held |= values.str.contains(words, case=False, regex=False, na=False).to_numpy(dtype=bool)
    return held


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype) or column.dtype == object


def _columns(dataset: Dataset, names: list[str]) -> pd.DataFrame:
    # Not the truth of a demonstration, nor the other columns that a reviewer is not shown.
    unknown = [name for name in names if name not in dataset.schema.inputs]
    if unknown:
        known = ", ".join(f"'{name}'" for name in dataset.schema.inputs)
        raise ProjectError(f"The column must be one the model sees: {known}. Got '{unknown[0]}' instead.")
    return dataset.frame[names]


def _sorted(places: Places, listing: pd.DataFrame, dataset: Dataset, wanted: Filter) -> Places:
    if not wanted.sort:
        return places[::-1] if wanted.descending else places
    if wanted.sort in listing.columns:
        values = listing[wanted.sort].iloc[places]
    else:
        values = aligned(_columns(dataset, [wanted.sort])[wanted.sort], listing.index[places])
    # By ranks: sorting texts themselves, stably and downwards, takes far longer.
    rank = values.rank(method="min", ascending=not wanted.descending, na_option="bottom")
    return places[np.argsort(rank.to_numpy(), kind="stable")]


# --- one decision on many -------------------------------------------------------------------------------------------


def decided_many(rows: pd.DataFrame, dataset: Dataset, decision: str, label: str | None = None) -> Decide:
    """The edit that gives one decision to many rows; those that are no longer in train are left out.

    Parameters
    ----------
    rows : DataFrame
        Rows of a listing.
    dataset : Dataset
    decision : str
        "suggested" takes each row's own suggestion, rows without one are left out; "keep" brings the given label back
        where it was changed since.
    label : str, optional
        The class to give, for "other".

    Raises
    ------
    ProjectError
        If no row is left.
    """
    rows = rows[(aligned(dataset.split, rows.index) == "train").to_numpy()]
    said: dict[str, tuple[str, str | None]] = {}
    if decision == Decision.SUGGESTED:
        rows = rows[rows["suggested"].notna()]
        said |= {str(example): (str(decision), str(own)) for example, own in rows["suggested"].items()}
    elif decision == Decision.KEEP:
        moved = looked_up(dataset.labels, rows.index) != rows["given"]
        said |= {
            str(example): (str(Decision.OTHER), str(own)) if other else (str(Decision.KEEP), None)
            for example, own, other in zip(rows.index, rows["given"], moved, strict=True)
        }
    else:
        said |= dict.fromkeys(map(str, rows.index), (str(decision), label))
    if not said:
        raise ProjectError("None of these examples can be decided so: they are no longer in train. Choose others.")
    return Decide(said)


def evidence(audit: Audit, rows: pd.DataFrame, decision: str, label: str | None = None) -> Figure | None:
    """What the review says for such a decision: how often the suggestion is right, or the given label wrong.

    A class that is given to all of them is what was suggested, or it is judged as far as the given label goes.
    """
    taken = decision == Decision.SUGGESTED or (decision == Decision.OTHER and bool((rows["suggested"] == label).all()))
    return audit.figure(rows, "right" if taken else "wrong")


def decide_rows(
    project: Project,
    rows: pd.DataFrame,
    decision: str,
    label: str | None = None,
    *,
    audit: Audit | None = None,
    by: str = "",
    reason: str = "",
    revision: int | None = None,
) -> Entry:
    """Decide on many rows at once: one entry in the log, one undo.

    Parameters
    ----------
    project : Project
    rows : DataFrame
        Rows of a listing.
    decision, label
        See `decided_many`.
    audit : Audit, optional
        Not given for rows that a person chose one by one. Given, the rows are all that a filter matches, which nobody
        has looked at: only those that are open are decided, a decision that changes data needs the figure of their
        bands, and the reason states it.
    by, reason : str
    revision : int, optional
        What the caller has seen.

    Raises
    ------
    BandError
        If nobody looked at the rows and there is no figure.
    StaleError
        If one of the rows was changed since ``revision``.
    """
    if audit is not None:
        # Nobody's decision is overruled unseen.
        rows = rows[open_rows(rows)]
    edit = decided_many(rows, project.dataset, decision, label)
    if audit is not None and decision in _CHANGES:
        chosen = rows.loc[list(edit.ids)]
        figure = evidence(audit, chosen, decision, label)
        if figure is None:
            raise BandError(
                f"To change {len(chosen):,} examples at once, a reviewed sample of their bands must say how often that "
                "is right. There is none for some of them. Review a random sample under 'Audited fix', or choose rows "
                "by hand."
            )
        reason = f"{reason}; {figure}"
    return project.apply(
        Decide(
            edit.decisions,
            guideline=project.guideline_version,
            by=by,
            reason=reason,
            bulk=audit is not None or len(edit.decisions) > 1,
        ),
        revision=revision,
    )
