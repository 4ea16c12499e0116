"""What was found out about generated rows: how many are copies, far off or called another class; columns moved."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.generate import Fidelity
from core.report import count, distribution_chart, number, percent, percent_interval
from pages.parts import figure

__all__ = ["choose", "columns", "summary"]

_FILTERS = {
    "all": "all",
    "copy": "copies",
    "far": "far off",
    "leak": "next to test",
    "other": "another class",
    "struck": "struck",
}


def summary(found: Fidelity) -> None:
    """Say in one row how many rows are near, far, next to test, and called another class."""
    rows, total = found.rows, len(found.rows)
    other = int(rows["other_class"].sum())
    _, low, high = found.share_of_another_class
    shown = (
        ("copies", len(found.flagged("copy")), "nearer to a real example than a tenth of the usual distance"),
        ("far off", len(found.flagged("far")), "farther from every real example than 99% of those are"),
        ("next to test", len(found.flagged("leak")), "nearly a test example: never added"),
        (
            "called another class",
            other,
            f"by a model that has seen none of their parents; 95% interval {percent_interval(low, high, 0)}",
        ),
    )
    for place, (name, value, help_) in zip(st.columns(len(shown)), shown, strict=True):
        place.metric(name, f"{count(value)} ({percent(value / total if total else 0, 0)})", help=help_)
    middle = rows["relative"].median()
    if pd.notna(middle):
        st.caption(
            f"Half of them are nearer to a real example than {number(float(middle), 2)} of the distance that is "
            "usual between real examples of these classes."
        )


def choose(proposal: pd.DataFrame, found: Fidelity | None, struck: pd.Index, *, key: str) -> pd.Index:
    """Let the analyst choose which rows are shown; those with the most to look at come first."""
    groups: dict[str, pd.Index] = {"all": proposal.index}
    if found is not None:
        rows = found.rows
        groups |= {
            "copy": rows[rows["flag"] == "copy"].sort_values("distance", kind="stable").index,
            "far": rows[rows["flag"] == "far"].sort_values("distance", ascending=False, kind="stable").index,
            "leak": found.flagged("leak"),
            "other": rows[rows["other_class"]].sort_values("probability", kind="stable").index,
        }
    groups["struck"] = struck
    offered = [name for name, ids in groups.items() if name == "all" or len(ids)]
    if len(offered) == 1:
        return proposal.index
    chosen = st.segmented_control(
        "Which examples",
        offered,
        default="all",
        required=True,
        format_func=lambda name: f"{_FILTERS[name]} ({count(len(groups[name]))})",
        key=f"filter-{key}",
    )
    return groups.get(str(chosen), proposal.index)


def columns(found: Fidelity, *, key: str) -> None:
    """Show how each column is spread in real and in generated rows, and how far it would move."""
    table = found.columns
    box = st.expander(
        f"The columns before and after ({count(len(table))})",
        icon=":material/compare_arrows:",
        key=f"columns-{key}",
        on_change="rerun",
    )
    if not box.open or table.empty:
        return
    with box:
        left, right = st.columns([3, 2], gap="large")
        left.dataframe(
            pd.DataFrame(
                {
                    "column": table.index,
                    "generated alone": table["apart"].map(number).to_numpy(),
                    "after adding": table["after"].map(number).to_numpy(),
                    "real to generated": table["detail"].to_numpy(),
                }
            ),
            hide_index=True,
            height="content",
            alt="How far each column of the generated examples is from the real examples of these classes",
        )
        left.caption(
            "Stability indices against the real train examples of these classes: of the generated ones alone, and of "
            "both together after they were added. From 0.1 on it matters."
        )
        with right:
            chosen = str(st.selectbox("Column", list(table.index), key=f"column-{key}"))
            figure.draw(distribution_chart(found.beside[chosen]), key=f"beside-{key}-{chosen}")
