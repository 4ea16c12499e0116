from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import cells_of
from core.flywheel import Exclude, Project, current_queue, hardest, predicted
from core.progress import Cancelled
from pages.parts import jobs, judged, slices, turns
from pages.parts.plain import plain


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.metric)
    return " ".join(
        f"{element.label} {element.value}" if element.type == "metric" else element.value for element in shown
    )


def view(app, name: str):
    app.session_state["evaluate-view"] = name
    return app.run()


def test_without_a_turn_the_page_says_what_to_do(start, project, quiet):
    app = quiet(start("evaluate", project=project.id))
    assert "No turn yet" in app.info[0].value
    assert "Run turn 0" in [link.proto.label for link in app.get("page_link")]


def test_every_number_has_its_interval(start, turned, quiet):
    app = quiet(start("evaluate", project=turned.id))
    all_metrics, per_class, *_ = (frame.value for frame in app.dataframe)
    assert len(all_metrics) == len(turned.turns[0].evaluation.metrics)
    assert all_metrics.iloc[:, 1].str.fullmatch(r"\S+ \(\S+ to \S+\)").all()
    worst_first = turned.turns[0].evaluation.per_class.sort_values("f1").index
    assert per_class["class"].tolist() == [name for name in worst_first for _ in range(2)]
    for score in ("F1", "Precision", "Recall"):
        assert per_class[score].str.fullmatch(r"\S+ \(\S+ to \S+\)").all()
    assert "95% interval" in words(app)


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


def predictions(project, turn, part):
    """Given and predicted class of all that a part holds."""
    found = predicted(project, turn, part, generated=True)
    return pd.DataFrame({"given": found.labels, "predicted": found.decided})


def test_the_confusion_of_test_is_the_evaluation_s(turned):
    turn = turned.turns[0]
    found = predictions(turned, turn, "test")
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
    found = predictions(uneven, uneven.turns[0], "train")
    app.button(key="review-cell").click().run()
    cards = current_queue(Project.open(uneven.folder)).cards
    ((given, predicted),) = set(found.loc[cards.index, ["given", "predicted"]].itertuples(index=False, name=None))
    assert given != predicted
    assert len(cards) == ((found["given"] == given) & (found["predicted"] == predicted)).sum()


def make_three(folder: Path) -> Project:
    """Three classes of which one is rare."""
    rng = np.random.default_rng(1)
    income = rng.normal(50, 10, 400).round(1)
    label = np.select([income > 66, income > 48], ["moves *up*", "stays"], "leaves")
    frame = pd.DataFrame({"income": income + rng.normal(0, 5, 400).round(1), "label": label})
    project = Project.create(folder / "three", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    return project


@pytest.fixture
def three(ready) -> Project:
    return ready(make_three)


def chart_alts(app) -> list[str]:
    return [chart.proto.alt for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("name", ["Metrics", "Mistakes", "Hardest", "Balance", "Threshold", "Calibration"])
def test_every_figure_has_words_and_its_numbers_beside_it(start, uneven, quiet, name):
    app = quiet(view(start("evaluate", project=uneven.id), name))
    charts = app.get("plotly_chart")
    assert charts
    assert all(alt.endswith(".") for alt in chart_alts(app))
    assert len([each for each in app.expander if each.label == "The numbers"]) == len(charts)


def test_the_class_whose_errors_cost_most_is_named_with_what_it_takes(start, uneven, quiet):
    app = quiet(start("evaluate", project=uneven.id))
    _, classes, pairs = judged.costs(uneven, uneven.turns[0], "train")
    assert f"**{classes.index[0]}** takes {100 * classes['share'].iloc[0]:.0f}% of what is missing" in words(app)
    assert f"**{pairs['true'][0]}** taken for **{pairs['predicted'][0]}**, {pairs['count'][0]} times" in words(app)
    app = quiet(app.segmented_control(key="costs-part").set_value("test").run())
    assert judged.costs(uneven, uneven.turns[0], "test")[1]["cost"].sum() == pytest.approx(
        1 - uneven.turns[0].evaluation.metrics["macro_f1"][0]
    )


def test_a_headline_that_is_no_matter_of_classes_is_costed_in_macro_f1(start, workspace, quiet):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "label": rng.choice(["a", "b"], 200)})
    project = Project.create(
        workspace / "loss", Dataset.from_frame(frame, label="label"), recipe="logistic_regression", headline="log_loss"
    )
    project.turn()
    assert "Log loss can't be taken apart by class: errors are costed in Macro F1" in words(
        quiet(start("evaluate", project=project.id))
    )


