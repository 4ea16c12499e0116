"""What is missing: where in the order of collection, which columns together, and of which classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import MAX_ROWS, count, missing_by_class_chart, missing_map, missing_together
from pages.parts import figure, paging, profiled

if TYPE_CHECKING:
    from core.collect import Profile
    from core.flywheel import Project

__all__ = ["draw"]

_ADJUSTED = 0.05
_A_PAGE = 12


def draw(project: Project) -> None:
    """Draw what is missing of what the model sees."""
    found = profiled.of(project)
    if found is None:
        return
    missing = found.missing
    seen = f"{count(missing.rows, 'example')} of train and pool"
    if missing.shares.empty:
        st.success(f"Nothing is missing in {seen}.", icon=":material/check_circle:")
        return
    key = "missing-columns"
    shown = missing.blocks.iloc[paging.page_of(len(missing.blocks), key=key, rows=MAX_ROWS)]
    figure.draw(
        missing_map(shown, missing.shares),
        key="missing-map",
        caption=f"{count(len(missing.shares), 'column')} with missing values, in {seen}. The fuller the colour, the "
        "more is missing. A step at some row often means another source or another form from there on.",
    )
    if len(missing.blocks) > MAX_ROWS:
        paging.controls(len(missing.blocks), key=key, rows=MAX_ROWS, noun="column")
    left, right = st.columns(2, gap="large")
    with left:
        st.header("By class", anchor=False)
        _by_class(found)
    with right:
        st.header("Together", anchor=False)
        if missing.together.empty:
            st.caption("No two columns are missing together more often than apart.")
        else:
            st.caption("The closest pairs: where one is missing, how often the other is missing as well.")
            paging.table(
                missing_together(missing.together),
                key="missing-together",
                rows=_A_PAGE,
                noun="pair",
                alt="Pairs of columns that are missing together",
            )


def _by_class(found: Profile) -> None:
    shares = found.missing_by_class
    if shares.empty:
        st.caption("Nothing is missing in the train examples.")
        return
    related = int((found.missing_related["p_adjusted"] < _ADJUSTED).sum())
    page = shares.iloc[paging.page_of(len(shares), key="missing-classes", rows=_A_PAGE)]
    sizes = next(iter(found.distributions.values())).sizes
    said = f"In {count(related)} of {count(len(shares), 'column')}" if related else "There is no evidence that"
    figure.draw(
        missing_by_class_chart(page, found.missing_related, sizes),
        key="missing-by-class",
        caption=f"{said} whether there is a value has to do with the label, by more than chance (Holm). "
        f"{profiled.said(found)}",
    )
    if len(shares) > _A_PAGE:
        paging.controls(len(shares), key="missing-classes", rows=_A_PAGE, noun="column")
