"""The map of the examples as an analyst uses it: colours, opening an example, the way to its review."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, current_queue
from pages.parts import jobs


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


@pytest.fixture
def opened(start, quiet):
    """The tab of a project with its map made."""

    def shown(project):
        app = start("collect", project=project.id)
        app.session_state["collect-view"] = "Map"
        app = app.run()
        assert jobs.registry().wait(project.id, "map", 60).state == "done"
        return quiet(app.run())

    return shown


def test_train_is_on_the_map_and_test_is_not(opened, project):
    app = opened(project)
    assert set(app.dataframe[0].value["example"]) == set(project.dataset.ids("train"))
    assert "Test is not on the map" in words(app)
    # There is no turn and no pool: nothing but the class is known.
    assert app.segmented_control(key="map-colour").options == ["Class"]


def test_suspects_and_errors_are_those_of_the_last_turn(opened, turned, quiet):
    app = opened(turned)
    table = app.dataframe[0].value.set_index("example")
    suspects = turned.turns[-1].suspects
    assert set(table.index[table["suspect"] == "yes"]) == set(suspects.index[suspects["flagged"]])
    decided = turned.model.decide(turned.turns[-1].out_of_fold)
    wrong = decided.index[(decided != turned.dataset.labels.loc[decided.index]).to_numpy()]
    assert set(table.index[table["error"] == "yes"]) == set(wrong)
    for colour in ("Suspects", "Errors"):
        quiet(app.segmented_control(key="map-colour").set_value(colour).run())


def test_an_example_opens_as_a_card_and_goes_to_review(opened, turned, quiet):
    app = opened(turned)
    example = turned.dataset.ids("train")[3]
    app = quiet(app.selectbox(key="map-example").set_value(example).run())
    assert f"Example {example}" in words(app).replace("\\", "")
    drawn = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "income" in drawn
    app.button(key="review-map").click().run()
    queue = current_queue(turned)
    assert queue.cards.index.tolist() == [example]
    assert "opened on the map" in queue.source


def test_a_pool_has_a_colour_of_its_own(opened, workspace, quiet):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"income": rng.normal(size=200), "label": rng.choice(["a", "b"], 200)})
    frame.loc[:49, "label"] = None
    project = Project.create(workspace / "pool", Dataset.from_frame(frame, label="label"))
    app = opened(project)
    assert (app.dataframe[0].value["part"] == "pool").sum() == 50
    quiet(app.segmented_control(key="map-colour").set_value("Part").run())


def test_a_rerun_makes_no_map(opened, project, quiet):
    app = opened(project)
    first = jobs.registry().snapshot(project.id, "map")
    quiet(app.run())
    assert jobs.registry().snapshot(project.id, "map") is first


def test_texts_are_placed_by_their_words_or_with_the_columns_beside_them(opened, workspace, quiet):
    rng = np.random.default_rng(0)
    labels = rng.choice(["계정", "delivery"], 120)
    typical = {"계정": ["비밀번호가", "로그인"], "delivery": ["parcel", "courier"]}
    texts = [f"{rng.choice(typical[label])} {number}" for number, label in enumerate(labels)]
    frame = pd.DataFrame({"text": texts, "amount": rng.normal(size=120), "label": labels})
    dataset = Dataset.from_frame(frame, label="label", text="text", features=["amount"])
    project = Project.create(workspace / "tickets", dataset)
    app = opened(project)
    words_only = app.dataframe[0].value.set_index("example")["x"]
    app = app.segmented_control(key="map-of").set_value("Text and columns").run()
    assert jobs.registry().wait(project.id, "map", 60).state == "done"
    both = quiet(app.run()).dataframe[0].value.set_index("example")["x"]
    assert not np.allclose(words_only, both.loc[words_only.index])


def test_of_many_classes_one_can_stand_out(opened, workspace, quiet):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"income": rng.normal(size=400), "label": rng.choice([f"c{n}" for n in range(9)], 400)})
    project = Project.create(workspace / "classes", Dataset.from_frame(frame, label="label"))
    app = opened(project)
    assert len(app.selectbox(key="map-class").options) == 10
    quiet(app.selectbox(key="map-class").set_value("c7").run())
