"""What the tests of pages share: a workspace of their own and the app, started as `streamlit run` starts it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copytree

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.dataset import Dataset
from core.flywheel import Project, fix_or_add
from core.settings import Settings
from pages.parts import better_ranking

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(scope="session", autouse=True)
def packages_asked_once():
    """Each AppTest asks all installed packages anew whether they bring a component; the answer is the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    """An empty workspace; what an earlier test left in the process is forgotten."""
    monkeypatch.setenv("FLYWHEEL_HOME", str(tmp_path))
    st.cache_resource.clear()
    st.cache_data.clear()
    # No ranking is made behind a test that is about something else.
    monkeypatch.setattr(better_ranking, "SETTINGS", Settings(ranking_rows=0))
    return tmp_path


@pytest.fixture
def start():
    """Open the app on a page: ``start(slug, project=id)``."""

    def opened(slug: str = "overview", project: str | None = None) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=180)
        if project is not None:
            app.query_params["project"] = project
        # The first page has another name than its file, and is where one is anyway.
        return (app if slug == "overview" else app.switch_page(f"pages/{slug}.py")).run()

    return opened


def customers(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """A small table with numbers, categories, missing values, one duplicate and a few wrong labels."""
    rng = np.random.default_rng(seed)
    income = rng.normal(50, 15, rows).round(1)
    label = pd.Series(np.where(income + rng.normal(0, 6, rows) > 52, "stays", "leaves"))
    label[rng.choice(rows, rows // 12, replace=False)] = "leaves"
    frame = pd.DataFrame(
        {
            "income": income,
            "age": rng.integers(18, 80, rows),
            "city": rng.choice(["Seoul", "Busan", "<b>Oslo</b>"], rows, p=[0.6, 0.3, 0.1]),
            "label": label,
        }
    )
    frame.loc[rng.choice(rows, 9, replace=False), "age"] = np.nan
    return pd.concat([frame, frame.head(3)], ignore_index=True)


def make_project(folder: Path) -> Project:
    dataset = Dataset.from_frame(customers(), label="label")
    return Project.create(folder / "customers", dataset, name="Customers *2024*", recipe="logistic_regression")


def make_turned(folder: Path) -> Project:
    project = make_project(folder)
    project.turn()
    return project


def make_measured(folder: Path) -> Project:
    project = make_turned(folder)
    fix_or_add(project)
    return project


def make_uneven(folder: Path) -> Project:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, 900).round(1),
            "plan": rng.choice(["basic", "plus"], 900),
            "region": rng.choice(["north", "south", "<i>east</i>"], 900),
        }
    )
    label = np.where(frame["income"] > 50, "stays", "leaves")
    hard = (frame["plan"] == "basic") & (frame["region"] == "north")
    frame["label"] = np.where(hard & (rng.random(900) < 0.5), np.where(label == "stays", "leaves", "stays"), label)
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    made = Project.create(folder / "uneven", dataset, recipe="logistic_regression", name="Uneven")
    made.turn()
    return made


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The workspace that ``make(folder)`` makes, once for all tests."""

    @cache
    def made(make: Callable[[Path], Project]) -> Path:
        folder = tmp_path_factory.mktemp("template")
        make(folder).close()
        return folder

    return made


@pytest.fixture
def ready(workspace, template):
    """The project that ``make(folder)`` makes, in a copy of this test's own: to copy is quicker than to train."""

    def copied(make: Callable[[Path], Project]) -> Project:
        made = template(make)
        copytree(made, workspace, dirs_exist_ok=True)
        (database,) = made.glob("*/project.sqlite")
        return Project.open(workspace / database.parent.name)

    return copied


@pytest.fixture
def project(ready) -> Project:
    """A project on the smallest quick recipe, before its first turn."""
    return ready(make_project)


@pytest.fixture
def turned(ready) -> Project:
    """The same after turn 0."""
    return ready(make_turned)


@pytest.fixture
def measured(ready) -> Project:
    """The same, and it is known whether to fix or to add."""
    return ready(make_measured)


@pytest.fixture
def uneven(ready) -> Project:
    """Labels that the model can't get right where the plan is basic and the region is north, after turn 0."""
    return ready(make_uneven)


@pytest.fixture
def quiet():
    """Check that nothing on a page is an error or a trace, and hand the page on."""

    def checked(app: AppTest) -> AppTest:
        assert not app.exception, [element.value for element in app.exception]
        assert not app.error, [element.value for element in app.error]
        return app

    return checked
