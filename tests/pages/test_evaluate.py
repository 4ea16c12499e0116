from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Project, current_queue
from core.progress import Cancelled
from pages.parts import jobs, mistakes, slices, turns
from pages.parts.plain import plain


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.metric)
    return " ".join(
        f"{element.label} {element.value}" if element.type == "metric" else element.value for element in shown
    )


def view(app, name: str):
    app.session_state["evaluate-view"] = name
    return app.run()


@pytest.fixture
def uneven(workspace):
    """Examples that the model can't get right where the plan is basic and the region is north."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, 700).round(1),
            "plan": rng.choice(["basic", "plus"], 700),
            "region": rng.choice(["north", "south", "<i>east</i>"], 700),
        }
    )
    label = np.where(frame["income"] > 50, "stays", "leaves")
    hard = (frame["plan"] == "basic") & (frame["region"] == "north")
    frame["label"] = np.where(hard & (rng.random(700) < 0.5), np.where(label == "stays", "leaves", "stays"), label)
    project = Project.create(
        workspace / "uneven", Dataset.from_frame(frame, label="label"), recipe="logistic_regression"
    )
    project.turn()
    return project


def test_without_a_turn_the_page_says_what_to_do(start, project, quiet):
    app = quiet(start("evaluate", project=project.id))
    assert "No turn yet" in app.info[0].value
    assert "Run turn 0" in [link.proto.label for link in app.get("page_link")]


def test_every_number_has_its_interval(start, turned, quiet):
    app = quiet(start("evaluate", project=turned.id))
    all_metrics, per_class = (frame.value for frame in app.dataframe[:2])
    assert len(all_metrics) == len(turned.turns[0].evaluation.metrics)
    assert all_metrics.iloc[:, 1].str.fullmatch(r"\S+ \(\S+ to \S+\)").all()
    assert set(per_class["class"]) == set(turned.dataset.classes)
    assert per_class["part"].nunique() == 2
    for score in ("F1", "Precision", "Recall"):
        assert per_class[score].str.fullmatch(r"\S+ \(\S+ to \S+\)").all(), per_class[score]
    assert "95 % interval" in words(app)


def test_the_first_turn_has_no_verdict_and_later_ones_have_two(start, turned, quiet):
    assert "The first mark" in words(quiet(start("evaluate", project=turned.id)))
    for drop in (4, 6):
        turned.apply(Exclude(turned.dataset.ids("train")[:drop].tolist(), by="ann"))
        last = turned.turn()
    said = words(quiet(start("evaluate", project=turned.id)))
    assert "against turn 1:" in said
    assert "against turn 0:" in said
    assert last.verdict.verdict in said
    assert "looked at 3 times" in said


def test_a_change_since_the_turn_is_said(start, turned, quiet):
    turned.apply(Exclude(turned.dataset.ids("train")[:4].tolist(), by="ann"))
    app = quiet(start("evaluate", project=turned.id))
    assert "The data was changed since: scores, mistakes and slices are those of turn 0." in words(app)
    assert "Run turn 1" in [link.proto.label for link in app.get("page_link")]


@pytest.mark.parametrize("part", ["test", "train"])
def test_the_confusion_adds_up_and_its_cells_open(start, uneven, quiet, part):
    app = view(start("evaluate", project=uneven.id), "Mistakes")
    app = quiet(app.segmented_control(key="mistakes-part").set_value(part).run())
    confusion, examples = app.dataframe[0].value, app.dataframe[1].value
    counts = confusion.set_index("true")
    assert counts.to_numpy().sum() == len(uneven.dataset.ids(part))
    given, predicted = examples["labelled"].iloc[0], examples["predicted"].iloc[0]
    assert given != predicted
    assert f"{counts.loc[given, predicted]} examples labelled **{given}** but predicted **{predicted}**" in words(app)
    assert len(examples) == min(10, counts.loc[given, predicted])


def test_the_confusion_of_test_is_the_evaluation_s(turned):
    turn = turned.turns[0]
    found = mistakes.predictions(turned, turn, "test")
    counts = pd.crosstab(found["given"], found["predicted"]).stack()
    assert (turn.evaluation.confusion.stack().loc[counts.index] == counts).all()


def test_slices_are_sought_in_the_background_and_never_over_test(start, uneven, quiet):
    app = view(start("evaluate", project=uneven.id), "Error slices")
    assert jobs.registry().wait(uneven.id, "slices", 60).state == "done"
    app = quiet(app.run())
    found = jobs.registry().snapshot(uneven.id, "slices").result
    worst, _ = found.slices[0]
    assert set(worst.predicates) >= {("plan", "basic"), ("region", "north")}
    assert set(worst.ids) <= set(uneven.dataset.ids("train"))
    assert f"**{plain(worst)}**" in words(app)
    assert "worse than chance would make it" in words(app)
    assert "No search ever uses the test set" in words(app)


def test_slices_are_sought_once_a_turn(start, uneven, quiet):
    app = view(start("evaluate", project=uneven.id), "Error slices")
    first = jobs.registry().wait(uneven.id, "slices", 60)
    uneven.apply(Exclude(uneven.dataset.ids("train")[:4].tolist(), by="ann"))
    quiet(app.run())
    assert jobs.registry().snapshot(uneven.id, "slices") is first
    uneven.turn()
    app.run()
    second = jobs.registry().wait(uneven.id, "slices", 60)
    assert second.result.turn == turns.identity(uneven, uneven.turns[1]) != first.result.turn
    quiet(app.run())


def test_the_suspects_of_a_slice_go_to_review(start, uneven, quiet):
    app = view(start("evaluate", project=uneven.id), "Error slices")
    found = jobs.registry().wait(uneven.id, "slices", 60).result
    app = app.run()
    button = app.button(key="review-slice")
    suspects = uneven.turns[0].suspects
    wanted = suspects[suspects["flagged"] & suspects.index.isin(found.slices[0][0].ids)]
    assert button.label == f"Review its {len(wanted)} suspects"
    button.click().run()
    queue = current_queue(Project.open(uneven.folder))
    assert queue.cards.index.tolist() == wanted.index.tolist()
    assert queue.source.startswith("suspects of turn 0 where ")


def test_a_search_that_was_cancelled_can_be_made_again(start, uneven, quiet, monkeypatch):
    def stopped(*_):
        raise Cancelled("cancelled")

    app = start("evaluate", project=uneven.id)
    with monkeypatch.context() as patch:
        patch.setattr(slices, "seek", stopped)
        view(app, "Error slices")
        jobs.registry().wait(uneven.id, "slices", 60)
    app = quiet(app.run())
    assert "Cancelled" in words(app)
    next(each for each in app.button if each.label == "Search again").click().run()
    assert jobs.registry().wait(uneven.id, "slices", 60).state == "done"


def test_balance_is_said_in_words(start, turned, quiet):
    app = quiet(view(start("evaluate", project=turned.id), "Balance"))
    assert "The rarest class" in words(app)


def test_the_labels_of_a_cell_go_to_review_if_they_are_of_train(start, uneven, quiet):
    app = view(start("evaluate", project=uneven.id), "Mistakes")
    assert not [each for each in app.button if each.key == "review-cell"]
    app = quiet(app.segmented_control(key="mistakes-part").set_value("train").run())
    found = mistakes.predictions(uneven, uneven.turns[0], "train")
    app.button(key="review-cell").click().run()
    cards = current_queue(Project.open(uneven.folder)).cards
    ((given, predicted),) = set(found.loc[cards.index, ["given", "predicted"]].itertuples(index=False, name=None))
    assert given != predicted
    assert len(cards) == ((found["given"] == given) & (found["predicted"] == predicted)).sum()
