from __future__ import annotations

import threading
import time

import pandas as pd
import pytest

from core.collect import Finding
from core.dataset import Dataset
from core.flywheel import Exclude, Project, findings
from core.progress import Cancelled
from pages.parts import audited, jobs


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.success)).replace("\\", "")


def keyed(app, start: str):
    return next(each for each in app.button if (each.key or "").startswith(start))


@pytest.fixture
def many(project, monkeypatch):
    """Findings about 200 columns, of all that can be mended."""
    ids = project.dataset.ids("train")
    made = [
        Finding("rare_values", f"'c{number}' has rare values", 1 - number / 200, "m", "r", columns=(f"c{number}",))
        for number in range(200)
    ]
    made.append(
        Finding(
            "odd_cells",
            "Odd cells",
            0.9,
            "Three are odd.",
            "Correct them.",
            columns=("city",),
            cells=[(each, "city") for each in ids[:3]],
            values=["*Ulsan*", None, "Jeju"],
            fix="correct",
        )
    )
    made.append(
        Finding("odd_labels", "Odd labels", 0.8, "m", "r", labels=dict.fromkeys(ids[:2], "stays"), fix="relabel")
    )
    monkeypatch.setattr(findings, "audit", lambda *_: sorted(made, key=lambda finding: -finding.severity))
    return project


def test_many_findings_are_paged_and_can_be_narrowed(start, quiet, many):
    app = quiet(start("collect", project=many.id))
    assert "202 findings" in words(app)
    assert sum((each.key or "").startswith("dismissed-") for each in app.button) == 10
    app.selectbox(key="findings-column").set_value("c150").run()
    assert sum((each.key or "").startswith("dismissed-") for each in quiet(app).button) == 1
    app.selectbox(key="findings-column").set_value("any").run()
    app.selectbox(key="findings-kind").set_value("odd_labels").run()
    assert "Odd labels" in words(quiet(app))


def test_cells_are_shown_before_and_after_and_corrected_as_one_edit(start, quiet, many):
    app = start("collect", project=many.id)
    app.selectbox(key="findings-kind").set_value("odd_cells").run()
    assert not app.dataframe
    keyed(app, "open-odd_cells").click().run()
    (table,) = [frame.value for frame in quiet(app).dataframe]
    before = many.dataset.frame["city"]
    assert table["before"].tolist() == before.loc[table["example"]].tolist()
    assert table["after"].fillna("none").tolist() == ["*Ulsan*", "none", "Jeju"]
    quiet(keyed(app, "mend-odd_cells").click().run())
    (entry,) = Project.open(many.folder).log
    assert (entry.kind, entry.reason, entry.summary) == ("correct", "Odd cells", "corrected 3 cells")
    quiet(keyed(app, "undo-mend").click().run())
    assert many.dataset.frame["city"].equals(before)


def test_what_is_only_far_is_looked_at_before_it_can_be_excluded(start, quiet, project, monkeypatch):
    ids = project.dataset.ids("train")[:3]
    far = Finding("outliers", "3 far away", 0.2, "m", "r", ids=ids, fix="exclude")
    monkeypatch.setattr(findings, "audit", lambda *_: [far])
    app = quiet(start("collect", project=project.id))
    assert not [each for each in app.button if (each.key or "").startswith("mend-")]
    assert keyed(app, "open-outliers").label == "Look at 3 examples"
    quiet(keyed(app, "open-outliers").click().run())
    quiet(keyed(app, "mend-outliers").click().run())
    assert set(project.dataset.excluded.index) == set(ids)


def test_conflicting_labels_are_shown_case_by_case_with_all_sides(start, quiet, workspace):
    frame = pd.DataFrame({"case": [*range(40), 0, 0, 1, 2], "label": ["a", "b"] * 20 + ["a", "b", "a", "a"]})
    frame["key"] = [f"r{number}" for number in range(len(frame))]
    dataset = Dataset.from_frame(frame, label="label", id="key", features=["case"], test=["r38", "r39"])
    made = Project.create(workspace / "copies", dataset, recipe="logistic_regression")
    app = quiet(start("collect", project=made.id))
    quiet(keyed(app, "open-conflicting_labels").click().run())
    table = app.dataframe[0].value
    assert table["case here"].tolist() == [1, 1, 1, 2, 2]
    assert table["id"].tolist() == ["r0", "r40", "r41", "r42", "r1"]
    assert table["label"].tolist() == ["a", "a", "b", "a", "b"]


