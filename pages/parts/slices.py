"""Error slices of a turn: sought once in the background, shown with their intervals, opened, and sent to review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import (
    Bins,
    Node,
    Slice,
    bins_of,
    error_tree,
    joined,
    measure,
    overlap,
)
from core.flywheel import error_slices_of
from core.ids import is_among, looked_up
from core.progress import Cancel, Progress
from core.report import count, p_value, percent, shorten, slices_bar
from pages.parts import error_heat_map, figure, jobs, region, turns, watched
from pages.parts import error_tree as error_tree_view
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["Found", "draw", "seek"]

_KIND = "slices"
_COLUMNS = ("size", "error", "low", "high", "lift", "p_adjusted")
# From here on a slice is called worse than the rest by more than chance.
_ADJUSTED = 0.05
# Other slices that hold at least this share of its examples are named, the largest ones.
_SHARED = 0.3
_NAMED = 3


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
    categories : DataFrame
        What slices are made of: a categorical a column.
    bins : mapping of str to Bins
        What the categories stand for.
    tree : tuple of Node
        The surrogate error tree, root first.
    derived : DataFrame or None
        All examples as they are described beside their own columns; None where there is nothing to derive.
    """

    turn: str
    slices: tuple[tuple[Slice, int], ...]
    predictions: pd.DataFrame
    left_out: dict[str, str]
    categories: pd.DataFrame
    bins: Mapping[str, Bins]
    tree: tuple[Node, ...]
    derived: pd.DataFrame | None = None

    @property
    def loss(self) -> pd.Series:
        """1 for wrong and 0 for right, by train id."""
        return self.predictions["loss"]

    @property
    def error(self) -> float:
        """Share of wrong predictions in all of train."""
        return float(self.predictions["loss"].mean())


def seek(project: Project, turn: Turn, progress: Progress | None = None, cancel: Cancel | None = None) -> Found:
    """Find the slices of a turn over its out-of-fold errors: the test set takes no part.

    The data is taken as it was when the turn ran, so that decisions made since don't change what the turn said.
    """
    sought = error_slices_of(project, turn, progress, cancel)
    loss = sought.predictions["loss"]
    bins = bins_of(looked_up(sought.described, loss.index), sought.categories)
    derived = sought.described.drop(columns=list(project.dataset_at(turn.revision).schema.features))
    return Found(
        turns.identity(project, turn),
        sought.slices,
        sought.predictions,
        sought.left_out,
        sought.categories,
        bins,
        tuple(error_tree(sought.categories, loss, bins)),
        derived if derived.shape[1] else None,
    )


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
        view = st.segmented_control(
            "How to look",
            list(_VIEWS),
            default=next(iter(_VIEWS)),
            required=True,
            key="slices-view",
            label_visibility="collapsed",
        )
        _VIEWS[str(view)](project, turn, job.result)
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
    place = min(int(st.session_state.get("slice") or 0), len(found.slices) - 1)
    figure.draw(
        slices_bar(rows, overall=found.error, chosen=place),
        key="slices",
        caption="Click a bar to open its examples.",
        on_select=_clicked,
    )
    place = st.selectbox(
        "Open a slice", range(len(found.slices)), format_func=lambda place: str(found.slices[place][0]), key="slice"
    )
    _open(project, turn, found, place or 0)
    _left_out(found)


def _clicked() -> None:
    """Put the bar that was clicked into the select box: one choice, two ways to make it."""
    points = st.session_state["figure-slices"].selection.points
    if points:
        st.session_state["slice"] = round(float(points[0]["y"]))


def _open(project: Project, turn: Turn, found: Found, place: int) -> None:
    chosen, copies = found.slices[place]
    said = f"Adjusted p-value {p_value(chosen.p_adjusted)}: " + (
        "worse than chance would make it, all slices considered."
        if chosen.p_adjusted < _ADJUSTED
        else "among so many slices chance alone may make one like it."
    )
    if copies:
        said += f" Folded into it: {count(copies, 'near-copy', 'near-copies')} with mostly the same examples."
    beside = [f"{percent(share, 0)} in '{plain(other)}'" for other, share in _beside(found, place)]
    if beside:
        said += f" Others hold part of its examples: {', '.join(beside)}."
    predicates = joined(chosen.predicates, found.bins)
    inside = is_among(found.loss.index, chosen.ids)
    region.draw(project, turn, found, measure(predicates, inside, found.loss), key="slice", said=said)


def _beside(found: Found, place: int) -> list[tuple[Slice, float]]:
    """The other slices that hold many of the chosen one's examples, each with that share, the largest first."""
    others = [each for number, (each, _) in enumerate(found.slices) if number != place]
    shares = overlap(found.slices[place][0].ids, [each.ids for each in others])
    held = sorted(zip(others, shares, strict=True), key=lambda pair: -pair[1])
    return [(each, share) for each, share in held if share >= _SHARED][:_NAMED]


def _left_out(found: Found) -> None:
    if found.left_out:
        said = "; ".join(f"{shorten(name, 40)}: {reason}" for name, reason in found.left_out.items())
        st.caption(f"Columns that no slice speaks of: {plain(said)}.")


_VIEWS = {
    "Worst slices": _show,
    "Heat map": error_heat_map.draw,
    "Error tree": error_tree_view.draw,
    "Pinned": watched.draw,
}
