from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, kept_races, race_project
from pages.parts import jobs


@pytest.fixture
def known(workspace):
    rng = np.random.default_rng(0)
    x = rng.normal(size=240)
    truth = np.where(x > 0, "yes", "no")
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=240), "true_label": truth})
    frame["label"] = np.where(rng.random(240) < 0.2, "no", truth)
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    return Project.create(workspace / "known", dataset, recipe="logistic_regression", name="Known")


def test_a_race_is_started_run_and_shown(start, known, quiet):
    app = quiet(start("race", project=known.id))
    app.number_input(key="race-minutes").set_value(2)
    app.number_input(key="race-reviews").set_value(4)
    app.run()
    app.button(key="race-start").click().run()
    assert jobs.registry().wait(known.id, "race", 120).state == "done"
    app = quiet(app.run())
    (run,) = kept_races(known)
    assert run.settings["budget"] == 120
    assert run.settings["reviews_per_turn"] == 4
    assert any("Better data" in text.value and "better model" in text.value.lower() for text in app.markdown)
    tables = [frame.value for frame in app.dataframe if "side" in frame.value]
    assert len(tables[0]) == len(run.table)


def test_a_finished_race_is_played_through(start, known, quiet):
    run = race_project(known, budget=100, reviews_per_turn=3)
    app = quiet(start("race", project=known.id))
    app.select_slider(key=f"race-step-{run.number}").set_value(0)
    app = quiet(app.run())
    table = next(frame.value for frame in app.dataframe if "side" in frame.value)
    assert table["step"].tolist() == ["start", "start", "start"]


def test_without_truth_and_turns_it_says_what_is_missing(start, turned, quiet):
    app = quiet(start("race", project=turned.id))
    assert any("the ledger of this project" in caption.value for caption in app.caption)
    app.button(key="race-start").click().run()
    jobs.registry().wait(turned.id, "race", 60)
    app.run()
    assert any("no turn after turn 0 yet" in error.value for error in app.error)
