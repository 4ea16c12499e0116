"""Pinned slices: how each fares on train and test, what each turn did to it, and the mark of one that was harmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import (
    SliceVerdict,
    WatchedSlice,
    harmed,
    judge_watched,
    region_of,
    watch_history,
    watched_slices,
    watched_trend,
)
from core.report import count, moment, p_value, percent, percent_interval
from pages.parts import region, turns, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Region
    from core.flywheel import Project, Turn
    from pages.parts.slices import Found

__all__ = ["draw", "marks"]

_CHOOSER = "pinned"


def marks(project: Project, turn: Turn) -> None:
    """Say which pinned slices a turn has harmed, whatever the headline says."""
    found = harmed(project, turn)
    if not found:
        return
    said = [
        f"**{plain(each.watched)}**: {METRICS[each.verdict.metric]} {verdicts.change(each.verdict)} on its "
        f"{count(each.size, 'test example')}, adjusted p-value {p_value(each.p_adjusted)}"
        for each in found
        if each.verdict is not None
    ]
    headline = "" if turn.verdict is None or turn.verdict.verdict == "harm" else ", whatever the headline says"
    st.warning(
        f"Turn {turn.number} harms {count(len(found), 'pinned slice')}{headline}.\n\n"
        + "\n".join(f"- {each}" for each in said),
        icon=":material/keep:",
    )


def draw(project: Project, turn: Turn, found: Found) -> None:
    """Draw the pinned slices, and one of them opened: what each turn did to it, and its examples."""
    slices = watched_slices(project)
    if not slices:
        st.info(
            "No slice is pinned. Pin one from the worst slices, the heat map or the tree: from then on each turn is "
            "judged on it, too, and a turn that harms it is marked.",
            icon=":material/keep:",
        )
        _history(project)
        return
    st.caption(
        "Each is judged on the test examples in it, turn against turn before, corrected for how many are pinned "
        "(Holm). It was found on train: the search has not seen these examples."
    )
    judged, trend = judge_watched(project), watched_trend(project)
    st.dataframe(
        pd.DataFrame([_line(each, turn, judged, trend) for each in slices]),
        hide_index=True,
        height="content",
        key="watched",
        alt="The pinned slices with their sizes and errors in train and test, and what the last turn did to them.",
    )
    names = {each.number: str(each) for each in slices}
    if st.session_state.get(_CHOOSER) not in names:
        st.session_state.pop(_CHOOSER, None)
    chosen = st.selectbox("Open a pinned slice", list(names), format_func=names.__getitem__, key=_CHOOSER)
    each = next(each for each in slices if each.number == chosen)
    _turns(each, judged, trend)
    opened = _region(turns.identity(project, turn), each.number, project, each, turn)
    region.draw(project, turn, found, opened, key="pinned", said=f"Pinned by {plain(each.by) or 'somebody'}.")
    _history(project)


@st.cache_resource(show_spinner=False, max_entries=64)
def _region(identity: str, number: int, _project: Project, _each: WatchedSlice, _turn: Turn) -> Region:
    return region_of(_project, _each, _turn, "train")


def _line(each: WatchedSlice, turn: Turn, judged: tuple[SliceVerdict, ...], trend: pd.DataFrame) -> dict[str, object]:
    own = trend[trend["number"] == each.number]
    train, test = own[own["part"] == "train"].iloc[-1], own[own["part"] == "test"]
    last = next((one for one in judged if one.watched.number == each.number and one.turn == turn.number), None)
    return {
        "slice": str(each),
        f"turn {turn.number}": "not judged yet" if last is None else last.word,
        "train": count(train["size"]),
        "error, out of fold (95%)": _error(train),
        "test": count(test["size"].iloc[-1]),
        "error on test (95%)": _error(test.iloc[-1]),
        "turn by turn": " → ".join(percent(error, 0) for error in test["error"].tail(8)),
        "pinned by": f"{each.by or 'somebody'}, turn {each.turn}",
    }


def _turns(each: WatchedSlice, judged: tuple[SliceVerdict, ...], trend: pd.DataFrame) -> None:
    """Draw what each turn did to a slice, newest first."""
    own = trend[(trend["number"] == each.number) & (trend["part"] == "test")].set_index("turn")
    said = {one.turn: one for one in judged if one.watched.number == each.number}
    if not said:
        st.caption("It is judged from the next turn on.")
        return
    rows = [
        {
            "turn": number_,
            "said": one.word,
            "judged by": "–" if one.verdict is None else METRICS[one.verdict.metric],
            "change (corrected interval)": "–" if one.verdict is None else verdicts.change(one.verdict),
            "adjusted p": "–" if one.verdict is None else p_value(one.p_adjusted),
            "error on test (95%)": _error(own.loc[number_]),
            "test examples": count(one.size),
        }
        for number_, one in sorted(said.items(), reverse=True)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content",
        key=f"watched-{each.number}",
        alt=f"What each turn did to the pinned slice, newest first: {each}",
    )
    if any(one.verdict is None for one in said.values()):
        st.caption("Fewer than 20 test examples are in it: too few to tell what a turn did to it.")


def _history(project: Project) -> None:
    """Who pinned and unpinned what, newest first."""
    history = watch_history(project)
    if not history:
        return
    with st.expander("Who pinned and unpinned", icon=":material/history:"):
        st.dataframe(
            pd.DataFrame(
                {
                    "when": [moment(each.at) for each in history],
                    "who": [each.by or "somebody" for each in history],
                    "what": ["pinned" if each.kind == "watched" else "unpinned" for each in history],
                    "slice": [str(each) for each in history],
                }
            ).iloc[::-1],
            hide_index=True,
            height="content",
            key="watch-history",
            alt="Who pinned and unpinned which slice, newest first.",
        )


def _error(row: pd.Series) -> str:
    if not row["size"]:
        return "–"
    return f"{percent(row['error'])} ({percent_interval(row['low'], row['high'])})"
