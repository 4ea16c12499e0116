"""Columns of the data as an analyst sees them: by class, in an order of choice, with the words of texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Project
from pages.parts import jobs


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.info))


@pytest.fixture
def opened(start, quiet):
    """The tab of a project with its profile made, with one of its views."""

    def shown(project, view: str = "By class"):
        app = start("collect", project=project.id)
        app.session_state["collect-view"] = "Columns"
        app.session_state["columns-view"] = view
        app = app.run()
        assert jobs.registry().wait(project.id, "profile", 60).state == "done"
        return quiet(app.run())

    return shown


def test_the_column_that_is_closest_to_the_label_is_open(opened, project):
    app = opened(project)
    assert app.selectbox(key="column-open").value == "income"
    relations, by_class, quantiles = (frame.value for frame in app.dataframe[:3])
    assert relations["column"].tolist()[0] == "income"
    assert relations["related"].tolist()[0] == "yes"
    assert by_class["examples"].sum() == len(project.dataset.ids("train"))
    assert quantiles["class"].tolist() == ["all", "leaves", "stays"]
    assert "test plays no part" in words(app)


def test_columns_can_be_ordered_named_and_opened(opened, project, quiet):
    app = opened(project)
    app = quiet(app.selectbox(key="columns-order").set_value("missing").run())
    assert app.dataframe[0].value["column"].tolist()[0] == "age"
    app = quiet(app.selectbox(key="column-open").set_value("city").run())
    assert set(app.dataframe[1].value["value"]) == {"Seoul", "Busan", "<b>Oslo</b>"}
    app = quiet(app.text_input(key="columns-named").set_value("AG").run())
    assert app.selectbox(key="column-open").options == ["age"]
    app = quiet(app.text_input(key="columns-named").set_value("no such").run())
    assert "No column has a name like that" in words(app)


def test_shares_can_be_read_the_other_way_round(opened, project, quiet):
    app = opened(project)
    app = quiet(app.selectbox(key="column-open").set_value("city").run())
    app = quiet(app.segmented_control(key="columns-shares").set_value(True).run())
    table = app.dataframe[1].value.set_index("value")
    train = project.dataset.part("train")
    share = (train.loc[train["city"] == "Seoul", "label"] == "stays").mean()
    assert table.loc["Seoul", "stays"] == f"{100 * share:.1f}%"


def test_another_version_of_the_data_is_looked_at_anew_and_a_rerun_is_not(opened, project, quiet):
    app = opened(project)
    first = jobs.registry().snapshot(project.id, "profile")
    quiet(app.run())
    assert jobs.registry().snapshot(project.id, "profile") is first
    project.apply(Exclude(project.dataset.ids("train")[:5], by="ann"))
    app.run()
    job = jobs.registry().wait(project.id, "profile", 60)
    assert job.result.rows == first.result.rows - 5
    assert job.result.version == project.dataset.version


def test_texts_have_derived_columns_and_words_of_each_class(opened, workspace, quiet):
    rng = np.random.default_rng(0)
    labels = rng.choice(["계정", "delivery"], 300)
    typical = {"계정": ["비밀번호가", "로그인"], "delivery": ["parcel", "courier"]}
    texts = [
        f"{rng.choice(typical[label])} {rng.choice(['please', 'help'])} {number}" for number, label in enumerate(labels)
    ]
    dataset = Dataset.from_frame(pd.DataFrame({"text": texts, "label": labels}), label="label", text="text")
    project = Project.create(workspace / "tickets", dataset)
    app = opened(project)
    assert {"script", "characters"} <= set(app.dataframe[0].value["column"])
    app = quiet(app.segmented_control(key="columns-view").set_value("Words").run())
    app = quiet(app.selectbox(key="words-class").set_value("계정").run())
    assert set(app.dataframe[0].value["word"]) == {"비밀번호", "로그인"}


def test_a_table_has_no_view_of_words(opened, project):
    options = opened(project).segmented_control(key="columns-view").options
    assert "Words" not in options
