from __future__ import annotations

import json
from datetime import timedelta

import pandas as pd
import pytest

from core.annotate import mixed
from core.errors import FlywheelError
from core.flywheel import (
    Correct,
    Decide,
    DropColumn,
    Exclude,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    arrive,
    audit_estimate,
    current_queue,
    decide,
    decisions,
    join,
    left_behind,
    members,
    move,
    next_place,
    other_queues,
    others,
    simulate_reviewer,
    start_queue,
    what_was_done,
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


# cases


@pytest.fixture
def copied(tmp_path, make_dataset, make_table):
    """A project in which r0 and its two copies are one case, and a queue of five cards that holds two of them."""
    table = make_table(60, pool=0)
    # The same content, so that only the label tells them apart.
    table.loc[[1, 2], table.columns.drop(["key", "label", "true_label"])] = (
        table.loc[0].drop(["key", "label", "true_label"]).to_numpy()
    )
    table.loc[[0, 1, 2], "label"] = ["yes", "no", "yes"]
    table.loc[3, "label"] = "maybe"
    project = Project.create(tmp_path / "copied", make_dataset(table, test=[f"r{n}" for n in range(40, 60)]))
    cards = cards_of(project.dataset, ["r5", "r1", "r6", "r2", "r7"])
    return project, start_queue(project, cards, source="suspects", turn=0, by="ann")


def labels_of(project):
    return dict(project.dataset.labels.loc[["r0", "r1", "r2"]])


@pytest.mark.parametrize(
    ("decision", "label", "labels", "kinds"),
    [
        ("keep", None, "no", {"r0": "other", "r1": "keep", "r2": "suggested"}),
        ("suggested", None, "yes", {"r0": "keep", "r1": "suggested", "r2": "keep"}),
        ("other", "maybe", "maybe", {"r0": "other", "r1": "other", "r2": "other"}),
    ],
)
def test_one_label_settles_the_whole_case_in_one_entry(copied, decision, label, labels, kinds):
    project, queue = copied
    assert members(project, queue, 1) == ["r1", "r0", "r2"]
    assert members(project, queue, 0) == ["r5"]
    decide(project, queue, 1, decision, label, by="ann")

    (entry,) = project.log
    assert labels_of(project) == dict.fromkeys(["r0", "r1", "r2"], labels)
    assert {example: said[0] for example, said in entry.content["decisions"].items()} == kinds


@pytest.mark.parametrize("decision", ["ambiguous", "exclude", "skip"])
def test_what_gives_no_label_is_said_of_the_whole_case(copied, decision):
    project, queue = copied
    decide(project, queue, 1, decision, by="ann")
    assert dict(decisions(project)["decision"]) == dict.fromkeys(["r0", "r1", "r2"], decision)
    assert (project.dataset.split.reindex(["r0", "r1", "r2"]).isna().all()) == (decision == "exclude")


def test_the_other_cards_of_a_settled_case_are_passed_over_until_it_is_taken_back(copied):
    project, queue = copied
    decide(project, queue, 1, "keep", by="ann")
    assert current_queue(project, "ann").place == 2
    decide(project, current_queue(project, "ann"), 2, "keep", by="ann")
    assert current_queue(project, "ann").place == 4
    # Back passes over it as well, and the case itself can be looked at again.
    assert next_place(project, current_queue(project, "ann"), step=-1) == 2
    assert next_place(project, current_queue(project, "ann"), 2, step=-1) == 1
    before = copied[1].cards.loc["r1", "given"]
    project.undo("ann")
    project.undo("ann")
    assert current_queue(project, "ann").place == 1
    assert labels_of(project) == {"r0": "yes", "r1": before, "r2": "yes"}
    assert next_place(project, current_queue(project, "ann"), 3) == 3


def test_a_case_that_was_settled_can_be_settled_otherwise(copied):
    """It stays one case, although its labels agree by now."""
    project, queue = copied
    decide(project, queue, 1, "keep", by="ann")
    decide(project, queue, 1, "suggested", by="ann")
    assert set(labels_of(project).values()) == {"yes"}


def test_a_case_of_which_one_is_left_is_a_single_card(copied):
    project, queue = copied
    project.apply(Exclude(["r0", "r2"]))
    assert members(project, queue, 1) == ["r1"]
    decide(project, queue, 1, "keep", by="ann")
    assert list(decisions(project).index) == ["r1"]


def test_an_excluded_card_of_a_case_is_refused(copied):
    project, queue = copied
    project.apply(Exclude(["r1"]))
    with pytest.raises(FlywheelError, match="'r1' is not"):
        decide(project, queue, 1, "keep", by="ann")


def test_the_simulated_reviewer_settles_whole_cases(copied):
    project, queue = copied
    assert simulate_reviewer(project, queue, 3, accuracy=1.0) == 3
    assert set(decisions(project).index) == {"r5", "r1", "r0", "r2", "r6"}
    assert len(set(labels_of(project).values())) == 1
    assert current_queue(project, "ann").place == 4
    project.undo("simulated reviewer")
    assert current_queue(project, "ann").place == 0


# several reviewers


def test_two_who_come_at_once_are_handed_different_cards(project, queue):
    ann, bob = (arrive(project, current_queue(project, name)) for name in ("ann", "bob"))
    assert (ann.place, bob.place) == (0, 1)
    decide(project, ann, 0, "keep", by="ann", revision=0)
    # Bob's card was not touched, so his decision is taken, though he has not seen ann's.
    decide(project, bob, 1, "keep", by="bob", revision=0)
    assert [current_queue(project, name).place for name in ("ann", "bob")] == [2, 3]
    assert others(project, current_queue(project, "ann")) == {"bob": 1}


def test_a_card_is_held_for_a_while_only(project, queue, monkeypatch):
    arrive(project, current_queue(project, "ann"))
    assert current_queue(project, "bob").place == 1
    monkeypatch.setattr("core.flywheel.places.HELD", timedelta(0))
    assert current_queue(project, "bob").place == 0


def test_what_was_held_by_somebody_who_left_is_found_again(project, queue, monkeypatch):
    arrive(project, current_queue(project, "ann"))
    for at in range(1, 10):
        decide(project, current_queue(project, "bob"), at, "keep", by="bob")
    bob = current_queue(project, "bob")
    assert bob.place == 10
    assert left_behind(project, bob).tolist() == [0]


def test_a_skipped_card_is_left_to_the_other(project, queue):
    decide(project, queue, 0, "skip", by="ann")
    assert current_queue(project, "ann").place == 1
    assert current_queue(project, "bob").place == 0


def test_who_asks_for_a_card_sees_it_though_it_is_settled(project, queue):
    decide(project, queue, 0, "keep", by="ann")
    bob = current_queue(project, "bob")
    # Ann has the next card before her.
    assert bob.place == 2
    move(project, bob, 0)
    bob = current_queue(project, "bob")
    assert (bob.place, bob.asked) == (0, True)
    decide(project, bob, 0, "suggested", by="bob", revision=project.revision)
    assert (current_queue(project, "ann").place, current_queue(project, "bob").place) == (1, 2)


def test_a_stale_decision_says_who_did_what(project, queue, train):
    seen = project.revision
    decide(project, queue, 0, "suggested", by="ann")
    with pytest.raises(StaleError, match=r"ann relabelled to '(yes|no)'"):
        decide(project, queue, 0, "keep", by="bob", revision=seen)
    project.undo("ann")
    with pytest.raises(StaleError, match=r"ann took back: relabelled to"):
        decide(project, queue, 0, "keep", by="bob", revision=seen + 1)
    assert what_was_done(project, queue, 0, since=seen)[1].startswith("ann took back")
    assert what_was_done(project, queue, 1, since=seen) == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda example: Relabel({example: "maybe"}, by="ann"), "ann relabelled to 'maybe'"),
        (lambda example: Exclude([example], by="ann"), "ann excluded"),
        (lambda example: Correct({(example, "x"): 5.0, (example, "n"): 1}, by=""), "somebody corrected 'x', 'n'"),
        (lambda example: Decide({example: ("ambiguous", None)}, by="eve"), "eve called ambiguous"),
    ],
)
def test_only_what_was_done_to_the_example_stops_a_decision(project, queue, train, edit, said):
    seen = project.revision
    project.apply(edit(train[0]))
    project.apply(DropColumn("colour", by="ann"))
    decide(project, queue, 1, "keep", by="bob", revision=seen)
    with pytest.raises(StaleError, match=said):
        decide(project, queue, 0, "keep", by="bob", revision=seen)


