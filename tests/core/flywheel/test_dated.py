from __future__ import annotations

import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import Collect, Correct, Decide, EditError, Exclude, Generate, Project, Relabel, branch
from core.flywheel.batch_report import examine_batch
from core.flywheel.batches import hold_out_batch, kept_batches, merge_batch
from core.flywheel.dated import DatedTestError, dated_tests, score_dated, unscored
from core.flywheel.dated_verdicts import judge_dated
from core.progress import Cancelled

# Enough for a test set, and too few for a classifier that tells them from train, which would take longest.
FEW = 24


def hold_out(project, rows, name="june.csv"):
    report, new = examine_batch(project, rows)
    return hold_out_batch(project, report, new, name=name)


def test_the_first_test_set_never_changes_by_a_dated_one(released, make_people):
    before = released.dataset.part("test")
    version = released.dataset.version
    hold_out(released, make_people(FEW, 1))
    opened = Project.open(released.folder)
    assert opened.dataset.version == version
    assert opened.dataset.part("test").equals(before)
    assert [len(test.labels) for test in dated_tests(opened)] == [FEW]


def test_what_train_test_or_pool_know_is_left_out_of_it(released, make_people):
    report, new = examine_batch(released, pd.concat([make_people(FEW, 1), released.dataset.frame.head(30)]))
    test = hold_out_batch(released, report, new, name="june.csv")
    assert len(test.labels) == FEW
    assert not set(test.labels.index) & set(released.dataset.frame.index)


def test_rows_of_equal_content_are_left_out_though_their_ids_differ(tmp_path, make_people):
    frame = make_people(300).assign(key=[f"a{n}" for n in range(300)])
    dataset = Dataset.from_frame(frame, label="label", id="key")
    project = Project.create(tmp_path / "keys", dataset, recipe="logistic_regression")
    again = frame.head(50).assign(key=[f"b{n}" for n in range(50)])
    fresh = make_people(FEW, 1).assign(key=[f"c{n}" for n in range(FEW)])
    test = hold_out(project, pd.concat([again, fresh]))
    assert set(test.labels.index) == set(fresh["key"])


def test_rows_that_a_redo_would_bring_into_train_are_left_out(released, make_people):
    rows = make_people(40, 1)
    released.apply(Collect(rows, by="ann"))
    released.undo("ann")
    test = hold_out(released, pd.concat([rows, make_people(FEW, 2)]))
    assert len(test.labels) == FEW
    released.redo("ann")
    assert not set(released.dataset.frame.index) & set(test.labels.index)


def test_its_rows_are_dropped_from_every_later_batch_whoever_brings_it(released, make_people):
    rows = make_people(FEW, 1)
    test = hold_out(released, rows)
    report, new = examine_batch(released, pd.concat([rows, make_people(20, 2)]))
    assert (report.held, report.new, report.known) == (FEW, 20, 0)
    assert len(new) == 20
    # Around the screen, too.
    released.apply(Collect(pd.concat([rows, make_people(25, 3)])))
    assert not set(Project.open(released.folder).dataset.frame.index) & set(test.labels.index)
    with pytest.raises(EditError, match="All 24 new rows are in one"):
        released.apply(Collect(rows))


def test_generated_rows_that_equal_one_of_its_rows_are_not_added(released, make_people, make_children):
    test = hold_out(released, make_people(FEW, 1))
    judged = released.store.read_frame(test.blob)
    children = make_children(released.dataset, list(released.dataset.ids("train")[:10]))
    for name in released.dataset.schema.inputs:
        children[name] = [*judged[name].iloc[:4], *children[name].iloc[4:]]
    before = len(released.dataset)
    released.apply(Generate(children))
    assert len(released.dataset) == before + 6


def test_a_group_that_it_holds_does_not_come_into_train(tmp_path, make_people):
    def grouped(rows, seed, first):
        return make_people(rows, seed).assign(who=[f"p{first + n // 2}" for n in range(rows)])

    dataset = Dataset.from_frame(grouped(400, 0, 0), label="label", group="who")
    project = Project.create(tmp_path / "groups", dataset, recipe="logistic_regression")
    test = hold_out(project, pd.concat([grouped(FEW, 1, 1000), grouped(20, 2, 0)]))
    assert len(test.labels) == FEW
    before = len(project.dataset)
    project.apply(Collect(pd.concat([grouped(10, 3, 1000), grouped(10, 4, 2000)])))
    assert len(project.dataset) == before + 10


@pytest.mark.parametrize("rows", [10, FEW])
def test_too_few_rows_or_classes_are_refused_and_nothing_is_kept(released, make_people, rows):
    frame = make_people(rows, 1).assign(label="yes") if rows > 20 else make_people(rows, 1)
    with pytest.raises(DatedTestError, match="at least 20 labelled rows of two classes"):
        hold_out(released, frame)
    assert dated_tests(released) == []
    assert released.store.execute("SELECT COUNT(*) FROM batches") == [(0,)]


