from __future__ import annotations

import json
import threading

import numpy as np
import pandas as pd
import pytest

from core.errors import FlywheelError
from core.evaluate import compare, evaluate, together
from core.flywheel import Collect, Decide, Exclude, Generate, LockError, Project, ProjectError, Relabel, draw
from core.progress import Cancelled
from core.train import LockedModel


@pytest.fixture
def project(tmp_path, dataset):
    """With the quickest recipe."""
    project = Project.create(tmp_path / "project", dataset, recipe="logistic_regression")
    yield project
    project.close()


def truth_of(dataset, ids):
    return dict(dataset.frame.loc[ids, "true_label"])


# turns


def test_turn_0_has_everything_but_a_verdict(project, dataset):
    turn = project.turn()

    assert (turn.number, turn.revision, turn.version) == (0, 0, dataset.version)
    assert turn.fingerprint == project.model.fingerprint
    assert turn.verdict is None
    assert turn.verdict_against_first is None
    assert not turn.rescored
    assert turn.changes == ()
    assert turn.out_of_fold.index.equals(dataset.ids("train"))
    assert turn.test_probabilities.index.equals(dataset.ids("test"))
    assert list(turn.out_of_fold.columns) == list(turn.test_probabilities.columns) == list(dataset.classes)
    assert set(turn.suspects.index) <= set(dataset.ids("train"))
    assert turn.suspects["score"].is_monotonic_decreasing
    value, low, high = turn.evaluation.metrics["macro_f1"]
    assert 0 <= low <= value <= high <= 1


def test_the_numbers_are_those_of_the_model_and_of_evaluate(project, dataset):
    turn = project.turn()
    probabilities = pd.DataFrame(
        project.model.fit(dataset).predict_proba(dataset.inputs("test")),
        index=dataset.ids("test"),
        columns=list(dataset.classes),
    )

    assert np.array_equal(turn.test_probabilities.to_numpy(), probabilities.to_numpy())
    labels = dataset.labels.loc[dataset.ids("test")].sort_index()
    assert turn.evaluation.metrics == evaluate(labels, probabilities).metrics


def test_a_second_turn_says_what_changed_and_what_it_did(project, dataset, train):
    first = project.turn()
    project.apply(Relabel(truth_of(dataset, train)))
    project.apply(Exclude(train[:2]))
    assert project.pending == ("85 relabelled", "2 excluded")
    second = project.turn()
    labels = dataset.labels.loc[dataset.ids("test")]
    expected = compare(labels.sort_index(), first.test_probabilities, second.test_probabilities)

    assert second.number == 1
    assert second.changes == ("85 relabelled", "2 excluded")
    assert project.pending == ()
    assert second.verdict == expected
    assert second.verdict_against_first == expected
    assert second.out_of_fold.index.equals(project.dataset.ids("train"))


def test_the_verdict_is_against_the_turn_before_and_against_the_first(project, dataset, train):
    turns = [project.turn()]
    for start in (0, 30):
        project.apply(Relabel(truth_of(dataset, train[start : start + 30])))
        turns.append(project.turn())
    labels = dataset.labels.loc[dataset.ids("test")].sort_index()
    zero, one, two = (turn.test_probabilities for turn in project.turns)

    # Two claims at once: judged together.
    expected = together([compare(labels, one, two), compare(labels, zero, two)])
    assert [project.turns[2].verdict, project.turns[2].verdict_against_first] == expected
    assert project.turns[1].verdict == project.turns[1].verdict_against_first == compare(labels, zero, one)


def test_turns_are_there_after_reopening(project, dataset, train):
    project.turn()
    project.apply(Relabel(truth_of(dataset, train)))
    project.turn()
    again = Project.open(project.folder)

    for before, after in zip(project.turns, again.turns, strict=True):
        assert after.evaluation.metrics == before.evaluation.metrics
        assert (after.verdict, after.verdict_against_first) == (before.verdict, before.verdict_against_first)
        assert (after.changes, after.version, after.at) == (before.changes, before.version, before.at)
        pd.testing.assert_frame_equal(after.out_of_fold, before.out_of_fold)
        pd.testing.assert_frame_equal(after.suspects, before.suspects)
    pd.testing.assert_frame_equal(again.ledger(), project.ledger())
    assert list(again.ledger()["turn"]) == [0, 1]


def test_an_undone_edit_is_counted_among_what_changed(project, train):
    project.apply(Exclude(train[:2]))
    project.turn()
    project.undo()
    turn = project.turn()

    assert turn.changes == ("1 earlier edit taken back",)


