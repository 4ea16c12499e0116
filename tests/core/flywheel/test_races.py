from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Decide, Project, Relabel, kept_races, ledger_arm, race_project
from core.flywheel.errors import ProjectError
from core.progress import Cancelled


def make(folder, *, known, decision="argmax"):
    rng = np.random.default_rng(0)
    x = rng.normal(size=240)
    truth = np.where(x + 0.3 * rng.normal(size=240) > 0, "yes", "no")
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=240)})
    frame["label"] = np.where(rng.random(240) < 0.2, "no", truth)
    if known:
        frame["true_label"] = truth
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    return Project.create(folder, dataset, recipe="logistic_regression", decision=decision)


def test_a_race_on_known_truth_is_kept_as_it_came_out(tmp_path):
    project = make(tmp_path / "p", known=True)
    heard = []
    run = race_project(project, budget=70, reviews_per_turn=3, heard=heard.append)
    assert set(run.table["arm"]) == {"model", "data", "both"}
    assert run.table["cost"].max() <= 70
    assert heard
    ends = run.table.groupby("arm").tail(1).set_index("arm")["score"]
    assert (run.verdict.before, run.verdict.after) == pytest.approx((ends["model"], ends["data"]))
    (kept,) = kept_races(Project.open(project.folder))
    assert kept.verdict == run.verdict
    assert (kept.number, kept.settings) == (run.number, run.settings)
    assert kept.settings["simulated"]
    assert all(kept.settings["seconds"][arm] > 0 for arm in ("model", "data", "both"))
    pd.testing.assert_frame_equal(kept.table, run.table)
    # It is a look at the truth, not at the test set of the project, and changes nothing in it.
    assert (project.revision, project.looks) == (0, 0)


def test_without_truth_the_ledger_runs_and_the_models_side_has_what_it_cost(tmp_path):
    project = make(tmp_path / "p", known=False)
    project.turn()
    train = project.dataset.ids("train")
    project.apply(Decide({train[0]: ("keep", None), train[1]: ("other", "yes")}, by="ann"))
    project.turn()
    project.apply(Relabel({train[2]: "yes"}, by="ann"))
    project.turn()
    run = race_project(project)
    data = run.table[run.table["arm"] == "data"]
    assert data["fits"].tolist() == [0, 6, 12]
    assert data["decisions"].tolist() == [0, 2, 2]
    assert data["cost"].tolist() == [0, 50, 80]
    assert data["score"].tolist() == [turn.evaluation.metrics["macro_f1"][0] for turn in project.turns]
    model = run.table[run.table["arm"] == "model"]
    assert model["cost"].max() <= run.settings["budget"] == 80
    # Both sides start from turn 0.
    assert model["score"].iloc[0] == pytest.approx(data["score"].iloc[0])
    assert not run.settings["simulated"]
    assert (run.verdict.before, run.verdict.after) == pytest.approx((model["score"].iloc[-1], data["score"].iloc[-1]))


def test_prices_are_arguments_of_a_race_with_the_truth_and_of_one_with_the_ledger(tmp_path):
    prices = {"seconds_per_fit": 2.0, "seconds_per_decision": 7.0}
    run = race_project(make(tmp_path / "known", known=True), budget=40, reviews_per_turn=3, **prices)
    np.testing.assert_allclose(run.table["cost"], 2 * run.table["fits"] + 7 * run.table["decisions"])
    assert {name: run.settings[name] for name in prices} == prices

    project = make(tmp_path / "own", known=False)
    project.turn()
    project.apply(Decide({project.dataset.ids("train")[1]: ("other", "yes")}, by="ann"))
    turn = project.turn()
    run = race_project(project, **prices)
    assert run.settings["budget"] == 6 * 2 + 7
    assert run.table["cost"].max() <= run.settings["budget"]
    # One decision alone tells no time: what is left is the turn.
    assert run.settings["seconds"]["data"] == pytest.approx(turn.seconds)


def test_a_threshold_gives_the_ledger_no_start_of_its_own(tmp_path):
    """The model's side decides by the largest probability; so does the ledger, or the two would start apart."""
    project = make(tmp_path / "p", known=False, decision="threshold")
    project.turn()
    project.apply(Relabel({project.dataset.ids("train")[2]: "yes"}, by="ann"))
    project.turn()
    assert project.turns[0].evaluation.metrics["macro_f1"][0] != ledger_arm(project)["score"].iloc[0]
    run = race_project(project)
    starts = run.table.groupby("arm")["score"].first()
    assert starts["data"] == pytest.approx(starts["model"])
    assert run.gains["data"].after == pytest.approx(run.table[run.table["arm"] == "data"]["score"].iloc[-1])


def test_without_truth_and_turns_there_is_no_race(tmp_path):
    project = make(tmp_path / "p", known=False)
    project.turn()
    with pytest.raises(ProjectError, match="no turn after turn 0 yet"):
        race_project(project)


def test_a_cancelled_race_leaves_nothing_behind(tmp_path):
    project = make(tmp_path / "p", known=True)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        race_project(project, budget=600, reviews_per_turn=3, heard=lambda _: cancel.set(), cancel=cancel)
    assert kept_races(project) == []
