from __future__ import annotations

import gc
import logging
import sys
import threading

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import FlywheelError
from core.progress import Steps
from pages.parts import errors, frame, paging
from pages.parts.jobs import JobError, Registry
from pages.parts.plain import escaped, plain

SLUGS = [screen.slug for screen in frame.PAGES]


@pytest.mark.parametrize("slug", SLUGS)
def test_without_a_project_each_page_says_where_to_get_one(start, slug):
    app = start(slug)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == slug.capitalize()
    if slug not in {"overview", "collect"}:
        assert "No project is open" in app.info[0].value


def test_modules_are_kept_out_of_the_garbage_collection_after_each_run(start, monkeypatch):
    gc.unfreeze()
    monkeypatch.setattr(frame, "_spared", 0)
    start()
    frozen = gc.get_freeze_count()
    assert frozen > 50_000
    # Once for the same modules: what a session has made since then is collected as ever.
    monkeypatch.setattr(frame, "_spared", len(sys.modules))
    start()
    assert gc.get_freeze_count() <= frozen


NONSENSE = [*((slug, "nonsense") for slug in SLUGS), *(("train", wild) for wild in ("../..", "a/b", "*b*", "x" * 500))]


@pytest.mark.parametrize(("slug", "nonsense"), NONSENSE)
def test_a_nonsense_project_is_said_in_a_sentence(start, slug, nonsense):
    app = start(slug, project=nonsense)
    assert not app.exception
    assert "There is no project" in app.error[0].value
    assert "reference" not in app.error[0].value
    assert app.title[0].value == slug.capitalize()


def test_the_project_stays_in_the_address_when_the_page_changes(start):
    app = start("train", project="some-project")
    del app.query_params["project"]
    app.switch_page("pages/ledger.py").run()
    assert app.query_params["project"] in ("some-project", ["some-project"])


def _failing_page():
    from core.errors import FlywheelError
    from pages.parts.errors import calm

    with calm(doing="testing"):
        raise FlywheelError("The column 'a*b*' is missing. Choose another one.")
    with calm(doing="testing"):
        {}["secret detail"]


def test_an_error_is_a_sentence_and_a_defect_a_reference_to_the_log(caplog):
    app = AppTest.from_function(_failing_page).run()
    assert not app.exception
    said, defect = (element.value for element in app.error)
    assert said == plain("The column 'a*b*' is missing. Choose another one.")
    assert "secret" not in defect
    reference = defect.replace("\\", "").rstrip(".").rsplit(" ", 1)[1]
    record = next(record for record in caplog.records if record.name == "flywheel")
    assert reference in record.getMessage()
    assert record.levelno == logging.ERROR
    assert "secret detail" in str(record.exc_info[1])


def test_an_error_of_the_core_is_told_as_it_is():
    assert errors.sentence(FlywheelError("Too few rows."), doing="x") == "Too few rows."


@pytest.mark.parametrize(
    "text", ["*a*", "_b_", "# c", "[x](http://y)", "<b>d</b>", "$e$", "1. f", "`g`", "~~h~~", "| i |", ":red[j]"]
)
def test_plain_text_has_nothing_left_to_interpret(text):
    made = plain(text)
    bare = made.replace("\\", "").replace("\N{WORD JOINER}", "")
    assert bare == text
    for place, letter in enumerate(made):
        if letter in "*_#[]()<>$`~|:.":
            assert made[place - 1] == "\\"


def test_emoji_codes_and_icons_are_broken_up():
    assert ":material" not in plain(":material/home:").replace("\\", "")
    assert ":smile" not in plain(":smile:").replace("\\", "")


def test_html_is_escaped():
    assert escaped('<a title="x">&') == "&lt;a title=&quot;x&quot;&gt;&amp;"


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_a_job_reports_progress_and_its_result():
    jobs, seen, go = Registry(), threading.Event(), threading.Event()

    def work(progress, cancel):
        progress(0.4, "fold 2 of 5")
        seen.set()
        go.wait(5)
        return 42

    jobs.start("p", "turn", "Turn 0", work)
    assert seen.wait(5)
    job = jobs.snapshot("p", "turn")
    assert (job.state, job.share, job.message) == ("running", 0.4, "fold 2 of 5")
    assert jobs.running("p") == [job]
    assert jobs.running("other") == []
    go.set()
    job = jobs.wait("p", "turn", 5)
    assert (job.state, job.share, job.result) == ("done", 1.0, 42)
    assert jobs.running("p") == []


def test_a_job_can_be_cancelled_between_two_steps():
    jobs, begun, go = Registry(), threading.Event(), threading.Event()

    def work(progress, cancel):
        steps = Steps(2, progress, cancel)
        steps.start("one")
        begun.set()
        go.wait(5)
        steps.start("two")

    jobs.start("p", "turn", "Turn 0", work)
    assert begun.wait(5)
    jobs.cancel("p", "turn")
    assert jobs.snapshot("p", "turn").state == "cancelling"
    assert jobs.snapshot("p", "turn").running
    go.set()
    job = jobs.wait("p", "turn", 5)
    assert job.state == "cancelled"
    assert job.message == "Cancelled. Nothing of it was kept."


def test_one_job_of_a_kind_runs_at_a_time_in_a_project():
    jobs, go = Registry(), threading.Event()
    jobs.start("p", "turn", "Turn 0", lambda progress, cancel: go.wait(5))
    with pytest.raises(JobError, match="Turn 0 is already running"):
        jobs.start("p", "turn", "Turn 0", lambda progress, cancel: None)
    jobs.start("other", "turn", "Turn 0", lambda progress, cancel: None)
    go.set()
    jobs.wait("p", "turn", 5)
    jobs.start("p", "turn", "Turn 1", lambda progress, cancel: None)
    assert jobs.wait("p", "turn", 5).state == "done"


def test_a_failed_job_keeps_a_sentence_and_can_be_dismissed():
    jobs = Registry()

    def refuse(progress, cancel):
        raise FlywheelError("The test set is empty.")

    def break_down(progress, cancel):
        raise RuntimeError("secret detail")

    jobs.start("p", "turn", "Turn 0", refuse)
    assert jobs.wait("p", "turn", 5).message == "The test set is empty."
    jobs.start("p", "curve", "Learning curve", break_down)
    failed = jobs.wait("p", "curve", 5)
    assert failed.state == "failed"
    assert "secret" not in failed.message
    jobs.dismiss("p", "curve")
    assert jobs.snapshot("p", "curve") is None


# --- paging -------------------------------------------------------------------------------------------------------


def _table_page():
    import pandas as pd

    from pages.parts import paging

    paging.table(pd.DataFrame({"number": range(1234)}), key="rows", noun="row")


def test_only_one_page_of_a_frame_is_sent():
    app = AppTest.from_function(_table_page).run()
    assert not app.exception
    assert len(app.dataframe[0].value) == paging.ROWS_A_PAGE
    assert app.caption[0].value == "1–50 of 1,234 rows"
    app.session_state["page-rows"] = 25
    app.run()
    assert app.dataframe[0].value["number"].tolist() == list(range(1200, 1234))


def test_a_page_beyond_the_end_is_the_last():
    app = AppTest.from_function(_table_page)
    app.session_state["page-rows"] = 25
    app.run()
    assert len(app.dataframe[0].value) == 34
