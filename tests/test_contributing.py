"""Ways that CONTRIBUTING.md describes, each followed once: what is added works without a change elsewhere."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier

import core.train.learner
import core.train.lock
from core.collect import Finding, audit
from core.dataset import Dataset
from core.flywheel import Generate, Project
from core.generate import METHODS, propose, trial
from core.generate.method import Made, Method
from core.schema import Modality
from core.train import LockedModel, Recipe


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"income": rng.normal(50, 10, 240).round(1), "plan": rng.choice(["basic", "plus"], 240)})
    frame["label"] = np.where(frame["income"] + rng.normal(0, 6, 240) > 58, "leaves", "stays")
    return Dataset.from_frame(frame, label="label")


def test_a_recipe_is_data_and_a_classifier(dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(core.train.learner._CLASSIFIERS, "ExtraTreesClassifier", ExtraTreesClassifier)
    steps = {
        "columns": {"dates": ["days"], "categories": "codes", "most": 254},
        "classifier": {"name": "ExtraTreesClassifier", "n_estimators": 20},
    }
    recipe = Recipe("extra_trees", "table", steps, title="Extra trees", description="Trees of random cuts.")
    monkeypatch.setattr(core.train.lock, "RECIPES", core.train.lock.RECIPES | {recipe.name: recipe})
    model = LockedModel.for_dataset(dataset, "extra_trees")
    assert model.recipe.seeds > 1
    project = Project.create(tmp_path / "project", dataset, recipe="extra_trees")
    assert project.turn().headline[0] > 0.6
    project.close()


def test_a_method_is_a_function_of_sources_and_counts(dataset, tmp_path, monkeypatch):
    def make(sources, counts, seed, settings):
        base = sources.draw(counts, seed)
        inputs = sources.examples[["income"]].iloc[base] + settings["strength"]
        return Made(inputs.reset_index(drop=True), base, base)

    shift = Method(
        "shift", "Shift", "Moves incomes a little.", (Modality.TABLE,), make=make, settings={"strength": 0.5}
    )
    monkeypatch.setitem(METHODS, "shift", shift)
    rows = propose(dataset, method="shift", target="leaves", n=20)
    parents = dataset.frame.loc[rows["parent"], "income"].to_numpy()
    assert np.allclose(rows["income"].to_numpy() - parents, 0.5)
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    assert trial(dataset, model, method="shift", target="leaves", n=20).verdict in ("gain", "no evidence", "harm")
    project = Project.create(tmp_path / "project", dataset, recipe="logistic_regression")
    project.apply(Generate(rows))
    assert len(project.dataset.generated) == len(rows)
    project.close()


def test_a_finding_is_what_a_check_yields(dataset, tmp_path, monkeypatch):
    def check_even(audited):
        numbers = audited.frame["income"]
        even = audited.frame.index[(numbers.round() % 2 == 0) & audited.train]
        yield Finding("even", "Even incomes", 0.9, f"{len(even)} are even.", "Ask why.", ids=even, fix="exclude")

    # The package has a function of that name.
    module = sys.modules["core.collect.audit"]
    monkeypatch.setattr(module, "CHECKS", (*module.CHECKS, ("Looking for even incomes", check_even)))
    worst = audit(dataset)[0]
    assert (worst.kind, worst.fix) == ("even", "exclude")
    project = Project.create(tmp_path / "project", dataset)
    assert project.findings()[0].kind == "even"
    project.close()
