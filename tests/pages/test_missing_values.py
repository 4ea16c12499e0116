"""What is missing, as an analyst sees it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project
from pages.parts import jobs


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.success, *app.subheader))


@pytest.fixture
def opened(start, quiet):
    """The tab of a project with its profile made."""

    def shown(project):
        app = start("collect", project=project.id)
        app.session_state["collect-view"] = "Missing"
        app = app.run()
        assert jobs.registry().wait(project.id, "profile", 60).state == "done"
        return quiet(app.run())

    return shown


def test_the_share_of_each_column_is_shown_by_rows_and_by_class(opened, project):
    app = opened(project)
    by_rows, by_class = (frame.value for frame in app.dataframe[:2])
    train = project.dataset.part("train")
    assert by_rows["column"].tolist() == ["age"]
    assert by_rows["missing"].tolist() == [f"{100 * train['age'].isna().mean():.1f}%"]
    leaves = train.loc[train["label"] == "leaves", "age"].isna().mean()
    assert by_class["leaves"].tolist() == [f"{100 * leaves:.1f}%"]
    assert "No two columns are missing together" in words(app)


def test_columns_that_are_missing_together_are_named(opened, workspace):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "label": rng.choice(["x", "y"], 300)})
    frame.loc[:99, ["a", "b"]] = np.nan
    frame.loc[120:140, "a"] = np.nan
    project = Project.create(workspace / "holes", Dataset.from_frame(frame, label="label"))
    app = opened(project)
    pairs = next(each.value for each in app.dataframe if "and" in each.value)
    assert set(pairs.loc[0, ["column", "and"]]) == {"a", "b"}


def test_nothing_missing_is_one_quiet_sentence(opened, workspace):
    frame = pd.DataFrame({"a": range(60), "label": ["x", "y"] * 30})
    project = Project.create(workspace / "whole", Dataset.from_frame(frame, label="label"))
    app = opened(project)
    assert "Nothing is missing" in words(app)
    assert not app.dataframe
