"""What an analyst sees when something goes wrong: a plain sentence, never a stack trace."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import FlywheelError
from core.progress import Cancelled
from pages.parts.plain import plain

__all__ = ["calm", "sentence"]

_log = logging.getLogger("flywheel")


@contextmanager
def calm(*, doing: str = "showing this page") -> Iterator[None]:
    """Turn whatever is raised inside into a sentence on the page; also usable as a decorator of a fragment or a dialog.

    A `FlywheelError` says what the analyst can do and is shown as it is. Anything else is a defect of the app: it goes
    to the log with its trace, and the page shows a reference to it. Streamlit's own signals (stop, rerun) pass through.

    Parameters
    ----------
    doing : str
        What was being done, for the sentence about a defect.
    """
    try:
        yield
    except Exception as error:
        st.error(plain(sentence(error, doing=doing)), icon=":material/error:")


def sentence(error: BaseException, *, doing: str) -> str:
    """Say in plain words what went wrong; a defect is written to the log under the reference that is told."""
    if isinstance(error, FlywheelError):
        return str(error)
    if isinstance(error, Cancelled):
        return "Cancelled. Nothing of it was kept."
    reference = secrets.token_hex(3)
    _log.error("reference %s: failed while %s", reference, doing, exc_info=error)
    return (
        f"Something went wrong while {doing}. Your data and your edits are saved. "
        f"The server's log has the details under reference {reference}."
    )
