"""What a recipe is, as pure data with a fingerprint, and the recipes there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from core.dataset import Dataset
from core.train.fit import TrainError
from core.train.learner import draws_random

__all__ = ["DECISIONS", "FOR_DISTANCES", "RECIPES", "Recipe", "moved_versions", "recipes_for"]

DECISIONS = {
    "argmax": "the class with the largest probability",
    "threshold": "a threshold chosen out of fold for the best macro F1 (two classes)",
}
# Fits whose probabilities are averaged where a classifier draws random numbers. Three take two thirds of the variance
# of the seed away at three times the cost; see decision 21.
SEEDS = 3
# From this many texts on, dictionaries grow large and hashing comes first.
MANY_TEXTS = 200_000
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")


def _installed() -> dict[str, str]:
    return {library: version(library) for library in _LIBRARIES}


@dataclass(frozen=True)
class Recipe:
    """How a model is made, as data: nothing here depends on the examples or names a column.

    Attributes
    ----------
    name, title, description : str
        What it is called in code and on screen, and what it is good at.
    modality : str
        ``"table"`` or ``"text"``.
    steps : mapping
        Settings of ``columns``, ``text`` and ``classifier``, as `core.train.learner` reads them; of an analyst's own
        recipe ``pipeline`` in place of the last, see `core.train.own_recipe`. JSON values only.
    seed : int
        Of every random number drawn.
    seeds : int
        How many fits, with `seed` and those that follow it, have their probabilities averaged. If not given: three
        where the classifier draws random numbers, otherwise one. A recipe written before there could be several keeps
        one, and with it its fingerprint.
    decision : str
        See `DECISIONS`.
    versions : mapping
        Library to the version under which the model was locked.
    """

    name: str
    modality: str
    steps: Mapping[str, Mapping[str, Any]]
    seed: int = 0
    decision: str = "argmax"
    versions: Mapping[str, str] = field(default_factory=_installed)
    title: str = ""
    description: str = ""
    seeds: int = 0

    def __post_init__(self) -> None:
        if self.seeds < 1:
            object.__setattr__(self, "seeds", SEEDS if self.draws_random() else 1)
        if self.decision not in DECISIONS:
            raise TrainError(f"The decision rule must be one of {', '.join(DECISIONS)}. Got '{self.decision}' instead.")
        frozen = {part: MappingProxyType(dict(settings)) for part, settings in self.steps.items()}
        object.__setattr__(self, "steps", MappingProxyType(frozen))

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def draws_random(self, rows: int = 0) -> bool:
        """Whether another seed would give another model of so many training rows."""
        return draws_random(self.steps.get("classifier", {}), rows)

    @property
    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of the canonical JSON, without title and description."""
        content = {key: value for key, value in self.to_dict().items() if key not in {"title", "description"}}
        if "pipeline" in self.steps:
            # The hash of the file stands for the file.
            content["steps"] = content["steps"] | {"pipeline": {"sha256": self.steps["pipeline"]["sha256"]}}
        return hashlib.sha256(_canonical(content).encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON values."""
        return {
            "name": self.name,
            "modality": self.modality,
            "steps": {part: dict(settings) for part, settings in self.steps.items()},
            "seed": self.seed,
            "decision": self.decision,
            "versions": dict(self.versions),
            "title": self.title,
            "description": self.description,
            # Left out where there is one: so recipes were written before there could be several.
            **({"seeds": self.seeds} if self.seeds > 1 else {}),
        }

    def to_json(self) -> str:
        """The recipe as canonical JSON text."""
        return _canonical(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what `to_json` wrote.

        Raises
        ------
        TrainError
            If it is no recipe.
        """
        try:
            return cls(**{"seeds": 1, **json.loads(text)})
        except (TypeError, AttributeError, json.JSONDecodeError) as error:
            raise TrainError(
                f"The recipe can't be read ({error}). Open the project with the version of the app that wrote it."
            ) from error

    def with_installed_versions(self) -> Recipe:
        """The recipe locked with the libraries that are installed now, and with several seeds if it draws on them."""
        return replace(self, versions=_installed(), seeds=max(self.seeds, SEEDS if self.draws_random() else 1))


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_FOR_TREES = {"dates": ["days", "month", "weekday", "hour"], "categories": "codes", "most": 254}
_FOR_LINEAR = {
    "dates": ["days", "month", "weekday", "hour"],
    "categories": "one_hot",
    "most": 100,
    "fewest": 10,
    "limit": 5.0,
}
# Neighbours are sought among columns on one scale, with few columns for the categories.
FOR_DISTANCES = {**_FOR_LINEAR, "most": 20}

RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "hist_gradient_boosting",
            "table",
            {
                "columns": _FOR_TREES,
                "classifier": {
                    "name": "HistGradientBoostingClassifier",
                    "max_iter": 100,
                    "learning_rate": 0.08,
                    "max_leaf_nodes": 16,
                    "min_samples_leaf": 20,
                    "l2_regularization": 5.0,
                    # Its validation split would depend on the order of the rows.
                    "early_stopping": False,
                },
            },
            title="Gradient boosting",
            description="Trees, each mending the errors of those before. Takes categories and missing values as is.",
        ),
        Recipe(
            "logistic_regression",
            "table",
            {
                "columns": _FOR_LINEAR,
                "classifier": {"name": "LogisticRegression", "C": 1.0, "max_iter": 1000},
            },
            title="Logistic regression",
            description="A weight for each column. Plain, quick, and hard to beat on a few hundred examples.",
        ),
        Recipe(
            "random_forest",
            "table",
            {
                "columns": _FOR_TREES,
                "classifier": {"name": "RandomForestClassifier", "n_estimators": 200, "min_samples_leaf": 2},
            },
            title="Random forest",
            description="Many trees on random parts of the data, which vote. Hardly disturbed by single wrong labels.",
        ),
        Recipe(
            "tfidf_logistic",
            "text",
            {
                "columns": _FOR_LINEAR,
                "text": {"characters": [2, 4], "min_texts": 2},
                "classifier": {"name": "LogisticRegression", "C": 5.0, "max_iter": 1000},
            },
            title="Words and characters, logistic regression",
            description="A weight for each word, pair of words and run of characters, the rarer the heavier (TF-IDF).",
        ),
        Recipe(
            "hashing_sgd",
            "text",
            {
                "columns": _FOR_LINEAR,
                "text": {"characters": [2, 4], "hash_bits": 18},
                "classifier": {"name": "SGDClassifier", "loss": "log_loss", "alpha": 1e-5, "max_iter": 10, "tol": None},
            },
            title="Hashed words and characters, stochastic gradient descent",
            description="For hundreds of thousands of texts: no dictionary, and a few passes over the data.",
        ),
    )
}


def recipes_for(dataset: Dataset) -> list[Recipe]:
    """The recipes that fit a data set, the default first.

    Raises
    ------
    TrainError
        If there is none for its modality.
    """
    modality = dataset.schema.modality.value
    recipes = [recipe for recipe in RECIPES.values() if recipe.modality == modality]
    if not recipes:
        raise TrainError(f"There is no recipe for data of modality '{modality}'. Use a table or texts.")
    if modality == "text" and len(dataset.ids("train")) > MANY_TEXTS:
        recipes.sort(key=lambda recipe: recipe.name != "hashing_sgd")
    return recipes


def moved_versions(recipe: Recipe) -> dict[str, tuple[str, str]]:
    """The libraries whose installed version is not the locked one: name to (locked, installed)."""
    installed = _installed()
    return {
        library: (locked, installed.get(library, "none"))
        for library, locked in recipe.versions.items()
        if installed.get(library) != locked
    }
