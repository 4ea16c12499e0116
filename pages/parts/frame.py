"""The frame around every screen: navigation, the guard for deep links, the open project, and notices across a rerun."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import FlywheelError
from core.memory import give_back
from pages.parts.plain import plain

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

    from core.flywheel import Project

__all__ = [
    "PAGES",
    "Screen",
    "close_project",
    "current_id",
    "dress",
    "framed",
    "guard",
    "heading",
    "keep_address",
    "navigate",
    "navigation",
    "open_project",
    "project",
    "project_or_stop",
    "say_notices",
    "screen",
    "tell",
]

_FRAMED = "framed"
_framed = ContextVar("framed", default=False)
_PROJECT = "project"
_NOTICES = "notices"
_spared = 0


@dataclass(frozen=True)
class Screen:
    """One page: its slug (file, address), title, icon and what one does there."""

    slug: str
    title: str
    icon: str
    purpose: str

    @property
    def path(self) -> str:
        return f"pages/{self.slug}.py"


PAGES = (
    Screen("overview", "Overview", ":material/cyclone:", "the state of the wheel and what to do next"),
    Screen("collect", "Collect", ":material/database_upload:", "bring data, see what is wrong with it"),
    Screen(
        "annotate",
        "Annotate",
        ":material/rate_review:",
        "settle labels that are probably wrong, and label what has none",
    ),
    Screen(
        "generate", "Generate", ":material/library_add:", "new data where the model is weak, tried before it is applied"
    ),
    Screen("train", "Train", ":material/lock:", "run the locked model on the data as it is now"),
    Screen("evaluate", "Evaluate", ":material/monitoring:", "read where the model fails"),
    Screen(
        "monitor",
        "Monitor",
        ":material/radar:",
        "what has come since release, whether the world has moved, and what to do",
    ),
    Screen("ledger", "Ledger", ":material/history:", "every turn and every edit"),
    Screen("race", "Race", ":material/flag:", "a better model or better data, at equal budget, for others to see"),
)


def navigation() -> StreamlitPage:
    """Build the navigation and find the page of this run."""
    st.session_state[_FRAMED] = True
    # A browser would fetch the icon of a page from a server of fonts.
    st.set_page_config(page_icon=str(Path(__file__).parent / "icon.svg"))
    first, *others = PAGES
    # The first page answers at the root alone and reserves another name, so that its own slug can lead there.
    root = st.Page(first.path, title=first.title, icon=first.icon, url_path="start", default=True)
    slug = st.Page(_to_first, title=first.title, url_path=first.slug, visibility="hidden")
    screens = [st.Page(screen.path, title=screen.title, icon=screen.icon, url_path=screen.slug) for screen in others]
    return st.navigation([root, *screens, slug], expanded=True)


def dress() -> None:
    """Put the wordmark in its place and lay the page out."""
    here = Path(__file__).parent
    st.logo(here / "wordmark.svg", size="large")
    st.html(here / "frame.css")


@contextmanager
def framed() -> Iterator[None]:
    """Hold the frame while a page runs in it; `app.py` runs every page inside."""
    _spare_modules()
    # What the run before has left behind.
    give_back(if_grown=True)
    token = _framed.set(True)
    try:
        yield
    finally:
        _framed.reset(token)


def _spare_modules() -> None:
    """Keep the modules that were imported since the last time out of the rounds of the garbage collector.

    Streamlit has all objects walked through after each run of a page or a fragment. Those of the modules alone take a
    fifth of a second, in which nothing else of the process goes on: long work beside a bar that moves each second took
    ten times as long as by itself. Modules stay, so that nothing is missed. Before the page runs, since what it holds
    would be kept as well.
    """
    global _spared
    if len(sys.modules) > _spared:
        _spared = len(sys.modules)
        gc.collect()
        gc.freeze()


def guard() -> None:
    """Bring the frame back when Streamlit ran a page without it; the first call of every page.

    Until the navigation first runs in a process, Streamlit discovers the files in ``pages`` by itself, so a deep link
    right after a server start runs the page alone. Its test runner does so in every run: there a rerun would lose the
    click that is being tested, and the sidebar is drawn in place.
    """
    if _framed.get():
        return
    if not st.session_state.get(_FRAMED):
        navigation()
        st.rerun()
    from pages.parts import sidebar

    keep_address()
    say_notices()
    sidebar.draw()


def keep_address() -> None:
    """Keep ``?project=`` in the address on every run: a page switch drops it, F5 and a bookmark need it."""
    asked = st.query_params.get(_PROJECT)
    if asked:
        st.session_state[_PROJECT] = asked
    elif st.session_state.get(_PROJECT):
        st.query_params[_PROJECT] = st.session_state[_PROJECT]


def current_id() -> str | None:
    """The id of the project that is open, whether or not it exists."""
    return st.session_state.get(_PROJECT) or None


def open_project() -> Project | None:
    """The project that is open, shared by all tabs of this process; None if none is.

    Raises
    ------
    ProjectError
        If the address names a project that does not exist.
    """
    project_id = current_id()
    if project_id is None:
        return None
    # The core brings scikit-learn along: a first visit paints before it is loaded.
    return project(project_id)


def project(project_id: str) -> Project:
    """A project of the workspace by its id, shared by all tabs of this process, whether or not it is the open one.

    Raises
    ------
    ProjectError
        If there is none.
    """
    from core.flywheel import find_project, home

    return _project(str(find_project(home(), project_id)))


def project_or_stop(slug: str) -> Project:
    """The open project; without one the page says where to get one, and ends here."""
    try:
        opened = open_project()
    except FlywheelError as error:
        heading(slug)
        st.error(plain(error), icon=":material/error:")
    else:
        if opened is not None:
            return opened
        heading(slug)
        st.info(
            "No project is open. Open one or start with a demo: both are on Overview.", icon=":material/folder_open:"
        )
    st.page_link("pages/overview.py", label="Go to Overview", icon=":material/arrow_forward:", query_params={})
    st.stop()


def navigate(slug: str, project_id: str | None = None) -> None:
    """Open a project, if one is given, and go to a page."""
    if project_id is not None:
        st.session_state[_PROJECT] = project_id
    chosen = st.session_state.get(_PROJECT)
    st.switch_page(screen(slug).path, query_params={_PROJECT: chosen} if chosen else {})


def close_project() -> None:
    """Leave the open project; its folder stays as it is."""
    st.session_state[_PROJECT] = None
    st.query_params.pop(_PROJECT, None)


def screen(slug: str) -> Screen:
    """The page of that slug."""
    return next(page for page in PAGES if page.slug == slug)


def heading(slug: str, sentence: str | None = None) -> None:
    """Draw the page's title and, under it, what one does here, in plain text."""
    shown = screen(slug)
    st.title(shown.title, anchor=False)
    st.caption(plain(sentence or f"{shown.purpose[0].upper()}{shown.purpose[1:]}."))


def tell(message: str, icon: str = ":material/check_circle:") -> None:
    """Say something short once the page is drawn anew; for what was just done. `message` is plain text."""
    st.session_state[_NOTICES] = [*st.session_state.get(_NOTICES, []), (message, icon)]


def say_notices() -> None:
    """Show what `tell` kept."""
    notices: list[tuple[str, str]] = st.session_state.get(_NOTICES, [])
    if notices:
        st.session_state[_NOTICES] = []
    for message, icon in notices:
        st.toast(plain(message), icon=icon)


def _to_first() -> None:
    st.switch_page(PAGES[0].path, query_params=st.query_params.to_dict())


@st.cache_resource(show_spinner=False, max_entries=16)
def _project(folder: str) -> Project:
    from core.flywheel import Project

    return Project.open(Path(folder))
