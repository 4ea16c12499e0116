from __future__ import annotations

import pandas as pd
import pytest

from core.flywheel import Collect, Decide, Exclude, Project, Relabel, StaleError, batches, dated_tests
from core.flywheel.alarms import alarms_of
from core.flywheel.batch_report import BatchError, examine_batch
from core.flywheel.batches import (
    hold_out_batch,
    kept_batches,
    merge_batch,
    random_order,
    refuse_batch,
    true_score,
    waiting_rows,
)


@pytest.fixture
def unlabelled(released, make_people):
    """A batch of 60 rows without labels, in the pool; and their true labels by id."""
    rows = make_people(60, 5, shift=5)
    report, new = examine_batch(released, rows.drop(columns="label"))
    batch = merge_batch(released, report, new, name="may.csv", by="ann")
    return batch, pd.Series(rows["label"].to_numpy(), index=new.index)


def test_a_batch_is_added_as_one_edit_that_names_it_and_test_stays(released, make_people):
    rows = make_people(80, 1)
    rows.loc[:29, "label"] = None
    before = released.dataset
    report, new = examine_batch(released, rows)
    batch = merge_batch(released, report, new, name="april.csv", by="ann")
    (entry,) = released.log
    assert (entry.kind, entry.content, entry.seq) == ("collect", {"count": 80, "batch": batch.number}, batch.entry)
    after = Project.open(released.folder).dataset
    assert len(after.ids("train")) == len(before.ids("train")) + 50
    assert len(after.ids("pool")) == 30
    assert after.part("test").equals(before.part("test"))


def test_what_became_of_a_batch_follows_undo_and_redo(released, make_people):
    report, new = examine_batch(released, make_people(40, 1))
    merge_batch(released, report, new, name="april.csv", by="ann")
    fates = [kept_batches(released)[0].fate]
    released.undo("ann")
    fates.append(kept_batches(released)[0].fate)
    released.redo("ann")
    fates.append(kept_batches(Project.open(released.folder))[0].fate)
    assert fates == ["added", "taken back", "added"]


def test_a_refused_batch_is_kept_as_a_record_with_its_reason_and_changes_nothing(released, make_people):
    version = released.dataset.version
    report, _ = examine_batch(released, make_people(40, 1, shift=30))
    with pytest.raises(BatchError, match="reason"):
        refuse_batch(released, report, name="odd.csv", reason=" ", by="ann")
    refuse_batch(released, report, name="odd.csv", reason="incomes in another currency", by="ann")
    (batch,) = kept_batches(Project.open(released.folder))
    assert (batch.name, batch.by, batch.fate, batch.reason) == (
        "odd.csv",
        "ann",
        "refused",
        "incomes in another currency",
    )
    assert batch.report.new == 40
    assert "batch_drift" in {finding.kind for finding in batch.alarms("macro_f1")}
    assert released.dataset.version == version
    assert released.log == []


def test_labels_that_are_not_trusted_can_be_left_out(released, make_people):
    report, new = examine_batch(released, make_people(40, 1))
    merge_batch(released, report, new, name="crowd.csv", into_pool=True)
    assert released.dataset.split[new.index].eq("pool").all()


def test_labels_that_are_not_trusted_raise_no_alarm(released, make_people):
    """A model that does worse by them, or other classes among them, say something of the labels alone."""
    rows = make_people(400, 1)
    turned = rows["label"].map({"yes": "no", "no": "yes"})
    report, new = examine_batch(released, rows.assign(label=turned))
    assert "batch_score" in {alarm.kind for alarm in alarms_of(report, released.headline)}
    batch = merge_batch(released, report, new, name="crowd.csv", into_pool=True)
    assert not {"batch_score", "batch_labels"} & {alarm.kind for alarm in batch.alarms(released.headline)}
    assert "label" not in batch.report.columns.index


def test_a_record_whose_edit_was_never_written_says_so(released, make_people, monkeypatch):
    report, new = examine_batch(released, make_people(40, 1))

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(released, "apply", killed)
    with pytest.raises(KeyboardInterrupt):
        merge_batch(released, report, new, name="april.csv")
    (batch,) = kept_batches(Project.open(released.folder))
    assert (batch.fate, batch.entry) == ("not finished", None)


