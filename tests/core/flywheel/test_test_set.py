from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Collect, Decide, Exclude, Project, draw
from core.flywheel.test_set import judge_test_set, newest_batch


def people(rows, seed=0, shift=0.0, share=0.4):
    rng = np.random.default_rng(seed)
    label = np.where(rng.random(rows) < share, "yes", "no")
    income = rng.normal(50 + shift, 10, rows) + 8 * (label == "yes")
    return pd.DataFrame({"income": income, "city": rng.choice(["a", "b"], rows), "label": label})


@pytest.fixture
def project(tmp_path):
    dataset = Dataset.from_frame(people(1600), label="label")
    made = Project.create(tmp_path / "people", dataset, recipe="logistic_regression")
    made.turn()
    return made


def kinds(project):
    return [finding.kind for finding in judge_test_set(project).findings]


def test_a_test_set_drawn_from_the_data_is_like_train(project):
    report = judge_test_set(project)
    assert [beside.name for beside in report.beside] == ["train"]
    assert not {"class_balance", "test_drift", "train_test_duplicates"} & set(kinds(project))
    assert not report.beside[0].told.told_apart
    assert report.beside[0].classes["test"].sum() == pytest.approx(1)


def test_the_newest_batch_is_what_the_last_collect_in_force_brought(project):
    assert newest_batch(project).empty
    first = project.dataset.frame.index
    project.apply(Collect(people(60, seed=1), by="ann"))
    project.apply(Exclude([project.dataset.ids("train")[0]], by="ann"))
    second = project.dataset.frame.index
    project.apply(Collect(people(80, seed=2), by="ann"))
    assert set(newest_batch(project)) == set(project.dataset.frame.index) - set(second)
    project.undo("ann")
    brought = newest_batch(project)
    assert len(brought) == 60
    assert not set(brought) & set(first)


def test_a_batch_from_elsewhere_is_named_with_its_column_and_its_classes(project):
    project.apply(Collect(people(500, seed=1, shift=25, share=0.8), by="ann"))
    report = judge_test_set(project)
    found = {finding.kind: finding for finding in report.findings if "newest batch" in finding.title}
    assert set(found) == {"class_balance", "test_drift"}
    assert found["test_drift"].columns == ("income",)
    assert "median" in found["test_drift"].message
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities, reverse=True)


def test_copies_across_the_split_can_be_excluded_from_train(tmp_path):
    frame = people(800)
    dataset = Dataset.from_frame(frame, label="label")
    test = dataset.frame.loc[dataset.ids("test")].head(30).reset_index(drop=True)
    both = pd.concat([frame.loc[: len(frame) - 1], test], ignore_index=True)
    ids = [f"r{place}" for place in range(len(both))]
    both["id"] = ids
    judged = list(dict.fromkeys([*ids[:200]]))
    copies = both.iloc[:20].assign(id=[f"c{place}" for place in range(20)])
    brought = Dataset.from_frame(pd.concat([both, copies]), label="label", id="id", test=judged)
    project = Project.create(tmp_path / "copies", brought, recipe="logistic_regression")
    project.turn()
    (finding,) = [one for one in judge_test_set(project).findings if one.kind == "train_test_duplicates"]
    project.apply(Exclude(tuple(finding.ids), by="ann"))
    assert "train_test_duplicates" not in kinds(project)


def test_power_is_told_by_what_the_last_two_turns_predict_differently(project):
    before = judge_test_set(project).health
    project.apply(Exclude(project.dataset.ids("train")[:5].tolist(), by="ann"))
    project.turn()
    after = judge_test_set(project)
    # Five rows less change next to nothing, so that a small change would be seen.
    assert after.health.changed_interval is not None
    assert after.health.detectable < before.detectable


def test_the_labels_are_unknown_until_they_are_reviewed_blind_and_noisy_ones_are_named(project):
    (unknown,) = [one for one in judge_test_set(project).findings if one.kind == "test_labels"]
    assert "None of 400 test labels" in unknown.message
    drawn = draw(project, 100)
    labels = project.dataset.labels
    other = {"yes": "no", "no": "yes"}
    for example in drawn.ids[:30]:
        project.apply(Decide({example: ("other", other[labels[example]])}, blind=True, by="ann"))
    project.apply(Decide(dict.fromkeys(drawn.ids[30:], ("keep", None)), blind=True, by="ann"))
    (noisy,) = [one for one in judge_test_set(project).findings if one.kind == "test_labels"]
    assert "30 of 100 test labels" in noisy.message
    assert "22.5%" in noisy.message
    assert noisy.severity > unknown.severity
    for _ in range(31):
        project.undo("ann")
    project.apply(Decide(dict.fromkeys(drawn.ids, ("keep", None)), blind=True, by="ann"))
    # Few can be left: at most 3 in 100, and perhaps none.
    assert not [one for one in judge_test_set(project).findings if one.kind == "test_labels"]
