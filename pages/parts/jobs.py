"""Long work in the background: one registry a process, one job for each project and kind, polled while it runs.

A job is bound to its project and its kind, not to a browser session: a page switch, F5 or a second tab finds it again.
The thread never touches the screen: it writes progress into the job, and a fragment reads one snapshot at each poll.

How many jobs of one session, and of all, work at once is set (`core.settings`); further ones wait for their turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import FlywheelError
from core.memory import check_memory, give_back
from core.progress import Cancelled
from core.settings import SETTINGS
from pages.parts import errors
from pages.parts.plain import plain

__all__ = ["Job", "JobError", "Registry", "forget_panels", "glance", "panel", "redraw", "registry", "start"]

POLL_SECONDS = 0.5
# The jobs whose panel is on the page, in session state: they need no second bar that polls at other moments.
_PANELS = "panels"

Work = Callable[[Callable[[float, str], None], threading.Event], Any]


class JobError(FlywheelError):
    """A job can't be started."""


@dataclass(frozen=True)
class Job:
    """A job as it was at one moment.

    Parameters
    ----------
    state : str
        ``running``, ``cancelling``, ``done``, ``failed`` or ``cancelled``.
    share : float
        How much is done, between 0 and 1.
    message : str
        What is being done; what went wrong, once it failed.
    of : str
        What it works on, where its result is of one state only: not shown, see whether a job is of the state of now.
    session : str
        Which browser session started it.
    """

    project: str
    kind: str
    title: str
    state: str = "running"
    share: float = 0.0
    message: str = "starting"
    started: float = field(default_factory=time.monotonic)
    finished: float | None = None
    result: Any = None
    session: str = ""
    of: str = ""

    @property
    def running(self) -> bool:
        return self.state in ("running", "cancelling")

    @property
    def seconds(self) -> float:
        return (time.monotonic() if self.finished is None else self.finished) - self.started


class Registry:
    """The jobs of this process, by project and kind. Safe to use from any thread.

    Parameters
    ----------
    per_session, most : int
        How many jobs of one session, and of all, work at once.
    """

    def __init__(self, *, per_session: int = SETTINGS.jobs_per_session, most: int = SETTINGS.jobs) -> None:
        self._lock = threading.Lock()
        self._turns = threading.Condition(self._lock)
        self._per_session = per_session
        self._most = most
        # The sessions whose jobs work now, by job; those that wait for their turn are not among them.
        self._working: dict[tuple[str, str], str] = {}
        self._jobs: dict[tuple[str, str], Job] = {}
        self._events: dict[tuple[str, str], threading.Event] = {}
        self._threads: dict[tuple[str, str], threading.Thread] = {}

    def start(self, project: str, kind: str, title: str, work: Work, *, of: str = "") -> Job:
        """Run ``work(progress, cancel)`` in a thread of its own, as soon as it is its turn.

        Raises
        ------
        JobError
            If a job of this kind already runs for the project.
        """
        key, cancel = (project, kind), threading.Event()
        with self._lock:
            if key in self._jobs and self._jobs[key].running:
                raise JobError(f"{self._jobs[key].title} is already running. Wait for it or cancel it.")
            job = self._jobs[key] = Job(project, kind, title, session=_session(), of=of)
            self._events[key] = cancel
            thread = threading.Thread(target=self._run, args=(key, work, cancel), name=f"job {kind}", daemon=True)
            self._threads[key] = thread
        thread.start()
        return job

    def snapshot(self, project: str, kind: str) -> Job | None:
        """The job as it is now."""
        with self._lock:
            return self._jobs.get((project, kind))

    def running(self, project: str) -> list[Job]:
        """The jobs of a project that are running now."""
        with self._lock:
            return [job for job in self._jobs.values() if job.project == project and job.running]

    def cancel(self, project: str, kind: str) -> None:
        """Ask a job to stop before its next step."""
        with self._lock:
            job = self._jobs.get((project, kind))
            if job is not None and job.running:
                self._jobs[project, kind] = replace(job, state="cancelling")
                self._events[project, kind].set()
                self._turns.notify_all()

    def dismiss(self, project: str, kind: str) -> None:
        """Forget a job that is over."""
        with self._lock:
            job = self._jobs.get((project, kind))
            if job is not None and not job.running:
                for kept in (self._jobs, self._events, self._threads):
                    del kept[project, kind]

    def wait(self, project: str, kind: str, timeout: float | None = None) -> Job | None:
        """Wait for a job to end; for tests and scripts, never for a page."""
        thread = self._threads.get((project, kind))
        if thread is not None:
            thread.join(timeout)
        return self.snapshot(project, kind)

    def _run(self, key: tuple[str, str], work: Work, cancel: threading.Event) -> None:
        def progress(share: float, message: str) -> None:
            self._change(key, share=min(1.0, max(0.0, share)), message=message)

        try:
            self._wait_for_turn(key, cancel)
            check_memory()
            result = work(progress, cancel)
        except Cancelled as stopped:
            self._change(key, state="cancelled", message=errors.sentence(stopped, doing=""), finished=time.monotonic())
        except Exception as error:
            doing = f"running the job '{key[1]}'"
            self._change(key, state="failed", message=errors.sentence(error, doing=doing), finished=time.monotonic())
        else:
            self._change(key, state="done", share=1.0, message="done", result=result, finished=time.monotonic())
        finally:
            with self._turns:
                self._working.pop(key, None)
                self._turns.notify_all()
            give_back()

    def _wait_for_turn(self, key: tuple[str, str], cancel: threading.Event) -> None:
        session = self._jobs[key].session
        with self._turns:
            while True:
                if cancel.is_set():
                    raise Cancelled
                at_work = list(self._working.values())
                if at_work.count(session) < self._per_session and len(at_work) < self._most:
                    self._working[key] = session
                    return
                self._jobs[key] = replace(self._jobs[key], message="waiting until other work has ended")
                self._turns.wait()

    def _change(self, key: tuple[str, str], **changes: Any) -> None:
        with self._lock:
            self._jobs[key] = replace(self._jobs[key], **changes)


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return "" if context is None else str(context.session_id)


