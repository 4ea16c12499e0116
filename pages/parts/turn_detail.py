"""One turn opened: both verdicts, what went into it by reason, what it did to pinned slices, and the note on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import KINDS, changes_by_reason, judge_watched, note_history, write_note
from core.flywheel.notes import LONGEST
from core.report import count, effort_in_words, moment
from pages.parts import errors, frame, judgement, sidebar, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Note, Project, Turn

__all__ = ["draw"]


def draw(project: Project, turn: Turn, row: pd.Series) -> None:
    """Draw a turn.

    Parameters
    ----------
    project : Project
    turn : Turn
    row : Series
        Its line in the ledger.
    """
    st.header(f"Turn {turn.number}", anchor=False)
    st.caption(
        f"{moment(turn.at)} · data {turn.version[:8]}, after entry {turn.revision} · lock {turn.fingerprint[:8]} · "
        f"{count(turn.seconds)} s"
    )
    title = METRICS[project.headline]
    if turn.verdict is not None and turn.verdict_against_first is not None:
        verdicts.statement(turn.verdict, metric=title, against=f"turn {turn.number - 1}")
        if turn.number > 1:
            verdicts.statement(turn.verdict_against_first, metric=title, against="turn 0")
    if turn.rescored:
        st.markdown(judgement.then(project, turn))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _changes(project, turn, row)
        _slices(project, turn)
    with right:
        _note(project, turn)


def _changes(project: Project, turn: Turn, row: pd.Series) -> None:
    st.subheader("What went into it", anchor=False)
    since = project.turns[turn.number - 1].revision if turn.number else 0
    found = _by_reason(project.id, since, turn.revision, project)
    if found.empty:
        st.caption("The data as it was brought." if not turn.number else "Nothing was changed since the turn before.")
    else:
        done = found["kind"].map(KINDS)
        st.dataframe(
            pd.DataFrame(
                {
                    "what": done.where(~found["taken_back"], "taken back: " + done),
                    "why": found["reason"].replace("", "–"),
                    "how many": found["size"].map(count),
                    "entries": found["entries"].map(count),
                    "who": found["by"],
                }
            ),
            hide_index=True,
            height="content" if len(found) <= 12 else 460,
            key=f"reasons-{turn.number}",
            alt="What was done to the data since the turn before, by reason.",
        )
    effort = effort_in_words(row)
    if effort != "–":
        st.caption(f"Effort: {effort}. Minutes are those between entries of one person; pauses are not counted.")


@st.cache_data(show_spinner=False, max_entries=64)
def _by_reason(project_id: str, since: int, until: int, _project: Project) -> pd.DataFrame:
    return changes_by_reason(_project.log, since, until)


def _slices(project: Project, turn: Turn) -> None:
    found = [each for each in judge_watched(project) if each.turn == turn.number]
    if not found:
        return
    st.subheader("Pinned slices", anchor=False)
    st.dataframe(
        pd.DataFrame(
            {
                "slice": [str(each.watched) for each in found],
                "said": [each.word for each in found],
                "change (corrected interval)": [
                    "–" if each.verdict is None else verdicts.change(each.verdict) for each in found
                ],
                "test examples": [count(each.size) for each in found],
            }
        ),
        hide_index=True,
        height="content",
        key=f"slices-{turn.number}",
        alt=f"What turn {turn.number} did to the pinned slices.",
    )


def _note(project: Project, turn: Turn) -> None:
    st.subheader("Note", anchor=False)
    history = note_history(project, turn.number)
    last = history[0] if history else None
    with st.form(f"note-{turn.number}-{last.number if last else 0}", border=False):
        text = st.text_area(
            "What is to be remembered of it",
            value=last.text if last else "",
            key=f"note-text-{turn.number}-{last.number if last else 0}",
            max_chars=LONGEST,
            height=120,
            label_visibility="collapsed",
            placeholder="What is to be remembered of this turn",
        )
        if st.form_submit_button("Save the note", key=f"save-note-{turn.number}", icon=":material/edit_note:"):
            _save(project, turn, text, last)
    if last is not None:
        taken_off = "" if last.text else ": taken off"
        st.caption(f"{plain(last.by) or 'Somebody'}, {moment(last.at)}{taken_off}")
    if len(history) > 1:
        with st.expander(f"Earlier: {count(len(history) - 1)}", icon=":material/history:"):
            for note in history[1:]:
                st.markdown(f"{plain(note.text) or '(taken off)'}")
                st.caption(f"{plain(note.by) or 'Somebody'}, {moment(note.at)}")


def _save(project: Project, turn: Turn, text: str, last: Note | None) -> None:
    with errors.calm(doing="saving the note"):
        written = write_note(project, turn.number, text, by=sidebar.reviewer(), seen=last.number if last else 0)
        if written:
            frame.tell(f"The note on turn {turn.number} is saved.", icon=":material/edit_note:")
        st.rerun()
