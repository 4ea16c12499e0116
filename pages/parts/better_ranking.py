"""The better ranking of a turn: begun in the background as soon as the turn is seen, and offered when it is there."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import rank
from core.settings import SETTINGS
from pages.parts import jobs

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from core.progress import Cancel, Progress

__all__ = ["begin", "draw", "under_way"]

_KIND = "ranking"
_NICE = 15


def begin(project: Project, turn: Turn) -> None:
    """Start making the better ranking of a turn; one that failed or was cancelled is not begun again by itself.

    Of many rows it takes minutes in which all else comes slower: there it waits for a button, see `draw`.
    """
    job = jobs.registry().snapshot(project.id, _KIND)
    if not _waits(turn) and (job is None or not (job.running or job.title == _title(turn))):
        _start(project, turn)


def _waits(turn: Turn) -> bool:
    return turn.ranked_at is not None or len(turn.out_of_fold) > SETTINGS.ranking_rows


def _start(project: Project, turn: Turn) -> None:
    jobs.registry().start(project.id, _KIND, _title(turn), partial(_politely, project, turn))


def _politely(project: Project, turn: Turn, progress: Progress, cancel: Cancel) -> Turn:
    """Rank behind the back of somebody who reviews: their next card comes first."""
    if sys.platform == "linux":
        # There a priority belongs to the thread, and those that it starts inherit it.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    return rank(project, turn, progress, cancel)


def draw(project: Project, turn: Turn) -> None:
    """Draw how far the better ranking has come, and a way to try again."""
    if turn.ranked_at is not None:
        return
    job = jobs.panel(project.id, _KIND)
    if job is None or job.title != _title(turn):
        if _waits(turn) and st.button(
            "Make the better ranking",
            key="rank-now",
            help="Asks other kinds of model than the locked one as well. Of many rows it takes a minute or more, in "
            "which cards come slower.",
        ):
            _start(project, turn)
            st.rerun()
        return
    if job.running:
        st.caption(
            "For now the suspects are ranked by the locked model alone. Other kinds of model are being asked as well: "
            "they find wrong labels that it has learned. New reviews will use that ranking; a review under way keeps "
            "its order until you take the better one."
        )
    elif job.state in ("failed", "cancelled") and st.button("Make the better ranking", key="rank-again"):
        jobs.registry().dismiss(project.id, _KIND)
        _start(project, turn)
        st.rerun()


def under_way(project: Project, turn: Turn) -> bool:
    """Whether the better ranking of a turn is being made."""
    job = jobs.registry().snapshot(project.id, _KIND)
    return turn.ranked_at is None and job is not None and job.running and job.title == _title(turn)


def _title(turn: Turn) -> str:
    return f"Better ranking of turn {turn.number}"
