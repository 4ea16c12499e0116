"""The error of reading: one sentence that says what is wrong, where, and how to mend it."""

from __future__ import annotations

import re

from core.errors import FlywheelError

__all__ = ["DIRECTIONS", "ReadError", "shown"]

# Characters of no width that turn the direction of the text round them: a name that holds one reads as another.
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(rf"[\x00-\x1f\x7f-\x9f{DIRECTIONS}\u2028\u2029\ud800-\udfff\ufeff]+")


def shown(name: object, most: int = 80) -> str:
    """Write a name that a file brought for a sentence: one line, no control characters, not too long."""
    name = " ".join(_UNSEEN.sub(" ", str(name)).split())
    return name if len(name) <= most else f"{name[: most - 1]}…"


class ReadError(FlywheelError):
    """A file can't be read as a table.

    Parameters
    ----------
    what : str
        What is wrong, without a full stop, naming the line where it is known.
    remedy : str
        How to mend it, a sentence.
    line : int, optional
        Line of the file, from 1.
    source : str
        What the file is called in the message.
    """

    def __init__(self, what: str, remedy: str, *, line: int | None = None, source: str = "The file") -> None:
        super().__init__(f"{source} can't be read: {what}. {remedy}")
        self.what = what
        self.remedy = remedy
        self.line = line
