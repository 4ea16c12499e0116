"""Which classes are taken for which, and the examples behind each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import cells_of
from core.flywheel import Predicted, chances
from core.report import MAX_ROWS, confusion_matrix, count, percent, percent_interval, shorten
from pages.parts import examples, figure, frame, judged, paging, queues
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw"]

_PAIRS_A_PAGE = 15


def draw(project: Project, turn: Turn) -> None:
    """Draw the confusion matrix of a turn and, for a chosen cell, its examples."""
    part = judged.part("mistakes-part")
    judgement = judged.of(project, turn, part)
    cells = cells_of(judgement.confusion)
    place = min(int(st.session_state.get(f"cell-{part}") or 0), len(cells) - 1)
    drawn, chosen = st.columns([3, 2], gap="large")
    with drawn:
        if len(judgement.confusion) > MAX_ROWS:
            _listed(cells, len(judgement.confusion), part)
        else:
            figure.draw(
                confusion_matrix(judgement.confusion, chosen=tuple(cells.loc[place, ["true", "predicted"]])),
                key=f"confusion-{part}",
                caption="Click a cell to open its examples.",
                on_select=lambda: _clicked(cells, list(judgement.confusion.index), part),
            )
    with chosen:
        given, taken = _choose(cells, part)
    found = _examples(judgement, given, taken)
    with chosen:
        if part == "train" and given != taken:
            _review(project, turn, (given, taken), found.index)
        if judgement.generated:
            st.caption(f"{count(judgement.generated, 'generated example')} of train left out.")
    names = list(judgement.confusion.index)
    examples.draw(project.dataset, found, key=f"cell-{part}-{turn.number}-{names.index(given)}-{names.index(taken)}")


def _table(found: Predicted) -> pd.DataFrame:
    """Given and predicted class by id, and the probability of the predicted one; the surest mistakes first."""
    return pd.DataFrame(
        {"given": found.labels, "predicted": found.decided, "chance": chances(found.probabilities, found.decided)}
    ).sort_values("chance", ascending=False, kind="stable")


def _examples(found: Predicted, given: str, taken: str) -> pd.DataFrame:
    """The examples of one cell."""
    there = ((found.labels == given) & (found.decided == taken)).to_numpy(dtype=bool)
    return _table(Predicted(found.labels[there], found.probabilities[there], found.decided[there], found.confusion))


def _clicked(cells: pd.DataFrame, names: list[str], part: str) -> None:
    """Put the cell that was clicked into the select box: one choice, two ways to make it."""
    points = st.session_state[f"figure-confusion-{part}"].selection.points
    if points:
        row, column = points[0]["customdata"][:2]
        found = (cells["true"] == names[int(row)]) & (cells["predicted"] == names[int(column)])
        st.session_state[f"cell-{part}"] = int(found.to_numpy().argmax())


def _listed(cells: pd.DataFrame, classes: int, part: str) -> None:
    """The mistakes of many classes as a list, whose rows open their examples."""
    wrong = cells[~cells["right"]]
    key = f"pairs-{part}"
    here = paging.page_of(len(wrong), key=key, rows=_PAIRS_A_PAGE)
    shown = wrong.iloc[here]
    grid = f"pairs-{part}-{here.start}"

    def opened() -> None:
        rows = st.session_state[grid].selection.rows
        if rows:
            st.session_state[f"cell-{part}"] = here.start + rows[0]

    st.caption(
        f"{count(classes)} classes are too many for a matrix: here are the {count(len(wrong), 'confusion')} that "
        "occur, the most frequent first. Select a row to open its examples."
    )
    st.dataframe(
        pd.DataFrame(
            {
                "labelled": shown["true"],
                "predicted": shown["predicted"],
                "examples": shown["count"],
                "of the class": [
                    f"{percent(share, 0)} ({percent_interval(low, high, 0)})"
                    for share, low, high in zip(shown["share"], shown["low"], shown["high"], strict=True)
                ],
            }
        ),
        hide_index=True,
        height="content",
        key=grid,
        on_select=opened,
        selection_mode="single-row",
        alt="Confusions of two classes, the most frequent first",
    )
    paging.controls(len(wrong), key=key, rows=_PAIRS_A_PAGE, noun="confusion")


def _review(project: Project, turn: Turn, cell: tuple[str, str], ids: pd.Index) -> None:
    """Draw the way from a cell to a review of its labels; only of train, since test labels are corrected blindly."""
    places = queues.places(project, turn, flagged=False, ids=ids)
    if not len(places):
        st.caption("All labels of this cell are settled.")
    elif st.button(f"Review {count(len(places), 'label')}", key="review-cell", icon=":material/rate_review:"):
        where = f"'{cell[0]}' is predicted '{cell[1]}'"
        queues.begin(project, turn.suspects.iloc[places], queues.named(turn, flagged=False, where=where), turn.number)
        frame.navigate("annotate")


def _choose(cells: pd.DataFrame, part: str) -> tuple[str, str]:
    """Let the analyst choose a cell that is not empty; the most frequent mistake comes first."""
    names = [
        f"{shorten(true, 24)} {'predicted so' if right else '→ ' + shorten(taken, 24)} · {count(held)}"
        for true, taken, held, right in zip(
            cells["true"], cells["predicted"], cells["count"], cells["right"], strict=True
        )
    ]
    place = st.selectbox(
        "Open a cell",
        range(len(cells)),
        format_func=names.__getitem__,
        key=f"cell-{part}",
        help="Mistakes first, the most frequent on top; then what was right.",
    )
    cell = cells.iloc[place]
    st.markdown(
        f"{count(cell['count'], 'example')} labelled **{plain(cell['true'])}** "
        + ("and predicted so" if cell["right"] else f"but predicted **{plain(cell['predicted'])}**")
        + f": {percent(cell['share'])} ({percent_interval(cell['low'], cell['high'])}) of that class."
    )
    st.caption(
        "Test examples are here to be understood. Their labels are corrected by blind review only, on Annotate."
        if part == "test"
        else "Each train example is predicted by a model that has not seen it."
    )
    return cell["true"], cell["predicted"]
