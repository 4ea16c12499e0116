from __future__ import annotations

import json

import pandas as pd
import pytest

from core.errors import FlywheelError
from core.flywheel import (
    Exclude,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    current_queue,
    decide,
    decisions,
    move,
    next_place,
    simulate_reviewer,
    start_queue,
)


def cards_of(dataset, ids):
    """A ranking as find_suspects gives it, suggesting the other class."""
    given = dataset.labels.loc[ids]
    return pd.DataFrame(
        {
            "given": given,
            "suggested": given.map({"yes": "no", "no": "yes"}),
            "score": [1 - place / len(ids) for place in range(len(ids))],
            "flagged": True,
            "reasons": "the model disagrees",
        },
        index=pd.Index(ids, dtype="str"),
    )


@pytest.fixture
def queue(project, dataset, train):
    return start_queue(project, cards_of(dataset, train[:10]), source="suspects of turn 0", turn=0)


def place(project):
    return current_queue(project).place


# the snapshot


def test_there_is_no_queue_before_one_is_started(project):
    assert current_queue(project) is None


def test_an_empty_queue_is_refused(project, dataset):
    with pytest.raises(ProjectError, match="none in 'suspects'"):
        start_queue(project, cards_of(dataset, []), source="suspects", turn=0)


def test_a_queue_keeps_its_order_and_place(project, dataset, train, queue):
    decide(project, queue, 0, "keep")
    decide(project, queue, 1, "suggested")
    again = current_queue(Project.open(project.folder))

    assert list(again.cards.index) == train[:10]
    pd.testing.assert_frame_equal(again.cards, queue.cards)
    assert again.place == 2
    assert (again.turn, again.version, again.source) == (0, dataset.version, "suspects of turn 0")


def test_a_queue_is_never_swapped_under_the_reviewer(project, queue, train):
    """Turns and edits leave it alone; only another start replaces it, and then the old one stays as it was."""
    decide(project, queue, 0, "exclude")
    project.apply(Relabel({train[5]: "maybe"}))
    project.change_recipe("logistic_regression")
    project.turn()

    now = current_queue(project)
    assert now.number == queue.number
    assert list(now.cards.index) == train[:10]
    assert now.cards.loc[train[5], "given"] == queue.cards.loc[train[5], "given"]

    other = start_queue(project, queue.cards.iloc[::-1], source="suspects of turn 1", turn=1)
    assert (other.number, other.place) == (queue.number + 1, 0)
    decide(project, queue, 3, "keep")
    assert current_queue(project).number == other.number
    assert place(project) == 0


# the place


def test_moving_is_kept_and_stays_within_the_queue(project, queue):
    for wanted, got in ((4, 4), (-3, 0), (99, 10)):
        move(project, queue, wanted)
        assert place(Project.open(project.folder)) == got


def test_the_next_card_skips_what_is_excluded(project, queue, train):
    project.apply(Exclude([train[0], train[3], train[4], train[9]]))
    queue = current_queue(project)

    assert next_place(project, queue) == 1
    assert next_place(project, queue, 3) == 5
    assert next_place(project, queue, 9) == 10
    assert next_place(project, queue, 10) == 10
    assert next_place(project, queue, 5, step=-1) == 2
    assert next_place(project, queue, 1, step=-1) == 1


def test_the_next_card_is_the_same_however_far_one_looks_at_a_time(project, queue, train, monkeypatch):
    project.apply(Exclude([train[place] for place in (0, 2, 3, 4, 8, 9)]))
    there = [place for place in range(10) if place not in (0, 2, 3, 4, 8, 9)]
    for stretch in (1, 2, 3, 256):
        monkeypatch.setattr("core.flywheel.review._STRETCH", stretch)
        for place in range(11):
            assert next_place(project, queue, place) == min([each for each in there if each >= place], default=10)
            behind = max([each for each in there if each < place], default=place)
            assert next_place(project, queue, place, step=-1) == behind


# decisions


@pytest.mark.parametrize(
    ("decision", "label"),
    [("keep", None), ("suggested", None), ("other", "maybe"), ("ambiguous", None), ("exclude", None), ("skip", None)],
)
def test_a_decision_is_one_entry_and_one_step(project, queue, train, decision, label):
    decide(project, queue, 0, decision, label, by="ann")
    found = decisions(Project.open(project.folder))

    assert project.revision == 1
    assert place(project) == 1
    assert list(found.index) == [train[0]]
    assert tuple(found.loc[train[0], ["decision", "by"]]) == (decision, "ann")
    if decision == "suggested":
        assert project.dataset.labels[train[0]] == queue.cards.loc[train[0], "suggested"]
    if decision == "exclude":
        assert train[0] not in project.dataset.frame.index
    (entry,) = project.log
    assert entry.reason == "suspects of turn 0"
    assert entry.content["guideline"] == "0"


def test_the_guideline_of_a_decision_is_the_one_in_force(project, queue):
    project.define("yes", "Says yes.")
    decide(project, queue, 0, "keep")

    assert project.log[0].content["guideline"] == project.guideline_version == "1"


@pytest.mark.parametrize("at", [-1, 10, 99])
def test_a_card_that_is_not_there_is_refused(project, queue, at):
    with pytest.raises(ProjectError, match="none at place"):
        decide(project, queue, at, "keep")
    assert project.revision == 0