@pytest.mark.parametrize("recipe", ["hist_gradient_boosting", "logistic_regression"])
def test_the_same_data_gives_the_same_numbers_bit_for_bit(tmp_path, make_dataset, make_table, recipe):
    """In two folders, in another order of rows, with other dtypes."""
    table = make_table(160)
    shuffled = table.sample(frac=1, random_state=2).astype({"n": "float64", "colour": "category"})
    first, second = (
        Project.create(tmp_path / name, make_dataset(frame), recipe=recipe).turn()
        for name, frame in (("a", table), ("b", shuffled))
    )

    assert first.version == second.version
    assert first.evaluation.metrics == second.evaluation.metrics
    for one, other in (
        (first.out_of_fold, second.out_of_fold),
        (first.test_probabilities, second.test_probabilities),
        (first.suspects[["score"]], second.suspects[["score"]]),
    ):
        assert np.array_equal(one.to_numpy(), other.loc[one.index].to_numpy())


def test_the_same_version_is_not_fitted_twice(project, train, monkeypatch):
    first = project.turn()
    project.apply(Exclude(train[:1]))
    project.undo()

    def refuse(*_, **__):
        raise AssertionError("fitted again")

    monkeypatch.setattr(LockedModel, "train", refuse)
    second = project.turn()

    assert second.number == 1
    assert second.evaluation.metrics == first.evaluation.metrics
    assert second.verdict.verdict == "no evidence"
    assert second.verdict.delta == 0
    project.apply(Exclude(train[:1]))
    with pytest.raises(AssertionError, match="fitted again"):
        project.turn()


def test_progress_goes_forward_from_0_to_1(project):
    heard = []
    project.turn(progress=lambda share, message: heard.append((share, message)))
    shares = [share for share, _ in heard]

    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert any("fold 3 of 5" in message for _, message in heard)


@pytest.mark.parametrize("steps", [0, 3])
def test_a_cancelled_turn_leaves_everything_as_it_was(project, train, steps):
    project.turn()
    project.apply(Exclude(train[:3]))
    before, files = project.ledger(), sorted((project.folder / "blobs").iterdir())
    cancel = threading.Event()
    heard = []

    def progress(share, message):
        heard.append(share)
        if len(heard) > steps:
            cancel.set()

    if steps == 0:
        cancel.set()
    with pytest.raises(Cancelled):
        project.turn(progress=progress, cancel=cancel)

    pd.testing.assert_frame_equal(project.ledger(), before)
    assert sorted((project.folder / "blobs").iterdir()) == files
    assert project.looks == 1
    assert project.turn().number == 1


def test_the_fitted_model_is_that_of_the_last_turn(project, dataset, train):
    with pytest.raises(ProjectError, match="Run the first turn"):
        project.fitted()
    turn = project.turn()
    project.apply(Exclude(train[:20]))
    again = Project.open(project.folder)

    for each in (project, again):
        found = each.fitted().predict_proba(dataset.inputs("test"))
        assert np.array_equal(found, turn.test_probabilities.to_numpy())


def test_a_turn_on_one_class_is_refused_in_words(project, dataset, train):
    project.apply(Relabel(dict.fromkeys(train, "yes")))

    with pytest.raises(FlywheelError, match="at least two classes"):
        project.turn()
    assert project.turns == []


def test_a_new_class_and_a_vanished_class_go_round(project, dataset, train):
    project.turn()
    project.apply(Relabel(dict.fromkeys(train[:12], "maybe")))
    wider = project.turn()
    assert list(wider.out_of_fold.columns) == ["maybe", "no", "yes"]
    project.undo()
    project.apply(Relabel({**dict.fromkeys(train[:3], "maybe")}))
    project.apply(Exclude(train[:3]))
    narrow = project.turn()

    assert list(narrow.out_of_fold.columns) == ["no", "yes"]
    assert [turn.number for turn in Project.open(project.folder).turns] == [0, 1, 2]
    assert all(turn.verdict is not None for turn in project.turns[1:])


def test_generated_rows_are_trained_on_and_never_judged(project, dataset, train, make_children):
    first = project.turn()
    project.apply(Generate(make_children(dataset, train[:30])))
    second = project.turn()

    assert second.changes == ("30 generated",)
    assert second.test_probabilities.index.equals(first.test_probabilities.index)
    assert not np.array_equal(second.test_probabilities.to_numpy(), first.test_probabilities.to_numpy())


