"""The verdicts of the turns in a report, and of the last turn every metric, each class and what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from core.evaluate import METRICS, Evaluation, Verdict, cells_of
from core.flywheel import judge_dated
from core.report.html_page import Figure, Mark, Part, Section, Sentences, Table
from core.report.report_data import rest
from core.report.turn_words import change_in_words, covers_in_words, score_in_words, verdict_in_words
from core.wording import count, interval, moment, percent, shorten

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["mistakes_section", "said_of", "verdicts_section"]

_MOST_TURNS, _MOST_CLASSES, _MATRIX, _MOST_PAIRS = 60, 60, 12, 20
_SCORES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def said_of(project: Project, turn: Turn) -> list[str]:
    """What a turn says, in sentences: its score and its verdicts."""
    title = METRICS[project.headline]
    said = [f"Turn {turn.number}: {title} {score_in_words(*turn.headline)} on {_test_examples(turn.evaluation)}."]
    if turn.verdict is not None and turn.verdict_against_first is not None:
        against = [(turn.verdict, f"turn {turn.number - 1}")]
        against += [(turn.verdict_against_first, "turn 0")] if turn.number > 1 else []
        said += [f"{_capital(one.verdict)}. {verdict_in_words(one, metric=title, against=of)}" for one, of in against]
    return said


def verdicts_section(project: Project, turns: Sequence[Turn]) -> Section:
    """Tell how the turns came out."""
    title = METRICS[project.headline]
    shown = turns[-_MOST_TURNS:]
    scores = [
        (turn.number, *turn.headline, turn.verdict.verdict if turn.verdict else "", score_in_words(*turn.headline))
        for turn in shown
    ]
    parts: list[Part] = [_figure(f"{title}, turn by turn, with 95 % intervals of each turn by itself", scores)]
    changes = [(turn.number, turn.verdict) for turn in shown if turn.verdict is not None]
    if changes:
        parts.append(
            _figure(
                "What each turn did against the turn before: the paired change, which verdicts rest on",
                [
                    (number, one.delta, one.low, one.high, one.verdict, f"{one.verdict}, {change_in_words(one)}")
                    for number, one in changes
                ],
                line=0.0,
            )
        )
    parts.append(_turns(project, turns, shown))
    last = turns[-1]
    if last.verdict is not None:
        parts.append(Sentences([covers_in_words(last.verdict)]))
    if any(turn.rescored for turn in shown):
        said = (
            "Test labels were corrected by blind review, or test examples excluded, since some of the turns ran: all "
            "are scored on the test set as it is now, from the predictions they made when they ran."
        )
        parts.append(Sentences([said]))
    return Section("Verdicts of the turns", [*parts, *_dated(project, last.number)])


def mistakes_section(turn: Turn) -> Section:
    """Tell how a turn does on each class, and which classes it takes for which."""
    found = turn.evaluation
    metrics = [[METRICS[name], score_in_words(*values)] for name, values in found.metrics.items()]
    title = f"Turn {turn.number} on {_test_examples(found)}"
    whole = Table(title, ("metric", "score (95 %)"), metrics)
    return Section(f"Turn {turn.number}, class by class", [whole, _classes(found), _confusion(found.confusion)])


def _figure(
    caption: str, rows: Sequence[tuple[int, float, float, float, str, str]], line: float | None = None
) -> Figure:
    marks = [Mark(f"turn {number}", value, low, high, said, word) for number, value, low, high, word, said in rows]
    alt = f"{caption}: " + "; ".join(f"{mark.name} {mark.said}" for mark in marks) + "."
    return Figure(caption, marks, alt, line)


def _turns(project: Project, turns: Sequence[Turn], shown: Sequence[Turn]) -> Table:
    ledger = project.ledger()
    rows = [
        [
            f"turn {turn.number}",
            moment(turn.at),
            score_in_words(*turn.headline),
            _verdict(turn.verdict),
            _verdict(turn.verdict_against_first),
            count(ledger["look"].iloc[turn.number]),
            turn.version[:8],
        ]
        for turn in shown
    ]
    score = f"{METRICS[project.headline]} (95 %)"
    columns = ("turn", "when", score, "against the turn before", "against turn 0", "look at test", "data")
    return Table("The turns", columns, rows, ("look at test",), remark=rest(turns, shown, "earlier turns"))


def _dated(project: Project, last: int) -> list[Part]:
    found = [each for each in judge_dated(project) if each.turn <= last]
    if not found:
        return []
    rows = [
        [
            f"turn {each.turn}",
            each.test.name,
            score_in_words(*each.evaluation.metrics[project.headline]),
            _verdict(each.verdict),
            _verdict(each.against_first),
        ]
        for each in found
    ]
    columns = ("turn", "test set", f"{METRICS[project.headline]} (95 %)", "against the turn before", "against turn 0")
    shown = rows[-_MOST_TURNS:]
    return [Table("On test sets of later days", columns, shown, remark=rest(rows, shown, "earlier rows"))]


def _verdict(verdict: Verdict | None) -> str:
    return "–" if verdict is None else f"{verdict.verdict}, {change_in_words(verdict)}"


def _classes(found: Evaluation) -> Table:
    per_class = found.per_class.sort_values("f1", kind="stable")
    rows = [
        [
            str(name),
            count(row["support"]),
            *(score_in_words(*row[[score, f"{score}_low", f"{score}_high"]]) for score in _SCORES),
        ]
        for name, row in per_class.head(_MOST_CLASSES).iterrows()
    ]
    columns = ("class", "test examples", *(f"{title} (95 %)" for title in _SCORES.values()))
    remark = rest(per_class.index, rows, "classes with a higher F1 are")
    return Table("Each class, the weakest first", columns, rows, columns[1:], remark=remark)


def _confusion(confusion: pd.DataFrame) -> Table:
    """A matrix where it can be read at a glance, else a list of the most frequent mistakes."""
    names = [str(name) for name in confusion.index]
    if len(names) > _MATRIX:
        cells = cells_of(confusion)
        wrong = cells[~cells["right"]]
        rows = [
            [
                each["true"],
                each["predicted"],
                count(each["count"]),
                f"{percent(each['share'])} ({interval(100 * each['low'], 100 * each['high'], 1)} %)",
            ]
            for _, each in wrong.head(_MOST_PAIRS).iterrows()
        ]
        columns = ("class", "taken for", "examples", "share of the class (95 %)")
        return Table(
            "What is taken for what, the most frequent first",
            columns,
            rows,
            columns[2:],
            remark=rest(wrong.index, rows),
        )
    shares = confusion.div(confusion.sum(axis=1).clip(lower=1), axis=0)
    heads = ("class \\ predicted", *(shorten(name, 24) for name in names))
    rows = [[name, *map(count, confusion.loc[name])] for name in names]
    return Table(
        "What is taken for what",
        heads,
        rows,
        heads[1:],
        shades=shares.to_numpy().tolist(),
        remark="Test examples by their class, row by row, and by the class that was predicted, column by column.",
    )


def _test_examples(found: Evaluation) -> str:
    return count(int(found.per_class["support"].sum()), "test example")


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
