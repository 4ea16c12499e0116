"""From a slice to Generate: its examples are the target, and the page says why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import streamlit as st

from core.report import count, verb
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Region
    from core.flywheel import Project

__all__ = ["begin", "bring", "brought", "note"]

_KEY = "generate-for"
# As Generate keys and names the target of methods that make examples.
_TARGET, _BROUGHT = "target-False", "brought"


def begin(project: Project, region: Region, chosen: tuple[str, int, int] | None) -> None:
    """Take a slice along to Generate.

    Parameters
    ----------
    project : Project
    region : Region
    chosen : (class, its wrong examples, its examples in the slice) or None
        As `core.flywheel.wanted.class_to_add` gives it.
    """
    st.session_state[_TARGET] = _BROUGHT
    st.session_state[_KEY] = {
        "project": project.id,
        "slice": str(region),
        "chosen": chosen,
        "ids": tuple(map(str, region.ids)),
    }


def bring(project: Project, words: str, ids: Iterable[str]) -> None:
    """Take some examples along to Generate, of which no class is chosen."""
    st.session_state[_TARGET] = _BROUGHT
    st.session_state[_KEY] = {"project": project.id, "slice": words, "chosen": None, "ids": tuple(map(str, ids))}


def brought(project: Project) -> tuple[str, tuple[str, ...]] | None:
    """The slice that was taken along, in words, and who is in it; None if there is none."""
    known = st.session_state.get(_KEY)
    return None if known is None or known["project"] != project.id else (known["slice"], known["ids"])


def note(project: Project) -> None:
    """Say on Generate which slice one came from, and what the page can do for it."""
    known = st.session_state.get(_KEY)
    if known is None or known["project"] != project.id:
        return
    said = f"For the slice **{plain(known['slice'])}**. "
    if known["chosen"] is not None:
        label, wrong, there = known["chosen"]
        errs = f"{count(wrong)} {verb(wrong, 'is', 'are')} predicted wrongly"
        said += f"Of its {count(there, 'example')} labelled '{plain(label)}', {errs}. "
    said += "New examples are made from its own alone. The trial judges on other folds than those that found it."
    left, right = st.columns([8, 1], vertical_alignment="center")
    left.info(said, icon=":material/target:")
    if right.button("Forget it", key="forget-slice", type="tertiary"):
        del st.session_state[_KEY]
        st.rerun()
