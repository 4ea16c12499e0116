"""From a slice to Generate: its class that goes wrong most is the target, and the page says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.report import count
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Region
    from core.flywheel import Project

__all__ = ["begin", "note"]

_KEY = "generate-for"
# As Generate keys and names the target of methods that make examples.
_TARGET, _CLASS = "target-False", "class "


def begin(project: Project, region: Region, chosen: tuple[str, int, int] | None) -> None:
    """Take a slice along to Generate.

    Parameters
    ----------
    project : Project
    region : Region
    chosen : (class, its wrong examples, its examples in the slice) or None
        As `core.flywheel.wanted.class_to_add` gives it.
    """
    if chosen is not None:
        st.session_state[_TARGET] = f"{_CLASS}{chosen[0]}"
    st.session_state[_KEY] = {"project": project.id, "slice": str(region), "chosen": chosen}


def note(project: Project) -> None:
    """Say on Generate which slice one came from, and what the page can do for it."""
    brought = st.session_state.get(_KEY)
    if brought is None or brought["project"] != project.id:
        return
    said = f"For the slice **{plain(brought['slice'])}**. "
    if brought["chosen"] is None:
        said += (
            "Its errors lie in the largest class of train, which balancing does not grow: a look at its labels or more "
            "collected examples may do more."
        )
    else:
        label, wrong, there = brought["chosen"]
        said += (
            f"Of its {count(there, 'example')} labelled '{plain(label)}', {count(wrong)} are predicted wrongly, so "
            "that class is the target. The methods draw on the whole class, not on the slice alone: the trial says "
            "whether it helps."
        )
    left, right = st.columns([8, 1], vertical_alignment="center")
    left.info(said, icon=":material/target:")
    if right.button("Forget it", key="forget-slice", type="tertiary"):
        del st.session_state[_KEY]
        st.rerun()
