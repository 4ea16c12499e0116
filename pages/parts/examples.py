"""Examples with what they are labelled and what they were predicted to be: texts as cards, rows as a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.ids import is_among, looked_up
from core.report import count, percent, verb, written
from pages.parts import cards, paging
from pages.parts.plain import plain

__all__ = ["draw", "draw_places", "readable"]

_CARDS_A_PAGE = 6
_ROWS_A_PAGE = 10


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the dates of a few rows the way a person would; the other values stay as they are."""
    dates = frame.select_dtypes("datetime")
    return frame.assign(**{name: [written(value) for value in dates[name]] for name in dates.columns})


def draw(dataset: Dataset, found: pd.DataFrame, *, key: str, note: Callable[[pd.Series], str] | None = None) -> None:
    """Draw examples with what they are labelled and what they were predicted to be: texts as cards, rows as a table.

    Parameters
    ----------
    dataset : Dataset
    found : DataFrame
        Indexed by id, in the order of reading: ``given``, ``predicted``, ``chance`` (of the predicted class).
    key : str
        Names this list; another list starts on its first page.
    note : callable, optional
        What else is said of an example, from its row of `found`; plain text.
    """
    places = np.flatnonzero(is_among(found.index, dataset.frame.index))
    draw_places(dataset, found, places, gone=len(found) - len(places), key=key, note=note)


def draw_places(
    dataset: Dataset,
    found: pd.DataFrame,
    places: npt.NDArray[np.intp],
    *,
    gone: int,
    key: str,
    note: Callable[[pd.Series], str] | None = None,
) -> None:
    """Draw some of many examples as `draw` does, without a look at the others.

    Parameters
    ----------
    dataset, found, key, note
        As for `draw`.
    places : array of int
        Where those to draw stand in `found`; all of them are in the data set.
    gone : int
        How many more there would be, were they not excluded since.
    """
    rows = _ROWS_A_PAGE if dataset.schema.text is None else _CARDS_A_PAGE
    shown = found.iloc[places[paging.page_of(len(places), key=key, rows=rows)]]
    if note is not None:
        shown = shown.assign(note=[note(row) for _, row in shown.iterrows()])
    if dataset.schema.text is None:
        _rows(dataset, shown)
    else:
        cards.grid(dataset, list(shown.index), title=lambda example: _title(shown.loc[example]))
    paging.controls(len(places), key=key, rows=rows)
    if gone:
        st.caption(f"{count(gone, 'example')} of these {verb(gone, 'was', 'were')} excluded since.")


def _title(prediction: pd.Series) -> str:
    given, predicted = prediction["given"], prediction["predicted"]
    said = "predicted so" if given == predicted else f"predicted **{plain(predicted)}**"
    note = f"; {plain(prediction['note'])}" if "note" in prediction else ""
    return f"**{plain(given)}**, {said} ({percent(prediction['chance'], 0)}){note}"


def _rows(dataset: Dataset, shown: pd.DataFrame) -> None:
    said = pd.DataFrame(
        {
            "labelled": shown["given"],
            "predicted": shown["predicted"],
            "chance": [percent(chance, 0) for chance in shown["chance"]],
        }
    )
    if "note" in shown:
        said["note"] = shown["note"]
    features = readable(looked_up(dataset.frame[list(dataset.schema.features)], shown.index))
    rows = said.join(features.rename(columns={name: f"{name} (column)" for name in said.columns}))
    st.dataframe(rows, hide_index=True, height="content", alt="Examples with their labels and predictions")
