from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from core.collect import Finding, audit
from core.collect.checks import InRange, OneOf, Unique
from core.collect.finding import Cells
from core.flywheel import (
    Exclude,
    Generate,
    Project,
    SetChecks,
    dismiss,
    dismissed_findings,
    edit_of,
    findings,
    findings_before,
    ready_findings,
    restore,
)
from core.flywheel.findings import Findings
from core.progress import Cancelled


def same(one: Finding, other: Finding) -> bool:
    parts = [
        [getattr(each, name) for name in Finding.__dataclass_fields__ if name not in ("ids", "cells")]
        for each in (one, other)
    ]
    cells = [list(each.cells) for each in (one, other)]
    return parts[0] == parts[1] and one.ids.equals(other.ids) and cells[0] == cells[1]


def missing_values(project: Project) -> Finding:
    return next(finding for finding in project.findings() if finding.kind == "missing_values")


@pytest.fixture
def long_audits(monkeypatch):
    """Every audit counts as one that takes long."""
    monkeypatch.setattr(findings, "AT_ONCE", 0)


def test_a_quick_audit_is_made_when_it_is_asked_for_and_leaves_no_file(project):
    found = ready_findings(project)
    assert [finding.kind for finding in found] == [finding.kind for finding in audit(project.dataset)]
    assert not (project.folder / "findings").exists()


def test_a_long_audit_is_not_made_by_asking_what_is_ready(project, long_audits):
    assert ready_findings(project) is None
    assert [action.kind for action in project.actions()] == ["turn"]
    found = project.findings()
    assert all(one is other for one, other in zip(ready_findings(project), found, strict=True))


def test_a_reopened_project_reads_what_was_found_before(project, long_audits, monkeypatch):
    found = project.findings()
    monkeypatch.setattr(findings, "audit", lambda *_: pytest.fail("it was audited again"))
    again = Project.open(project.folder)
    assert ready_findings(again) is not None
    assert all(map(same, again.findings(), found))


def test_findings_of_every_shape_come_back_from_disk_as_they_were(tmp_path, dataset, monkeypatch, long_audits):
    made = [
        Finding("a", "초록", 0.5, "m", "r", ids=pd.Index(["1", "2"], dtype="str", name="example"), fix="exclude"),
        Finding("b", "t", 0.4, "m", "r", columns=("x", "y"), fix="drop_column"),
        Finding("c", "t", 0.3, "m", "r", cells=[("1", "x"), ("2", "y")], values=[None, 1.5], fix="correct"),
        Finding("d", "t", 0.3, "m", "r", cells=[("1", "x"), ("1", "z")], values=["<b>", True], fix="correct"),
        Finding("e", "t", 0.2, "m", "r", cells=[("1", "x")]),
        Finding("g", "t", 0.2, "m", "r", cells=[("1", "y"), ("2", "x"), ("2", "y")]),
        Finding(
            "h", "t", 0.2, "m", "r", cells=Cells(pd.Index(["1", "2"]), {"y": np.array([1]), "x": np.array([0, 1])})
        ),
        Finding("f", "t", 0.2, "m", "r", labels={"1": "yes"}, fix="relabel"),
    ]
    monkeypatch.setattr(findings, "audit", lambda *_: made)
    Findings(tmp_path).look(dataset)
    read = Findings(tmp_path).known(dataset)
    assert read is not made
    assert all(map(same, read, made))


def test_a_broken_file_is_looked_for_again(project, long_audits):
    found = project.findings()
    (file,) = (project.folder / "findings").glob("*.parquet")
    file.write_bytes(b"PAR1 no more")
    again = Project.open(project.folder)
    assert ready_findings(again) is None
    assert all(map(same, again.findings(), found))


def test_few_files_are_kept(tmp_path, dataset, train, long_audits):
    kept = Findings(tmp_path)
    for number in range(11):
        kept.look(dataset.without(train[: number + 1]))
    assert len(list((tmp_path / "findings").glob("*.parquet"))) == 8


def test_a_long_audit_stops_when_asked(project, long_audits):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        project.findings(cancel=stop)
    assert ready_findings(project) is None


def test_another_version_of_the_data_has_findings_of_its_own(project, train):
    before = project.findings()
    project.apply(Exclude(train[:5]))
    assert project.findings() is not before
    assert ready_findings(project) is not None


