"""Large frames page by page: the server cuts the page, so that the browser never gets more than it shows."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.report import count

__all__ = ["ROWS_A_PAGE", "controls", "page_of", "table"]

ROWS_A_PAGE = 50
CELL_CHARACTERS = 2_000
# So many pages are all named; the control would leave some out as soon as its room is short.
_ALL_NAMED, _PIXELS = 7, 40


def page_of(total: int, *, key: str, rows: int = ROWS_A_PAGE) -> slice:
    """Give the part of `total` rows that is on the page chosen by `controls`, before those are drawn."""
    pages = max(1, -(-total // rows))
    page = min(max(1, int(st.session_state.get(f"page-{key}") or 1)), pages)
    return slice((page - 1) * rows, min(page * rows, total))


def controls(total: int, *, key: str, rows: int = ROWS_A_PAGE, noun: str = "example", many: str = "") -> None:
    """Draw which rows are shown and, if there is more than one page, the way to the others."""
    shown = page_of(total, key=key, rows=rows)
    pages = max(1, -(-total // rows))
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.caption(
        f"{count(shown.start + 1)}–{count(shown.stop)} of {count(total, noun, many)}"
        if total
        else f"No {many or noun + 's'}"
    )
    if pages > 1:
        with right.container(horizontal=True, horizontal_alignment="right"):
            wide = "content" if pages > _ALL_NAMED else (pages + 2) * _PIXELS
            st.pagination(pages, key=f"page-{key}", persist_state="session", width=wide)


def table(
    frame: pd.DataFrame, *, key: str, rows: int = ROWS_A_PAGE, noun: str = "example", many: str = "", alt: str = ""
) -> None:
    """Show a frame of any length, 50 rows a page.

    Parameters
    ----------
    frame : DataFrame
        Sorted as it is to be read; the index is not shown.
    key : str
        Unique on the page. Change it when the frame is another one, so that paging starts anew.
    rows : int
        Rows a page.
    noun : str
        What a row is, in the singular.
    many : str
        What rows are, where an s is not enough.
    alt : str
        What the table holds, for those who don't see it.
    """
    st.dataframe(
        _cut(frame.iloc[page_of(len(frame), key=key, rows=rows)]),
        hide_index=True,
        key=f"table-{key}",
        height="content",
        alt=alt or None,
    )
    controls(len(frame), key=key, rows=rows, noun=noun, many=many)


def _cut(page: pd.DataFrame) -> pd.DataFrame:
    """Cut texts that no cell can show: one of ten megabytes would go to the browser whole."""
    texts = [name for name in page.columns if pd.api.types.is_string_dtype(page[name].dtype)]
    long = {name: page[name].str.len() > CELL_CHARACTERS for name in texts}
    cut = {name: page[name].mask(far, page[name].str.slice(0, CELL_CHARACTERS) + "…") for name, far in long.items()}
    return page.assign(**{name: column for name, column in cut.items() if long[name].any()})
