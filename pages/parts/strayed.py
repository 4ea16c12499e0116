"""Generated rows whose parents were excluded or relabelled: the same is offered for them, one edit each."""

from __future__ import annotations

import streamlit as st

from core.dataset import Dataset
from core.flywheel import Edit, Project, Strayed, strayed
from core.report import count
from pages.parts import frame, sidebar

__all__ = ["notice"]


def notice(project: Project) -> None:
    """Offer for the children what was done to their parents; nothing is drawn while there are none."""
    dataset = project.dataset
    if not len(dataset.generated):
        return
    found = _strayed(dataset.version, dataset)
    if not len(found):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/family_history: {_said(found)}")
        if len(found.orphans) and st.button(
            f"Exclude {count(len(found.orphans), 'generated example')}", key="exclude-strayed"
        ):
            _apply(project, found.exclude(by=sidebar.reviewer()))
        if len(found.relabelled) and st.button(
            f"Relabel {count(len(found.relabelled), 'generated example')}", key="relabel-strayed"
        ):
            _apply(project, found.relabel(by=sidebar.reviewer()))


def _said(found: Strayed) -> str:
    lost, torn = len(found.orphans) - len(found.torn), len(found.torn)
    parts = []
    if lost:
        parts.append(f"{count(lost, 'generated example has', 'generated examples have')} a parent that was excluded.")
    if torn:
        parts.append(
            f"{count(torn, 'generated example has', 'generated examples have')} two parents that have different "
            "classes by now."
        )
    if len(found.relabelled):
        parts.append(
            f"{count(len(found.relabelled), 'generated example has', 'generated examples have')} the class that the "
            "parents had before they were relabelled."
        )
    return " ".join(parts)


def _apply(project: Project, edit: Edit) -> None:
    project.apply(edit, revision=project.revision)
    frame.tell("Applied. One undo takes it back.")
    st.rerun()


@st.cache_data(show_spinner=False, max_entries=16)
def _strayed(version: str, _dataset: Dataset) -> Strayed:
    return strayed(_dataset)
