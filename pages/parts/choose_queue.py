"""Choosing what to review next: which labels, in which order, of which class, and how long it takes."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import join, other_queues
from core.report import count, shorten
from pages.parts import errors, queues, sidebar, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["COPIES", "draw"]

SUSPECTS, COPIES, EVERYTHING = "suspects", "copies", "all"
_WHAT = {SUSPECTS: "Suspects", COPIES: "Conflicting copies", EVERYTHING: "All labels"}
_MEANS = {
    SUSPECTS: "Labels that are probably wrong, judged by the last turn.",
    COPIES: "Equal content with different labels: one card and one decision for all copies.",
    EVERYTHING: "Every label in train, suspect or not.",
}
RANKED, MIXED = "ranked", "mixed"
_NAMED = 6
_ORDER = {RANKED: "Most doubtful first", MIXED: "With random ones between"}
_ORDERED = {
    RANKED: "The quickest way to wrong labels. It says nothing of the labels that are not suspected.",
    MIXED: f"About one card in {queues.EVERY} is drawn at random from all labels. From these the app estimates how "
    "many labels are wrong in all, and how many of those the suspects hold.",
}


@dataclass(frozen=True)
class _Wish:
    """What the form asks for."""

    what: str
    order: str
    label: str | None
    again: bool

    @property
    def mixed(self) -> bool:
        return self.order == MIXED and self.what != COPIES

    @property
    def noun(self) -> str:
        return "case" if self.what == COPIES else "example"

    def source(self, turn: Turn) -> str:
        """How the queue is named."""
        return queues.named(
            turn,
            flagged=self.what == SUSPECTS,
            label=self.label,
            mixed=self.mixed,
            copies=self.what == COPIES,
        )


def draw(project: Project, turn: Turn, queue: Queue | None = None) -> None:
    """Draw what a new queue may hold, how long it would take, and the button that starts it.

    Parameters
    ----------
    project : Project
    turn : Turn
    queue : Queue, optional
        The one under way.
    """
    again = bool(st.session_state.get("queue-again", False))
    found = {what: _size(project, turn, _Wish(what, RANKED, None, again)) for what in _WHAT}
    what = str(
        st.segmented_control(
            "What to review",
            list(_WHAT),
            default=SUSPECTS,
            required=True,
            format_func=_WHAT.__getitem__,
            key="queue-what",
        )
    )
    st.caption(f"{_MEANS[what]} {_open({each: size for each, (size, _) in found.items()})}")
    order = RANKED
    if what != COPIES:
        order = str(
            st.segmented_control(
                "In which order",
                list(_ORDER),
                default=RANKED,
                required=True,
                format_func=_ORDER.__getitem__,
                key="queue-order",
            )
        )
        st.caption(_ORDERED[order])
    label = st.selectbox(
        "Given class",
        [None, *project.dataset.classes],
        format_func=lambda name: "every class" if name is None else shorten(name, 40),
        key="queue-class",
    )
    size, classes = found[what]
    if what != COPIES and size:
        st.caption(_by_class(classes))
    st.checkbox("Also what was decided already", key="queue-again")
    _offer(project, turn, _Wish(what, order, label, again))
    _join(project, queue)


def _open(held: dict[str, int]) -> str:
    """How many cards each kind has. Not in the names of the choice: a choice whose words change is lost."""
    return (
        f"To review: {count(held[SUSPECTS], 'suspect')}, {count(held[COPIES], 'case')} of conflicting copies, "
        f"{count(held[EVERYTHING], 'label')} in all."
    )


def _by_class(held: pd.Series) -> str:
    """How many there are of each class, the largest first."""
    said = [f"{plain(shorten(name, 30))} {count(number)}" for name, number in held.head(_NAMED).items()]
    rest = len(held) - _NAMED
    return (
        "By given class: "
        + ", ".join(said)
        + (f", and {count(rest, 'more class', 'more classes')}" if rest > 0 else "")
    )


def _cards(project: Project, turn: Turn, what: str, label: str | None, again: bool) -> pd.DataFrame:
    if what == COPIES:
        return queues.cases(project, turn, label=label, again=again)
    return turn.suspects.iloc[queues.places(project, turn, flagged=what == SUSPECTS, label=label, again=again)]


def _size(project: Project, turn: Turn, wish: _Wish) -> tuple[int, pd.Series]:
    """How many cards there are, and how many of each class; the cards themselves are made once they are asked for."""
    return _counted(turns.identity(project, turn), project.revision, astuple(wish), project, turn, wish)


@st.cache_data(show_spinner=False, max_entries=64)
def _counted(
    identity: str, revision: int, asked: tuple[object, ...], _project: Project, _turn: Turn, _wish: _Wish
) -> tuple[int, pd.Series]:
    cards = _wanted(_project, _turn, _wish)
    return len(cards), cards["given"].value_counts()


def _offer(project: Project, turn: Turn, wish: _Wish) -> None:
    size, _ = _size(project, turn, wish)
    if not size:
        st.info(_nothing(turn, wish), icon=":material/done_all:")
        return
    st.button(
        f"Review {count(size, wish.noun)}",
        type="primary",
        key="start-queue",
        shortcut=queues.GO,
        on_click=_start,
        args=(project, turn, wish),
    )
    st.caption(f"{queues.duration(project, size)}. Stop whenever you like: your place is kept.")


def _wanted(project: Project, turn: Turn, wish: _Wish) -> pd.DataFrame:
    cards = _cards(project, turn, wish.what, wish.label, wish.again)
    return queues.for_audit(project, turn, cards, label=wish.label) if wish.mixed else cards


def _nothing(turn: Turn, wish: _Wish) -> str:
    """Say that nothing is left, and what to do then."""
    if wish.what == COPIES:
        return (
            "No equal examples carry different labels"
            + (" in this class." if wish.label is not None else ", or all of them are settled.")
            + " There is nothing to make consistent."
        )
    return (
        f"Nothing of this kind is left to review in turn {turn.number}. Choose other labels, or go on: "
        "Evaluate says where the model fails, and the next turn ranks the labels anew."
    )


@errors.calm(doing="starting the review")
def _start(project: Project, turn: Turn, wish: _Wish) -> None:
    queues.begin(project, _wanted(project, turn, wish), wish.source(turn), turn.number)


def _join(project: Project, queue: Queue | None) -> None:
    """Draw the way into a queue that somebody else is in."""
    if queue is None:
        return
    for number, source, by in other_queues(project, queue)[:3]:
        st.button(
            f"Join {plain(shorten(by, 30))}: {plain(shorten(source, 60))}",
            key=f"join-{number}",
            icon=":material/group:",
            on_click=_joined,
            args=(project, number),
        )


@errors.calm(doing="joining the queue")
def _joined(project: Project, number: int) -> None:
    join(project, number, by=sidebar.reviewer())
