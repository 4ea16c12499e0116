"""The turns: the headline metric as a chart, and a table that has them all, a row a turn, from which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import changes_by_reason, judge_watched, watched_slices, worded_changes
from core.report import count, effort_in_words, ledger_chart, shorten, signed, signed_interval, times
from pages.parts import figure, seal, verdicts

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["chart", "choose", "table"]

_TABLE, _CHOSEN = "turns", "turn"
# In pixels, so that a row is read at a glance on a screen of 1440.
_WIDTHS = {
    "turn": 45,
    "verdict": 95,
    "what changed in the data": 210,
    "effort": 105,
    "look": 45,
    "pinned": 95,
    "note": 120,
}


def chart(project: Project, ledger: pd.DataFrame) -> None:
    """Draw the headline metric turn by turn."""
    drawn = ledger.rename(columns={"score": "value"})[["turn", "value", "low", "high", "verdict"]]
    figure.draw(
        ledger_chart(drawn, metric=METRICS[project.headline]),
        key="ledger",
        caption="Bars: 95% interval of each turn by itself. Verdicts come from the paired change, which is surer.",
    )


def table(project: Project, ledger: pd.DataFrame) -> None:
    """Show the turns as a table, newest first; a click on a row opens its turn, see `choose`."""
    shown = ledger.iloc[::-1]
    numbers = shown["turn"].tolist()
    st.dataframe(
        pd.DataFrame(
            {
                "turn": shown["turn"],
                **seal.column(shown),
                f"{METRICS[project.headline]} (95%)": _scores(shown),
                "verdict": _verdicts(shown),
                "change (interval)": _changes(shown),
                "what changed in the data": _done(project, shown),
                "effort": [effort_in_words(row, short=True) for _, row in shown.iterrows()],
                "look": shown["look"].map(count),
                **_pinned(project, numbers),
                **({"note": [shorten(note, 80) or "–" for note in shown["note"]]} if shown["note"].any() else {}),
            }
        ),
        hide_index=True,
        key=_TABLE,
        height="content" if len(shown) <= 15 else 560,
        column_config={name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()},
        selection_mode="single-row",
        on_select=lambda: _clicked(numbers),
        alt="The turns, newest first: score, verdict against the turn before, what changed, effort, looks and notes.",
    )
    st.caption(_said(project, ledger))


def choose(ledger: pd.DataFrame) -> int:
    """Let the analyst choose the turn that is opened; the last one at first."""
    numbers = ledger["turn"].tolist()[::-1]
    if st.session_state.get(_CHOSEN) not in numbers:
        st.session_state[_CHOSEN] = numbers[0]
    return int(
        st.selectbox(
            "Open a turn",
            numbers,
            format_func=lambda number: f"turn {number}",
            key=_CHOSEN,
            width=180,
            help="Or click its row.",
        )
    )


def _clicked(numbers: list[int]) -> None:
    rows = st.session_state[_TABLE]["selection"]["rows"]
    if rows:
        st.session_state[_CHOSEN] = numbers[rows[0]]


def _done(project: Project, shown: pd.DataFrame) -> list[str]:
    turns = project.turns
    ends = [(turns[number - 1].revision if number else 0, turns[number].revision) for number in shown["turn"]]
    return [_phrase(project.id, *ends_, project) or "–" for ends_ in ends]


@st.cache_data(show_spinner=False, max_entries=512)
def _phrase(project_id: str, since: int, until: int, _project: Project) -> str:
    # What was in force then never changes: later entries come behind it.
    return worded_changes(changes_by_reason(_project.log, since, until))


def _pinned(project: Project, numbers: list[int]) -> dict[str, list[str]]:
    """How many pinned slices each turn has harmed or helped; nothing where none has done either."""
    words: dict[int, list[str]] = {}
    for each in judge_watched(project) if watched_slices(project) else []:
        words.setdefault(each.turn, []).append(each.word)
    told = [_counted(words.get(number, [])) for number in numbers]
    return {"pinned": told} if any(each != "–" for each in told) else {}


def _counted(words: list[str]) -> str:
    told = [f"{words.count(word)} {word}" for word in ("harm", "gain") if word in words]
    return ", ".join(told) + f" of {len(words)}" if told else "–"


def _scores(table: pd.DataFrame) -> list[str]:
    return [verdicts.score(*each) for each in table[["score", "low", "high"]].itertuples(index=False)]


def _verdicts(table: pd.DataFrame) -> list[str]:
    """The verdict of each turn; where another one was given when it ran, that as well."""
    said = table[["verdict", "verdict_then"]].fillna("–")
    return [now if now == then else f"{now} (was {then})" for now, then in said.itertuples(index=False)]


def _changes(table: pd.DataFrame) -> list[str]:
    return [
        "–" if pd.isna(delta) else f"{signed(delta)} ({signed_interval(low, high)})"
        for delta, low, high in table[["delta", "delta_low", "delta_high"]].itertuples(index=False)
    ]


def _said(project: Project, ledger: pd.DataFrame) -> str:
    """How often the test set was looked at, and what else the reader of the table should know."""
    looks = project.looks
    more = looks - len(ledger)
    again = f", and {times(more)} by branches or when turns were rerun" if more > 0 else ""
    said = f"The test set was looked at {times(looks)}{f': once per turn{again}' if looks > 1 else ''}."
    if looks > 10:
        said += " The more often one looks and then decides, the more a small gain may be luck."
    if ledger["rescored"].any():
        said += _why_both(ledger)
    if len(ledger) > 2:
        said += (
            " From turn 2 on the two verdicts of a turn are judged together (Holm), so that their intervals are a "
            "little wider than 95%."
        )
    return said


def _why_both(ledger: pd.DataFrame) -> str:
    """Why there are two figures of a turn, and of which turns the verdict is another one now."""
    said = (
        " Test labels were corrected by blind review, or test examples excluded: every turn is scored again on the "
        "test set as it is now, from the predictions that it made when it ran. Open a turn to see what was said then."
    )
    for turn, now, then in ledger[["turn", "verdict", "verdict_then"]].dropna().itertuples(index=False):
        if now != then:
            said += f" Turn {turn} was called {then} then and is {now} now."
    return said
