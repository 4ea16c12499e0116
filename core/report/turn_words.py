"""How a turn is put into words, on screen and in the report: score, verdict, change, what people put in.

No number is without its interval.
"""

from __future__ import annotations

import pandas as pd

from core.evaluate import GAIN, HARM, Verdict
from core.wording import count, interval, number, percent, signed, signed_interval

__all__ = ["change_in_words", "covers_in_words", "effort_in_words", "score_in_words", "verdict_in_words"]


def score_in_words(value: float, low: float, high: float) -> str:
    """Write a score with its interval.

    Examples
    --------
    >>> score_in_words(0.655, 0.63, 0.681)
    '0.655 (0.630 to 0.681)'
    """
    return f"{number(value)} ({interval(low, high)})"


def change_in_words(verdict: Verdict) -> str:
    """Write the difference with its interval: ``+0.043 (+0.021 to +0.066)``."""
    return f"{signed(verdict.delta)} ({signed_interval(verdict.low, verdict.high)})"


def verdict_in_words(verdict: Verdict, *, metric: str, against: str) -> str:
    """Say in one sentence what a turn did, for somebody who has never read a verdict.

    Parameters
    ----------
    verdict : Verdict
    metric : str
        Title of the metric.
    against : str
        What it is compared with, for example ``turn 0``.
    """
    said = f"{metric} against {against}: {change_in_words(verdict)}"
    if verdict.verdict == GAIN:
        return f"{said}. The whole interval is above zero: the data got better."
    if verdict.verdict == HARM:
        return f"{said}. The whole interval is below zero: the data got worse."
    return f"{said}. The interval holds zero: this test set can't tell the change from chance."


def covers_in_words(verdict: Verdict) -> str:
    """Say what a verdict's interval covers, and at which level."""
    said = f"Interval of the change: {percent(verdict.level)}"
    if verdict.claims > 1:
        said += f", corrected for {verdict.claims} verdicts read side by side (Holm)"
    said += ". It covers the luck of the test sample"
    if verdict.refits:
        return (
            f"{said} and, since the test set is large against train, that of the training sample, from "
            f"{verdict.refits} refits of either model in folds."
        )
    return f"{said}; not that of the training sample, which counts for more the larger the test set is against train."


def effort_in_words(row: pd.Series, *, short: bool = False) -> str:
    """Write what people put into a turn: ``150 decided, 12 min``; in ``short`` ``150 in 12 min``."""
    minutes = f"{count(row['minutes'])} min" if row["minutes"] >= 0.5 else ""
    people = row["decisions"] + row["bulk"]
    if short:
        done = f"{count(people)} decided" if people else ""
        said = [f"{count(people)} in {minutes}" if people and minutes else minutes or done]
        said += [f"{count(row['simulated'])} simulated"] if row["simulated"] else []
    else:
        named = (("decisions", "decided one by one"), ("bulk", "in bulk"), ("simulated", "by the simulated reviewer"))
        said = [f"{count(row[name])} {words}" for name, words in named if row[name]] + [minutes]
    return ", ".join(each for each in said if each) or "–"
