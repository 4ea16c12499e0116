from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from effort import effort

from core.collect import drift, read_checks
from core.dataset import DatasetError
from core.evaluate import Predicate
from core.flywheel import Collect, Exclude, Project, SetChecks, read_back, watch
from core.flywheel.alarms import alarms_of
from core.flywheel.batch_report import BatchError, examine_batch, read_report, written_predictions
from core.flywheel.release import stamp
from core.progress import Cancelled
from core.statistics import holm

LUCKY = effort(3, 12)


def kinds(report):
    return {finding.kind for finding in alarms_of(report, "macro_f1")}


def test_a_batch_of_the_same_world_is_quiet(released, make_people):
    report, new = examine_batch(released, make_people(300, 1))
    assert len(new) == report.new == report.labelled == 300
    assert kinds(report) == set()
    assert report.lost is None
    assert report.told[0] < 0.6


def test_a_batch_of_another_world_is_named_with_its_column_its_classes_and_its_score(released, make_people):
    report, _ = examine_batch(released, make_people(300, 1, shift=12, turn=12))
    found = {finding.kind: finding for finding in alarms_of(report, "macro_f1")}
    assert {"batch_drift", "batch_told", "batch_score", "batch_predictions"} <= set(found)
    assert found["batch_drift"].columns == ("income",)
    assert report.most == "income"
    severities = [finding.severity for finding in alarms_of(report, "macro_f1")]
    assert severities == sorted(severities, reverse=True)
    assert report.score[0] < report.test_score[0]


def test_rows_that_are_known_are_counted_and_left_out(released, make_people):
    known = released.dataset.frame.head(40).reset_index(drop=True)
    report, new = examine_batch(released, pd.concat([make_people(50, 1), known]))
    assert (report.rows, report.known, report.new) == (90, 40, 50)
    assert not set(new.index) & set(released.dataset.frame.index)
    with pytest.raises(BatchError, match="All 40 are in the data already"):
        examine_batch(released, known)


def test_p_values_are_corrected_for_columns_predictions_confidence_and_label_together(released, make_people):
    report, _ = examine_batch(released, make_people(300, 1, shift=1).drop(columns="label"))
    table = report.columns
    assert set(table.index) == {"income", "city", "age", "predicted class", "confidence"}
    assert table["p_adjusted"].to_numpy() == pytest.approx(holm(table["p"]))
    # A score is one claim more.
    labelled, _ = examine_batch(released, make_people(300, 1, shift=3))
    assert set(labelled.columns.index) == {*table.index, "label"}
    smallest = labelled.columns["p"].argmin()
    assert labelled.columns["p_adjusted"].iloc[smallest] == pytest.approx(7 * labelled.columns["p"].iloc[smallest])


def test_a_score_that_luck_explains_is_no_alarm(released, make_people):
    alarms = [examine_batch(released, make_people(300, seed))[0].lost for seed in range(1, 1 + LUCKY)]
    assert alarms == [None] * LUCKY


def test_columns_are_held_against_train_and_predictions_against_test(released, make_people):
    report, new = examine_batch(released, make_people(300, 1, shift=3))
    dataset = released.dataset
    inputs = list(dataset.schema.inputs)
    alone = drift(dataset.inputs("train"), new[inputs])
    assert report.columns.loc[inputs, "p"].to_numpy() == pytest.approx(alone.loc[inputs, "p"].to_numpy())
    found = released.fitted().predict_proba(new[inputs])
    assert report.predictions.to_numpy() == pytest.approx(found)
    sure = [released.turns[0].test_probabilities.max(axis=1).median(), found.max(axis=1)]
    assert report.confidence["test"][2] == pytest.approx(sure[0])
    assert report.confidence["batch"][2] == pytest.approx(np.median(sure[1]))


def test_what_came_since_the_last_turn_does_not_make_another_batch_usual(released, make_people):
    released.apply(Collect(make_people(2000, 1, shift=12)))
    report, _ = examine_batch(released, make_people(300, 2, shift=12))
    assert "batch_drift" in kinds(report)
    released.turn()
    report, _ = examine_batch(released, make_people(300, 3, shift=12))
    assert "batch_drift" not in kinds(report)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_batch_of_a_few_rows_can_be_looked_at(released, make_people, rows):
    report, _ = examine_batch(released, make_people(rows, 1))
    assert (report.new, report.told, report.score) == (rows, None, None)