def test_until_the_data_is_looked_at_again_what_was_said_before_stands_without_what_was_mended(
    tmp_path, make_dataset, make_table, long_audits
):
    table = make_table(200).drop(columns="key")
    table = pd.concat([table, table.head(20)], ignore_index=True)
    project = Project.create(tmp_path / "p", make_dataset(table, id=None), recipe="logistic_regression")
    assert findings_before(project) == []
    said = project.findings()
    assert findings_before(project) == said
    copies = next(finding for finding in said if finding.fix == "exclude")

    project.apply(edit_of(copies))

    assert ready_findings(project) is None
    assert findings_before(project) == [each for each in said if not set(each.ids) & set(copies.ids)]
    assert copies not in findings_before(project)
    project.undo()
    assert findings_before(project) == said
    project.close()


def test_a_dismissed_finding_does_not_come_back_until_it_is_about_more(project):
    finding = missing_values(project)
    project.apply(dismiss(finding, by="ann", reason="it is meant so"))
    assert finding.kind not in [each.kind for each in project.findings()]
    ((kept, entry),) = dismissed_findings(project)
    assert kept.title == finding.title
    assert (entry.by, entry.reason) == ("ann", "it is meant so")
    again = Project.open(project.folder)
    assert finding.kind not in [each.kind for each in again.findings()]
    grown = Finding(**{**vars(finding), "cells": [*finding.cells, ("new", "colour")]})
    assert findings.is_dismissed(finding, findings.dismissals(project.log))
    assert not findings.is_dismissed(grown, findings.dismissals(project.log))


def test_a_dismissal_can_be_undone_and_taken_back_later(project, train):
    finding = missing_values(project)
    project.apply(dismiss(finding))
    project.undo()
    assert finding.kind in [each.kind for each in project.findings()]
    project.redo()
    project.apply(Exclude(train[:1]))
    assert finding.kind not in [each.kind for each in project.findings()]
    project.apply(restore(finding))
    assert finding.kind in [each.kind for each in project.findings()]
    assert dismissed_findings(project) == []


def test_what_breaks_a_check_is_a_finding_until_the_check_is_taken_back(project):
    project.apply(SetChecks([InRange("n", 0, 2), InRange("x", -99, 99)], by="ann"))
    (finding,) = [each for each in project.findings() if each.kind == "check"]
    assert finding.title == "Broken: 'n' lies between 0 and 2"
    assert len(finding.cells) == (project.dataset.frame["n"] > 2).sum()
    assert project.findings()[0].severity >= finding.severity
    project.apply(edit_of(finding))
    assert "check" not in [each.kind for each in project.findings()]
    project.undo()
    project.undo()
    assert project.checks == ()
    assert "check" not in [each.kind for each in project.findings()]


def test_another_check_does_not_audit_the_data_again(project, long_audits, monkeypatch):
    project.findings()
    monkeypatch.setattr(findings, "audit", lambda *_: pytest.fail("it was audited again"))
    project.apply(SetChecks([InRange("n", 0, 2)]))
    assert ready_findings(project) is None
    assert "check" in [each.kind for each in project.findings()]
    assert "check" in [each.kind for each in ready_findings(Project.open(project.folder))]


def test_checks_pass_over_generated_examples_and_exclude_from_train_only(project, make_children):
    train = list(project.dataset.ids("train"))
    project.apply(Generate(make_children(project.dataset, train[:3])))
    project.apply(SetChecks([Unique(("n", "member"))]))
    (finding,) = [each for each in project.findings() if each.kind == "check"]
    assert finding.fix == "exclude"
    assert set(finding.ids) <= set(train)


def test_a_dismissed_check_does_not_silence_another_of_the_same_column(project):
    project.apply(SetChecks([InRange("n", 0, 2), InRange("n", 1, 4)]))
    first, second = [each for each in project.findings() if each.kind == "check"]
    project.apply(dismiss(first))
    assert [each.title for each in project.findings() if each.kind == "check"] == [second.title]


def test_no_message_names_a_value_of_the_sealed_examples(make_dataset, make_table):
    dataset = make_dataset(make_table(), sealed=0.3)
    inside = dataset.split.eq("sealed")
    dataset = dataset.with_cells({(example, "colour"): "secret" for example in inside.index[inside]})
    (finding,) = findings.check_dataset(dataset, [OneOf("colour", ("red", "초록"))])
    assert len(finding.cells) == inside.sum()
    assert "secret" not in finding.message
