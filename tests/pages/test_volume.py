from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, kept_volume
from pages.parts import jobs


@pytest.fixture
def known(workspace):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 3))
    truth = np.where(x.sum(axis=1) > 0, "yes", "no")
    frame = pd.DataFrame(x).rename(columns=lambda place: f"x{place}").assign(true_label=truth)
    frame["label"] = np.where(rng.random(240) < 0.25, "no", truth)
    dataset = Dataset.from_frame(frame, label="label", test=0.3)
    return Project.create(workspace / "known", dataset, recipe="logistic_regression", name="Known")


def said(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header))


def test_by_the_truth_it_is_measured_as_a_job_and_shown(start, known, quiet):
    app = quiet(start("race", project=known.id))
    assert "Volume against consistency" in said(app)
    app.button(key="measure-volume").click().run()
    assert jobs.registry().wait(known.id, "volume", 120).state == "done"
    app = quiet(app.run())

    assert kept_volume(known) is not None
    assert "examples with consistent labels" in said(app)
    table = next(frame.value for frame in app.dataframe if "labels" in frame.value)
    assert set(table["labels"]) == {"labels as they were brought", "true labels"}


def test_without_truth_it_leads_to_train(start, turned, quiet):
    app = quiet(start("race", project=turned.id))
    assert "Train measures it" in said(app)
    assert not [button for button in app.button if button.key == "measure-volume"]