def test_earlier_turns_are_fitted_again_once_and_say_what_their_models_said(released, make_people, monkeypatch):
    released.apply(Exclude(list(released.dataset.ids("train")[:50])))
    released.turn()
    test = hold_out(released, make_people(FEW, 1))
    assert [turn.number for turn in unscored(released)] == [0, 1]
    score_dated(released)
    assert unscored(released) == []
    model = released.model
    for each in judge_dated(released):
        dataset = released.dataset_at(released.turns[each.turn].revision)
        rows = released.store.read_frame(test.blob)[list(dataset.schema.inputs)]
        said = model.decide(pd.DataFrame(model.fit(dataset).predict_proba(rows), rows.index, dataset.classes))
        right = (said == test.labels[said.index]).mean()
        assert each.evaluation.metrics["accuracy"][0] == pytest.approx(right)

    def refit(*_, **__):
        raise AssertionError("fitted twice")

    monkeypatch.setattr(type(model), "fit", refit)
    score_dated(released)


def test_a_turn_that_runs_later_is_judged_on_every_set_at_once(released, make_people):
    hold_out(released, make_people(FEW, 1, shift=8), "june.csv")
    hold_out(released, make_people(FEW, 2, shift=12), "july.csv")
    score_dated(released)
    report, new = examine_batch(released, make_people(FEW, 3, shift=10))
    merge_batch(released, report, new, name="more.csv")
    released.turn()
    assert unscored(released) == []
    assert [(each.turn, each.test.name) for each in judge_dated(released)] == [
        (turn, name) for turn in (0, 1) for name in ("june.csv", "july.csv")
    ]


def test_scoring_can_be_cancelled_and_goes_on_where_it_stopped(released, make_people):
    released.apply(Exclude(list(released.dataset.ids("train")[:50])))
    released.turn()
    hold_out(released, make_people(FEW, 1))
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        score_dated(released, cancel=lambda: next(asked))
    assert [turn.number for turn in unscored(released)] == [0]
    score_dated(released)
    assert unscored(released) == []


def test_labels_of_a_class_that_came_up_later_count_as_wrong(released, make_people):
    rows = make_people(FEW, 1)
    rows.loc[: FEW // 2, "label"] = "maybe"
    hold_out(released, rows)
    score_dated(released)
    (found,) = judge_dated(released)
    assert found.evaluation.metrics["accuracy"][0] <= 0.5
    assert found.evaluation.per_class.loc["maybe", "recall"] == 0


def test_relabelling_the_pool_never_meets_a_dated_example(released, make_people):
    report, new = examine_batch(released, make_people(20, 1).drop(columns="label"))
    merge_batch(released, report, new, name="pool.csv")
    test = hold_out(released, pd.concat([make_people(20, 1), make_people(FEW, 2)]))
    assert len(test.labels) == FEW
    released.apply(Relabel(dict.fromkeys(new.index, "yes")))
    assert not set(released.dataset.ids("train")) & set(test.labels.index)


@pytest.mark.parametrize(
    "change",
    [
        lambda key: Relabel({key: "yes"}),
        lambda key: Exclude([key]),
        lambda key: Decide({key: ("other", "yes")}),
        lambda key: Decide({key: ("other", "yes")}, blind=True),
        lambda key: Correct({(key, "label"): "yes"}),
    ],
    ids=["relabel", "exclude", "decide", "blind", "correct"],
)
def test_its_labels_stay_as_they_came_whatever_is_tried(released, make_people, change):
    hold_out(released, make_people(FEW, 1))
    before = dated_tests(released)[0].labels
    with pytest.raises(FlywheelError):
        released.apply(change(before.index[0]))
    assert released.log == []
    pd.testing.assert_series_equal(dated_tests(released)[0].labels, before)


def test_a_branch_from_before_is_judged_by_it_and_keeps_its_rows_out_of_train(released, make_people):
    revision = released.revision
    merge_batch(released, *examine_batch(released, make_people(20, 5)), name="may.csv")
    rows = make_people(FEW, 1)
    test = hold_out(released, rows)
    own = branch(released, released.folder.parent / "branch", revision=revision)
    assert [each.labels.index.tolist() for each in dated_tests(own)] == [test.labels.index.tolist()]
    # Of the batches only that which judges: the other came after the two had parted.
    assert [batch.fate for batch in kept_batches(own)] == ["dated test set"]
    with pytest.raises(EditError):
        own.apply(Collect(rows))
    score_dated(own)
    assert not unscored(own)
    own.close()
