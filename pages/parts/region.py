"""One part of the examples, opened: what is known of it, where to go from it, and its examples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import unwatch, watch, watched_slices
from core.flywheel.wanted import collection_list, collection_table, hardest_class
from core.report import count, interval, number, percent
from pages.parts import errors, examples, frame, queues, sidebar
from pages.parts.plain import plain

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluate import Region
    from core.flywheel import Project, Turn

__all__ = ["draw"]

# What is asked for when nothing else is said: a good part of what is there.
_WANTED = 200


def draw(project: Project, turn: Turn, region: Region, predictions: pd.DataFrame, *, key: str, said: str = "") -> None:
    """Draw a slice, a cell or a node: its figures, what can be done about it, and its examples, the wrong ones first.

    Parameters
    ----------
    project : Project
    turn : Turn
    region : Region
        Measured on train, out of fold.
    predictions : DataFrame
        Train examples: ``given``, ``predicted``, ``chance``, ``loss``.
    key : str
        Unique on the page.
    said : str
        What else is known of it, as Markdown.
    """
    with st.container(border=True):
        st.markdown(f"**{plain(region)}**")
        st.markdown(
            f"{count(region.size, 'example')} ({percent(region.share)} of train) with an error of "
            f"**{percent(region.error)}** ({interval(100 * region.low, 100 * region.high, 1)} %), "
            f"{number(region.lift, 1)} times that of all. {percent(region.coverage)} of all errors lie here. Were it "
            f"as good as the rest, the error of all would fall by {percent(max(0.0, region.gain_if_fixed), 2)}."
            + (f" {said}" if said else "")
        )
        if not region.size:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            _review(project, turn, region, key)
            _generate(project, region, predictions, key)
            _collect(project, region, predictions, key)
            _pin(project, turn, region, key)
        rows = predictions.loc[region.ids].sort_values(["loss", "chance"], ascending=False, kind="stable")
        examples.draw(project.dataset, rows, key=f"{key}-{turn.number}")


def _review(project: Project, turn: Turn, region: Region, key: str) -> None:
    suspects = queues.ranking(project, turn, ids=region.ids)
    cards = suspects if len(suspects) else queues.ranking(project, turn, flagged=False, ids=region.ids)
    if cards.empty:
        st.caption("All of its labels are settled.")
        return
    noun = "suspect" if len(suspects) else "label"
    if st.button(f"Review its {count(len(cards), noun)}", key=f"review-{key}", icon=":material/rate_review:"):
        source = queues.named(turn, flagged=bool(len(suspects)), where=str(region))
        queues.begin(project, cards, source, turn.number)
        frame.navigate("annotate")


def _generate(project: Project, region: Region, predictions: pd.DataFrame, key: str) -> None:
    found = hardest_class(predictions.loc[region.ids], smaller=True)
    if found is None:
        return
    name, wrong, there = found
    if st.button(
        f"Generate '{plain(name)}'",
        key=f"generate-{key}",
        icon=":material/auto_awesome:",
        help=f"Of its {count(there, 'example')} labelled '{plain(name)}', {count(wrong)} are predicted wrongly. "
        "Generate tries more of that class before anything is added.",
    ):
        st.session_state["target-False"] = f"class {name}"
        frame.navigate("generate")


def _collect(project: Project, region: Region, predictions: pd.DataFrame, key: str) -> None:
    def wanted() -> dict[str, object]:
        return collection_list(project.dataset, region, predictions, max(1, min(_WANTED, region.size)))

    st.download_button(
        "What to collect",
        data=lambda: collection_table(wanted()),
        file_name="collect.csv",
        mime="text/csv",
        key=f"collect-{key}",
        icon=":material/download:",
        on_click="ignore",
        help="The conditions in words and for machines, how many there are and are wanted by class, and some examples.",
    )
    st.download_button(
        "as JSON",
        data=lambda: json.dumps(wanted(), ensure_ascii=False, indent=2, default=str),
        file_name="collect.json",
        mime="application/json",
        key=f"collect-json-{key}",
        on_click="ignore",
    )


def _pin(project: Project, turn: Turn, region: Region, key: str) -> None:
    if not region.predicates:
        return
    known = {str(each): each for each in watched_slices(project)}
    ordered = " and ".join(sorted(map(str, region.predicates)))
    pinned = next((each for said, each in known.items() if " and ".join(sorted(said.split(" and "))) == ordered), None)
    label = "Pin" if pinned is None else "Unpin"
    if st.button(
        label,
        key=f"pin-{key}",
        icon=":material/keep:" if pinned is None else ":material/keep_off:",
        help="A pinned slice is watched: a turn that significantly harms it is marked so, whatever the headline says.",
    ):
        with errors.calm(doing="pinning a slice"):
            if pinned is None:
                watch(project, region.predicates, turn=turn.number, by=sidebar.reviewer())
            else:
                unwatch(project, pinned.predicates, by=sidebar.reviewer())
            frame.tell("Pinned: each turn is judged on it." if pinned is None else "Unpinned.", icon=":material/keep:")
            st.rerun()