def test_a_skip_of_another_stops_no_decision(project, queue):
    decide(project, queue, 0, "skip", by="ann")
    decide(project, queue, 0, "keep", by="bob", revision=0)
    assert tuple(decisions(project).loc[queue.cards.index[0], ["decision", "by"]]) == ("keep", "bob")


def test_undo_is_of_ones_own_and_moves_oneself(project, queue):
    for at in range(4):
        name = ("ann", "bob")[at % 2]
        decide(project, current_queue(project, name), at, "keep", by=name)
    bob = current_queue(project, "bob").place
    project.undo("ann")
    assert current_queue(project, "ann").place == 2
    assert current_queue(project, "bob").place == bob
    assert set(decisions(project)["by"]) == {"ann", "bob"}


def test_a_queue_that_another_starts_swaps_nobodys(project, queue, dataset, train):
    ann = arrive(project, current_queue(project, "ann"))
    other = start_queue(project, cards_of(dataset, train[20:30]), source="others", turn=0, by="bob")
    assert current_queue(project, "ann").number == ann.number
    assert current_queue(project, "bob").number == current_queue(project, "eve").number == other.number
    assert other_queues(project, current_queue(project, "ann")) == [(other.number, "others", "bob")]

    join(project, other.number, by="ann")
    assert current_queue(project, "ann").number == other.number
    join(project, ann.number, by="ann")
    assert current_queue(project, "ann").number == ann.number
    # One that is started in nobody's name is everybody's.
    everybody = start_queue(project, cards_of(dataset, train[30:35]), source="all", turn=0)
    assert {current_queue(project, name).number for name in ("ann", "bob", "eve", "")} == {everybody.number}