def test_without_labels_there_is_no_score_and_without_a_turn_no_prediction(tmp_path, released, make_people):
    report, _ = examine_batch(released, make_people(100, 1).drop(columns="label"))
    assert (report.labelled, report.score, report.missing) == (0, None, ("label",))
    fresh = Project.create(tmp_path / "fresh", released.dataset, recipe="logistic_regression")
    report, _ = examine_batch(fresh, make_people(100, 1))
    assert (report.turn, report.predictions, report.score) == (None, None, None)
    assert set(report.columns["of"]) == {"column", "label"}


def test_a_watched_slice_that_grows_is_named_and_one_that_stays_is_not(released, make_people):
    for city in ("Seoul", "Busan"):
        watch(released, [Predicate("city", city, values=(city,))], turn=0)
    report, new = examine_batch(released, make_people(300, 1, share=0.8))
    seoul, busan = report.slices
    assert seoul["grows"]
    assert not busan["grows"]
    assert seoul["batch"] == pytest.approx((new["city"] == "Seoul").mean())
    assert "Seoul" in next(each.message for each in alarms_of(report, "macro_f1") if each.kind == "batch_slice")


def test_checks_are_asked_of_the_new_rows(released, make_people):
    checks = read_checks([{"kind": "range", "column": "age", "low": 0, "high": 60, "severe": True}])
    released.apply(SetChecks(checks))
    report, new = examine_batch(released, make_people(200, 1))
    ((_said, number, severe),) = report.checks
    assert number == int((new["age"] > 60).sum())
    assert severe
    assert "batch_checks" in kinds(report)


def test_a_report_can_be_kept_and_read(released, make_people):
    report, _ = examine_batch(released, make_people(100, 1, shift=8), renamed={"income": "salary"}, strange=("mood",))
    back = read_report(report.to_json(), report.columns, written_predictions(report))
    assert back.to_json() == report.to_json()
    pd.testing.assert_frame_equal(back.predictions, report.predictions)
    pd.testing.assert_series_equal(back.unlike.sort_index(), report.unlike.sort_index(), check_names=False)
    assert alarms_of(back, "macro_f1")[0].message == alarms_of(report, "macro_f1")[0].message


def test_it_can_be_cancelled_and_changes_nothing(released, make_people):
    with pytest.raises(Cancelled):
        examine_batch(released, make_people(100, 1), cancel=lambda: True)
    assert released.log == []


def test_rows_without_a_column_that_the_model_needs_are_refused_by_name(released, make_people):
    with pytest.raises(DatasetError, match="income"):
        examine_batch(released, make_people(50, 1).drop(columns="income"))


def predicted_elsewhere(project, rows, number):
    """The rows as `predict.py` writes them, through a file."""
    turn = project.turns[number]
    fitted = project.model.fit(project.dataset_at(turn.revision))
    said = fitted.predict_proba(project.dataset.fit_rows(rows)[list(project.dataset.schema.inputs)])
    columns = {f"flywheel_probability: {name}": said[:, place] for place, name in enumerate(fitted.classes)}
    return rows.assign(**columns, flywheel_predicted="", flywheel_model=stamp(project, turn))


def test_predictions_that_were_made_elsewhere_are_the_batchs(released, make_people):
    released.apply(Exclude(released.dataset.ids("train")[:200].tolist()))
    released.turn()
    frame = predicted_elsewhere(released, pd.concat([make_people(40, 3), released.dataset.frame.head(5)]), 0)
    rows, said, turn = read_back(released, frame)
    report, new = examine_batch(released, rows, predictions=said, turn=turn)
    assert (report.turn, report.elsewhere, len(new)) == (0, 0, 40)
    here, _ = examine_batch(released, rows)
    assert (here.turn, here.elsewhere) == (1, None)
    ids = released.dataset.fit_rows(rows).index
    pd.testing.assert_frame_equal(report.predictions, said.set_axis(ids).loc[new.index], check_names=False)
    assert not report.predictions.equals(here.predictions)
    assert report.test_score == released.turns[0].headline


def test_rows_that_were_changed_after_they_were_predicted_alarm(released, make_people):
    frame = predicted_elsewhere(released, make_people(40, 3), 0)
    frame.loc[frame.index[:7], "income"] += 30
    rows, said, turn = read_back(released, frame)
    report, _ = examine_batch(released, rows, predictions=said, turn=turn)
    assert report.elsewhere == 7
    assert "batch_elsewhere" in {finding.kind for finding in alarms_of(report, released.headline)}
    again = read_report(report.to_json(), report.columns, None)
    assert again.elsewhere == 7
