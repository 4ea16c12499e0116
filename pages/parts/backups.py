"""Back a project up as one file and restore one: the buttons, and what came of it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import back_up, backup_name, home, restore_backup, restored_from
from core.report import count
from pages.parts import files, frame, jobs
from pages.parts.plain import plain

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.flywheel import Project

__all__ = ["back_up_button", "made", "offer_restore", "opened"]

_BACKUP, _RESTORE = "backup", "restore"
# Restoring belongs to no project.
_WORKSPACE = "workspace"
_FOLDER = "backups"
_MB = 1024**2


def back_up_button(project_id: str, title: str, *, help: str | None = None) -> None:
    """Draw the button that backs a project up in the background."""
    job = jobs.registry().snapshot(project_id, _BACKUP)
    running = job is not None and job.running
    if st.button(
        title, key=f"backup-{project_id}", type="tertiary", icon=":material/archive:", disabled=running, help=help
    ):
        jobs.start(project_id, _BACKUP, "Backup", partial(_make, project_id))


def made(project_id: str) -> None:
    """Say what became of a backup, and offer the file."""
    job = jobs.panel(project_id, _BACKUP)
    if job is None or job.state != "done":
        return
    path: Path = job.result
    if not path.is_file():
        jobs.registry().dismiss(project_id, _BACKUP)
        return
    size = path.stat().st_size
    with st.container(border=True):
        said, download, done = st.columns([5, 2, 1], vertical_alignment="center")
        large = f"{count(round(size / _MB))} MB" if size >= _MB else "less than 1 MB"
        said.markdown(
            f":material/archive: **Backed up** · {plain(path.name)} · {large}  \n"
            f"It lies in the folder {plain(_FOLDER)} of the workspace, and is not encrypted."
        )
        if size <= files.most_uploaded() * _MB:
            download.download_button(
                "Download",
                path.read_bytes,
                file_name=path.name,
                mime="application/zip",
                icon=":material/download:",
                key=f"download-{project_id}",
                on_click="ignore",
                width="stretch",
            )
        if done.button("Dismiss", key=f"backed-up-{project_id}", type="tertiary"):
            jobs.registry().dismiss(project_id, _BACKUP)
            st.rerun()


def offer_restore() -> None:
    """Take a backup and make a project of it, beside those that are there."""
    job = jobs.panel(_WORKSPACE, _RESTORE)
    if job is not None and job.state == "done":
        project_id: str = job.result
        jobs.registry().dismiss(_WORKSPACE, _RESTORE)
        frame.tell("The project is restored, as a copy.")
        frame.navigate("overview", project_id)
    with st.popover("Restore a backup", icon=":material/unarchive:", type="tertiary"):
        st.caption(
            "Every file in it is checked against its hash, and the log is replayed. It becomes a project of its own; "
            "nothing is replaced."
        )
        file = st.file_uploader(
            "Backup of a project", type=["zip"], key="restore-file", max_upload_size=files.most_uploaded()
        )
        if st.button("Restore", key="restore", type="primary", icon=":material/unarchive:", disabled=file is None):
            jobs.start(_WORKSPACE, _RESTORE, f"Restoring {file.name}", partial(_restore, file))


def opened(project: Project) -> None:
    """Say what the open project is a copy of, and what was found when it was opened."""
    copy = restored_from(project)
    if copy is not None:
        st.caption(f":material/unarchive: {plain(copy.sentence)}")
    for sentence in project.said:
        if sentence == project.store.lost:
            st.error(plain(sentence), icon=":material/warning:")
        else:
            st.info(plain(sentence), icon=":material/info:")


def _make(project_id: str, progress: Callable[[float, str], None], cancel: threading.Event) -> Path:
    from core.flywheel import Project, find_project

    # Opened anew: the one that is shared may be closed while this goes on.
    project = Project.open(find_project(home(), project_id))
    try:
        return back_up(project, home() / _FOLDER / backup_name(project), progress, cancel)
    finally:
        project.close()


def _restore(file: UploadedFile, progress: Callable[[float, str], None], cancel: threading.Event) -> str:
    with tempfile.NamedTemporaryFile(prefix="flywheel-", suffix=".zip") as copy:
        copy.write(file.getbuffer())
        copy.flush()
        return restore_backup(copy.name, home(), progress, cancel).name
