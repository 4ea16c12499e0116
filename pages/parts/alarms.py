"""Alarms about a batch on the screen: what has moved, in sentences, the worst first, each with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.collect import Finding

__all__ = ["draw"]

_LEVELS = ((0.6, "severe", "orange"), (0.3, "look into it", "blue"), (0.0, "worth knowing", "gray"))


def draw(found: Sequence[Finding], *, quiet: str) -> None:
    """Draw alarms, or say that there is none.

    Parameters
    ----------
    found : sequence of Finding
        The worst first.
    quiet : str
        What to say where there is none.
    """
    if not found:
        st.success(quiet, icon=":material/check_circle:")
        return
    with st.container(border=True):
        for finding in found:
            word, colour = next((word, colour) for least, word, colour in _LEVELS if finding.severity >= least)
            st.markdown(
                f"**{plain(finding.title)}** :{colour}-badge[{word}]  \n{plain(finding.message)}  \n"
                f":gray[{plain(finding.remedy)}]"
            )
