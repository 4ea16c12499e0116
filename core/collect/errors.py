"""The error of reading: one sentence that says what is wrong, where, and how to mend it."""

from __future__ import annotations

from core.errors import FlywheelError

__all__ = ["ReadError"]


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