def test_collected_rows_are_trained_on(project, make_table):
    project.turn()
    project.apply(Collect(make_table(40, seed=9).assign(key=[f"n{number}" for number in range(40)])))
    turn = project.turn()

    assert turn.out_of_fold.index.isin([f"n{number}" for number in range(40)]).sum() == 38


def test_infinite_and_missing_values_go_round(tmp_path, make_dataset, make_table):
    table = make_table()
    table.loc[[0, 1], "x"] = [np.inf, -np.inf]
    table.loc[2:30, "n"] = np.nan
    project = Project.create(tmp_path / "p", make_dataset(table), recipe="logistic_regression")

    assert project.turn().evaluation.metrics["macro_f1"][0] > 0.5


def test_two_sessions_run_turns_one_behind_the_other(project, train):
    other = Project.open(project.folder)
    project.turn()
    other.apply(Exclude(train[:3]))

    assert other.turn().number == 1
    assert [turn.number for turn in project.turns] == [0, 1]
    assert project.turn().number == 2


# the test set over time


def test_excluding_a_test_example_scores_every_turn_again(project, dataset, train):
    project.turn()
    project.apply(Relabel(truth_of(dataset, train)))
    project.turn()
    gone = dataset.ids("test")[:5]
    project.apply(Exclude(list(gone)))
    left = dataset.ids("test").difference(gone, sort=False)

    for then, now in zip(Project.open(project.folder).turns, project.turns, strict=True):
        assert now.rescored
        assert now.evaluation.per_class["support"].sum() == len(left)
        assert now.evaluation_then.per_class["support"].sum() == len(left) + 5
        assert now.test_probabilities.index.equals(left)
        assert then.evaluation.metrics == now.evaluation.metrics
        expected = evaluate(dataset.labels.loc[left].sort_index(), now.test_probabilities)
        assert now.evaluation.metrics == expected.metrics
    first, second = project.turns
    assert second.verdict == compare(
        dataset.labels.loc[left].sort_index(), first.test_probabilities, second.test_probabilities
    )
    assert list(project.ledger()["rescored"]) == [True, True]

    project.undo()
    assert not any(turn.rescored for turn in project.turns)
    assert project.turns[0].evaluation.metrics == first.evaluation_then.metrics


def test_an_exclusion_from_test_can_be_undone_after_a_turn(project, dataset):
    project.turn()
    project.apply(Exclude(list(dataset.ids("test")[:5])))
    during = project.turn()
    project.undo()
    turns = project.turns

    assert turns[1].rescored
    assert not turns[0].rescored
    assert turns[1].test_probabilities.index.symmetric_difference(dataset.ids("test")).empty
    # Nothing of train changed: both turns say the same of the same examples.
    assert turns[1].evaluation.metrics == turns[0].evaluation.metrics
    assert during.evaluation.metrics == turns[1].evaluation_then.metrics
    assert Project.open(project.folder).turns[1].evaluation.metrics == turns[1].evaluation.metrics


def test_a_blind_correction_of_a_test_label_scores_every_turn_again(project, dataset):
    before = project.turn()
    example = dataset.ids("test")[0]
    other = "no" if dataset.labels[example] == "yes" else "yes"
    draw(project)
    project.apply(Decide({example: ("other", other)}, blind=True))
    (now,) = project.turns

    assert now.rescored
    assert now.evaluation_then.metrics == before.evaluation.metrics
    assert now.evaluation.metrics["log_loss"] != before.evaluation.metrics["log_loss"]


# the lock


def test_the_recipe_can_change_before_the_first_turn_only(project):
    first = project.model.fingerprint
    project.change_recipe("hist_gradient_boosting")
    second = project.model.fingerprint
    assert second != first
    with pytest.raises(FlywheelError, match="must be one of"):
        project.change_recipe("crystal_ball")
    assert project.model.fingerprint == second
    project.change_recipe("logistic_regression", decision="threshold")
    project.turn()
    locked = project.model.fingerprint

    with pytest.raises(LockError, match="locked since turn 0"):
        project.change_recipe("random_forest")
    assert Project.open(project.folder).model.fingerprint == locked
    assert project.model.recipe.decision == "threshold"


def test_every_turn_carries_one_fingerprint(project, train):
    for example in train[:3]:
        project.turn()
        project.apply(Exclude([example]))

    assert {turn.fingerprint for turn in project.turns} == {project.model.fingerprint}