def test_labels_are_given_as_one_edit(start, quiet, many):
    app = start("collect", project=many.id)
    app.selectbox(key="findings-kind").set_value("odd_labels").run()
    keyed(app, "open-odd_labels").click().run()
    quiet(keyed(app, "mend-odd_labels").click().run())
    assert set(many.dataset.labels[many.dataset.ids("train")[:2]]) == {"stays"}


def test_a_finding_is_dismissed_with_its_reason_and_shown_again(start, quiet, project):
    app = start("collect", project=project.id)
    name = keyed(app, "dismissed-missing_values").key.removeprefix("dismissed-")
    app.text_input(key=f"why-{name}").set_value("*asked* only of some").run()
    quiet(keyed(app, "dismissed-missing_values").click().run())
    assert "missing_values" not in [finding.kind for finding in project.findings()]
    assert "asked" in words(app)
    assert [each.label for each in app.expander] == ["Dismissed: 1 finding"]
    quiet(keyed(app, "restore-0").click().run())
    assert "missing_values" in [finding.kind for finding in project.findings()]


def test_a_long_audit_runs_as_a_job_and_no_page_waits_or_lies(start, quiet, project, monkeypatch):
    monkeypatch.setattr(findings, "AT_ONCE", 0)
    app = quiet(start("overview", project=project.id))
    assert "0 findings" not in words(app)
    jobs.registry().wait(project.id, audited.KIND, 30)
    app = quiet(app.switch_page("pages/overview.py").run())
    assert f"{len(project.findings())} findings" in words(app)
    app = quiet(app.switch_page("pages/collect.py").run())
    assert "Missing values" in words(app)


def test_a_cancelled_audit_can_be_started_again(start, quiet, project, monkeypatch):
    monkeypatch.setattr(findings, "AT_ONCE", 0)
    begun = []

    def stopped(*_):
        begun.append(1)
        raise Cancelled

    with monkeypatch.context() as patched:
        patched.setattr(findings, "audit", stopped)
        start("overview", project=project.id)
        jobs.registry().wait(project.id, audited.KIND, 30)
        app = start("collect", project=project.id)
        assert len(begun) == 1
        assert "not audited" in words(app.switch_page("pages/overview.py").run())
    app.switch_page("pages/collect.py").run()
    next(each for each in app.button if each.label == "Audit the data").click().run()
    jobs.registry().wait(project.id, audited.KIND, 30)
    assert "Missing values" in words(quiet(app.run()))


def test_text_of_the_data_is_never_markup(start, quiet, project, monkeypatch):
    odd = Finding("constant_column", "'<b>Oslo</b>' *is*", 0.5, "<i>m</i>", "`r`", columns=("city",), fix="drop_column")
    monkeypatch.setattr(findings, "audit", lambda *_: [odd])
    app = quiet(start("collect", project=project.id))
    drawn = " ".join(element.value for element in app.markdown)
    assert "Oslo" in drawn
    assert not [sign for sign in ("<b>", "<i>", " *is*", "`r`") if sign in drawn]


def test_an_audit_of_data_that_was_changed_since_is_stopped(start, quiet, project, monkeypatch):
    monkeypatch.setattr(findings, "AT_ONCE", 0)
    begun = threading.Event()

    def endless(dataset, progress, cancel):
        begun.set()
        while not cancel.is_set():
            time.sleep(0.01)
        raise Cancelled

    with monkeypatch.context() as patched:
        patched.setattr(findings, "audit", endless)
        app = start("overview", project=project.id)
        assert begun.wait(10)
        project.apply(Exclude(list(project.dataset.ids("train")[:1])))
        app.run()
        assert jobs.registry().wait(project.id, audited.KIND, 10).state == "cancelled"
    app.run()
    jobs.registry().wait(project.id, audited.KIND, 30)
    assert f"{len(project.findings())} findings" in words(quiet(app.run()))
