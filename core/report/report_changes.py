"""What was changed and why, in a report: turn by turn, by reason, with effort, note and what each group was worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from core.evaluate import METRICS
from core.flywheel import KINDS, Share, changes_by_reason, known_attribution, notes
from core.report.html_page import Figure, Mark, Part, Section, Sentences, Table
from core.report.report_data import rest
from core.report.turn_words import change_in_words, effort_in_words
from core.wording import count, moment, signed

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["changes_section"]

_MOST_ROWS, _MOST_SHARES = 60, 20


def changes_section(project: Project, turns: Sequence[Turn], *, only: bool) -> Section:
    """Tell what went into the turns.

    Parameters
    ----------
    project : Project
    turns : sequence of Turn
        Those from turn 0 to the last that the report is about.
    only : bool
        Of the last of them alone; otherwise of all, the newest first, and of what was done since.
    """
    ledger = project.ledger()
    told = turns[-1:] if only else turns[::-1]
    below = [Section(f"Turn {turn.number}", _of_turn(project, turns, turn, ledger.iloc[turn.number])) for turn in told]
    if not only and turns and project.revision > turns[-1].revision:
        since = _by_reason(project, turns[-1].revision, project.revision)
        below.insert(0, Section("Since the last turn", since or [Sentences(["Nothing that is in force."])]))
    said = (
        "The model was held. Whatever is listed here was done to the data, by whom and for what reason as they said; "
        "each edit is an entry of the project's log."
    )
    return Section("What was changed and why", [Sentences([said])], below)


def _of_turn(project: Project, turns: Sequence[Turn], turn: Turn, row: pd.Series) -> list[Part]:
    since = turns[turn.number - 1].revision if turn.number else 0
    parts = _by_reason(project, since, turn.revision)
    if not parts:
        said = "Nothing was changed since the turn before." if turn.number else "The data as it was brought."
        parts = [Sentences([said])]
    effort = effort_in_words(row)
    if effort != "–":
        parts.append(Sentences([f"Effort: {effort}."]))
    note = notes(project).get(turn.number)
    if note is not None:
        parts.append(Sentences([note.text, f"Note by {note.by or 'somebody'}, {moment(note.at)}."]))
    split = known_attribution(project, turn.number) if turn.number else None
    if split is not None:
        parts.append(_shares(split.shares, turn.number, METRICS[project.headline], split.gain))
    return parts


def _by_reason(project: Project, since: int, until: int) -> list[Part]:
    found = changes_by_reason(project.log, since, until)
    if found.empty:
        return []
    done = found["kind"].map(KINDS)
    done = done.where(~found["taken_back"], "taken back: " + done)
    rows = [
        [what, row["reason"] or "–", count(row["size"]), count(row["entries"]), row["by"]]
        for what, (_, row) in zip(done, found.iterrows(), strict=True)
    ]
    columns = ("what", "why", "how many", "entries", "who")
    shown = rows[:_MOST_ROWS]
    return [Table("Changes by reason", columns, shown, columns[2:4], remark=rest(rows, shown, "kinds of changes"))]


def _shares(shares: Sequence[Share], turn: int, metric: str, gain: float) -> Figure:
    shown = shares[:_MOST_SHARES]
    marks = [
        Mark(
            each.group.title,
            each.verdict.delta,
            each.verdict.low,
            each.verdict.high,
            f"{change_in_words(each.verdict)}, {each.verdict.verdict}",
            each.verdict.verdict,
        )
        for each in shown
    ]
    caption = (
        f"What the change of turn {turn} is made of: {signed(gain)} in {metric}, split by retraining without some of "
        "the edits (Shapley values; intervals corrected for the number of groups)"
    )
    return Figure(caption, marks, "; ".join(f"{mark.name}: {mark.said}" for mark in marks) + ".", line=0.0)
