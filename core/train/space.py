"""The recipes that a search over models may choose from: each of ours with other hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, product, zip_longest
from typing import Any

import numpy as np

from core.dataset import Dataset
from core.train.recipe import RECIPES, Recipe, recipes_for

__all__ = ["recipe_space"]

# Rare classes may count for as much as frequent ones.
_WEIGHT = ("classifier", "class_weight", (None, "balanced"))
# By recipe: the step, its setting, and the values it is tried with. Ranges are those that scikit-learn's documentation
# and common AutoML spaces take.
_SPACE: Mapping[str, Sequence[tuple[str, str, Sequence[Any]]]] = {
    "hist_gradient_boosting": (
        ("classifier", "learning_rate", (0.03, 0.08, 0.2)),
        ("classifier", "max_iter", (50, 100, 300)),
        ("classifier", "max_leaf_nodes", (8, 16, 31)),
        ("classifier", "min_samples_leaf", (5, 20, 50)),
        ("classifier", "l2_regularization", (0.0, 1.0, 5.0)),
        _WEIGHT,
    ),
    "logistic_regression": (
        ("classifier", "C", (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)),
        ("columns", "most", (20, 100)),
        _WEIGHT,
    ),
    "random_forest": (
        ("classifier", "min_samples_leaf", (1, 2, 5, 10)),
        ("classifier", "max_features", ("sqrt", 0.5)),
        _WEIGHT,
    ),
    "tfidf_logistic": (
        ("classifier", "C", (0.3, 1.0, 3.0, 5.0, 10.0, 30.0)),
        ("text", "characters", ([2, 4], [1, 3], [3, 5])),
        ("text", "min_texts", (1, 2, 5)),
        _WEIGHT,
    ),
    "hashing_sgd": (
        ("classifier", "alpha", (1e-6, 1e-5, 1e-4)),
        ("text", "characters", ([2, 4], [3, 5])),
        _WEIGHT,
    ),
}


def recipe_space(dataset: Dataset, seed: int = 0) -> list[Recipe]:
    """The recipes for a data set with all hyperparameters that a search tries, in a drawn order.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the order.

    Returns
    -------
    list of Recipe
        One of each kind of model in turn; the recipes themselves as they are locked by default are left out. Each is
        fitted with one seed.
    """
    rng = np.random.default_rng(seed)
    kinds = []
    for base in recipes_for(dataset):
        tried = [recipe for recipe in _varied(base) if recipe.steps != base.steps]
        kinds.append([tried[place] for place in rng.permutation(len(tried))])
    return [recipe for recipe in chain.from_iterable(zip_longest(*kinds)) if recipe is not None]


def _varied(base: Recipe) -> Iterator[Recipe]:
    axes = _SPACE[base.name]
    for values in product(*(choices for *_, choices in axes)):
        steps = {name: dict(settings) for name, settings in base.steps.items()}
        for (step, setting, _), value in zip(axes, values, strict=True):
            steps[step][setting] = value
        said = ", ".join(f"{setting} {value}" for (_, setting, _), value in zip(axes, values, strict=True))
        yield replace(base, steps=steps, seeds=1, description=f"{base.title} with {said}.")


assert set(_SPACE) == set(RECIPES)
