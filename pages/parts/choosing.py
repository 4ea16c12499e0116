"""What a finding would change, page by page: each cell, label or example can be left out, or given another value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.annotate import case_rows
from core.flywheel import before_after, in_sight
from core.flywheel.mend import size
from core.ids import aligned
from pages.parts import paging

if TYPE_CHECKING:
    from core.collect import Finding
    from core.dataset import Dataset
    from core.flywheel import Project

__all__ = ["Choice", "choice", "draw"]

_ROWS = 10
_TICK = "mend"
_SEALED = "sealed"


@dataclass(frozen=True)
class Choice:
    """What the analyst chose of one finding, by place among its cells, labels or examples."""

    left_out: frozenset[int] = frozenset()
    values: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Visit:
    """One stay on one page of a list: what was chosen before it is where its table starts from."""

    page: int
    number: int
    before: Choice


def choice(key: str) -> Choice:
    """What was chosen so far of the finding with that key."""
    found: Choice = st.session_state.get(f"choice-{key}", Choice())
    return found


def draw(project: Project, finding: Finding, key: str) -> None:
    """Draw one page of what a finding is about, with a box before each row that its edit would change.

    Equal examples with conflicting labels are drawn case by case, with those on the side of the most. Of sealed
    examples no value is shown before they are opened.
    """
    dataset, sealed = project.dataset, project.dataset.ids("sealed")
    hidden = sealed.difference(in_sight(project, sealed))
    cases = _cases(dataset.version, key, dataset, finding) if finding.kind == "conflicting_labels" else None
    total = size(finding) if cases is None else len(cases)
    part = paging.page_of(total, key=key, rows=_ROWS)
    of_cells = bool(finding.labels) if finding.fix == "relabel" else bool(finding.cells) and finding.fix != "exclude"
    if of_cells:
        _cells(dataset, finding, key, part, hidden)
    else:
        _examples(dataset, finding, key, part, hidden, cases)
    paging.controls(total, key=key, rows=_ROWS, noun="cell" if of_cells and finding.fix != "relabel" else "example")


@st.cache_data(show_spinner=False, max_entries=8)
def _cases(version: str, key: str, _dataset: Dataset, _finding: Finding) -> pd.Series:
    """Which examples stand against each other, looked up once for a version of the data."""
    return case_rows(_dataset, _finding.ids)


def _cells(dataset: Dataset, finding: Finding, key: str, part: slice, hidden: pd.Index) -> None:
    listed = before_after(dataset, finding, part)
    unseen = listed["example"].isin(hidden)
    before, after = (listed[name].map(_exactly).mask(unseen, _SEALED) for name in ("before", "after"))
    rows = pd.DataFrame(
        {
            "example": listed["example"],
            "part": aligned(dataset.split, pd.Index(listed["example"])).fillna("gone").to_numpy(dtype=object),
            "column": listed["column"],
            "before": before.map(_seen, na_action="ignore"),
            "after": after,
        }
    )
    options: dict[str, Any] = {"help": "Double-click to put another value; empty makes the cell missing."}
    config = st.column_config.TextColumn("after", **options)
    if finding.fix == "relabel":
        options["help"] = "Double-click to choose another class."
        config = st.column_config.SelectboxColumn("after", options=list(dataset.classes), required=True, **options)
    _editor(rows, key, part, editable=("after",), config={"after": config}, ticks=finding.fix is not None)


def _examples(
    dataset: Dataset, finding: Finding, key: str, part: slice, hidden: pd.Index, cases: pd.Series | None
) -> None:
    ids = (finding.ids if cases is None else cases.index)[part]
    columns = dict.fromkeys([*finding.columns, dataset.schema.label, *dataset.schema.inputs])
    rows = aligned(dataset.frame[list(columns)], ids)
    if ids.isin(hidden).any():
        rows = rows.astype("object")
        rows.loc[ids.isin(hidden)] = _SEALED
    # A column of the data may have either name.
    example, case = (name if name not in rows else f"{name} here" for name in ("id", "case"))
    rows = rows.reset_index(names=example)
    if cases is not None:
        rows.insert(0, case, cases.iloc[part].to_numpy())
    rows.index = range(part.start, part.start + len(rows))
    if finding.fix == "exclude":
        _editor(rows, key, part, ticks=True)
    else:
        pinned = {} if cases is None else {case: st.column_config.Column(pinned=True)}
        st.dataframe(rows, hide_index=True, key=f"rows-{key}", height="content", column_config=pinned)


def _editor(
    rows: pd.DataFrame,
    key: str,
    part: slice,
    *,
    ticks: bool,
    editable: tuple[str, ...] = (),
    config: dict[str, Any] | None = None,
) -> None:
    """Draw rows with a box each, and keep what is changed in them.

    The table must start from the same rows at every run, else a change in it would be applied twice: it starts from
    what had been chosen when its page was turned to.
    """
    made = choice(key)
    visit: _Visit | None = st.session_state.get(f"visit-{key}")
    if visit is None or visit.page != part.start or f"rows-{key}-{visit.number}" not in st.session_state:
        visit = _Visit(part.start, 0 if visit is None else visit.number + 1, made)
        st.session_state[f"visit-{key}"] = visit
    shown = rows.copy()
    for name in editable:
        typed = {place: value for place, value in visit.before.values.items() if place in shown.index}
        shown[name] = shown[name].astype("object")
        for place, value in typed.items():
            shown.at[place, name] = value
    if ticks:
        shown.insert(0, _TICK, ~shown.index.isin(list(visit.before.left_out)))
    changed = st.data_editor(
        shown,
        hide_index=True,
        num_rows="fixed",
        key=f"rows-{key}-{visit.number}",
        height="content",
        disabled=[name for name in shown.columns if name not in (_TICK, *editable)],
        column_config={_TICK: st.column_config.CheckboxColumn(_TICK, width=80), **(config or {})},
    )
    left_out = made.left_out.difference(shown.index)
    if ticks:
        left_out |= set(changed.index[~changed[_TICK].astype(bool)].tolist())
    values = {place: value for place, value in made.values.items() if place not in shown.index}
    for name in editable:
        new, old = changed[name].map(_typed), rows[name].map(_typed)
        values |= {place: new[place] for place in rows.index if new[place] != old[place]}
    now = replace(made, left_out=frozenset(left_out), values=values)
    if now != made:
        st.session_state[f"choice-{key}"] = now
        # The button above counts what is chosen.
        st.rerun()


def _typed(value: object) -> str | None:
    """What stands in a cell of the table; nothing is a missing value."""
    return None if value is None or pd.isna(value) or value == "" else str(value)


def _exactly(value: object) -> str | None:
    """A value as it can be read back: not rounded, without separators of thousands."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _seen(text: str) -> str:
    """A text whose blanks at its ends, and what is between lines, can be seen."""
    inner = text.strip(" ")
    start = len(text) - len(text.lstrip(" "))
    end = len(text) - len(text.rstrip(" ")) if inner else 0
    return "␣" * start + inner.replace("\n", "⏎").replace("\t", "⇥").replace("\xa0", "⍽") + "␣" * end
