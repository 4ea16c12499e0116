"""What several screens need of the last turn: the turn itself, or the way to where one is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import train_moved

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["fit", "identity", "last_or_stop", "moved_on"]


def last_or_stop(project: Project, *, why: str) -> Turn:
    """The last turn; without one the page says where to run it, and ends here.

    Parameters
    ----------
    project : Project
    why : str
        One sentence: what the page needs the turn for.
    """
    turns = project.turns
    if turns:
        return turns[-1]
    st.info(f"No turn yet. {why}", icon=":material/lock:")
    to_train(project, "Run turn 0")
    st.stop()


def to_train(project: Project, label: str) -> None:
    """Draw the way to where a turn is run."""
    st.page_link("pages/train.py", label=label, icon=":material/arrow_forward:", query_params={"project": project.id})


def moved_on(project: Project, turn: Turn) -> bool:
    """Whether the data was changed since the turn, in more than test labels: those score it anew."""
    return train_moved(project, turn)


def identity(project: Project, turn: Turn) -> str:
    """A key for what is computed once a turn: another turn, project, ranking or re-baseline has another one."""
    return f"{fit(project, turn)}/{turn.ranked_at}"


def fit(project: Project, turn: Turn) -> str:
    """As `identity`, for what another ranking of the turn does not change."""
    return f"{project.id}/{turn.number}/{turn.at}/{turn.version}/{turn.fingerprint}"