def test_a_refused_decision_moves_nobody(project, queue, train):
    project.apply(Exclude([train[2]]))

    for at, decision, label in ((2, "keep", None), (1, "other", ""), (1, "perhaps", None)):
        with pytest.raises(FlywheelError):
            decide(project, queue, at, decision, label)
    assert project.revision == 1
    assert place(project) == 0


def test_a_double_click_is_settled_once(project, queue):
    seen = project.revision
    decide(project, queue, 0, "suggested", revision=seen)
    with pytest.raises(StaleError):
        decide(project, queue, 0, "suggested", revision=seen)

    assert project.revision == 1
    assert place(project) == 1


def test_the_last_decision_on_an_example_counts(project, queue, train):
    decide(project, queue, 0, "suggested", by="ann")
    decide(project, queue, 0, "keep", by="bob")

    assert tuple(decisions(project).loc[train[0], ["decision", "by"]]) == ("keep", "bob")
    project.undo(by="bob")
    assert tuple(decisions(project).loc[train[0], ["decision", "by"]]) == ("suggested", "ann")


def test_undo_returns_to_the_card_and_redo_goes_on(project, queue, train):
    before = project.dataset.version
    for at in range(3):
        decide(project, queue, at, "suggested")
    after = project.dataset.version

    for at in (2, 1, 0):
        project.undo()
        assert place(project) == at
    assert project.dataset.version == before
    assert decisions(project).empty
    for at in (1, 2, 3):
        project.redo()
        assert place(project) == at
    assert project.dataset.version == after
    assert list(decisions(project).index) == train[:3]


# the simulated reviewer


@pytest.fixture
def long_queue(project, dataset, train):
    return start_queue(project, cards_of(dataset, train[:80]), source="suspects of turn 0", turn=0)


def test_a_perfect_simulated_reviewer_gives_the_truth(project, dataset, long_queue, train):
    count = simulate_reviewer(project, long_queue, 50, accuracy=1.0)
    truth = dataset.frame.loc[train[:50], "true_label"]

    assert count == 50
    assert dict(project.dataset.labels.loc[train[:50]]) == dict(truth)
    assert project.dataset.labels.loc[train[50:]].equals(dataset.labels.loc[train[50:]])
    assert place(project) == 50


def test_the_simulated_reviewer_is_one_entry_one_undo_and_labelled_as_such(project, dataset, long_queue):
    simulate_reviewer(project, long_queue, 30, accuracy=0.9)

    (entry,) = project.log
    assert entry.by == "simulated reviewer"
    assert "simulated, 90% right" in entry.reason
    json.loads(entry.payload, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    for decision, label in entry.content["decisions"].values():
        assert (label is None) == (decision == "keep")
    project.undo()
    assert project.dataset.version == dataset.version
    assert place(project) == 0


@pytest.mark.parametrize("accuracy", [0.0, 0.7, 1.0])
def test_the_simulated_reviewer_is_right_as_often_as_set(project, dataset, long_queue, train, accuracy):
    simulate_reviewer(project, long_queue, 80, accuracy=accuracy)
    right = (project.dataset.labels.loc[train[:80]] == dataset.frame.loc[train[:80], "true_label"]).mean()

    assert right == pytest.approx(accuracy, abs=0.0 if accuracy in (0.0, 1.0) else 0.12)


def test_the_simulated_reviewer_goes_on_where_they_stopped_and_skips_the_excluded(project, long_queue, train):
    project.apply(Exclude([train[1], train[25]]))
    assert simulate_reviewer(project, current_queue(project), 20) == 19
    assert simulate_reviewer(project, current_queue(project), 20) == 19
    assert set(decisions(project).index) == set(train[:40]) - {train[1], train[25]}
    assert simulate_reviewer(project, current_queue(project), 500) == 40
    with pytest.raises(ProjectError, match="no card left"):
        simulate_reviewer(project, current_queue(project), 5)


def test_the_simulated_reviewer_is_the_same_for_the_same_seed(tmp_path, dataset, train):
    versions = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        project = Project.create(tmp_path / name, dataset)
        queue = start_queue(project, cards_of(dataset, train[:60]), source="s", turn=0)
        simulate_reviewer(project, queue, 60, accuracy=0.6, seed=seed)
        versions.append(project.dataset.version)

    assert versions[0] == versions[1] != versions[2]


def test_without_the_truth_nobody_is_simulated(tmp_path, make_dataset, make_table):
    project = Project.create(tmp_path / "p", make_dataset(make_table().drop(columns="true_label")))
    ids = list(project.dataset.ids("train")[:5])
    queue = start_queue(project, cards_of(project.dataset, ids), source="s", turn=0)

    with pytest.raises(ProjectError, match="needs a column with the known truth"):
        simulate_reviewer(project, queue, 5)


@pytest.mark.parametrize("accuracy", [-0.1, 1.5])
def test_an_accuracy_that_is_none_is_refused(project, queue, accuracy):
    with pytest.raises(ProjectError, match="between 0 and 1"):
        simulate_reviewer(project, queue, 5, accuracy=accuracy)
