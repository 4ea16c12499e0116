"""A file in which several annotators labelled the examples, on its way to a project: one row an example, one label."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.collect import Layout, find_long, gather_examples
from core.flywheel import label_by_consensus
from core.report import count
from core.schema import Schema
from pages.parts import drafts, errors
from pages.parts.drafts import Draft
from pages.parts.plain import plain

__all__ = ["MADE", "offer"]

# Why a column has the role of the label, where it was made here; `offer` is silent then.
MADE = "made of the annotators' labels"
_HOW = {"consensus": "by consensus", "majority": "by majority"}


def offer(draft: Draft, *, chosen: str) -> None:
    """Offer to gather a file with a row a label, or to make the label of columns that annotators filled.

    Parameters
    ----------
    draft : Draft
    chosen : str
        The reason of the roles that the analyst chose: they stay.
    """
    schema = draft.schema
    if any(column.reason.startswith(MADE) for column in schema.columns):
        return
    long = _long(draft.id, draft.frame)
    if long is not None:
        _gather(draft, long)
    elif len(schema.annotators) >= 2:
        _settle(draft, chosen)


@st.cache_resource(show_spinner=False, max_entries=8)
def _long(draft_id: str, _frame: pd.DataFrame) -> Layout | None:
    return find_long(_frame)


def _gather(draft: Draft, layout: Layout) -> None:
    said = f"This file has one row per label: {plain(layout.reason)}."
    if draft.frame.shape[1] <= 3:
        st.info(
            f"{said} It holds nothing that a model could learn from. Make a project of the file with the examples "
            "first, then add this one on Annotate, under Annotators.",
            icon=":material/groups:",
        )
        return
    with st.container(border=True), errors.calm(doing="gathering the labels"):
        st.markdown(
            f"{said} A project needs one row per example: one column per annotator, and their consensus as the label."
        )
        if st.button("Make one row per example", type="primary", icon=":material/compress:", key="gather"):
            with st.spinner("Gathering the labels"):
                gathered = gather_examples(draft.frame, layout)
                annotators = [name for name in gathered.columns if str(name).startswith("annotator_")]
                _keep(draft, gathered, annotators, "consensus", {layout.id: ("id", "each value occurs once")})


def _settle(draft: Draft, chosen: str) -> None:
    annotators = draft.schema.annotators
    with st.container(border=True), errors.calm(doing="making the label"):
        st.markdown(
            f"**{count(len(annotators), 'column')} hold what one annotator said each.** If the data has no label yet, "
            "make one: by consensus (annotators weighed by how reliable they are) or by majority (ties go to the pool)."
        )
        kept = {column.name: (column.role, chosen) for column in draft.schema.columns if column.reason == chosen}
        with st.container(horizontal=True):
            for method, words in _HOW.items():
                if st.button(f"Make the label {words}", key=f"label-{method}", icon=":material/how_to_reg:"):
                    with st.spinner("Comparing the annotators"):
                        _keep(draft, draft.frame, list(annotators), method, kept)


def _keep(
    draft: Draft, table: pd.DataFrame, annotators: list[str], method: str, kept: dict[str, tuple[str, str]]
) -> None:
    """Go on with a table that has the label, in a draft of its own."""
    made, label = label_by_consensus(table, annotators, method=method)
    notes = made.attrs.get("notes", list(draft.notes))
    made.attrs["notes"] = [
        *notes,
        f"The column '{label}' was made of {len(annotators)} annotators' labels, {_HOW[method]}.",
    ]
    new = drafts.keep(made, draft.name)
    schema: Schema = new.schema
    for name, (role, reason) in kept.items():
        schema = schema.with_role(name, role, reason)
    for name in annotators:
        schema = schema.with_role(name, "annotator", "one annotator's labels")
    drafts.save(new, schema.with_role(label, "label", f"{MADE}, {_HOW[method]}"))
    st.rerun()
