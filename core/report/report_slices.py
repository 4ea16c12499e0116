"""Where a turn fails, in a report: the worst slices, sought out of fold, and what the turns did to pinned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.evaluate import METRICS, Slice
from core.flywheel import ErrorSlices, judge_watched, watched_slices
from core.report.html_page import Figure, Mark, Part, Section, Sentences, Table
from core.report.turn_words import change_in_words
from core.wording import count, interval, number, p_value, percent

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["slices_section"]

_WORST = 10
_ADJUSTED = 0.05


def slices_section(project: Project, turn: Turn, found: ErrorSlices) -> Section:
    """Tell where a turn fails more than elsewhere."""
    return Section("Where it fails", _worst(found, turn.number), (Section("Pinned slices", _watched(project, turn)),))


def _worst(found: ErrorSlices, turn: int) -> list[Part]:
    said = (
        f"Sought over the out-of-fold errors of {count(len(found.predictions), 'train example')} of turn {turn}: "
        f"{percent(found.error)} are predicted wrongly. The test set takes no part in the search. Intervals don't know "
        "that a slice was sought out; the adjusted p-value does."
    )
    slices = [each for each, _ in found.slices[:_WORST]]
    if not slices:
        return [Sentences([said, "No slice is worse than the rest."])]
    sentences = [said]
    if all(each.p_adjusted >= _ADJUSTED for each in slices):
        sentences.append("No slice stands out: among so many, chance alone makes some like these.")
    marks = [
        Mark(str(each), each.error, each.low, each.high, f"{percent(each.error)} of {count(each.size)}")
        for each in slices
    ]
    caption = f"Share of wrong predictions in the worst slices; the line is that of all, {percent(found.error)}"
    rows = [
        [
            str(each),
            count(each.size),
            _error(each),
            number(each.lift, 2),
            p_value(each.p_adjusted),
        ]
        for each in slices
    ]
    columns = ("slice", "train examples", "error (95 %)", "times the overall", "adjusted p")
    alt = "; ".join(f"{mark.name}: {mark.said}" for mark in marks)
    return [
        Sentences(sentences),
        Figure(caption, marks, f"{caption}: {alt}.", line=found.error),
        Table("The worst slices, by error and size together", columns, rows, columns[1:]),
    ]


def _watched(project: Project, turn: Turn) -> list[Part]:
    if not watched_slices(project):
        return [Sentences(["None."])]
    judged = [each for each in judge_watched(project) if each.turn <= turn.number]
    if not judged:
        names = [str(each) for each in watched_slices(project)]
        return [Sentences(["Judged from the next turn on:"]), Sentences(names, listed=True)]
    rows = [
        [
            str(each.watched),
            f"turn {each.turn}",
            count(each.size),
            each.word,
            "–" if each.verdict is None else f"{change_in_words(each.verdict)} in {METRICS[each.verdict.metric]}",
            "–" if each.verdict is None else p_value(each.p_adjusted),
        ]
        for each in reversed(judged)
    ]
    columns = ("slice", "turn", "test examples", "said", "change (corrected interval)", "adjusted p")
    said = (
        "Each was found on train and then pinned; every turn is judged on the test examples in it, corrected for how "
        "many are pinned."
    )
    return [Sentences([said]), Table("Turns on pinned slices", columns, rows, ("test examples", "adjusted p"))]


def _error(found: Slice) -> str:
    return f"{percent(found.error)} ({interval(100 * found.low, 100 * found.high, 1)} %)"
