"""Which cards make a review queue, in which order, and in which words it is named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.annotate import case_cards, conflicts, mixed
from core.flywheel import Decision, decisions, seconds_per_decision, start_queue, what_was_done
from core.flywheel.actions import SECONDS_PER_DECISION
from core.ids import is_among, looked_up, positions
from core.report import count
from pages.parts import sidebar, turns

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["EVERY", "GO", "begin", "cases", "duration", "for_audit", "meanwhile", "named", "places"]

# One card in so many is drawn at random in a queue that is mixed.
EVERY = 5
# The key that begins the cards of a tab, wherever no card is open: none of those on a card.
GO = "G"


def places(
    project: Project,
    turn: Turn,
    *,
    flagged: bool = True,
    label: str | None = None,
    probably: str | None = None,
    ids: Iterable[str] | None = None,
    again: bool = False,
) -> npt.NDArray[np.intp]:
    """Where the suspects of a turn stand that are still to be reviewed, worst first.

    Parameters
    ----------
    project : Project
    turn : Turn
    flagged : bool
        Only those that are suspects; otherwise every train example in the order of its score.
    label : str, optional
        Only those that were given this class.
    probably : str, optional
        Only those for which this class is suggested.
    ids : iterable of str, optional
        Only those among these examples.
    again : bool
        With those that were decided on already. Skipped ones always come again.

    Returns
    -------
    ndarray of shape (cards,)
        Positions in ``turn.suspects``: how many there are is asked on every page, the rows themselves on a click.
    """
    cards = turn.suspects
    chosen = _in_train(turns.identity(project, turn), project.dataset.version, project, turn)
    if flagged:
        chosen = chosen & cards["flagged"].to_numpy(dtype=bool)
    if label is not None:
        chosen = chosen & (cards["given"] == label).to_numpy(dtype=bool)
    if probably is not None:
        chosen = chosen & (cards["suggested"] == probably).to_numpy(dtype=bool)
    if ids is not None:
        chosen = chosen & _among(cards, ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype="str"))
    if not again:
        chosen = chosen & ~_among(cards, _settled(project))
    return np.flatnonzero(chosen)


def cases(project: Project, turn: Turn, *, label: str | None = None, again: bool = False) -> pd.DataFrame:
    """One card for each case of conflicting copies that is still to be reviewed, worst first.

    Parameters
    ----------
    project : Project
    turn : Turn
    label : str, optional
        Only cases in which some have this class.
    again : bool
        With those whose members were all decided on already.

    Returns
    -------
    DataFrame
        As ``turn.suspects``.
    """
    cards = case_cards(project.dataset, turn.suspects, label=label)
    if again or cards.empty:
        return cards
    found = conflicts(project.dataset)
    still_open = found[~is_among(found.index, _settled(project))]
    return cards[looked_up(found, cards.index).isin(still_open).to_numpy()]


def for_audit(project: Project, turn: Turn, cards: pd.DataFrame, *, label: str | None = None) -> pd.DataFrame:
    """A ranking mixed with cards drawn at random from all labels (of one class) that were not decided on."""
    labels = turn.suspects.iloc[places(project, turn, flagged=False, label=label)]
    return mixed(cards, labels, every=EVERY, seed=turn.number)


def named(
    turn: Turn,
    *,
    flagged: bool = True,
    label: str | None = None,
    probably: str | None = None,
    where: str | None = None,
    mixed: bool = False,
    copies: bool = False,
) -> str:
    """Say what a queue holds: ``suspects of turn 0 labelled 'yes'``."""
    said = f"{'conflicting copies' if copies else 'suspects' if flagged else 'all labels'} of turn {turn.number}"
    if label is not None:
        said += f" labelled '{label}'"
    if probably is not None:
        said += f", probably '{probably}'"
    if where is not None:
        said += f" where {where}"
    return f"{said}, with random ones between" if mixed else said


def begin(project: Project, cards: pd.DataFrame, source: str, turn: int) -> None:
    """Start a queue in the name of whoever asks for it: others stay in theirs."""
    start_queue(project, cards, source=source, turn=turn, by=sidebar.reviewer())


def duration(project: Project, cards: int) -> str:
    """How long so many cards take, at the reviewer's own speed where it is known."""
    own = _pace(project.id, project.revision, sidebar.reviewer(), project)
    seconds = cards * (own or SECONDS_PER_DECISION)
    minutes = max(1, round(seconds / 60))
    about = count(minutes, "minute") if minutes < 90 else f"{minutes / 60:.1f} hours"
    said = "Less than a minute" if seconds < 60 else f"About {about}"
    if own is None:
        return f"{said} at {SECONDS_PER_DECISION} seconds a decision"
    return f"{said} at your own speed, {count(round(own), 'second')} a decision"


@st.cache_data(show_spinner=False, max_entries=32)
def _pace(project_id: str, revision: int, by: str, _project: Project) -> float | None:
    return seconds_per_decision(_project.log, by)


def meanwhile(project: Project, queue: Queue | None, place: int, *, since: int) -> str:
    """What is told to somebody whose press came too late for its card; plain text."""
    done = what_was_done(project, queue, place, since=since) if queue is not None else []
    said = f": {'; '.join(done[-2:])}" if done else ""
    return f"That card was settled already{said}. Nothing was changed."


def _settled(project: Project) -> pd.Index:
    known = decisions(project)
    return known.index[(known["decision"] != Decision.SKIP).to_numpy(dtype=bool)]


@st.cache_resource(show_spinner=False, max_entries=8)
def _in_train(identity: str, version: str, _project: Project, _turn: Turn) -> npt.NDArray[np.bool_]:
    """Which suspects of a turn are still in train."""
    return np.asarray(is_among(_turn.suspects.index, _project.dataset.ids("train")))


def _among(cards: pd.DataFrame, ids: pd.Index) -> npt.NDArray[np.bool_]:
    """Which cards are of these examples, of which there are few as a rule: they are looked up, not the cards."""
    among = np.zeros(len(cards), dtype=bool)
    places = positions(ids, cards.index)
    among[places[places >= 0]] = True
    return among
