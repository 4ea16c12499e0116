from __future__ import annotations

import pytest

from core.flywheel import Project, Relabel, compare_volume, kept_volume
from core.flywheel.errors import ProjectError
from core.progress import Cancelled


@pytest.fixture
def known(tmp_path, make_dataset, make_table):
    project = Project.create(
        tmp_path / "known", make_dataset(make_table(300, pool=0)), recipe="logistic_regression", headline="accuracy"
    )
    yield project
    project.close()


def test_true_labels_are_compared_with_those_that_were_brought(known):
    found = compare_volume(known)

    assert found.rows == len(known.dataset.ids("train"))
    values = found.points.set_index(["labelling", "rows"])["value"]
    assert values.loc["consistent"].mean() > values.loc["collected"].mean()
    assert kept_volume(known).worth == found.worth

    # It is about the data as it was brought, whatever has been done to it since.
    known.apply(Relabel({known.dataset.ids("train")[0]: "yes"}, by="ann"))
    assert kept_volume(known).worth == found.worth


def test_without_truth_it_says_what_to_do(tmp_path, make_dataset, make_table):
    project = Project.create(tmp_path / "own", make_dataset(make_table().drop(columns="true_label")))

    with pytest.raises(ProjectError, match="measure 'Fix data, or add data\\?' on Train"):
        compare_volume(project)
    assert kept_volume(project) is None


def test_a_cancel_keeps_nothing(known):
    with pytest.raises(Cancelled):
        compare_volume(known, cancel=lambda: True)
    assert kept_volume(known) is None
