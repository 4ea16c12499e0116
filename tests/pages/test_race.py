from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Decide, Project, kept_races, race_project
from pages.parts import jobs, race_start, volume


def make_known(folder: Path) -> Project:
    rng = np.random.default_rng(0)
    x = rng.normal(size=240)
    truth = np.where(x > 0, "yes", "no")
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=240), "true_label": truth})
    frame["label"] = np.where(rng.random(240) < 0.2, "no", truth)
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    return Project.create(folder / "known", dataset, recipe="logistic_regression", name="Known")


def make_raced(folder: Path) -> Project:
    """The same after two races."""
    project = make_known(folder)
    for reviews in (3, 4):
        race_project(project, budget=100, reviews_per_turn=reviews)
    return project


@pytest.fixture
def known(ready) -> Project:
    return ready(make_known)


@pytest.fixture
def raced(ready) -> Project:
    return ready(make_raced)


def test_before_the_first_race_it_says_what_one_is_and_what_it_costs(start, known, quiet):
    app = quiet(start("race", project=known.id))
    assert any("on the model, or on the data" in header.value for header in app.header)
    said = " ".join(text.value for text in [*app.markdown, *app.caption])
    assert "simulated reviewer answers" in said
    assert "Fits and decisions have a price" in said
    assert [app.number_input(key=key).value for key in ("race-fit", "race-decision")] == [5, 10]
    assert not app.button(key="race-start").disabled


def test_a_race_is_started_run_and_shown(start, known, quiet):
    app = quiet(start("race", project=known.id))
    app.number_input(key="race-minutes").set_value(2)
    app.number_input(key="race-reviews").set_value(4)
    app.number_input(key="race-fit").set_value(4.0)
    app.checkbox(key="race-volume").set_value(False)
    app.run()
    app.button(key="race-start").click().run()
    assert jobs.registry().wait(known.id, "race", 120).state == "done"
    assert not race_start.so_far()
    assert jobs.registry().snapshot(known.id, "volume") is None
    app = quiet(app.run())
    (run,) = kept_races(known)
    assert run.settings["budget"] == 120
    assert run.settings["reviews_per_turn"] == 4
    assert (run.settings["seconds_per_fit"], run.settings["seconds_per_decision"]) == (4, 10)
    # The answer first, everything else after it.
    assert app.main.get("bidi_component")
    tables = [frame.value for frame in app.dataframe if "step" in frame.value]
    assert tables[0]["step"].tolist() == run.table["step"].tolist()
    knobs = next(frame.value for frame in app.dataframe if "gain" in frame.value)
    assert knobs["side"].tolist() == ["a better model", "better data", "both"]
    assert app.button(key="race-start")


def test_volume_against_consistency_is_measured_after_it_and_is_its_last_step(start, known, quiet):
    app = quiet(start("race", project=known.id))
    app.number_input(key="race-minutes").set_value(2)
    app.run()
    app.button(key="race-start").click().run()
    assert jobs.registry().wait(known.id, "race", 120).state == "done"
    assert jobs.registry().wait(known.id, "volume", 120).state == "done"
    app = quiet(app.run())
    last = json.loads(app.main.get("bidi_component")[0].proto.json)["moments"][-1]
    assert last["view"] == "volume"
    assert last["says"] == volume.picture(known).says
    # What was measured is not offered again.
    assert "race-volume" not in {box.key for box in app.checkbox}


def test_shown_to_others_nothing_else_is_on_screen(start, raced, quiet):
    run = kept_races(raced)[0]
    app = quiet(start("race", project=raced.id))
    app.button(key="race-show").click().run()
    app = quiet(app.run())
    assert app.query_params["show"] == str(run.number)
    assert not app.title
    assert [button.key for button in app.main.button] == ["race-leave"]
    app.button(key="race-leave").click().run()
    app = quiet(app.run())
    assert "show" not in app.query_params
    assert app.title[0].value == "Race"


def test_an_address_that_shows_a_race_that_is_not_there_shows_the_page(start, known, quiet):
    app = start("race", project=known.id)
    app.query_params["show"] = "99"
    assert quiet(app.run()).title[0].value == "Race"


def test_one_of_several_races_is_chosen(start, raced, quiet):
    app = quiet(start("race", project=raced.id))
    assert any("4 per turn" in caption.value for caption in app.caption)
    app.selectbox(key="race-chosen").set_value(1)
    assert any("3 per turn" in caption.value for caption in quiet(app.run()).caption)


def test_without_truth_and_turns_it_says_what_is_missing_and_starts_nothing(start, turned, quiet):
    app = quiet(start("race", project=turned.id))
    assert any("the ledger of this project" in caption.value for caption in app.caption)
    assert any("needs a turn after turn 0" in info.value for info in app.info)
    assert app.button(key="race-start").disabled


def test_with_turns_the_ledger_races(start, turned, quiet):
    train = turned.dataset.ids("train")
    turned.apply(Decide({train[0]: ("keep", None), train[1]: ("other", "leaves")}, by="ann"))
    turned.turn()
    app = quiet(start("race", project=turned.id))
    app.button(key="race-start").click().run()
    assert jobs.registry().wait(turned.id, "race", 120).state == "done"
    app = quiet(app.run())
    table = next(frame.value for frame in app.dataframe if "step" in frame.value)
    assert table["side"].tolist()[:2] == ["better data", "better data"]
    assert any("this project's ledger" in caption.value for caption in app.caption)
