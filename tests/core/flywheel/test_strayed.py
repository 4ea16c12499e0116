from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Generate, Project, Relabel, strayed
from core.generate import propose


def customers(n: int = 80) -> Dataset:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(40, 10, n), "churn": ["yes", "no", "no", "no"] * (n // 4)})
    return Dataset.from_frame(frame, label="churn", test=0.25)


@pytest.fixture
def project(tmp_path) -> Project:
    dataset = customers()
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression")
    project.apply(Generate(propose(dataset, method="smote", target="yes", n=20), method="smote", seed=3))
    return project


def children(project: Project, parent: str) -> set[str]:
    parents = project.dataset.parents
    return set(parents.index[(parents == parent).any(axis=1)])


def test_nothing_is_strayed_while_parents_are_what_they_were(project):
    assert len(strayed(project.dataset)) == 0
    assert len(strayed(customers())) == 0


def test_children_of_an_excluded_parent_are_offered_for_exclusion(project):
    parent = project.dataset.parents["other_parent"].iloc[0]
    project.apply(Exclude([parent]))
    found = strayed(project.dataset)
    assert set(found.orphans) == children(project, parent)
    assert found.torn.empty
    assert found.relabelled.empty
    project.apply(found.exclude(by="ann"))
    assert len(strayed(project.dataset)) == 0
    project.undo()
    assert len(strayed(project.dataset)) == len(found)


def test_children_follow_parents_that_were_all_relabelled_and_others_are_torn(project):
    parents = project.dataset.parents
    one, other = parents.iloc[0]
    project.apply(Relabel({one: "no"}))
    torn = strayed(project.dataset)
    assert set(torn.torn) == set(torn.orphans) == children(project, one)
    assert torn.relabelled.empty
    project.apply(Relabel({other: "no"}))
    found = strayed(project.dataset)
    both = children(project, one) & children(project, other)
    assert parents.index[0] in both
    assert set(found.relabelled.index) == both
    assert set(found.relabelled) == {"no"}
    assert set(found.orphans) == (children(project, one) | children(project, other)) - both
    project.apply(found.relabel())
    assert strayed(project.dataset).relabelled.empty
    assert project.dataset.labels[list(both)].eq("no").all()


def test_a_child_of_one_parent_takes_its_class(tmp_path):
    dataset = customers()
    rows = propose(dataset, method="random_oversample", target="yes", n=9)
    grown = dataset.with_rows(rows, rows)
    parent = rows["parent"].iloc[0]
    found = strayed(grown.with_labels({parent: "no"}))
    assert set(found.relabelled.index) == set(rows.index[rows["parent"] == parent])
    assert found.orphans.empty


def test_how_rows_were_made_is_in_the_log(project):
    entry = Project.open(project.folder).log[0]
    assert {name: entry.content[name] for name in ("method", "settings", "seed")} == {
        "method": "smote",
        "settings": {},
        "seed": 3,
    }
