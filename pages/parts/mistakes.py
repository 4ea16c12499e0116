"""Which classes are taken for which, and the examples behind each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.report import confusion_matrix, count, percent, shorten
from pages.parts import examples, figure, frame, queues, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "predictions"]

_PARTS = {"test": "Test set", "train": "Train, out of fold"}


def draw(project: Project, turn: Turn) -> None:
    """Draw the confusion matrix of a turn and, for a chosen cell, its examples."""
    part = st.segmented_control(
        "Which examples",
        list(_PARTS),
        default="test",
        required=True,
        format_func=_PARTS.__getitem__,
        key="mistakes-part",
        label_visibility="collapsed",
    )
    # Labels of test may be corrected after the turn; those of train are taken as the turn saw them.
    state = project.dataset.version if part == "test" else ""
    found, confusion = _judged(turns.identity(project, turn), str(part), state, project, turn)
    names = list(confusion.index)
    drawn, chosen = st.columns([3, 2], gap="large")
    with drawn:
        figure.draw(confusion_matrix(confusion), key=f"confusion-{part}")
    with chosen:
        cell = _choose(confusion, str(part))
    if cell is not None:
        found = found[(found["given"] == cell[0]) & (found["predicted"] == cell[1])]
        if part == "train" and cell[0] != cell[1]:
            with chosen:
                _review(project, turn, cell, found.index)
        examples.draw(
            project.dataset, found, key=f"cell-{part}-{turn.number}-{names.index(cell[0])}-{names.index(cell[1])}"
        )


@st.cache_resource(show_spinner=False, max_entries=8)
def _judged(identity: str, part: str, state: str, _project: Project, _turn: Turn) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = predictions(_project, _turn, part)
    confusion = pd.crosstab(found["given"], found["predicted"])
    names = sorted(set(confusion.index) | set(confusion.columns))
    return found, confusion.reindex(index=names, columns=names, fill_value=0)


def predictions(project: Project, turn: Turn, part: str) -> pd.DataFrame:
    """Given and predicted class by id, and the probability of the predicted one; the surest mistakes first."""
    if part == "test":
        probabilities = turn.test_probabilities
        given = project.dataset.labels.reindex(probabilities.index).dropna()
    else:
        probabilities = turn.out_of_fold
        given = turn.suspects["given"]
    probabilities = probabilities.loc[given.index]
    predicted = project.model.decide(probabilities, turn.threshold)
    chances = probabilities.to_numpy()[np.arange(len(predicted)), probabilities.columns.get_indexer(predicted)]
    return pd.DataFrame({"given": given, "predicted": predicted, "chance": chances}).sort_values(
        "chance", ascending=False, kind="stable"
    )


def _review(project: Project, turn: Turn, cell: tuple[str, str], ids: pd.Index) -> None:
    """Draw the way from a cell to a review of its labels; only of train, since test labels are corrected blindly."""
    cards = queues.ranking(project, turn, flagged=False, ids=ids)
    if cards.empty:
        st.caption("All labels of this cell are settled.")
    elif st.button(f"Review {count(len(cards), 'label')}", key="review-cell", icon=":material/rate_review:"):
        where = f"'{cell[0]}' is predicted '{cell[1]}'"
        queues.begin(project, cards, queues.named(turn, flagged=False, where=where), turn.number)
        frame.navigate("annotate")


def _choose(confusion: pd.DataFrame, part: str) -> tuple[str, str] | None:
    """Let the analyst choose a cell that is not empty; the most frequent mistake comes first."""
    cells = confusion.stack().rename("count").reset_index().set_axis(["given", "predicted", "count"], axis=1)
    cells = cells[cells["count"] > 0].assign(right=cells["given"] == cells["predicted"])
    cells = cells.sort_values(["right", "count"], ascending=[True, False], kind="stable")
    options = list(cells.itertuples(index=False))
    chosen = st.selectbox(
        "Open a cell",
        range(len(options)),
        format_func=lambda place: _cell(options[place]),
        key=f"cell-{part}",
        help="Mistakes first, the most frequent on top; then what was right.",
    )
    if chosen is None:
        return None
    given, predicted, held, right = options[chosen]
    of_class = int(confusion.loc[given].sum())
    st.markdown(
        f"{count(held, 'example')} labelled **{plain(given)}** "
        + ("and predicted so" if right else f"but predicted **{plain(predicted)}**")
        + f": {percent(held / of_class)} of that class."
    )
    st.caption(
        "Test examples are here to be understood. Their labels are corrected by blind review only."
        if part == "test"
        else "Each train example is predicted by a model that has not seen it."
    )
    return given, predicted


def _cell(cell: tuple[str, str, int, bool]) -> str:
    given, predicted, held, right = cell
    return f"{shorten(given, 24)} {'predicted so' if right else '→ ' + shorten(predicted, 24)} · {count(held)}"
