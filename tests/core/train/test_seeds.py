from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.train import RECIPES, LockedModel, Recipe
from core.train.learner import draws_random


@pytest.mark.parametrize(
    ("settings", "rows", "random"),
    [
        ({"name": "RandomForestClassifier"}, 100, True),
        ({"name": "HistGradientBoostingClassifier", "early_stopping": False}, 200_000, False),
        ({"name": "HistGradientBoostingClassifier", "early_stopping": False}, 200_001, True),
        ({"name": "HistGradientBoostingClassifier"}, 100, True),
        ({"name": "LogisticRegression"}, 10**6, False),
        ({"name": "LogisticRegression", "solver": "saga"}, 100, True),
    ],
)
def test_which_classifiers_draw_random_numbers(settings, rows, random):
    assert draws_random(settings, rows) == random


def forest(**changes):
    steps = json.loads(RECIPES["random_forest"].to_json())["steps"]
    steps["classifier"]["n_estimators"] = 5
    return replace(RECIPES["random_forest"], steps=steps, **changes)


def test_several_seeds_are_averaged(table):
    """The probabilities of a turn are the mean of those that single seeds give."""
    together = LockedModel(forest()).out_of_fold(table)
    single = [LockedModel(forest(seed=seed, seeds=1)).out_of_fold(table) for seed in range(3)]
    np.testing.assert_allclose(together, sum(single) / 3)
    assert not np.allclose(single[0], single[1])


def test_a_recipe_that_draws_nothing_is_written_as_before():
    assert "seeds" not in json.loads(RECIPES["logistic_regression"].to_json())
    assert json.loads(RECIPES["random_forest"].to_json())["seeds"] == 3


def test_a_recipe_written_before_keeps_its_one_seed_and_its_fingerprint():
    old = json.loads(RECIPES["random_forest"].to_json())
    del old["seeds"]
    read = Recipe.from_json(json.dumps(old))
    assert read.seeds == 1
    assert read.fingerprint != RECIPES["random_forest"].fingerprint
    assert "seeds" not in json.loads(read.to_json())
