"""The settings of a method, as an analyst chooses them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import FlywheelError
from core.generate import Method, read_fillers, read_templates
from pages.parts import protected_words
from pages.parts.plain import plain

__all__ = ["draw", "take"]

if TYPE_CHECKING:
    from core.flywheel import Project
    from core.generate import Attempt

_WORDS_OF_A_CLASS = 30


def draw(project: Project, method: Method) -> str | None:
    """Let the analyst choose what a method can be told.

    Returns
    -------
    str or None
        The settings that differ from the method's own, as JSON; None if they can't be used as they are.
    """
    chosen: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, default in method.settings.items():
            if name in ("share", "strength"):
                chosen[name] = _share(method, name, default)
            elif name == "protect":
                chosen[name] = _protect(method)
    if chosen.get("protect"):
        protected_words.draw(project, chosen["protect"])
    if "templates" in method.settings:
        templates = _templates(method)
        if templates is None:
            return None
        chosen |= templates
    return json.dumps({name: value for name, value in chosen.items() if value != method.settings[name]}, sort_keys=True)


def take(asked: Attempt) -> None:
    """Make the settings of an attempt those that are chosen next."""
    method = asked.method
    if asked.strength is not None:
        st.session_state[_strength_key(method, method.strength)] = round(100 * asked.strength)
    if "protect" in method.settings:
        st.session_state[_protect_key(method)] = bool(asked.settings.get("protect"))


def _strength_key(method: Method, name: str) -> str:
    return f"{name}-{method.key}"


def _protect_key(method: Method) -> str:
    return f"protect-{method.key}"


def _share(method: Method, name: str, default: float) -> float:
    percents = st.slider(
        "How much changes" if name == "share" else "How strongly",
        1,
        50,
        round(100 * default),
        format="%d%%",
        key=_strength_key(method, name),
        width=260,
        help="The share of the words of a text, at least one." if "protect" in method.settings else None,
    )
    return percents / 100


def _protect(method: Method) -> int:
    kept = st.toggle(
        "Leave label-bearing words untouched",
        key=_protect_key(method),
        help=f"The {_WORDS_OF_A_CLASS} words of each class that the locked model goes by most, found in train alone.",
    )
    return _WORDS_OF_A_CLASS if kept else 0


def _templates(method: Method) -> dict[str, Any] | None:
    left, right = st.columns(2)
    written = left.text_area(
        "Templates, one per line",
        key=f"templates-{method.key}",
        placeholder="{product} did not {verb}",
        height=120,
        help="A name in braces is a slot. Without fillers it takes a word of the parent that is typical of its class.",
    )
    fillers = right.text_area(
        "Fillers, one slot per line",
        key=f"fillers-{method.key}",
        placeholder="product: kettle, desk lamp\nverb: arrive, work",
        height=120,
    )
    if not written.strip():
        st.info("Write a template to go on.", icon=":material/edit:")
        return None
    try:
        read_templates(written.splitlines())
        lists = read_fillers(fillers)
    except FlywheelError as refused:
        st.warning(plain(refused), icon=":material/warning:")
        return None
    return {
        "templates": [line.strip() for line in written.splitlines() if line.strip()],
        "fillers": {name: list(words) for name, words in lists.items()},
    }
