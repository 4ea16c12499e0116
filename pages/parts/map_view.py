"""The map of the examples: what the model sees of them in two dimensions; a mark opens its example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.collect import PROJECTIONS, available_projections
from core.flywheel import ExampleMap, example_map
from core.ids import aligned
from core.report import CLASSES, count, example_map_chart, number, percent, shorten
from pages.parts import cards, figure, frame, jobs, judged, queues
from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.flywheel import Project, Turn

__all__ = ["draw"]

_KIND = "map"
_OPEN = "map-example"
_POOL = "no label yet"
# Of examples that the turn did not predict.
_UNKNOWN = "–"
# A class that is called so is shown among the others.
_LARGEST, _OTHERS = "the largest ones", "other classes"
# What the map is of, and whether the columns beside the text are left out.
_OF = {"Text": True, "Text and columns": False}


def draw(project: Project) -> None:
    """Draw the map of train and pool; it is made in the background once for each version of the data."""
    turn = project.turns[-1] if project.turns else None
    with st.container(horizontal=True, gap="large"):
        colour, without, method = _colour(project, turn), _without(project), _method()
    found = _made(project, method, without)
    if found is None:
        return
    points = _said(project, turn, found)
    points["group"], stands_out = _GROUPS[colour](points)
    if colour == "Class":
        points["group"], stands_out = _one_class(points["group"])
    # Written for all at once: one by one, 2,000 of them take longer than all else on the page.
    listed = {
        example: f"{shorten(said, 80)} · {example}" for example, said in zip(points.index, points["said"], strict=True)
    }
    if st.session_state.get(_OPEN) not in listed:
        st.session_state[_OPEN] = None

    def choose() -> None:
        marked = st.session_state[f"figure-map-{method}"].selection.points
        if marked and "customdata" in marked[0]:
            example = marked[0]["customdata"]
            st.session_state[_OPEN] = str(example[0] if isinstance(example, list) else example)

    figure.draw(
        example_map_chart(points, axes=_axes(found), stands_out=stands_out, chosen=st.session_state[_OPEN]),
        key=f"map-{method}",
        caption=_caption(found, len(points)),
        on_select=choose,
    )
    example = st.selectbox(
        "Open an example",
        list(listed),
        index=None,
        format_func=listed.__getitem__,
        placeholder="Type a class or an id, or click a mark",
        key=_OPEN,
    )
    if example is not None:
        _open(project, turn, str(example), str(points.at[example, "said"]))


def _colour(project: Project, turn: Turn | None) -> str:
    offered = ["Class"]
    if len(project.dataset.ids("pool")) or len(project.dataset.generated):
        offered.append("Part")
    if turn is not None:
        offered += ["Suspects", "Errors"]
    if st.session_state.get("map-colour") not in offered:
        st.session_state["map-colour"] = offered[0]
    chosen = st.segmented_control("Colour", offered, required=True, key="map-colour", persist_state="session")
    return str(chosen)


def _method() -> str:
    offered = available_projections()
    if len(offered) == 1:
        return offered[0]
    chosen = st.segmented_control(
        "Projection",
        offered,
        default=offered[0],
        required=True,
        format_func=PROJECTIONS.__getitem__,
        key="map-method",
        persist_state="session",
    )
    return str(chosen)


def _without(project: Project) -> tuple[str, ...]:
    """Let the analyst choose what the map is of, where there are columns beside a text: those that play no part."""
    beside = project.dataset.schema.features
    if set(project.dataset.schema.inputs) == set(beside) or not beside:
        return ()
    chosen = st.segmented_control(
        "Of", list(_OF), default=next(iter(_OF)), required=True, key="map-of", persist_state="session"
    )
    return beside if _OF[str(chosen)] else ()


def _made(project: Project, method: str, without: tuple[str, ...]) -> ExampleMap | None:
    """The map of the data as it is; None while it is being made."""
    dataset, model = project.dataset, project.model
    of = f"{dataset.version} {method} {' '.join(without)}"
    title = f"Drawing the map{' of the texts alone' if without else ''}, {PROJECTIONS[method]}"
    job = jobs.registry().snapshot(project.id, _KIND)
    if job is None or not (job.running or _is_of(job, of, model.fingerprint)):
        jobs.registry().start(
            project.id,
            _KIND,
            title,
            lambda progress, cancel: example_map(
                dataset, model, method=method, without=without, progress=progress, cancel=cancel
            ),
            of=of,
        )
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.state == "done" and _is_of(job, of, model.fingerprint):
        found: ExampleMap = job.result
        return found
    if job is not None and not job.running and st.button("Make it again", key="map-again"):
        jobs.registry().dismiss(project.id, _KIND)
        st.rerun()
    return None


def _is_of(job: jobs.Job, of: str, fingerprint: str) -> bool:
    """Whether a job that is over made, or failed to make, this map: another recipe reads other features."""
    return job.of == of and (job.result is None or job.result.fingerprint == fingerprint)


def _said(project: Project, turn: Turn | None, found: ExampleMap) -> pd.DataFrame:
    """The points with what is known of each: label, prediction out of fold, whether it is a suspect."""
    points = found.points[["x", "y"]].assign(
        **{"class": found.points["label"].fillna(_POOL).astype("str"), "part": found.points["part"]}
    )
    said = points["class"]
    if turn is not None:
        found_hard = judged.hard(project, turn)
        hard = aligned(found_hard, points.index)
        known = hard["predicted"].notna()
        suspect = found_hard["suspect"].reindex(points.index, fill_value=False)
        wrong = known & (hard["given"] != hard["predicted"])
        predicted = hard["predicted"].astype("str").where(known, _UNKNOWN)
        points["predicted"] = predicted
        points["loss"] = hard["loss"].round(3)
        points["suspect"] = np.select([~known, suspect], [_UNKNOWN, "yes"], "no")
        points["error"] = np.select([~known, wrong], [_UNKNOWN, "yes"], "no")
        said = said.where(~wrong, said + ", predicted " + predicted)
        said = said.where(~suspect, said + ", suspect")
    return points.assign(said=said)


def _by(column: str, names: dict[str, str], out: str | None) -> Callable[[pd.DataFrame], tuple[pd.Series, str | None]]:
    def grouped(points: pd.DataFrame) -> tuple[pd.Series, str | None]:
        return points[column].map(names) if names else points[column], out

    return grouped


_GROUPS = {
    "Class": _by("class", {}, None),
    "Part": _by("part", {}, None),
    "Suspects": _by("suspect", {"yes": "suspect", "no": "no suspect", _UNKNOWN: "not in the turn"}, "suspect"),
    "Errors": _by(
        "error",
        {"yes": "predicted wrongly", "no": "predicted rightly", _UNKNOWN: "not in the turn"},
        "predicted wrongly",
    ),
}


def _one_class(classes: pd.Series) -> tuple[pd.Series, str | None]:
    """Where there are more classes than colours, let the analyst choose one that stands out."""
    named = list(classes.value_counts().index)
    if len(named) <= len(CLASSES):
        return classes, None
    if st.session_state.get("map-class") not in [_LARGEST, *named]:
        st.session_state["map-class"] = _LARGEST
    chosen = st.selectbox("Class that stands out", [_LARGEST, *named], key="map-class", width=320)
    return (classes, None) if chosen == _LARGEST else (classes.where(classes == chosen, _OTHERS), str(chosen))


def _axes(found: ExampleMap) -> tuple[str, str]:
    if found.explained is None:
        return "", ""
    names = []
    for axis, share, goes_with in zip(("First", "Second"), found.explained, found.goes_with, strict=True):
        along = ", ".join(f"{shorten(name, 24)} {number(value, 2)}" for name, value in goes_with)
        names.append(f"{axis} component, {percent(share, 0)} of the variance" + (f"\n{along}" if along else ""))
    return names[0], names[1]


def _caption(found: ExampleMap, drawn: int) -> str:
    every = f"the {count(found.examples, 'example')} of train and pool"
    sample = (
        f"{count(drawn)} of {every}, drawn at random: each class by its share, and with 20 at least"
        if drawn < found.examples
        else f"All {every.removeprefix('the ')}"
    )
    axes = ""
    if found.explained is None:
        axes = " Distances within a cloud mean something, those between clouds little."
    elif any(found.goes_with):
        axes = " Beside an axis stand the columns that it goes with, and their correlation."
    return f"{sample}. The space is that of the model's features. Test is not on the map.{axes}"


def _open(project: Project, turn: Turn | None, example: str, said: str) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Example {plain(example)}** · {plain(said)}")
            if turn is not None:
                card = turn.suspects.iloc[queues.places(project, turn, flagged=False, ids=[example])]
                if len(card) and st.button("Review its label", key="review-map", icon=":material/rate_review:"):
                    queues.begin(project, card, f"one label of turn {turn.number}, opened on the map", turn.number)
                    frame.navigate("annotate")
        cards.example(project.dataset, example)
