"""How numbers and the words beside them are written for people: one home for all that is read on screen."""

from __future__ import annotations

import math
from datetime import datetime

__all__ = [
    "count",
    "interval",
    "moment",
    "number",
    "p_value",
    "percent",
    "percent_interval",
    "shorten",
    "signed",
    "signed_interval",
    "times",
    "verb",
]

_MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 3) -> str:
    """Write a score with a fixed number of decimals and a true minus sign; ``–`` when there is none.

    Examples
    --------
    >>> number(0.61249)
    '0.612'
    """
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.replace("-", _MINUS) if float(text) else text.lstrip("-")


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(0.0431)
    '+0.043'
    """
    text = number(value, digits)
    return f"+{text}" if math.isfinite(value) and float(f"{value:.{digits}f}") > 0 else text


def interval(low: float, high: float, digits: int = 3) -> str:
    """Write the two ends of a 95% interval.

    Examples
    --------
    >>> interval(0.587, 0.64)
    '0.587 to 0.640'
    """
    return f"{number(low, digits)} to {number(high, digits)}"


def signed_interval(low: float, high: float, digits: int = 3) -> str:
    """Write the two ends of a 95% interval of a difference.

    Examples
    --------
    >>> signed_interval(0.0, 0.04)
    '0.000 to +0.040'
    """
    return f"{signed(low, digits)} to {signed(high, digits)}"


def p_value(value: float) -> str:
    """Write a p-value; very small ones by their bound.

    Examples
    --------
    >>> p_value(0.0000012)
    'below 0.001'
    """
    return "below 0.001" if value < 0.001 else number(value)


def moment(at: str) -> str:
    """Write a time that is kept as ISO 8601 in UTC as the clock here shows it, to the minute."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.1342)
    '13.4%'
    """
    return "–" if not math.isfinite(share) else f"{number(100 * share, digits)}%"


def percent_interval(low: float, high: float, digits: int = 1) -> str:
    """Write the two ends of an interval of a share.

    Examples
    --------
    >>> percent_interval(0.102, 0.139)
    '10.2% to 13.9%'
    """
    return f"{percent(low, digits)} to {percent(high, digits)}"


def count(value: float, one: str = "", many: str = "") -> str:
    """Write a count with thousands set apart and, when given, the noun that fits it.

    Examples
    --------
    >>> count(12000)
    '12,000'
    >>> count(1, "example", "examples")
    '1 example'
    """
    text = f"{round(value):,}"
    if not one:
        return text
    return f"{text} {verb(value, one, many or one + 's')}"


def verb(number: float, one: str, many: str) -> str:
    """Give the word that fits a number, where it doesn't stand right behind it.

    Examples
    --------
    >>> f"1 of 19 columns {verb(1, 'has', 'have')} missing values"
    '1 of 19 columns has missing values'
    """
    return one if round(number) == 1 else many


def times(number: int) -> str:
    """Write how often something was done.

    Examples
    --------
    >>> times(1), times(2), times(12)
    ('once', 'twice', '12 times')
    """
    return {1: "once", 2: "twice"}.get(number) or f"{count(number)} times"


def shorten(text: object, width: int = 28) -> str:
    """Cut a long name to `width` characters, with an ellipsis where it was cut.

    Examples
    --------
    >>> shorten("refund not received yet", 10)
    'refund no…'
    """
    words = " ".join(str(text).split())
    return words if len(words) <= width else f"{words[: width - 1].rstrip()}…"
