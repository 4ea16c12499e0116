"""One part of the examples, opened: what is known of it, where to go from it, and its examples.

Slices, cells of the heat map, nodes of the tree and pinned slices all open in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.flywheel import is_watched, unwatch, watch
from core.flywheel.wanted import class_to_add, collection_list, collection_table
from core.ids import is_among, positions
from core.report import count, number, percent, percent_interval, verb
from pages.parts import errors, examples, frame, handover, queues, sidebar, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Region
    from core.flywheel import Project, Turn
    from pages.parts.slices import Found

__all__ = ["draw"]

_PIN = (
    "A pinned slice is watched: each turn is judged on its test examples, and one that significantly harms it is "
    "marked so, whatever the headline says."
)


def draw(project: Project, turn: Turn, found: Found, region: Region, *, key: str, said: str = "") -> None:
    """Draw a slice, a cell or a node: its figures, what can be done about it, and its examples, the wrong ones first.

    Parameters
    ----------
    project : Project
    turn : Turn
    found : Found
        What was found of the turn.
    region : Region
        Measured on train, out of fold.
    key : str
        Unique on the page.
    said : str
        What else is known of it, as Markdown.
    """
    with st.container(border=True):
        st.markdown(f"**{plain(region)}**")
        if not region.size:
            st.caption("No train example of the turn is in it.")
            return
        st.markdown(_sentence(region))
        if said:
            st.caption(said)
        with st.container(horizontal=True, vertical_alignment="center"):
            settled = _review(project, turn, region, key)
            of = (turns.identity(project, turn), project.dataset.version, str(region), region.size)
            places, there = _worst_first(of, project, found, region)
            _generate(project, found, region, places, key)
            _collect(project, found, region, key)
            _pin(project, turn, found, region, key)
        if settled:
            st.caption(settled)
        examples.draw_places(
            project.dataset,
            found.predictions,
            places[there],
            gone=int((~there).sum()),
            key=f"{key}-{turn.number}-{region}",
        )


@st.cache_resource(show_spinner=False, max_entries=16)
def _worst_first(
    of: tuple[object, ...], _project: Project, _found: Found, _region: Region
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Where its examples stand among the predictions, the worst first, and which are still in the data."""
    places = positions(_region.ids, _found.predictions.index)
    loss, chance = (_found.predictions[name].to_numpy()[places] for name in ("loss", "chance"))
    places = places[np.lexsort((-chance, -loss))]
    return places, is_among(_found.predictions.index, _project.dataset.frame.index)[places]


def _sentence(region: Region) -> str:
    ends = percent_interval(region.low, region.high)
    said = (
        f"{count(region.wrong)} of its {count(region.size, 'example')} ({percent(region.share)} of train) "
        f"{verb(region.wrong, 'is', 'are')} predicted wrongly: an error of **{percent(region.error)}** ({ends})"
    )
    if not region.wrong:
        return f"{said}."
    said += (
        f", {number(region.lift, 1)} times that of all. {percent(region.coverage)} of all errors "
        f"({percent_interval(region.coverage_low, region.coverage_high)}) lie in it."
    )
    if region.gain_if_fixed > 0:
        points = number(100 * region.gain_if_fixed, 2)
        said += f" Were it as good as the rest, the error of all would fall by {points} points."
    return said


def _review(project: Project, turn: Turn, region: Region, key: str) -> str:
    """Draw the ways to review; what is to be said where there is nothing left to."""
    labels = queues.places(project, turn, flagged=False, ids=region.ids)
    suspects = labels[turn.suspects["flagged"].to_numpy(dtype=bool)[labels]]
    for found, noun, flagged in ((suspects, "suspect", True), (labels, "label", False)):
        every = "" if flagged else "all "
        if len(found) and st.button(
            f"Review {every}its {count(len(found), noun)}",
            key=f"review-{key}" if flagged else f"review-all-{key}",
            icon=":material/rate_review:" if flagged else ":material/checklist:",
        ):
            source = queues.named(turn, flagged=flagged, where=str(region))
            queues.begin(project, turn.suspects.iloc[found], source, turn.number)
            frame.navigate("annotate")
    if not len(labels):
        return "All of its labels are settled."
    if not len(suspects):
        return (
            "None of its labels is a suspect that is not settled: it may need more examples, or better columns, rather "
            "than other labels."
        )
    return ""


def _generate(project: Project, found: Found, region: Region, places: npt.NDArray[np.intp], key: str) -> None:
    if not region.wrong:
        return
    chosen = class_to_add(project.dataset, found.predictions.iloc[places])
    said = "New examples are made from its own, and nothing is added before you have tried it."
    if chosen is not None:
        said = (
            f"Of its {count(chosen[2], 'example')} labelled '{plain(chosen[0])}', {count(chosen[1])} "
            f"{verb(chosen[1], 'is', 'are')} predicted wrongly. {said}"
        )
    if st.button("Generate for it", key=f"generate-{key}", icon=":material/library_add:", help=said):
        handover.begin(project, region, chosen)
        frame.navigate("generate")


def _collect(project: Project, found: Found, region: Region, key: str) -> None:
    with st.popover("Collect for it", icon=":material/travel_explore:", key=f"collect-{key}"):
        st.caption(
            "A list for those who bring data: the conditions in words and for machines, how many are there and are "
            "wanted of each class (as its errors are spread), and some examples of train."
        )
        wanted = st.number_input(
            "How many to bring",
            min_value=1,
            max_value=1_000_000,
            value=region.size,
            key=f"wanted-{key}-{region.size}",
            help="As many again as there are, unless you say otherwise.",
        )

        def listed() -> dict[str, object]:
            return collection_list(project.dataset, region, found.predictions, int(wanted))

        for name, kind, written in (
            ("CSV", "text/csv", lambda: collection_table(listed())),
            ("JSON", "application/json", lambda: json.dumps(listed(), ensure_ascii=False, indent=2)),
        ):
            st.download_button(
                f"What to look for, as {name}",
                data=written,
                file_name=f"collect.{name.lower()}",
                mime=kind,
                key=f"collect-{name.lower()}-{key}",
                icon=":material/download:",
                on_click="ignore",
            )


def _pin(project: Project, turn: Turn, found: Found, region: Region, key: str) -> None:
    if not region.predicates:
        return
    pinned = is_watched(project, region.predicates)
    icon = ":material/keep:" if pinned is None else ":material/keep_off:"
    if not st.button("Pin" if pinned is None else "Unpin", key=f"pin-{key}", icon=icon, help=_PIN):
        return
    with errors.calm(doing="pinning a slice"):
        if pinned is None:
            watch(project, region.predicates, turn=turn.number, by=sidebar.reviewer(), described=found.derived)
            frame.tell(f"Pinned: each turn is judged on '{region}'.", icon=icon)
        else:
            unwatch(project, region.predicates, by=sidebar.reviewer())
            frame.tell(f"Unpinned: '{region}'.", icon=icon)
        st.rerun()
