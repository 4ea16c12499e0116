from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect import ReadError
from core.dataset import Dataset
from core.flywheel import (
    Annotations,
    Decide,
    EditError,
    Exclude,
    Project,
    ProjectError,
    label_by_consensus,
    match_annotations,
    reviewer_annotations,
    study,
)
from core.flywheel.ledger import changes


@pytest.fixture
def project(tmp_path):
    """Rows with two annotators' columns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=80)
    label = np.where(x > 0, "high", "low")
    frame = pd.DataFrame(
        {
            "key": [f"r{number}" for number in range(80)],
            "x": x,
            "rater_a": np.where(rng.random(80) < 0.9, label, "low"),
            "rater_b": np.where(rng.random(80) < 0.7, label, None),
            "label": label,
        }
    )
    dataset = Dataset.from_frame(frame, label="label", id="key", annotators=["rater_a", "rater_b"])
    return Project.create(tmp_path / "p", dataset, recipe="logistic_regression")


def added(**said):
    return pd.DataFrame(said, index=["r1", "r2"], dtype="object")


def test_annotations_are_the_columns_of_the_data_and_what_was_added_since(project):
    before = project.annotations
    project.apply(Annotations(added(carl=["high", "low"], rater_a=["low", None]), by="ann"))
    now = Project.open(project.folder).annotations

    assert before.columns.tolist() == ["rater_a", "rater_b"]
    assert now.columns.tolist() == ["rater_a", "rater_b", "carl"]
    assert now["carl"].dropna().to_dict() == {"r1": "high", "r2": "low"}
    assert now.loc["r1", "rater_a"] == "low"
    assert now.loc["r2", "rater_a"] == before.loc["r2", "rater_a"]


def test_annotations_change_no_data_and_can_be_taken_back(project):
    version, before = project.dataset.version, project.annotations
    entry = project.apply(Annotations(added(carl=["high", None]), by="ann"))

    assert project.dataset.version == version
    assert entry.summary == "added labels of 1 annotator on 2 examples"
    assert changes(project.log, 0, entry.seq) == ("2 examples annotated",)
    project.undo()
    assert project.annotations.equals(before)
    project.redo()
    assert "carl" in project.annotations


def test_annotations_of_unknown_examples_are_refused_and_of_excluded_ones_passed_over(project):
    with pytest.raises(EditError, match="'nobody' is not"):
        project.apply(Annotations(pd.DataFrame({"carl": ["high"]}, index=["nobody"])))
    project.apply(Annotations(added(carl=["high", "low"])))
    project.apply(Exclude(["r1"]))
    assert project.annotations["carl"].dropna().to_dict() == {"r2": "low"}


def test_a_file_is_matched_by_id_and_what_is_unknown_is_told(project):
    table = pd.DataFrame(
        {"id": ["r1", "r1", "r2", "zz"], "who": ["k", "l", "k", "l"], "label": ["high", "low", "low", "low"]}
    )
    found = match_annotations(project, table)

    assert found.frame.loc["r1"].tolist() == ["high", "low"]
    assert found.unknown.tolist() == ["zz"]
    with pytest.raises(ReadError, match="no column holds ids"):
        match_annotations(project, table.assign(id="zz"))


def test_an_export_holds_what_annotators_said(project, tmp_path):
    project.apply(Annotations(added(carl=["high", "low"])))
    written = pd.read_csv(project.export(tmp_path / "out") / "annotations.csv", index_col="example")

    assert written["carl"].dropna().to_dict() == {"r1": "high", "r2": "low"}


def test_decisions_of_reviewers_are_annotations_and_keeping_is_giving_the_label(project):
    one, other = project.dataset.ids("train")[:2]
    given = project.dataset.labels[one]
    project.apply(Decide({one: ("keep", None), other: ("other", "low")}, by="ann"))
    project.apply(Decide({one: ("other", "low"), other: ("exclude", None)}, by="bob"))
    project.apply(Decide({one: ("keep", None)}, by="carl"))
    said = reviewer_annotations(project)

    assert said.loc[one].to_dict() == {"ann": given, "bob": "low", "carl": "low"}
    assert said.loc[other, "ann"] == "low"
    assert pd.isna(said.loc[other, "bob"])


def test_nobody_decided_is_no_annotation(project):
    assert reviewer_annotations(project).shape == (0, 0)


def test_a_study_has_everything_a_screen_shows(project):
    found = study(project, project.turn())

    assert found.consensus["given"].equals(project.dataset.labels.loc[found.consensus.index])
    assert found.agreement["per_annotator"].index.isin(["rater_a", "rater_b"]).all()
    assert set(found.disputes.index) <= set(project.dataset.ids("train"))
    assert found.consensus["crowdlab"].notna().any()


def test_a_label_is_made_by_consensus_or_by_majority_whose_ties_have_none():
    table = pd.DataFrame(
        {"a": ["x", "y", "x", None], "b": ["x", "x", "y", None], "c": ["y", None, "y", None], "label": 1}
    )
    made, column = label_by_consensus(table, ["a", "b", "c"], method="majority")

    assert column == "label_of_annotators"
    assert made[column].tolist()[:1] == ["x"]
    assert made[column].isna().tolist() == [False, True, False, True]
    assert label_by_consensus(table, ["a", "b", "c"])[0][column].isna().tolist() == [False, False, False, True]


def test_one_column_is_no_consensus():
    with pytest.raises(ProjectError, match="at least two annotators"):
        label_by_consensus(pd.DataFrame({"a": ["x"]}), ["a"])
    with pytest.raises(ProjectError, match="made by one of"):
        label_by_consensus(pd.DataFrame({"a": ["x"], "b": ["x"]}), ["a", "b"], method="lots")


def test_what_was_decided_in_bulk_is_nobodys_annotation(project):
    one, two, three = project.dataset.ids("train")[:3]
    project.apply(Decide({one: ("keep", None)}, by="ann"))
    project.apply(Decide({two: ("keep", None), three: ("keep", None)}, by="ann", bulk=True))
    assert reviewer_annotations(project)["ann"].dropna().index.tolist() == [one]