def test_a_queue_of_an_older_project_is_walked_on_from_its_place(project, queue, train):
    """Before each reviewer had a place, the queue had the one."""
    decide(project, queue, 0, "keep", by="ann")
    folder = project.folder
    with project.store.writing():
        project.store.execute("DROP TABLE places")
        project.store.execute("DROP TABLE starts")
        project.store.execute("UPDATE queue SET place = 4, at = '2020-01-01T00:00:00+00:00'")
    project.close()
    again = Project.open(folder)
    assert {current_queue(again, name).place for name in ("", "ann", "bob")} == {4}
    decide(again, current_queue(again, "bob"), 4, "keep", by="bob")
    assert current_queue(again, "bob").place == 5
    again.undo("bob")
    assert current_queue(again, "bob").place == 4
    assert current_queue(again, "ann").place == 5


def test_the_estimate_comes_with_a_mixed_queue_only(project, queue, dataset, train):
    assert audit_estimate(project, queue) is None
    cards = cards_of(dataset, train[:40])
    mix = start_queue(project, mixed(cards.head(10), cards, every=2), source="mixed", turn=0, by="ann")
    random = [place for place, drawn in enumerate(mix.cards["drawn"]) if drawn == "random"]
    for at in range(random[2] + 1):
        decide(project, mix, at, "suggested" if at == random[0] else "keep", by="ann")
    found = audit_estimate(project, mix)
    assert (found.wrong.found, found.wrong.of) == (1, 3)
    assert found.precision.of == random[2] + 1 - 3
