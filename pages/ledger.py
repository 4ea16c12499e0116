"""Ledger: every turn with its verdicts, every edit with who, when and why, and the way out with all of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import Entry, Project
from core.report import count, ledger_chart, moment, signed, signed_interval
from pages.parts import attribution, errors, figure, frame, paging, release, seal, turns, verdicts
from pages.parts.plain import plain


def chart_of_turns(project: Project, table: pd.DataFrame) -> None:
    """Draw the headline metric turn by turn, and how often the test set was looked at."""
    drawn = table.rename(columns={"score": "value"})[["turn", "value", "low", "high", "verdict"]]
    figure.draw(
        ledger_chart(drawn, metric=METRICS[project.headline]),
        key="ledger",
        caption="Bars: 95 % interval of each turn by itself. Verdicts come from the paired change, which is surer.",
    )


def table_of_turns(project: Project, table: pd.DataFrame) -> None:
    """Show the turns as a table, newest first."""
    shown = table.iloc[::-1]
    then = {}
    if table["rescored"].any():
        then = {
            "when it ran (95 %)": _scores(shown, "_then"),
            "verdict then": shown["verdict_then"].fillna("–"),
        }
    st.dataframe(
        pd.DataFrame(
            {
                "turn": shown["turn"],
                **seal.column(shown),
                "when": shown["at"].map(moment),
                f"{METRICS[project.headline]} (95 %)": _scores(shown),
                "verdict": shown["verdict"].fillna("–"),
                "change (interval)": _changes(shown, ""),
                **then,
                **({"pinned slices": shown["watched"].replace("", "–")} if shown["watched"].any() else {}),
                "since turn 0": shown["since_first_verdict"].fillna("–"),
                "change since turn 0 (interval)": _changes(shown, "since_first_"),
                "what changed in the data": shown["changes"].replace("", "–"),
                "data": shown["version"].str[:8],
            }
        ),
        hide_index=True,
        key="turns",
        height="content",
        alt="The turns, newest first: score, verdict against the turn before and against turn 0, and what changed.",
    )
    looks = project.looks
    again = ", and again when the turns were rerun" if looks > len(table) else ""
    said = f"The test set was looked at {count(looks, 'time')}: once a turn{again}."
    if looks > 10:
        said += " The more often one looks and then decides, the more a small gain may be luck."
    if table["rescored"].any():
        said += _why_both(table)
    if len(table) > 2:
        said += (
            " From turn 2 on the two verdicts of a turn are judged together (Holm), so that their intervals are a "
            "little wider than 95 %."
        )
    st.caption(said)


def log_of_edits(project: Project) -> None:
    """Show who did what, when and why, newest first, and whether it is in force."""
    entries = project.log
    st.header("Edits", anchor=False)
    if not entries:
        st.caption("No edit yet. Everything you change from now on is listed here and can be undone.")
        return
    back, forth = project.undoable(), project.redoable()
    with st.container(horizontal=True, vertical_alignment="center"):
        _turn_back(project, "undo", back)
        _turn_back(project, "redo", forth)
        st.caption("Of anybody. The buttons in the sidebar are for your own edits alone.")
    part = paging.page_of(len(entries), key="log")
    force = _in_force(project.id, project.revision, entries)
    shown = entries[::-1][part]
    st.dataframe(
        pd.DataFrame(
            {
                "entry": [entry.seq for entry in shown],
                "when": [moment(entry.at) for entry in shown],
                "who": [entry.by or "–" for entry in shown],
                "what": [entry.summary for entry in shown],
                "why": [entry.reason or "–" for entry in shown],
                "state": [_state(entry, force) for entry in shown],
            }
        ),
        hide_index=True,
        key="log-table",
        height="content",
        alt="The log of edits, newest first: who, when, what, why, and whether it is in force.",
    )
    paging.controls(len(entries), key="log", noun="entry", many="entries")


def way_out(project: Project, table: pd.DataFrame) -> None:
    """Offer everything as one zip file."""
    st.header("Export", anchor=False)
    st.markdown(
        "The corrected data as CSV and Parquet, the log, the metrics, the recipe, and a script that rebuilds the last "
        "turn's numbers without this app."
    )
    if table.empty:
        st.caption("Run the first turn: the export holds its numbers.")
        return
    st.download_button(
        "Download as zip",
        data=lambda: _zipped(project),
        file_name=f"{project.id}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
    )
    release.draw(project)


def _turn_back(project: Project, kind: str, entry: Entry | None) -> None:
    what = f"{kind.capitalize()}: {plain(entry.summary)}" if entry else f"Nothing to {kind}"
    if st.button(what, key=f"{kind}-any", icon=f":material/{kind}:", disabled=entry is None):
        with errors.calm(doing=f"doing the {kind}"):
            made = getattr(project, kind)()
            frame.tell(made.summary[0].upper() + made.summary[1:], icon=f":material/{kind}:")
            st.rerun()


@st.cache_data(show_spinner=False, max_entries=32)
def _in_force(project_id: str, revision: int, _entries: list[Entry]) -> frozenset[int]:
    from core.flywheel.log import active

    return frozenset(entry.seq for entry in active(_entries))


def _state(entry: Entry, force: frozenset[int]) -> str:
    if entry.target is not None:
        return "–"
    return "in force" if entry.seq in force else "taken back"


def _scores(table: pd.DataFrame, suffix: str = "") -> list[str]:
    values = table[[f"{name}{suffix}" for name in ("score", "low", "high")]]
    return [verdicts.score(*each) for each in values.itertuples(index=False)]


def _why_both(table: pd.DataFrame) -> str:
    """Why there are two figures of a turn, and of which turns the verdict is another one now."""
    said = (
        " Test labels were corrected by blind review, or test examples excluded: every turn is scored again on the "
        "test set as it is now, from the predictions that it made when it ran. What was said then stands beside it."
    )
    for turn, now, then in table[["turn", "verdict", "verdict_then"]].dropna().itertuples(index=False):
        if now != then:
            said += f" Turn {turn} was called {then} then and is {now} now."
    return said


def _changes(table: pd.DataFrame, prefix: str) -> list[str]:
    values = table[[f"{prefix}{name}" for name in ("delta", "delta_low", "delta_high")]]
    return [
        "–" if pd.isna(delta) else f"{signed(delta)} ({signed_interval(low, high)})"
        for delta, low, high in values.itertuples(index=False)
    ]


def _zipped(project: Project) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return project.export(Path(folder) / "export.zip").read_bytes()


frame.guard()
opened = frame.project_or_stop("ledger")
frame.heading("ledger")
ledger = opened.ledger()
if ledger.empty:
    st.info("No turn yet. The ledger begins with turn 0.", icon=":material/lock:")
    turns.to_train(opened, "Run turn 0")
else:
    seal.entry(opened)
    chart_of_turns(opened, ledger)
    table_of_turns(opened, ledger)
    attribution.draw(opened)
log_of_edits(opened)
way_out(opened, ledger)
