"""Two turns side by side, against a count example by example and against what the ledger says of the same pair."""

from __future__ import annotations

import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import Predicate, compare
from core.flywheel import (
    Decide,
    Exclude,
    Project,
    ProjectError,
    Relabel,
    Side,
    answer,
    blind_queue,
    branch,
    common_test,
    draw,
    judge_watched,
    side_by_side,
    watch,
)
from core.progress import Cancelled


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def pair(workspace, make_table):
    """Three turns, and a branch from the second one with a turn of its own."""
    dataset = Dataset.from_frame(make_table(400), label="label", id="key", sealed=0.1)
    first = Project.create(workspace / "first", dataset, recipe="logistic_regression")
    train = list(dataset.ids("train"))
    truth = make_table(400).set_index("key")["true_label"]
    first.turn()
    first.apply(Relabel(dict.fromkeys(train[:60], "yes"), by="ann"))
    first.turn()
    other = branch(first, workspace / "second", turn=1)
    first.apply(Decide({key: ("other", truth[key]) for key in train}, by="ann"))
    first.turn()
    other.apply(Exclude(train[:60], by="bob"))
    other.turn()
    watch(first, [Predicate("n", "below 3", high=3.0)], turn=0, by="ann")
    watch(first, [Predicate("colour", "red", values=("red",))], turn=0, by="ann")
    yield first, other
    for project in (first, other):
        project.close()


def of(project, number):
    return Side(project, project.turns[number])


def brute_force(first, second, labels):
    flips = {}
    for example, given in labels.items():
        said = []
        for side in (first, second):
            row = side.turn.test_probabilities.loc[example]
            said.append(row.idxmax())
        if said[0] != said[1]:
            flips[example] = "fixed" if said[1] == given else "broken" if said[0] == given else "moved"
    return flips


@pytest.mark.parametrize(("before", "after"), [(0, 1), (0, 2), (2, 1)])
def test_flips_are_those_of_a_count_example_by_example(pair, before, after):
    first, second = of(pair[0], before), of(pair[0], after)
    found = side_by_side(first, second)
    expected = brute_force(first, second, pair[0].dataset.labels_of("test"))

    assert found.flips["flip"].to_dict() == expected
    assert len(expected) > 0
    assert found.left_out == 0
    for name, row in found.classes.iterrows():
        of_class = [flip for example, flip in expected.items() if found.labels[example] == name]
        assert (row["fixed"], row["broken"]) == (of_class.count("fixed"), of_class.count("broken"))
        assert row["support"] == (found.labels == name).sum()
        assert row["low"] <= row["delta"] <= row["high"]


def test_the_verdict_is_that_of_the_ledger_by_itself(pair):
    found = side_by_side(of(pair[0], 0), of(pair[0], 1)).verdict
    told = pair[0].turns[1].verdict

    assert (found.delta, found.low, found.high) == (told.delta, told.low, told.high)


def test_the_other_way_round_everything_is_the_other_way_round(pair):
    there, back = side_by_side(of(pair[0], 0), of(pair[0], 2)), side_by_side(of(pair[0], 2), of(pair[0], 0))

    assert there.verdict.delta == -back.verdict.delta
    swapped = back.flips["flip"].replace({"fixed": "broken", "broken": "fixed"})
    assert there.flips["flip"].sort_index().to_dict() == swapped.sort_index().to_dict()


def test_pinned_slices_are_judged_as_in_the_ledger(pair):
    found = side_by_side(of(pair[0], 1), of(pair[0], 2)).slices
    told = [each for each in judge_watched(pair[0]) if each.turn == 2]

    assert [(each.size, each.word, each.p_adjusted, each.verdict) for each in found] == [
        (each.size, each.word, each.p_adjusted, each.verdict) for each in told
    ]
    assert len(found) == 2


def test_branches_are_judged_on_the_test_set_they_share(pair):
    first, second = of(pair[0], 2), of(pair[1], 2)
    found = side_by_side(first, second)
    labels = pair[0].dataset.labels_of("test").sort_index()

    assert found.verdict == compare(
        labels, first.turn.test_probabilities, second.turn.test_probabilities, metric=pair[0].headline
    )
    train = list(pair[0].dataset_at(0).ids("train"))
    assert set(found.rows.table.index[found.rows.table["way"] == "excluded"]) == set(train[:60])
    assert len(found.slices) == 2