def test_rows_without_any_to_add_are_refused(released, make_people):
    report, new = examine_batch(released, make_people(40, 1))
    with pytest.raises(BatchError, match="rows to add"):
        merge_batch(released, report, new.iloc[:0], name="april.csv")
    assert kept_batches(released) == []


def test_the_true_score_is_told_once_labels_come_and_says_that_they_were_chosen(released, unlabelled):
    batch, truth = unlabelled
    before = true_score(released, batch)
    assert (before.labelled, before.rows, before.score) == (0, 60, None)
    assert len(waiting_rows(released, batch)) == 60
    some = truth.iloc[:30]
    released.apply(Relabel(some.to_dict()))
    after = true_score(released, batch)
    assert (after.labelled, after.chosen, after.turn) == (30, True, 0)
    # By the predictions of when it came, whatever turns have learned since.
    predicted = batch.report.predictions.loc[some.index].idxmax(axis=1)
    from sklearn.metrics import f1_score

    assert after.score[0] == pytest.approx(f1_score(some, predicted, average="macro"))
    released.turn()
    assert true_score(released, batch).score == after.score
    assert len(waiting_rows(released, batch)) == 30


def test_labels_along_the_random_order_are_a_random_sample_whatever_else_was_labelled(released, unlabelled):
    batch, truth = unlabelled
    order = random_order(batch)
    assert sorted(order) == sorted(truth.index)
    assert order.equals(random_order(kept_batches(Project.open(released.folder))[0]))
    released.apply(Relabel(truth[order[40:]].to_dict()))
    assert true_score(released, batch).chosen
    released.apply(Exclude([order[0]]))
    released.apply(Decide({order[1]: ("ambiguous", None)}))
    released.apply(Relabel(truth[order[2:24]].to_dict()))
    found = true_score(released, batch)
    # Twenty rows are labelled beyond the gap, and say nothing here.
    assert (found.labelled, found.chosen) == (22, False)


def test_labels_that_were_left_out_count_as_none_that_came_along(released, make_people):
    report, new = examine_batch(released, make_people(40, 1))
    batch = merge_batch(released, report, new, name="crowd.csv", into_pool=True)
    released.apply(Relabel(dict.fromkeys(new.index[:10], "yes") | dict.fromkeys(new.index[10:25], "no")))
    assert true_score(released, batch).chosen


def test_a_batch_whose_labels_came_along_has_its_true_score_at_once(released, make_people):
    report, new = examine_batch(released, make_people(120, 1))
    batch = merge_batch(released, report, new, name="april.csv")
    found = true_score(released, batch)
    assert (found.labelled, found.chosen) == (120, False)
    assert found.score == report.score


def test_a_batch_that_becomes_a_dated_test_set_is_among_the_batches(released, make_people):
    report, new = examine_batch(released, make_people(60, 1))
    test = hold_out_batch(released, report, new, name="june.csv", by="ann")
    (batch,) = kept_batches(released)
    assert (batch.fate, test.batch) == ("dated test set", batch.number)
    assert released.log == []


def test_a_set_is_not_kept_if_its_rows_may_have_come_into_train_meanwhile(released, make_people, monkeypatch):
    rows = make_people(60, 1)
    report, new = examine_batch(released, rows)
    other = Project.open(released.folder)
    found = batches.judging_rows

    def meanwhile(project, frame):
        kept = found(project, frame)
        other.apply(Collect(rows))
        return kept

    monkeypatch.setattr(batches, "judging_rows", meanwhile)
    with pytest.raises(StaleError):
        hold_out_batch(released, report, new, name="june.csv")
    assert kept_batches(released) == []
    assert dated_tests(released) == []


def test_edits_of_before_there_were_batches_belong_to_none(released, make_people):
    released.apply(Collect(make_people(10, 1)))
    assert kept_batches(released) == []
    assert "batch" not in released.log[0].content
