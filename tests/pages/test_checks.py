from __future__ import annotations

import io

import pandas as pd
import pytest

from core.collect.checks import Compared, IfThen, InRange, OneOf, Present, Unique
from core.collect.pandera_schema import to_pandera
from core.flywheel import Project, SetChecks
from pages.parts import jobs


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.success, *app.warning, *app.info)
    return " ".join(element.value for element in shown).replace("\\", "")


def csv(frame: pd.DataFrame) -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


@pytest.fixture
def open_checks(start, project):
    def opened(view: str = "Checks"):
        app = start("collect", project=project.id)
        app.session_state["collect-view"] = view
        return app.run()

    return opened


def widget(app, kind: str, start: str):
    return next(each for each in getattr(app, kind) if (each.key or "").startswith(start))


def test_a_range_is_stated_tried_saved_changed_and_removed(open_checks, quiet, project):
    app = quiet(open_checks())
    assert app.button(key="check-save").disabled
    widget(app, "selectbox", "check-column").set_value("age").run()
    widget(app, "text_input", "check-From").set_value("18").run()
    widget(app, "text_input", "check-To").set_value("60").run()
    old = int((project.dataset.frame["age"] > 60).sum())
    assert f"{old} of {len(project.dataset)} examples" in words(quiet(app))
    quiet(app.button(key="check-save").click().run())
    assert project.checks == (InRange("age", 18, 60),)
    quiet(app.button(key="check-change-0").click().run())
    widget(app, "text_input", "check-To").set_value("90").run()
    widget(app, "segmented_control", "check-severe").set_value(False).run()
    assert "holds for all" in words(app)
    quiet(app.button(key="check-save").click().run())
    assert project.checks == (InRange("age", 18, 90, severe=False),)
    quiet(app.button(key="check-remove-0").click().run())
    assert project.checks == ()
    assert [entry.kind for entry in project.log] == ["checks"] * 3
    project.undo()
    assert project.checks == (InRange("age", 18, 90, severe=False),)


def test_checks_of_every_kind_can_be_stated(open_checks, quiet, project):
    app = open_checks()

    def state(column: str, verb: str) -> None:
        widget(app, "selectbox", "check-column").set_value(column).run()
        widget(app, "selectbox", "check-verb").set_value(verb).run()

    def save() -> None:
        quiet(app.button(key="check-save").click().run())

    state("city", "set")
    widget(app, "multiselect", "check-values").set_value(["Seoul", "Busan"]).run()
    save()
    state("age", "present")
    save()
    state("income", "unique")
    widget(app, "multiselect", "check-together").set_value(["age"]).run()
    save()
    state("age", "compare")
    widget(app, "selectbox", "check-operator").set_value("<=").run()
    save()
    state("age", "range")
    widget(app, "text_input", "check-From").set_value("20").run()
    widget(app, "toggle", "check-where").set_value(True).run()
    widget(app, "selectbox", "check-if").set_value("city").run()
    widget(app, "multiselect", "check-if-values").set_value(["Seoul"]).run()
    save()
    assert set(project.checks) == {
        OneOf("city", ("Seoul", "Busan")),
        Present("age"),
        Unique(("income", "age")),
        Compared("age", "<=", "income"),
        IfThen("city", ("Seoul",), InRange("age", low=20)),
    }


def test_what_is_typed_wrongly_is_said_and_can_not_be_saved(open_checks, quiet):
    app = open_checks()
    widget(app, "selectbox", "check-column").set_value("age").run()
    widget(app, "text_input", "check-From").set_value("old").run()
    assert "takes numbers" in words(quiet(app))
    assert app.button(key="check-save").disabled
    widget(app, "selectbox", "check-column").set_value("city").run()
    widget(app, "selectbox", "check-verb").set_value("pattern").run()
    widget(app, "text_input", "check-pattern").set_value("(?=a)b").run()
    assert "RE2" in words(quiet(app))
    assert app.button(key="check-save").disabled


def test_an_idea_is_added_with_one_click(open_checks, quiet, project):
    app = quiet(open_checks())
    quiet(app.button(key="check-add-0").click().run())
    assert len(project.checks) == 1
    assert not [each for each in app.button if each.key == "check-add-99"]
    assert "1 check" in words(app)


def test_a_broken_check_is_a_finding_that_is_mended(open_checks, quiet, project):
    project.apply(SetChecks([OneOf("city", ("Seoul", "Busan"))]))
    app = quiet(open_checks("Findings"))
    assert "Broken: 'city' is one of 'Seoul', 'Busan'" in words(app)
    mend = next(each for each in app.button if (each.key or "").startswith("mend-check"))
    quiet(mend.click().run())
    assert set(Project.open(project.folder).dataset.frame["city"].dropna()) == {"Seoul", "Busan"}


@pytest.fixture
def batch(project) -> pd.DataFrame:
    new = project.dataset.frame.head(20).reset_index(drop=True)
    new["income"] += 0.01
    new.loc[:2, "age"] = 150
    new.loc[5, "city"] = "Ulsan"
    return new


def bring(app, project, batch) -> None:
    """Bring a batch, and wait until it was looked at."""
    app.file_uploader[0].upload("more.csv", csv(batch)).run()
    jobs.registry().wait(project.id, app.session_state["batch-job"], 60)
    app.run()


@pytest.mark.parametrize(("out", "added"), [(True, 17), (False, 20)])
def test_rows_that_break_a_check_are_shown_before_they_are_added(open_checks, quiet, project, batch, out, added):
    project.apply(SetChecks([InRange("age", 0, 120), OneOf("city", ("Seoul", "Busan", "<b>Oslo</b>"), severe=False)]))
    before = len(project.dataset)
    app = open_checks("Add rows")
    bring(app, project, batch)
    assert "4 of 20 new rows break a check" in words(quiet(app))
    widget(app, "radio", "broken-choice").set_value(out).run()
    quiet(next(each for each in app.button if each.label == f"Add {added} rows").click().run())
    assert len(project.dataset) == before + added
    checked = [each for each in project.findings() if each.kind == "check"]
    assert len(checked) == (1 if out else 2)


def test_rows_that_meet_every_check_are_said_to(open_checks, quiet, project, batch):
    project.apply(SetChecks([InRange("age", 0, 200)]))
    app = open_checks("Add rows")
    bring(app, project, batch)
    assert "All 20 new rows meet your 1 check" in words(quiet(app))


def test_a_schema_is_brought_and_what_it_can_not_say_is_named(open_checks, quiet, project):
    app = open_checks()
    app.session_state["check-files"] = True
    app.run()
    text = to_pandera([InRange("age", 0, 120), Present("elsewhere"), Compared("age", "<", "income")])
    widget(app, "file_uploader", "check-file").upload("checks.json", text.encode()).run()
    assert "3 checks read, 2 new" in words(quiet(app)).replace("*", "")
    quiet(app.button(key="check-bring").click().run())
    assert set(project.checks) == {InRange("age", 0, 120), Compared("age", "<", "income")}


def test_a_file_that_is_no_schema_is_said_in_a_sentence(open_checks):
    app = open_checks()
    app.session_state["check-files"] = True
    app.run()
    widget(app, "file_uploader", "check-file").upload("checks.json", b"/etc/hostname").run()
    assert not app.exception
    assert "schema of pandera" in app.error[0].value
