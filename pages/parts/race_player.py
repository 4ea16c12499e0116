"""The player of a race on a page: the scene that core made, drawn by the same script as in the file to take along."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.report import PLAYER_CSS, PLAYER_HTML, PLAYER_JS

__all__ = ["draw"]

# The script as a module of the page: Streamlit hands over the element and the scene.
_MODULE = f"{PLAYER_JS}\nexport default ({{ parentElement, data }}) => playRace(parentElement, data);\n"


def draw(scene: dict[str, Any], *, key: str) -> None:
    """Draw a race, to be played or as far as it has come.

    Parameters
    ----------
    scene : dict
        Of ``core.report.race_scene``.
    key : str
        Unique on the page.
    """
    _component()(key=key, data=scene)


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("race_player", html=PLAYER_HTML, css=PLAYER_CSS, js=_MODULE)