def test_sealed_examples_are_not_shown_though_their_cells_were_mended(pair):
    first, _ = pair
    sealed = first.dataset_at(0).ids("sealed")
    found = side_by_side(of(first, 0), of(first, 2))

    assert len(sealed)
    assert not found.rows.table.index.isin(sealed).any()


def test_a_label_that_was_corrected_blind_in_one_branch_counts_for_both(pair, workspace):
    first, _ = pair
    other = branch(first, workspace / "third", turn=2)
    # The sample is drawn in either, by one seed: it is the same.
    for project in (first, other):
        draw(project, 6, seed=3, by="ann")
    queues = [blind_queue(project, "ann") for project in (first, other)]
    ids = list(queues[0].cards.index)
    assert ids == list(queues[1].cards.index)
    given = first.dataset.labels.loc[ids]
    swapped = {"yes": "no", "no": "yes"}
    answer(first, queues[0], 0, swapped[given[ids[0]]], by="ann")
    answer(other, queues[1], 1, swapped[given[ids[1]]], by="bob")
    answer(first, queues[0], 2, swapped[given[ids[2]]], by="ann")
    answer(other, queues[1], 2, "maybe" if "maybe" in other.dataset.classes else swapped[given[ids[2]]], by="bob")
    labels, left_out = common_test(first, other)

    assert labels[ids[0]] == swapped[given[ids[0]]]
    assert labels[ids[1]] == swapped[given[ids[1]]]
    assert labels[ids[2]] == swapped[given[ids[2]]]
    assert left_out == 0
    assert side_by_side(of(first, 2), of(other, 2)).flips.empty
    other.apply(Exclude([ids[4]], by="bob"))
    assert common_test(first, other)[1] == 1
    assert ids[4] not in side_by_side(of(first, 2), of(other, 2)).labels.index
    for _ in range(2):
        first.undo("ann")
    other.close()


def test_two_locks_or_two_metrics_can_not_be_compared(pair, workspace, make_table):
    dataset = Dataset.from_frame(make_table(400), label="label", id="key", sealed=0.1)
    accurate = Project.create(workspace / "accurate", dataset, recipe="logistic_regression", headline="accuracy")
    forest = Project.create(workspace / "forest", dataset, recipe="random_forest")
    for project, said in ((accurate, "Macro F1 and Accuracy"), (forest, "the models")):
        project.turn()
        with pytest.raises(ProjectError, match=said):
            side_by_side(of(pair[0], 0), of(project, 0))
        project.close()


def test_projects_that_share_no_test_example_can_not_be_compared(pair, workspace, make_table):
    table = make_table(400)
    dataset = Dataset.from_frame(table.assign(key="z" + table["key"]), label="label", id="key", sealed=0.1)
    stranger = Project.create(workspace / "stranger", dataset, recipe="logistic_regression")
    stranger.turn()
    with pytest.raises(ProjectError, match="share none"):
        side_by_side(of(pair[0], 0), of(stranger, 0))
    stranger.close()


def test_it_can_be_stopped(pair):
    class Stop:
        def is_set(self):
            return True

    with pytest.raises(Cancelled):
        side_by_side(of(pair[0], 0), of(pair[0], 1), cancel=Stop())


def test_a_label_that_two_branches_corrected_in_two_ways_is_left_out(workspace, make_table):
    frame = make_table(400).assign(label=lambda table: table["label"].where(table["n"] > 0, "maybe"))
    dataset = Dataset.from_frame(frame.assign(true_label=frame["label"]), label="label", id="key")
    first = Project.create(workspace / "three classes", dataset, recipe="logistic_regression")
    first.turn()
    draw(first, 3, by="ann")
    second = branch(first, workspace / "three classes, too", turn=0)
    example = blind_queue(first, "ann").cards.index[0]
    others = [name for name in first.dataset.classes if name != first.dataset.labels[example]]
    for project, label in zip((first, second), others, strict=True):
        answer(project, blind_queue(project, "ann"), 0, label, by="ann")
    labels, left_out = common_test(first, second)

    assert left_out == 1
    assert example not in labels.index
    assert side_by_side(of(first, 0), of(second, 0)).left_out == 1
    for project in (first, second):
        project.close()


def test_a_turn_beside_itself_shows_nothing(pair):
    found = side_by_side(of(pair[0], 1), of(pair[0], 1))

    assert found.flips.empty
    assert found.rows.table.empty
    assert found.verdict.verdict == "no evidence"
    pd.testing.assert_series_equal(found.classes["before"], found.classes["after"], check_names=False)
