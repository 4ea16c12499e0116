"""What the tests of pages share: a workspace of their own and the app, started as `streamlit run` starts it."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    """An empty workspace; what an earlier test left in the process is forgotten."""
    monkeypatch.setenv("FLYWHEEL_HOME", str(tmp_path))
    st.cache_resource.clear()
    st.cache_data.clear()
    return tmp_path


@pytest.fixture
def start():
    """Open the app on a page: ``start(slug, project=id)``."""

    def opened(slug: str = "overview", project: str | None = None) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        if project is not None:
            app.query_params["project"] = project
        app.run()
        return app if slug == "overview" else app.switch_page(f"pages/{slug}.py").run()

    return opened
