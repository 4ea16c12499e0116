from __future__ import annotations

import pandas as pd
import pytest

from core.flywheel import Collect
from pages.parts import jobs


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.success)
    return " ".join(element.value for element in shown)


@pytest.fixture
def judged(start, turned, quiet):
    """Open the tab and wait for the judgement."""

    def opened():
        app = start("evaluate", project=turned.id)
        app.session_state["evaluate-view"] = "Test set"
        app = app.run()
        assert jobs.registry().wait(turned.id, "test-set", 60).state == "done"
        return quiet(app.run())

    return opened


def test_the_test_set_is_judged_beside_train(judged, turned):
    app = judged()
    said = words(app)
    assert "Is it fit to judge by?" in said
    assert "Beside train" in said
    assert f"{len(turned.dataset.ids('test'))} test examples" in said
    assert "looked at **once**" in said
    classes, columns = (frame.value for frame in app.dataframe[-2:])
    assert set(classes["class"]) == set(turned.dataset.classes)
    assert set(columns["column"]) <= set(turned.dataset.schema.inputs)


def test_it_is_judged_once_a_version_and_anew_when_the_data_changes(judged, turned):
    judged()
    first = jobs.registry().snapshot(turned.id, "test-set")
    judged()
    assert jobs.registry().snapshot(turned.id, "test-set") is first
    rows = turned.dataset.frame.drop(columns=[]).head(60).assign(income=lambda frame: frame["income"] + 40)
    turned.apply(Collect(pd.DataFrame(rows), by="ann"))
    app = judged()
    assert jobs.registry().snapshot(turned.id, "test-set") is not first
    assert "Not like the newest batch" in words(app)
    assert "Beside the newest batch" in words(app)