@st.cache_resource(show_spinner=False)
def registry() -> Registry:
    """Give the one registry of this process."""
    return Registry()


def start(project: str, kind: str, title: str, work: Work, *, of: str = "") -> None:
    """Start a job and draw the page anew, so that its progress is seen.

    Parameters
    ----------
    project : str
        Id of the project.
    kind : str
        What sort of work; one job of a kind runs at a time in a project.
    title : str
        What the analyst reads, for example ``Turn 1``.
    work : callable
        ``work(progress, cancel)``; runs in a thread and must not call Streamlit.
    of : str
        What it works on, see `Job`.
    """
    registry().start(project, kind, title, work, of=of)
    st.rerun()


def panel(project: str, kind: str) -> Job | None:
    """Draw a job where it stands: progress and cancel while it runs, a sentence if it failed or was cancelled.

    Returns
    -------
    Job or None
        One snapshot for this run of the page; None if there is no such job. The page is drawn anew once when it ends.
    """
    job = registry().snapshot(project, kind)
    if job is None:
        return None
    if job.running:
        st.session_state[_PANELS] = st.session_state.get(_PANELS, set()) | {(project, kind)}
        _progress(project, kind)
    elif job.state in ("failed", "cancelled"):
        left, right = st.columns([5, 1], vertical_alignment="center")
        show = left.error if job.state == "failed" else left.info
        show(
            f"**{plain(job.title)}** · {plain(job.message)}", icon=":material/error:" if job.state == "failed" else None
        )
        if right.button("Dismiss", key=f"dismiss-{kind}", type="tertiary"):
            registry().dismiss(project, kind)
            st.rerun()
    return job


def redraw() -> None:
    """Draw the page anew, from a fragment that polls.

    Not while the page itself is being drawn: a press that is yet to be handled further down would be lost, and the
    fragment comes round again in a moment.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and context.fragment_ids_this_run:
        st.rerun()


def forget_panels() -> None:
    """Begin a page on which no panel has been drawn yet."""
    st.session_state[_PANELS] = set()


def glance(project: str) -> None:
    """Draw in one line each what runs in a project and has no panel on the page; for the sidebar of every page."""
    if registry().running(project):
        _glance(project)


@st.fragment(run_every=POLL_SECONDS)
@errors.calm(doing="showing the progress")
def _progress(project: str, kind: str) -> None:
    job = registry().snapshot(project, kind)
    if job is None or not job.running:
        redraw()
        return
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        words = "stopping after this step" if job.state == "cancelling" else plain(job.message)
        left.progress(job.share, text=f"**{plain(job.title)}** · {words} · {job.seconds:.0f} s")
        if right.button("Cancel", key=f"cancel-{kind}", disabled=job.state == "cancelling", width="stretch"):
            registry().cancel(project, kind)
            st.rerun(scope="fragment")


@st.fragment(run_every=2 * POLL_SECONDS)
@errors.calm(doing="showing the progress")
def _glance(project: str) -> None:
    jobs = registry().running(project)
    if not jobs:
        redraw()
    on_page = st.session_state.get(_PANELS, set())
    for job in (job for job in jobs if (job.project, job.kind) not in on_page):
        st.progress(job.share, text=f"{plain(job.title)} · {plain(job.message)}")