def test_the_select_box_and_the_frame_of_the_matrix_agree(start, uneven, quiet):
    app = view(start("evaluate", project=uneven.id), "Mistakes")
    found = predicted(uneven, uneven.turns[0], "test")
    cells = cells_of(found.confusion)
    for place in range(len(cells)):
        app = quiet(app.selectbox(key="cell-test").set_value(place).run())
        (frame,) = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["shapes"]
        names = list(found.confusion.index)
        row, column = names.index(cells["true"][place]), names.index(cells["predicted"][place])
        assert (round((frame["y0"] + frame["y1"]) / 2), round((frame["x0"] + frame["x1"]) / 2)) == (row, column)
        shown = app.dataframe[1].value
        assert set(shown["labelled"]) == {cells["true"][place]}
        assert set(shown["predicted"]) == {cells["predicted"][place]}


def test_many_classes_are_a_list_of_confusions(start, workspace, quiet):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 26, 780)
    frame = pd.DataFrame(
        {"x": kind + rng.normal(0, 0.6, 780), "y": -kind + rng.normal(0, 0.6, 780), "label": [f"k{k:02}" for k in kind]}
    )
    project = Project.create(workspace / "many", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    app = quiet(view(start("evaluate", project=project.id), "Mistakes"))
    assert "26 classes are too many for a matrix" in words(app)
    pairs, shown = app.dataframe[0].value, app.dataframe[1].value
    assert not app.get("plotly_chart")
    assert (pairs["labelled"] != pairs["predicted"]).all()
    assert pairs["examples"].is_monotonic_decreasing
    assert set(shown["labelled"]) == {pairs["labelled"].iloc[0]}


def test_the_hardest_labels_go_to_review_in_the_order_of_their_loss(start, uneven, quiet):
    app = quiet(view(start("evaluate", project=uneven.id), "Hardest"))
    hard = hardest(uneven, uneven.turns[0])
    assert f"{int(hard['suspect'].sum())} of them are suspects already" in words(app)
    app = quiet(app.selectbox(key="hardest-class").set_value(1).run())
    app = quiet(app.segmented_control(key="hardest-kind").set_value("suspect").run())
    wanted = hard[(hard["given"] == "leaves") & hard["suspect"]]
    assert app.dataframe[-1].value["labelled"].unique().tolist() == ["leaves"]
    app.button(key="review-hardest").click().run()
    queue = current_queue(Project.open(uneven.folder))
    assert queue.cards.index.tolist() == wanted.index[:100].tolist()
    assert queue.source == "all labels of turn 0 labelled 'leaves' where the loss is highest, suspects only"


def test_the_threshold_can_be_moved_and_the_rule_stays_locked(start, uneven, quiet):
    app = quiet(view(start("evaluate", project=uneven.id), "Threshold"))
    assert "judged by its locked rule, which stands at **0.500**" in words(app)
    before = uneven.turns[0].evaluation.metrics
    app = quiet(app.slider(key="threshold-look").set_value(0.3).run())
    curve = judged.curve(uneven, uneven.turns[0])
    here = next(frame.value for frame in app.dataframe if "here, 0.300" in frame.value)
    assert here["here, 0.300"].iloc[0].startswith(f"{curve.at(0.3)['precision']:.3f} (")
    assert here["locked, 0.500"].iloc[0].startswith(f"{curve.at(0.5)['precision']:.3f} (")
    found = predicted(uneven, uneven.turns[0], "train")
    confusion = found.confusion.loc[[curve.positive, curve.negative], [curve.positive, curve.negative]]
    assert (
        curve.at(0.5)[["hits", "missed", "false_alarms", "rejected"]].tolist() == confusion.to_numpy().ravel().tolist()
    )
    assert Project.open(uneven.folder).turns[0].evaluation.metrics == before


def test_the_threshold_never_looks_at_test(uneven):
    curve = judged.curve(uneven, uneven.turns[0])
    assert curve.table.loc[0.0, ["hits", "false_alarms"]].sum() == len(uneven.dataset.ids("train"))


def test_the_place_of_a_threshold_rule_is_that_of_the_class_it_is_drawn_for(workspace):
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    frame = pd.DataFrame({"x": x, "label": np.where(x + rng.normal(size=500) > 1.2, "a rare", "usual")})
    project = Project.create(
        workspace / "rule", Dataset.from_frame(frame, label="label"), recipe="logistic_regression", decision="threshold"
    )
    turn = project.turn()
    curve = judged.curve(project, turn)
    assert curve.positive == "a rare"
    locked = judged.locked_threshold(project, turn, curve.positive)
    assert locked == pytest.approx(1 - turn.threshold)
    found = predicted(project, turn, "train")
    assert curve.at(locked)["hits"] == ((found.labels == "a rare") & (found.decided == "a rare")).sum()


def test_three_classes_have_no_threshold_and_are_told_where_to_look(start, three, quiet):
    app = quiet(view(start("evaluate", project=three.id), "Threshold"))
    assert "no threshold to move between 3 classes" in words(app)
    assert not app.get("plotly_chart")
    app = quiet(view(app, "Calibration"))
    assert "it is right in" in words(app)


@pytest.mark.parametrize("part", ["test", "train"])
def test_calibration_is_said_in_words_with_both_scores(start, uneven, quiet, part):
    app = view(start("evaluate", project=uneven.id), "Calibration")
    app = quiet(app.segmented_control(key="calibration-part").set_value(part).run())
    found = judged.calibrated(uneven, uneven.turns[0], part)
    assert "Of those to which it gives" in words(app)
    scores = next(frame.value for frame in app.dataframe if "score" in frame.value).set_index("score").iloc[:, 0]
    assert scores["Brier score"].startswith(f"{found.brier[0]:.3f} (")
    assert scores["Calibration error (ECE)"].startswith(f"{found.ece[0]:.3f} (")
    assert found.bins["count"].sum() == len(uneven.dataset.ids(part))


def test_a_class_too_rare_leads_to_generate_with_that_class(start, three, quiet):
    app = quiet(view(start("evaluate", project=three.id), "Balance"))
    assert "Too rare to judge, fewer than 30 in test: **moves \\*up\\***" in words(app)
    counts = app.dataframe[0].value
    assert counts["train"].sum() == len(three.dataset.ids("train"))
    assert counts["test"].sum() == len(three.dataset.ids("test"))
    app.button(key="generate-class").click().run()
    assert app.session_state["target-False"] == "class moves *up*"


def test_a_tiny_set_breaks_no_view(start, workspace, quiet):
    frame = pd.DataFrame({"x": np.arange(24.0), "label": ["a", "b"] * 12})
    project = Project.create(workspace / "tiny", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    for name in ("Metrics", "Mistakes", "Hardest", "Balance", "Threshold", "Calibration"):
        quiet(view(start("evaluate", project=project.id), name))


def test_what_was_excluded_from_test_is_no_longer_judged(turned):
    before = judged.of(turned, turned.turns[0], "test")
    turned.apply(Exclude(list(turned.dataset.ids("test")[:3]), by="ann"))
    after = judged.of(turned, turned.turns[0], "test")
    assert len(after.labels) == len(before.labels) - 3
    assert after.confusion.to_numpy().sum() == before.confusion.to_numpy().sum() - 3
