"""The losses of train out of fold, and the examples with the highest: what the model finds hardest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.ids import is_among, looked_up
from core.report import count, loss_histogram, number, percent, shorten, verb
from pages.parts import examples, figure, frame, judged, queues
from pages.parts.plain import plain

if TYPE_CHECKING:
    import pandas as pd

    from core.flywheel import Project, Turn

__all__ = ["draw"]

_EVERY = "every class"
_KINDS = {"all": "All", "suspect": "Suspects", "unsuspected": "Not suspects"}
_MOST = 100


def draw(project: Project, turn: Turn) -> None:
    """Draw the losses of a turn and its hardest examples."""
    found, there = judged.hard(project, turn), judged.there(project, turn)
    line = math.log(max(2, turn.out_of_fold.shape[1]))
    above = int((found["loss"] > line).sum())
    figure.draw(
        loss_histogram(found["loss"], found["given"] != found["predicted"], line=line),
        key="losses",
        caption=f"The loss of an example is high where its label got a low probability: 0.1 costs {number(2.303, 1)}, "
        f"0.01 costs {number(4.605, 1)}. {count(above)} of {count(len(found), 'train example')} "
        f"({percent(above / max(1, len(found)))}) {verb(above, 'lies', 'lie')} above {number(line, 2)}: there, "
        "guessing evenly among the classes would have been better.",
    )
    st.header("Hardest examples", anchor=False)
    fits, label, kind = _filtered(found)
    if not fits.any():
        st.info("No example fits this choice.", icon=":material/filter_alt_off:")
        return
    suspects = int(found["suspect"].to_numpy()[fits].sum())
    st.caption(
        f"{count(fits.sum(), 'example')}, the highest loss first; {count(suspects)} of them "
        f"{verb(suspects, 'is a suspect', 'are suspects')} already. "
        "A hard example is not always a wrong label: it may be rare, or a border case. Each is predicted by a model "
        "that has not seen it."
    )
    _review(project, turn, found.index[np.flatnonzero(fits)[:_MOST]], int(fits.sum()), label, kind)
    examples.draw_places(
        project.dataset,
        found,
        np.flatnonzero(fits & there),
        gone=int((fits & ~there).sum()),
        key=f"hardest-{turn.number}-{'' if label is None else label}-{kind}",
        note=_note,
    )


def _note(row: pd.Series) -> str:
    said = f"loss {number(row['loss'], 2)}, its label got "
    said += "under 0.1%" if row["of_given"] < 0.001 else percent(row["of_given"])
    return f"{said}, suspect" if row["suspect"] else said


def _filtered(found: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], str | None, str]:
    """Let the analyst choose a class and a kind of examples; which of them fit, and what was chosen."""
    classes = sorted(found["given"].unique())
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    chosen = left.selectbox(
        "Labelled",
        range(len(classes) + 1),
        format_func=lambda place: shorten(classes[place - 1], 50) if place else _EVERY,
        key="hardest-class",
    )
    kind = right.segmented_control(
        "Which of them",
        list(_KINDS),
        default="all",
        required=True,
        format_func=_KINDS.__getitem__,
        key="hardest-kind",
        label_visibility="collapsed",
    )
    label = classes[chosen - 1] if chosen else None
    fits = np.ones(len(found), dtype=bool)
    if label is not None:
        fits &= (found["given"] == label).to_numpy(dtype=bool)
    if kind != "all":
        fits &= found["suspect"].to_numpy(dtype=bool) == (kind == "suspect")
    return fits, label, str(kind)


def _review(project: Project, turn: Turn, ids: pd.Index, of: int, label: str | None, kind: str) -> None:
    """Draw the way to a review of the hardest of so many labels, in the order of their loss."""
    cards = turn.suspects.iloc[queues.places(project, turn, flagged=False, ids=ids)]
    cards = looked_up(cards, ids[is_among(ids, cards.index)])
    if cards.empty:
        st.caption(f"The labels of the {count(len(ids))} hardest of these are settled.")
        return
    words = f"Review the hardest {count(len(cards), 'label')}" if of > len(ids) else "Review these labels"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(words, key="review-hardest", icon=":material/rate_review:"):
            where = "the loss is highest" + ("" if kind == "all" else f", {_KINDS[kind].lower()} only")
            queues.begin(project, cards, queues.named(turn, flagged=False, label=label, where=where), turn.number)
            frame.navigate("annotate")
        st.caption(plain(queues.duration(project, len(cards))))
