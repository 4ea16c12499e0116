"""Which classes are taken for which, and the examples behind each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import Predicted, chances, predicted
from core.report import MAX_ROWS, confusion_matrix, count, interval, percent, shorten
from core.statistics import wilson_interval
from pages.parts import examples, figure, frame, judged, paging, queues
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "predictions"]


def draw(project: Project, turn: Turn) -> None:
    """Draw the confusion matrix of a turn and, for a chosen cell, its examples."""
    part = judged.part("mistakes-part")
    judgement = judged.of(project, turn, part)
    options = _cells(judgement.confusion)
    key = f"cell-{part}"
    place = min(int(st.session_state.get(key) or 0), len(options) - 1)
    drawn, chosen = st.columns([3, 2], gap="large")
    with drawn:
        if len(judgement.confusion) > MAX_ROWS:
            _listed(judgement.confusion, options, part)
        else:
            figure.draw(
                confusion_matrix(judgement.confusion, chosen=options[place][:2]),
                key=f"confusion-{part}",
                caption="Click a cell to open its examples.",
                on_select=lambda: _clicked(part, list(judgement.confusion.index), options),
            )
    with chosen:
        given, taken, *_ = _choose(judgement, options, part)
    found = _examples(judgement, given, taken)
    with chosen:
        if part == "train" and given != taken:
            _review(project, turn, (given, taken), found.index)
        if judgement.generated:
            st.caption(f"{count(judgement.generated, 'generated example')} of train are left out.")
    names = list(judgement.confusion.index)
    examples.draw(project.dataset, found, key=f"cell-{part}-{turn.number}-{names.index(given)}-{names.index(taken)}")


def predictions(project: Project, turn: Turn, part: str) -> pd.DataFrame:
    """Given and predicted class by id, and the probability of the predicted one; the surest mistakes first."""
    return _table(predicted(project, turn, part, generated=True))


def _table(found: Predicted) -> pd.DataFrame:
    return pd.DataFrame(
        {"given": found.labels, "predicted": found.decided, "chance": chances(found.probabilities, found.decided)}
    ).sort_values("chance", ascending=False, kind="stable")


def _examples(found: Predicted, given: str, taken: str) -> pd.DataFrame:
    """The examples of one cell."""
    there = ((found.labels == given) & (found.decided == taken)).to_numpy(dtype=bool)
    return _table(Predicted(found.labels[there], found.probabilities[there], found.decided[there], found.confusion))


def _cells(confusion: pd.DataFrame) -> list[tuple[str, str, int, bool]]:
    """The cells that hold something: true class, predicted class, examples, right; the most frequent mistake first."""
    cells = confusion.stack().rename("count").reset_index().set_axis(["given", "predicted", "count"], axis=1)
    cells = cells[cells["count"] > 0].assign(right=cells["given"] == cells["predicted"])
    cells = cells.sort_values(["right", "count"], ascending=[True, False], kind="stable")
    return list(cells.itertuples(index=False, name=None))


def _clicked(part: str, names: list[str], options: list[tuple[str, str, int, bool]]) -> None:
    """Put the cell that was clicked into the select box: one choice, two ways to make it."""
    points = st.session_state[f"figure-confusion-{part}"].selection.points
    if points:
        row, column = points[0]["customdata"][:2]
        pairs = [option[:2] for option in options]
        if (names[int(row)], names[int(column)]) in pairs:
            st.session_state[f"cell-{part}"] = pairs.index((names[int(row)], names[int(column)]))


def _listed(confusion: pd.DataFrame, options: list[tuple[str, str, int, bool]], part: str) -> None:
    """The mistakes of many classes as a list, whose rows open their examples."""
    wrong = [option for option in options if not option[3]]
    key = f"pairs-{part}"
    here = paging.page_of(len(wrong), key=key, rows=15)
    support = confusion.sum(axis=1)
    shown = wrong[here]
    low, high = wilson_interval([held for *_, held, _ in shown], [support[given] for given, *_ in shown])
    table = pd.DataFrame(
        {
            "labelled": [given for given, *_ in shown],
            "predicted": [taken for _, taken, *_ in shown],
            "examples": [held for *_, held, _ in shown],
            "of the class": [
                f"{percent(held / support[given], 0)} ({interval(100 * below, 100 * above, 0)})"
                for (given, _, held, _), below, above in zip(shown, low, high, strict=True)
            ],
        }
    )
    st.caption(
        f"{count(len(confusion))} classes are too many for a matrix: the {count(len(wrong))} confusions that occur, "
        "the most frequent first. Select a row to open its examples."
    )
    grid = f"pairs-{part}-{here.start}"

    def opened() -> None:
        rows = st.session_state[grid].selection.rows
        if rows:
            st.session_state[f"cell-{part}"] = here.start + rows[0]

    st.dataframe(
        table,
        hide_index=True,
        height="content",
        key=grid,
        on_select=opened,
        selection_mode="single-row",
        alt="Confusions of two classes, the most frequent first",
    )
    paging.controls(len(wrong), key=key, rows=15, noun="confusion")


def _review(project: Project, turn: Turn, cell: tuple[str, str], ids: pd.Index) -> None:
    """Draw the way from a cell to a review of its labels; only of train, since test labels are corrected blindly."""
    cards = queues.ranking(project, turn, flagged=False, ids=ids)
    if cards.empty:
        st.caption("All labels of this cell are settled.")
    elif st.button(f"Review {count(len(cards), 'label')}", key="review-cell", icon=":material/rate_review:"):
        where = f"'{cell[0]}' is predicted '{cell[1]}'"
        queues.begin(project, cards, queues.named(turn, flagged=False, where=where), turn.number)
        frame.navigate("annotate")


def _choose(judgement: Predicted, options: list[tuple[str, str, int, bool]], part: str) -> tuple[str, str, int, bool]:
    """Let the analyst choose a cell that is not empty; the most frequent mistake comes first."""
    place = st.selectbox(
        "Open a cell",
        range(len(options)),
        format_func=lambda place: _cell(options[place]),
        key=f"cell-{part}",
        help="Mistakes first, the most frequent on top; then what was right.",
    )
    given, taken, held, right = chosen = options[place]
    of_class = int(judgement.confusion.loc[given].sum())
    low, high = wilson_interval(held, of_class)
    st.markdown(
        f"{count(held, 'example')} labelled **{plain(given)}** "
        + ("and predicted so" if right else f"but predicted **{plain(taken)}**")
        + f": {percent(held / of_class)} ({interval(100 * float(low), 100 * float(high), 1)} %) of that class."
    )
    st.caption(
        "Test examples are here to be understood. Their labels are corrected by blind review only."
        if part == "test"
        else "Each train example is predicted by a model that has not seen it."
    )
    return chosen


def _cell(cell: tuple[str, str, int, bool]) -> str:
    given, predicted, held, right = cell
    return f"{shorten(given, 24)} {'predicted so' if right else '→ ' + shorten(predicted, 24)} · {count(held)}"
