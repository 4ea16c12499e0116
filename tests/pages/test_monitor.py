from __future__ import annotations

import numpy as np
import pytest

from core.evaluate import Predicate
from core.flywheel import Project, Relabel, current_queue, forecast_actions, kept_forecasts, watch
from core.flywheel.batch_report import examine_batch
from core.flywheel.batches import hold_out_batch, kept_batches, merge_batch, refuse_batch
from pages.parts import jobs, sidebar


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.subheader, *app.success, *app.info)
    return " ".join(element.value for element in shown)


def rows(project: Project, seed: int, *, times: float = 1.0, labelled: bool = True):
    rng = np.random.default_rng(seed)
    frame = project.dataset.frame.sample(80, random_state=seed).reset_index(drop=True)
    frame["income"] = (times * (frame["income"] + rng.uniform(0.01, 0.09, len(frame)))).round(3)
    return frame if labelled else frame.drop(columns="label")


@pytest.fixture
def watched(turned):
    watch(turned, [Predicate("city", "Busan", values=("Busan",))], turn=0)
    report, new = examine_batch(turned, rows(turned, 1))
    merge_batch(turned, report, new, name="<b>april</b>.csv", by="ann")
    report, new = examine_batch(turned, rows(turned, 2, times=2.5, labelled=False))
    merge_batch(turned, report, new, name="may.csv", by="ann")
    return turned


def test_without_a_batch_the_page_says_where_to_bring_one(start, quiet, turned):
    app = quiet(start("monitor", project=turned.id))
    assert "No batch has come yet" in words(app)
    app.button(key="bring-batch").click().run()
    assert app.session_state["collect-view"] == "Add rows"


def test_before_the_first_turn_it_is_empty_as_well(start, quiet, project):
    assert "No batch has come yet" in words(quiet(start("monitor", project=project.id)))


def test_the_latest_batch_is_told_with_its_alarms_and_all_of_them_are_listed(start, quiet, watched):
    app = quiet(start("monitor", project=watched.id))
    said = words(app)
    assert "Latest batch: may" in said
    assert "Columns have drifted" in said
    assert {"What drifted", "How sure the model was", "How good it was", "Pinned slices"} <= {
        each.value for each in app.subheader
    }
    record = next(each.value for each in app.dataframe if "what became of it" in each.value)
    assert list(record["batch"]) == ["may.csv", "<b>april</b>.csv"]
    assert record["alarms"].iloc[0] > 0
    assert "<b>april" not in said


def test_one_press_brings_what_tells_most_to_the_reviewer(start, quiet, watched):
    app = quiet(start("monitor", project=watched.id))
    app.number_input(key="label-batch-n").set_value(6).run()
    app.button(key="label-batch-go").click().run()
    assert jobs.registry().wait(watched.id, "pool", 60).state == "done"
    app = quiet(app.run())
    assert "The cards are ready: label them on Annotate" in [link.proto.label for link in app.get("page_link")]
    queue = current_queue(Project.open(watched.folder), sidebar.reviewer())
    batch = kept_batches(watched)[1]
    assert len(queue.cards) == 6
    assert set(queue.cards.index) <= set(batch.report.predictions.index)


def test_the_true_score_comes_with_the_labels(start, quiet, watched):
    batch = kept_batches(watched)[1]
    some = batch.report.predictions.index[:30]
    watched.apply(Relabel({example: ["stays", "leaves"][place % 2] for place, example in enumerate(some)}))
    app = quiet(start("monitor", project=watched.id))
    record = next(each.value for each in app.dataframe if "what became of it" in each.value)
    assert "30 chosen" in record.iloc[0, -1]
    numbers = next(each.value for each in app.dataframe if "labels of" in each.value)
    assert list(numbers["labelled"]) == ["80 of 80", "30 of 80"]


def test_a_refused_batch_and_an_undone_one_say_what_became_of_them(start, quiet, watched):
    report, _ = examine_batch(watched, rows(watched, 5, times=9.0))
    refuse_batch(watched, report, name="odd.csv", reason="another currency", by="ann")
    watched.undo("ann")
    app = quiet(start("monitor", project=watched.id))
    record = next(each.value for each in app.dataframe if "what became of it" in each.value)
    assert list(record["what became of it"]) == ["refused", "taken back", "added"]
    assert record["why"].iloc[0] == "another currency"


def test_every_turn_stands_on_every_test_set(start, quiet, watched):
    report, new = examine_batch(watched, rows(watched, 6))
    hold_out_batch(watched, report, new, name="june.csv", by="ann")
    watched.turn()
    app = start("monitor", project=watched.id)
    jobs.registry().wait(watched.id, "dated", 60)
    app = quiet(app.run())
    table = next(each.value for each in app.dataframe if "judged on" in each.value)
    assert list(zip(table["turn"], table["judged on"], strict=True)) == [
        (turn, name) for turn in (1, 0) for name in ("the project's test set", "june.csv")
    ]
    assert {said.partition(":")[0] for said in table["against the turn before"]} <= {"gain", "no evidence", "harm", "–"}


def test_an_earlier_batch_can_be_opened(start, quiet, watched):
    app = quiet(start("monitor", project=watched.id))
    app.selectbox(key="batch-open").set_value(1).run()
    assert "Quiet: it was like what the model knew" in words(quiet(app))


def test_what_more_rows_should_bring_is_said_once_it_was_forecast(start, quiet, watched):
    app = quiet(start("monitor", project=watched.id))
    assert any("forecasts on Overview" in link.proto.label for link in app.get("page_link"))
    forecast_actions(watched)
    kept = kept_forecasts(watched, watched.turns[-1])
    assert any(action.kind == "collect" and action.forecast for action in kept.actions)
    assert "Forecast after turn 0" in words(quiet(start("monitor", project=watched.id)))
