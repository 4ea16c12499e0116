"""How many jobs work at once: of one session, and of all."""

from __future__ import annotations

import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from core import memory
from core.settings import Settings
from pages.parts import jobs as jobs_of
from pages.parts.jobs import Registry


@pytest.fixture
def session(monkeypatch):
    """Start what follows as another browser session: ``session("ann")``."""
    return lambda name: monkeypatch.setattr(jobs_of, "_session", lambda: name)


@pytest.fixture
def slow():
    """Work that ends when it is let go; ``slow.most`` of it was at work at once."""

    class Slow:
        def __init__(self):
            self.go, self.lock, self.now, self.most = threading.Event(), threading.Lock(), 0, 0

        def __call__(self, progress, cancel):
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            progress(0.5, "at work")
            self.go.wait(20)
            with self.lock:
                self.now -= 1

    work = Slow()
    yield work
    work.go.set()


def said(jobs, project, kind, message, seconds=5):
    end = time.monotonic() + seconds
    while jobs.snapshot(project, kind).message != message and time.monotonic() < end:
        time.sleep(0.01)
    return jobs.snapshot(project, kind).message


def test_what_one_session_asks_for_beyond_its_share_waits_and_another_session_does_not(session, slow):
    jobs = Registry(per_session=2, most=10)
    session("ann")
    for kind in ("one", "two", "three"):
        jobs.start("p", kind, kind, slow)
        time.sleep(0.05)
    session("bob")
    jobs.start("q", "one", "one", slow)

    assert said(jobs, "p", "two", "at work") == "at work"
    assert said(jobs, "q", "one", "at work") == "at work"
    assert said(jobs, "p", "three", "waiting until other work has ended").startswith("waiting")
    assert jobs.snapshot("p", "three").running
    assert slow.most == 3
    slow.go.set()
    assert jobs.wait("p", "three", 5).state == "done"


def test_no_more_than_are_allowed_are_at_work_at_once_and_all_are_done(session, slow):
    jobs = Registry(per_session=2, most=3)
    for number in range(12):
        session(f"session {number % 4}")
        jobs.start(f"p{number}", "turn", "Turn", slow)
    threading.Timer(0.2, slow.go.set).start()

    assert all(jobs.wait(f"p{number}", "turn", 10).state == "done" for number in range(12))
    assert slow.most <= 3


def test_what_waits_can_be_cancelled_and_never_begins(session, slow):
    jobs = Registry(per_session=1, most=1)
    began = []
    session("ann")
    jobs.start("p", "one", "one", slow)
    assert said(jobs, "p", "one", "at work") == "at work"
    jobs.start("p", "two", "two", lambda progress, cancel: began.append(1))
    said(jobs, "p", "two", "waiting until other work has ended")
    jobs.cancel("p", "two")

    assert jobs.wait("p", "two", 5).state == "cancelled"
    assert not began
    assert jobs.snapshot("p", "one").state == "running"


def test_a_job_that_breaks_down_leaves_its_place(session):
    jobs = Registry(per_session=1, most=1)

    def break_down(progress, cancel):
        raise RuntimeError("a defect")

    jobs.start("p", "one", "one", break_down)
    assert jobs.wait("p", "one", 5).state == "failed"
    jobs.start("p", "two", "two", lambda progress, cancel: 1)
    assert jobs.wait("p", "two", 5).state == "done"


def test_nothing_is_begun_when_memory_runs_out(monkeypatch):
    monkeypatch.setattr(memory, "SETTINGS", Settings(memory_mb=1))
    monkeypatch.setattr(memory, "used_memory", lambda: 2 * memory.MB)
    jobs = Registry()
    jobs.start("p", "turn", "Turn 0", lambda progress, cancel: 1)

    job = jobs.wait("p", "turn", 5)
    assert job.state == "failed"
    assert "more than 1 MB of memory (the setting memory_mb)" in job.message


def _page_with_a_panel():
    from pages.parts import jobs

    jobs.forget_panels()
    jobs.panel("p", "turn")
    jobs.glance("p")


def test_a_job_whose_panel_is_on_the_page_has_no_second_bar(slow):
    jobs = jobs_of.registry()
    for kind, title in (("turn", "Turn 0"), ("audit", "Auditing")):
        jobs.start("p", kind, title, slow)
        said(jobs, "p", kind, "at work")
    app = AppTest.from_function(_page_with_a_panel).run()
    drawn = [bar.proto.text for bar in app.get("progress")]
    assert [text.split(" · ")[:2] for text in drawn] == [["**Turn 0**", "at work"], ["Auditing", "at work"]]
    slow.go.set()
    for kind in ("turn", "audit"):
        jobs.wait("p", kind, 5)


def test_a_press_is_not_lost_when_a_job_ends_while_the_page_is_drawn():
    def page():
        import streamlit as st

        from pages.parts import jobs

        # Under way when the page looked, over when its bar is drawn.
        jobs._progress("p", "over")
        jobs._glance("p")
        if st.button("Press", key="press"):
            st.write("pressed")

    app = AppTest.from_function(page).run()
    app.button(key="press").click().run()
    assert [each.value for each in app.markdown] == ["pressed"]
