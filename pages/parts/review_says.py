"""What the settled cards of a queue mixed for audit say: how many labels are wrong, how many of those are suspects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.annotate import Estimate, Share
from core.flywheel import audit_estimate
from core.report import count, percent, percent_interval

if TYPE_CHECKING:
    from core.flywheel import Project, Queue

__all__ = ["draw"]


def draw(project: Project, queue: Queue) -> None:
    """Draw what the review says so far; nothing if the queue has no random cards, or none is settled."""
    if "drawn" not in queue.cards:
        return
    found = _estimate(project.id, queue.number, project.revision, project, queue)
    if found is None or not found.wrong.of + found.precision.of + found.waiting:
        return
    with st.container(border=True):
        st.markdown("**What the review says so far**")
        for column, drawn in zip(st.columns(3), (_wrong, _recall, _precision), strict=True):
            with column:
                drawn(found)
        if said := _more(found):
            st.caption(said)


# Keyed on the revision: another entry of the log may be another decision.
@st.cache_data(show_spinner=False, max_entries=8)
def _estimate(project_id: str, number: int, revision: int, _project: Project, _queue: Queue) -> Estimate | None:
    return audit_estimate(_project, _queue)


def _wrong(found: Estimate) -> None:
    _share("Labels that are wrong", found.wrong, "random cards", nothing="No random card is settled yet.")


def _recall(found: Estimate) -> None:
    _share(
        "Of these, found as suspects (recall)",
        found.recall,
        "wrong random cards",
        nothing="No random card was found wrong yet.",
    )


def _precision(found: Estimate) -> None:
    _share(
        "Suspects with a wrong label (precision)",
        found.precision,
        "settled suspects",
        nothing="No ranked suspect is settled yet.",
    )


def _share(title: str, share: Share, of: str, *, nothing: str) -> None:
    st.caption(title)
    if not share.of:
        st.markdown(nothing)
        return
    low, high = share.interval
    st.markdown(
        f"**{percent(share.value)}** ({percent_interval(low, high)})  \n{count(share.found)} of {count(share.of)} {of}"
    )


def _more(found: Estimate) -> str:
    said = ""
    if found.more:
        said = (
            "Too few of the random cards are settled to tell the share of suspects among the wrong labels well: "
            f"about {count(found.more, 'more random card')}, some {count(found.cards)} cards of this queue. "
        )
    if found.waiting:
        said += (
            f"{count(found.waiting, 'random card')} settled ahead of the others: they count once those before them are."
        )
    return said.strip()