def move_version(project, library="scikit-learn", version="1.2.3"):
    recipe = json.loads(project.store.get("recipe"))
    recipe["versions"][library] = version
    project.store.put("recipe", json.dumps(recipe))


def test_a_moved_version_stops_turns_until_all_are_run_again(project, dataset, train):
    project.turn()
    project.apply(Relabel(truth_of(dataset, train)))
    project.turn()
    old = [turn.fingerprint for turn in project.turns]
    project.apply(Exclude(train[:1]))
    move_version(project)

    assert set(project.moved_versions) == {"scikit-learn"}
    assert project.moved_versions["scikit-learn"][0] == "1.2.3"
    with pytest.raises(LockError, match=r"scikit-learn 1\.2\.3 to .*re-baseline"):
        project.turn()
    assert len(project.turns) == 2

    heard = []
    turns = project.rebaseline(progress=lambda share, message: heard.append(share))

    assert project.moved_versions == {}
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert [turn.number for turn in turns] == [0, 1]
    assert {turn.fingerprint for turn in turns} == {project.model.fingerprint} == set(old)
    assert turns[1].verdict is not None
    assert project.turn().number == 2


def test_rebaseline_fits_again_under_the_new_versions_and_keeps_the_old_rows(project, train, monkeypatch):
    move_version(project)
    monkeypatch.setattr(type(project), "moved_versions", property(lambda self: {}))
    old = project.turn()
    monkeypatch.undo()
    turns = project.rebaseline()

    assert turns[0].fingerprint == project.model.fingerprint != old.fingerprint
    assert turns[0].version == old.version
    assert project.looks == 2
    assert len(Project.open(project.folder).turns) == 1


def test_a_cancelled_rebaseline_changes_nothing(project, train):
    project.turn()
    project.apply(Exclude(train[:1]))
    project.turn()
    before = project.ledger()
    recipe = json.loads(project.store.get("recipe"))
    move_version(project)
    moved = project.store.get("recipe")
    project.store.execute("UPDATE turns SET fingerprint = 'other'")
    cancel = threading.Event()

    def progress(share, message):
        if share > 0.5:
            cancel.set()

    with pytest.raises(Cancelled):
        project.rebaseline(progress=progress, cancel=cancel)

    assert project.store.get("recipe") == moved
    assert len(project.turns) == 2
    assert list(project.ledger()["score"]) == list(before["score"])
    assert recipe["versions"] != json.loads(moved)["versions"]


# the decision rule


def test_the_threshold_rule_goes_round(tmp_path, make_dataset, make_table):
    table = make_table(300, seed=4)
    table["label"] = table["label"].where(table["x"] > 1.1, "no").where(table["label"].notna())
    project = Project.create(tmp_path / "p", make_dataset(table), recipe="logistic_regression", decision="threshold")
    turn = project.turn()
    dataset = project.dataset
    labels = dataset.labels.loc[dataset.ids("test")]
    predicted = np.where(turn.test_probabilities["yes"] >= turn.threshold, "yes", "no")

    assert turn.threshold is not None
    assert turn.evaluation.metrics["accuracy"][0] == pytest.approx((labels.to_numpy() == predicted).mean())
    project.apply(Exclude(list(dataset.ids("train")[:5])))
    second = project.turn()
    assert second.verdict.after == pytest.approx(second.evaluation.metrics["macro_f1"][0])
    assert second.verdict.before == pytest.approx(turn.evaluation.metrics["macro_f1"][0])
    again = Project.open(tmp_path / "p").turns
    assert [each.threshold for each in again] == [turn.threshold, second.threshold]


def test_the_threshold_rule_and_a_third_class_are_refused_in_words(tmp_path, dataset, train):
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression", decision="threshold")
    project.turn()
    project.apply(Relabel(dict.fromkeys(train[:12], "maybe")))

    with pytest.raises(FlywheelError, match="two classes"):
        project.turn()
    assert len(project.turns) == 1


@pytest.mark.parametrize("headline", ["accuracy", "balanced_accuracy", "log_loss", "roc_auc", "average_precision"])
def test_every_metric_can_be_the_headline(tmp_path, dataset, train, headline):
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression", headline=headline)
    project.turn()
    project.apply(Relabel(truth_of(dataset, train)))
    turn = project.turn()

    assert turn.verdict.metric == headline
    assert project.ledger()["score"].tolist() == [each.evaluation.metrics[headline][0] for each in project.turns]
