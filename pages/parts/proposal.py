"""A proposal before it is applied: generated rows beside their parents, or the examples that would be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.flywheel import Edit, Exclude, Generate
from core.generate import METHODS, Method, propose, propose_exclusions
from core.report import Field, count, shorten, written
from pages.parts import cards, examples, paging
from pages.parts.plain import passage, plain

__all__ = ["Ask", "draw", "edit", "made"]

_CARDS_A_PAGE = 4


class Ask(NamedTuple):
    """What is asked of a method: how many of each class are to be made, or left out.

    A tuple, so that a trial that was asked for before a module was loaded anew still equals the same question.
    """

    method: str
    counts: tuple[tuple[str, int], ...]

    @property
    def of(self) -> Method:
        """The method itself."""
        return METHODS[self.method]

    @property
    def target(self) -> Mapping[str, int]:
        """Class to count, as `core.generate` takes it."""
        return dict(self.counts)

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(number for _, number in self.counts)

    def __str__(self) -> str:
        listed = ", ".join(f"{count(number)} of '{shorten(name, 40)}'" for name, number in self.counts)
        return f"{self.of.title}: {listed}"


def made(dataset: Dataset, ask: Ask) -> pd.DataFrame:
    """What the method proposes on this data set; made once and the same for the preview and for what is applied."""
    return _made(dataset.version, ask, dataset)


@st.cache_resource(show_spinner="Making the proposal", max_entries=8)
def _made(version: str, ask: Ask, _dataset: Dataset) -> pd.DataFrame:
    make = propose_exclusions if ask.of.excludes else propose
    return make(_dataset, method=ask.method, target=ask.target)


def edit(dataset: Dataset, ask: Ask, *, by: str) -> Edit:
    """The one edit that applies what is asked."""
    proposal = made(dataset, ask)
    if ask.of.excludes:
        return Exclude(list(proposal.index), by=by, reason=str(ask))
    return Generate(proposal, by=by, reason=str(ask))


def draw(dataset: Dataset, ask: Ask) -> None:
    """Draw the proposal page by page."""
    proposal = made(dataset, ask)
    key = f"proposal-{ask}"
    if ask.of.excludes:
        shown = proposal.index[paging.page_of(len(proposal), key=key)]
        rows = dataset.frame.loc[shown, [dataset.schema.label, *dataset.schema.inputs]]
        st.dataframe(examples.readable(rows), hide_index=True, height="content", alt="Examples that would be left out")
        paging.controls(len(proposal), key=key)
        return
    for example_id, row in proposal.iloc[paging.page_of(len(proposal), key=key, rows=_CARDS_A_PAGE)].iterrows():
        with st.container(border=True):
            _generated(dataset, str(example_id), row)
    paging.controls(len(proposal), key=key, rows=_CARDS_A_PAGE, noun="generated row")


def _generated(dataset: Dataset, example_id: str, row: pd.Series) -> None:
    schema = dataset.schema
    parent = dataset.frame.loc[row["parent"]]
    other = "" if pd.isna(row["other_parent"]) else f" and {plain(row['other_parent'])}"
    changed = [name for name in schema.inputs if written(row[name]) != written(parent[name])]
    st.markdown(
        f"**{plain(row[schema.label])}**, made from {plain(row['parent'])}{other}: "
        + (f"{count(len(changed), 'value')} changed" if changed else "an exact copy")
    )
    if schema.text is not None:
        left, right = st.columns(2)
        with left:
            st.caption("Parent")
            passage(written(parent[schema.text]), label="Text of the parent")
        with right:
            st.caption("Generated")
            passage(written(row[schema.text]), label=f"Text of {example_id}")
    if schema.features:
        values = [
            Field(name, written(row[name]), f"parent: {written(parent[name])}" if name in changed else None)
            for name in schema.features
        ]
        cards.fields(values, label=f"Generated row {example_id}")
