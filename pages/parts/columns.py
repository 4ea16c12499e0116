"""Columns by class: which have to do with the label, how each is spread, typical words, and what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.content import count_different
from core.report import (
    class_balance,
    class_quantiles,
    count,
    distribution_chart,
    interval,
    number,
    p_value,
    percent,
    relations_bar,
    verb,
    word_shares,
)
from pages.parts import data_view, figure, paging, profiled
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.collect import Profile
    from core.dataset import Dataset
    from core.flywheel import Project

__all__ = ["draw"]

_A_PAGE = 20
_ORDERS = {"relation": "Closest to the label", "missing": "Most missing", "name": "Name"}
_SHARES = {False: "Values in each class", True: "Classes in each value"}
_OPEN = "column-open"
_MEASURE = (
    "Cramér's V, corrected for chance: 0 where column and label have nothing to do with each other, 1 where the column "
    "settles the label. Numbers and dates are cut into ten groups; missing is a value of its own. Rows count as "
    "independent: with copies or groups among them a relation looks surer than it is. A relation is no cause, and one "
    "near 1 may be a leak: a column that is only known once the label is."
)


def draw(project: Project) -> None:
    """Draw the columns of the data: by class, the words of its texts, or what each column is for."""
    views = {"By class": _by_class, "Words": _words, "Roles": _roles}
    if project.dataset.schema.text is None:
        del views["Words"]
    view = st.segmented_control(
        "How to look",
        list(views),
        default="By class",
        required=True,
        key="columns-view",
        label_visibility="collapsed",
        persist_state="session",
    )
    views[str(view)](project)


def _by_class(project: Project) -> None:
    found = profiled.of(project)
    if found is None:
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        table = _ordered(found)
        names = list(table.index)
        if st.session_state.get(_OPEN) not in names:
            st.session_state[_OPEN] = names[0] if names else None
        if not names:
            st.info("No column has a name like that.", icon=":material/filter_alt_off:")
            return
        key = f"relations-{st.session_state['columns-order']}-{st.session_state['columns-named']}"
        page = table.iloc[paging.page_of(len(table), key=key, rows=_A_PAGE)]

        def choose() -> None:
            points = st.session_state["figure-relations"].selection.points
            if points:
                st.session_state[_OPEN] = str(page.index[round(float(points[0]["y"]))])

        chart = relations_bar(
            page, chosen=st.session_state[_OPEN], missing=st.session_state["columns-order"] == "missing"
        )
        related = int(found.relations["related"].sum())
        figure.draw(
            chart,
            key="relations",
            caption=f"{count(related)} of {count(len(found.relations), 'column')} "
            f"{verb(related, 'has', 'have')} to do with the label by more than chance (Holm). Grey: no evidence. "
            f"{profiled.said(found)} Click a bar to open it.",
            on_select=choose,
        )
        paging.controls(len(table), key=key, rows=_A_PAGE, noun="column")
    with right:
        name = st.selectbox("Column", names, key=_OPEN, help=_MEASURE)
        _open(found, str(name))


def _ordered(found: Profile) -> pd.DataFrame:
    """Let the analyst choose order and names; the columns that fit, in that order."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    order = left.selectbox(
        "Order", list(_ORDERS), format_func=_ORDERS.__getitem__, key="columns-order", persist_state="session"
    )
    words = right.text_input("Named", key="columns-named", placeholder="part of a name").strip()
    table = found.relations
    if order == "missing":
        table = table.sort_values("missing", ascending=False, kind="stable")
    elif order == "name":
        table = table.sort_index(key=lambda names: names.str.lower(), kind="stable")
    return table[table.index.str.contains(words, case=False, regex=False)]


def _open(found: Profile, name: str) -> None:
    one, row = found.distributions[name], found.relations.loc[name]
    of_values = st.segmented_control(
        "Shares",
        list(_SHARES),
        default=False,
        required=True,
        format_func=_SHARES.__getitem__,
        key="columns-shares",
        label_visibility="collapsed",
        persist_state="session",
    )
    chart = distribution_chart(one, of_values=bool(of_values))
    figure.draw(chart, key=f"distribution-{name}-{of_values}", caption=_sentence(one.different, one.missing_share, row))
    quantiles = class_quantiles(one)
    if quantiles is not None:
        st.dataframe(
            quantiles,
            hide_index=True,
            key=f"quantiles-{name}",
            height="content" if len(quantiles) <= 12 else 420,
            alt=f"Quantiles of {name} by class",
        )


def _sentence(different: int, missing: float, row: pd.Series) -> str:
    related = f"adjusted p {p_value(row['p_adjusted'])}" + ("" if row["related"] else ": no evidence of a relation")
    gone = f" Missing in {percent(missing)}." if missing else ""
    return (
        f"V {number(row['v'], 2)} ({interval(row['low'], row['high'], 2)}), {related}. "
        f"{count(different, 'different value')}.{gone}"
    )


def _words(project: Project) -> None:
    found = profiled.of(project)
    if found is None:
        return
    classes = list(dict.fromkeys(found.words["label"]))
    if not classes:
        st.info("No word is typical of a class by more than chance.", icon=":material/info:")
        return
    left, _ = st.columns([1, 2])
    label = left.selectbox("Class", classes, key="words-class")
    figure.draw(
        word_shares(found.words[found.words["label"] == label], label=str(label)),
        key=f"words-{label}",
        caption="Words that are in more of its texts than chance would make it, all words and classes considered "
        f"(Benjamini-Hochberg, 5%); the most telling first. {profiled.said(found)}",
    )


def _roles(project: Project) -> None:
    dataset = project.dataset
    facts = _facts(dataset.version, dataset)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.dataframe(facts, hide_index=True, key="columns", height="content" if len(facts) <= 20 else 640)
    with right:
        st.markdown(f"**Train examples by class** of {plain(dataset.schema.label)}")
        figure.draw(class_balance(data_view.balance(dataset)), key="balance")


@st.cache_data(show_spinner=False, max_entries=8)
def _facts(version: str, _dataset: Dataset) -> pd.DataFrame:
    frame = _dataset.frame
    roles = [_dataset.schema.column(str(name)) for name in frame.columns]
    return pd.DataFrame(
        {
            "column": [column.name for column in roles],
            "role": [column.role for column in roles],
            "kind": [column.kind for column in roles],
            "missing": [percent(share) for share in frame.isna().mean()],
            "different": count_different(frame).to_numpy(),
            "why": [column.reason for column in roles],
        }
    )
