"""Overview: the state of the wheel and what to do next; without a project, where to get one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import FlywheelError
from pages.parts import errors, frame
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project
    from sample_data.demos import Demo

SHOWN = 8
MODALITIES = {"table": "table", "text": "texts", "image": "images"}


def welcome() -> None:
    """Without a project: what this is, the demos, the upload, the projects there are."""
    frame.heading(
        "overview",
        "Hold the model, improve the data. Bring labelled data, mend what is wrong with it, train the same locked "
        "model again, and read an honest verdict: did the data get better?",
    )
    listed = st.container()
    st.header("Start with a demo", anchor=False)
    demos()
    st.header("Bring your own", anchor=False)
    st.caption("A table or a set of texts with labels, as CSV, TSV, JSON, Parquet or Excel. It stays on this machine.")
    if st.button("Upload data", icon=":material/upload_file:"):
        frame.navigate("collect")
    # Last, since reading the projects loads the whole core: a first visit has long painted the rest.
    with listed:
        projects()


def demos() -> None:
    """One card a demo: what it shows, and a button that makes a project of it."""
    from sample_data.demos import DEMOS

    offered = list(DEMOS)
    for start in range(0, len(offered), 3):
        for place, demo in zip(st.columns(3), offered[start : start + 3], strict=False):
            with place.container(border=True, height="stretch"):
                st.markdown(f"**{plain(demo.title)}**  \n{plain(demo.description)}")
                if st.button(f"Open {plain(demo.title)}", key=f"demo-{demo.key}", icon=":material/play_arrow:"):
                    with st.spinner("Making the project"):
                        project_id = open_demo(demo)
                    frame.navigate("overview", project_id)


def open_demo(demo: Demo) -> str:
    """Make a project of a demo and return its id."""
    from core.dataset import Dataset
    from core.flywheel import Project, home, new_folder

    dataset = Dataset.from_frame(demo.load(), **demo.roles)
    return Project.create(new_folder(home(), demo.key), dataset, name=demo.title).id


def projects() -> None:
    """List the projects of the workspace, the one changed last first."""
    from core.flywheel import home, list_projects
    from core.report import count
    from pages.parts import backups

    found = list_projects(home())
    title, restore = st.columns([5, 2], vertical_alignment="bottom")
    if found:
        title.header("Your projects", anchor=False)
    with restore, st.container(horizontal=True, horizontal_alignment="right"):
        backups.offer_restore()
    if not found:
        return
    widths = [4, 1, 1.5, 1.5, 2, 2]
    everything = len(found) > SHOWN and st.session_state.get("all-projects")
    for summary in found if everything else found[:SHOWN]:
        name, modality, edits, turns, changed, keep = st.columns(widths, vertical_alignment="center")
        said = plain(summary.name) + (" :gray[· a copy]" if summary.copy else "")
        if name.button(said, key=f"open-{summary.id}", type="tertiary", icon=":material/folder_open:"):
            frame.navigate("overview", summary.id)
        modality.text(MODALITIES.get(summary.modality, summary.modality))
        edits.text(count(summary.edits, "edit"))
        turns.text(count(summary.turns, "turn"))
        changed.text(moment(summary.changed))
        with keep, st.container(horizontal=True, horizontal_alignment="right"):
            backups.back_up_button(summary.id, "Back up", help=f"Everything in {plain(summary.name)} as one file")
        backups.made(summary.id)
    if len(found) > SHOWN:
        st.toggle(f"Show all {len(found)}", key="all-projects")


def state(project: Project) -> None:
    """With a project: the wheel, the ledger and what to do next."""
    from pages.parts import backups, next_steps, sidebar, wheel

    left, right = st.columns([5, 3], vertical_alignment="bottom")
    with left:
        frame.heading("overview", f"{project.name}: the state of the wheel and what to do next.")
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        backups.back_up_button(project.id, "Back up", help="Everything in this project as one file")
        if st.button("All projects", type="tertiary", icon=":material/folder_copy:"):
            frame.close_project()
            st.rerun()
        if st.button("New project", type="tertiary", icon=":material/add:"):
            frame.close_project()
            frame.navigate("collect")
    backups.opened(project)
    backups.made(project.id)
    with st.spinner("Looking at the data"):
        actions = project.actions(sidebar.reviewer())
    wheel.strip(project, actions)
    todo, chart = st.columns([3, 2], gap="medium")
    with todo:
        st.header("What to do next", anchor=False)
        next_steps.draw(project, actions)
    with chart:
        st.header("The ledger", anchor=False)
        history(project)
        next_steps.foretold_view(project)


def history(project: Project) -> None:
    """Draw the ledger chart and say what the last turn did."""
    from pages.parts import seal, verdicts, wheel

    turns = project.turns
    if not turns:
        st.info("No turn yet: the ledger begins with turn 0.", icon=":material/history:")
        return
    seal.line(project)
    wheel.ledger_figure(project, key="overview-ledger")
    last = turns[-1]
    if last.verdict is not None:
        title = wheel.headline_title(project)
        verdicts.statement(last.verdict, metric=title, against=f"turn {last.number - 1}")


def moment(at: str) -> str:
    """Write a time of the log in the reader's zone."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


frame.guard()
try:
    opened = frame.open_project()
except FlywheelError as error:
    opened = None
    st.error(plain(errors.sentence(error, doing="opening the project")), icon=":material/error:")
if opened is None:
    welcome()
else:
    state(opened)
