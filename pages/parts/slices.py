"""Error slices of a turn: sought once in the background, shown with their intervals, opened, and sent to review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.collect import describe
from core.evaluate import Slice, find_slices, fold, losses, slice_frame
from core.progress import Cancel, Progress
from core.report import count, interval, number, percent, shorten, slices_bar
from pages.parts import examples, figure, frame, jobs, mistakes, queues, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["Found", "draw", "seek"]

_KIND = "slices"
# Before near-copies are folded.
_SOUGHT = 60
_COLUMNS = ("size", "error", "low", "high", "lift", "p_adjusted")
# From here on a slice is called worse than the rest by more than chance.
_ADJUSTED = 0.05


@dataclass(frozen=True)
class Found:
    """The slices of one turn.

    Attributes
    ----------
    turn : str
        Identity of the turn, see `turns.identity`.
    slices : tuple of (Slice, int)
        Worst first, each with the number of near-copies folded into it.
    predictions : DataFrame
        Train ids of the turn: ``given``, ``predicted``, ``chance``, ``loss`` (1 where the two differ).
    left_out : dict
        Column to the reason why no slice speaks of it.
    """

    turn: str
    slices: tuple[tuple[Slice, int], ...]
    predictions: pd.DataFrame
    left_out: dict[str, str]

    @property
    def error(self) -> float:
        """Share of wrong predictions in all of train."""
        return float(self.predictions["loss"].mean())


def seek(project: Project, turn: Turn, progress: Progress | None = None, cancel: Cancel | None = None) -> Found:
    """Find the slices of a turn over its out-of-fold errors: the test set takes no part.

    The data is taken as it was when the turn ran, so that decisions made since don't change what the turn said.
    """
    predictions = mistakes.predictions(project, turn, "train")
    loss = losses(predictions["given"], predictions["predicted"])
    described = describe(project.dataset_at(turn.revision), topics=True).loc[predictions.index]
    categories, left_out = slice_frame(described, loss)
    found = fold(find_slices(categories, loss, top=_SOUGHT, progress=progress, cancel=cancel))
    return Found(turns.identity(project, turn), tuple(found), predictions.assign(loss=loss), left_out)


def draw(project: Project, turn: Turn) -> None:
    """Draw the slices of a turn; they are sought in the background when they are not known yet."""
    title = f"Error slices of turn {turn.number}"
    job = jobs.registry().snapshot(project.id, _KIND)
    if job is not None and job.state == "done":
        wanted = job.result.turn == turns.identity(project, turn)
    else:
        # One that is running is waited for, whatever it seeks; one that failed is not begun again by itself.
        wanted = job is not None and (job.running or job.title == title)
    if not wanted:
        jobs.registry().start(project.id, _KIND, title, lambda progress, cancel: seek(project, turn, progress, cancel))
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.state == "done":
        _show(project, turn, job.result)
    elif job is not None and not job.running and st.button("Search again"):
        jobs.registry().dismiss(project.id, _KIND)
        st.rerun()


def _show(project: Project, turn: Turn, found: Found) -> None:
    st.caption(
        f"Sought over the out-of-fold errors of {count(len(found.predictions), 'train example')}: "
        f"{percent(found.error)} are predicted wrongly. Worst first, by error and size together. "
        "No search ever uses the test set."
    )
    if not found.slices:
        st.info("No slice is worse than the rest.", icon=":material/done_all:")
        _left_out(found)
        return
    if not any(each.p_adjusted < _ADJUSTED for each, _ in found.slices):
        st.info("No slice stands out: among so many, chance alone makes some like these.", icon=":material/info:")
    rows = pd.DataFrame(
        {
            "slice": [str(each) for each, _ in found.slices],
            **{name: [getattr(each, name) for each, _ in found.slices] for name in _COLUMNS},
        }
    )
    figure.draw(slices_bar(rows, overall=found.error), key="slices")
    place = st.selectbox(
        "Open a slice", range(len(found.slices)), format_func=lambda place: str(found.slices[place][0]), key="slice"
    )
    _open(project, turn, found, place or 0)
    _left_out(found)


def _open(project: Project, turn: Turn, found: Found, place: int) -> None:
    chosen, copies = found.slices[place]
    with st.container(border=True):
        st.markdown(f"**{plain(chosen)}**")
        st.markdown(
            f"{count(chosen.size, 'example')} ({percent(chosen.share)} of train) with an error of "
            f"**{percent(chosen.error)}** ({interval(100 * chosen.low, 100 * chosen.high, 1)} %), "
            f"{number(chosen.lift, 1)} times that of all. Adjusted p-value {_p_value(chosen.p_adjusted)}: "
            + (
                "worse than chance would make it, all slices considered."
                if chosen.p_adjusted < _ADJUSTED
                else "among so many slices chance alone may make one like it."
            )
        )
        if copies:
            st.caption(f"{count(copies, 'near-copy', 'near-copies')} of it, mostly the same examples, are folded in.")
        suspects = queues.ranking(project, turn, ids=chosen.ids)
        if len(suspects):
            if st.button(
                f"Review its {count(len(suspects), 'suspect')}", key="review-slice", icon=":material/rate_review:"
            ):
                queues.begin(project, suspects, queues.named(turn, where=str(chosen)), turn.number)
                frame.navigate("annotate")
        else:
            st.caption(
                "None of its labels is a suspect that is not settled: the slice may need more examples, "
                "or better columns."
            )
        rows = found.predictions.loc[chosen.ids].sort_values(["loss", "chance"], ascending=False, kind="stable")
        examples.draw(project.dataset, rows, key=f"slice-{turn.number}-{place}")


def _p_value(value: float) -> str:
    return "below 0.001" if value < 0.001 else number(value)


def _left_out(found: Found) -> None:
    if found.left_out:
        said = "; ".join(f"{shorten(name, 40)}: {reason}" for name, reason in found.left_out.items())
        st.caption(f"Columns that no slice speaks of: {plain(said)}.")
