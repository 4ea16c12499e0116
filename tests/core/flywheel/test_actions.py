from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.flywheel import Decide, Generate, Project, Relabel, decide, forecast_actions, start_queue
from core.flywheel.actions import SECONDS_PER_DECISION
from core.flywheel.blind import answer, blind_queue, draw


def kinds(project):
    return [action.kind for action in project.actions()]


def test_a_fresh_project_is_told_to_run_turn_0(project, dataset):
    first = project.actions()[0]

    assert (first.kind, first.title, first.page) == ("turn", "Run turn 0", "train")
    assert first.count == len(dataset.ids("train"))
    assert kinds(project).count("turn") == 1


def test_after_turn_0_there_are_suspects_to_review(project):
    turn = project.turn()
    flagged = int(turn.suspects["flagged"].sum())
    assert flagged > 1
    (review,) = [action for action in project.actions() if action.kind == "review"]

    assert "turn" not in kinds(project)
    assert review.count == flagged
    assert f"{flagged}" in review.title
    assert review.minutes == pytest.approx(flagged * SECONDS_PER_DECISION / 60)


def test_reviewed_and_excluded_suspects_are_no_longer_asked_for(project):
    suspects = project.turn().suspects
    flagged = list(suspects.index[suspects["flagged"]])
    project.apply(Decide({flagged[0]: ("keep", None), flagged[1]: ("exclude", None)}))
    (review,) = [action for action in project.actions() if action.kind == "review"]
    assert review.count == len(flagged) - 2
    project.apply(Decide(dict.fromkeys(flagged[2:], ("keep", None))))

    assert "review" not in kinds(project)


def test_a_review_under_way_is_to_be_gone_on_with(project):
    turn = project.turn()
    queue = start_queue(project, turn.suspects.head(4), source="suspects of turn 0", turn=0)
    decide(project, queue, 0, "keep")
    (review,) = [action for action in project.actions() if action.kind == "review"]

    assert review.title == "Go on reviewing: 3 cards left"
    assert review.count == 3


def test_after_edits_the_next_turn_comes_first(project, train):
    project.turn()
    project.apply(Relabel({train[0]: "maybe"}))
    first = project.actions()[0]

    assert (first.kind, first.title, first.count) == ("turn", "Run turn 1", 1)
    project.undo()
    assert "turn" not in kinds(project)
    project.redo()
    assert kinds(project)[0] == "turn"


def test_a_rare_class_is_worth_more_examples_until_some_were_made(tmp_path, make_dataset, make_table, make_children):
    table = make_table(200)
    table["label"] = np.where(table["x"] > 1.5, "yes", "no")
    project = Project.create(tmp_path / "p", make_dataset(table), recipe="logistic_regression")
    project.turn()
    labels = project.dataset.labels.loc[project.dataset.ids("train")]
    (generate,) = [action for action in project.actions() if action.kind == "generate"]

    assert "'yes'" in generate.title
    assert generate.count == int((labels == "yes").sum())
    project.apply(Generate(make_children(project.dataset, list(labels.index[labels == "yes"][:3]))))
    assert "generate" not in kinds(project)


def test_two_turns_without_evidence_say_when_to_stop(project, train):
    for example in train[:2]:
        project.turn()
        project.apply(Decide({example: ("keep", None)}))
    project.turn()

    assert any(action.title == "Collect more data, or stop here" for action in project.actions())


def test_who_has_sealed_examples_is_then_told_to_open_them(tmp_path, make_dataset, make_table):
    project = Project.create(tmp_path / "p", make_dataset(make_table(200), sealed=0.2), recipe="logistic_regression")
    assert "claim" not in kinds(project)
    for example in project.dataset.ids("train")[:3]:
        project.apply(Decide({example: ("keep", None)}))
        project.turn()

    (claim,) = [action for action in project.actions() if action.kind == "claim"]
    assert (claim.page, claim.count) == ("evaluate", len(project.dataset.ids("sealed")))
    project.open_sealed()
    assert "claim" not in kinds(project)


def test_test_labels_are_to_be_reviewed_blind_until_the_sample_is_through(project):
    assert "test" not in kinds(project)
    project.turn()
    test = project.dataset.ids("test")
    (action,) = [action for action in project.actions() if action.kind == "test"]
    assert (action.title, action.count) == (f"Review {len(test)} test labels blind", len(test))
    assert action.minutes == pytest.approx(len(test) * SECONDS_PER_DECISION / 60)
    # A number of points, even none, would say that the others had been forecast.
    assert action.forecast is None
    drawn = draw(project, 3)
    queue = blind_queue(project)
    answer(project, queue, 0, "yes")
    (action,) = [action for action in project.actions() if action.kind == "test"]
    assert (action.title, action.count) == ("Go on reviewing blind: 2 cards left", 2)
    for place in range(1, len(drawn.ids)):
        answer(project, queue, place, "yes")
    assert "test" not in kinds(project)


def test_every_action_that_is_done_by_itself_says_how_long_it_takes(tmp_path, make_dataset, make_table):
    table = make_table(200)
    project = Project.create(
        tmp_path / "p",
        make_dataset(pd.concat([table, table.assign(key="d" + table["key"])], ignore_index=True)),
        recipe="logistic_regression",
    )
    project.turn()
    forecast_actions(project)
    told = [action for action in project.actions() if action.kind not in {"turn", "stop", "claim"}]
    assert {"mend", "review", "test"} <= {action.kind for action in told}
    assert all(action.minutes > 0 for action in told)


def test_findings_of_the_audit_become_actions(tmp_path, make_dataset, make_table):
    table = make_table(200)
    double = table.assign(key="d" + table["key"])
    project = Project.create(tmp_path / "p", make_dataset(pd.concat([table, double], ignore_index=True)))

    assert project.findings()
    mends = [action for action in project.actions() if action.kind == "mend"]
    assert mends
    assert all(action.page == "collect" and action.why for action in mends)
    assert all(one is other for one, other in zip(project.findings(), project.findings(), strict=True))


def test_every_action_names_a_page_that_exists(project, train):
    pages = {"collect", "annotate", "generate", "train", "evaluate", "ledger"}
    project.turn()
    project.apply(Relabel({train[0]: "maybe"}))

    for action in project.actions():
        assert action.page in pages
        assert action.title
        assert action.why
