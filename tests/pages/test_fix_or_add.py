from __future__ import annotations

import threading

import pytest

from core.flywheel import Decide, Decision, fix_or_add, kept_fix_or_add, open_suspects
from pages.parts import jobs


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """What is tested is how it is shown, not how sure it is."""
    monkeypatch.setattr("core.flywheel.two_curves._RESAMPLES", 20)


def said(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header))


def offered(app) -> list[str]:
    return [button.label for button in app.button if button.key == "measure-fix-or-add"]


def test_it_is_asked_only_after_a_turn(start, project, quiet):
    assert not offered(quiet(start("train", project=project.id)))


def test_it_is_measured_as_a_job_and_answered_in_words_figure_and_table(start, turned, quiet):
    app = quiet(start("train", project=turned.id))
    assert "Fix data, or add data?" in said(app)
    app.button(key="measure-fix-or-add").click().run()
    assert jobs.registry().wait(turned.id, "fix-or-add", 120).state == "done"
    app = quiet(app.run())

    found = kept_fix_or_add(turned)
    left = len(open_suspects(turned, turned.turns[-1]))
    assert found.suspects == left > 0
    assert f"ettling the {left} suspects" in said(app)
    assert "more examples" in said(app)
    assert "judged by the ranking alone" in said(app)
    gains = next(frame.value for frame in app.dataframe if "change of the score" in frame.value)
    assert gains["what"].tolist() == ["suspects settled", "twice the examples, labelled alike"]
    assert gains["95% interval"].str.contains(" to ").all()
    assert not offered(app)


def test_what_was_measured_is_there_after_a_restart_and_grows_old(start, measured, quiet):
    app = quiet(start("train", project=measured.id))
    assert not offered(app)
    first = open_suspects(measured, measured.turns[-1]).index[0]
    measured.apply(Decide({first: (Decision.KEEP, None)}, by="ann"))

    app = quiet(app.run())

    assert offered(app) == ["Measure it again"]
    assert "have changed since this was measured" in said(app)


def test_with_nothing_to_fix_it_speaks_of_rows_alone(start, turned, quiet):
    left = open_suspects(turned, turned.turns[-1]).index
    turned.apply(Decide(dict.fromkeys(left, (Decision.KEEP, None)), by="ann"))
    app = quiet(start("train", project=turned.id))
    assert "No suspect is open" in said(app)
    fix_or_add(turned)

    app = quiet(app.run())

    assert "No suspect was open: more examples are what is left." in said(app)
    gains = next(frame.value for frame in app.dataframe if "change of the score" in frame.value)
    assert gains["what"].tolist() == ["twice the examples, labelled alike"]


def test_a_cancel_leaves_the_offer(start, turned, quiet):
    def work(progress, cancel):
        fix_or_add(turned, progress=progress, cancel=lambda: True)

    jobs.registry().start(turned.id, "fix-or-add", "Fix or add", work)
    assert jobs.registry().wait(turned.id, "fix-or-add", 60).state == "cancelled"
    app = quiet(start("train", project=turned.id))
    assert offered(app) == ["Measure it"]
    assert kept_fix_or_add(turned) is None


@pytest.mark.parametrize("page", ["train", "race"])
def test_the_same_answer_stands_on_train_and_race(start, measured, quiet, page):
    found = kept_fix_or_add(measured)
    app = quiet(start(page, project=measured.id))
    assert f"ettling the {found.suspects} suspects" in said(app)


def test_while_suspects_are_ranked_better_it_waits(start, turned, quiet):
    go = threading.Event()
    jobs.registry().start(turned.id, "ranking", "Better ranking of turn 0", lambda progress, cancel: go.wait(60))
    try:
        app = quiet(start("train", project=turned.id))
        assert app.button(key="measure-fix-or-add").disabled
        assert "once the suspects are ranked" in said(app)
    finally:
        go.set()
        jobs.registry().wait(turned.id, "ranking", 60)
    assert not quiet(app.run()).button(key="measure-fix-or-add").disabled
