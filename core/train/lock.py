"""The locked model: a recipe as pure data, its fingerprint, and what it does with a data set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.progress import Cancel, Progress, Steps
from core.train.encodings import Encodings
from core.train.fit import Augment, Change, Fitted, TrainError, TrainingSet, features_of, side_by_side
from core.train.recipes import draws_random

__all__ = ["RECIPES", "LockedModel", "Recipe", "Training", "choose_threshold", "moved_versions", "recipes_for"]

FOLDS = 5
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
        Settings of ``columns``, ``text`` and ``classifier``, as `core.train.recipes` reads them; of an analyst's own
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
_FOR_DISTANCES = {**_FOR_LINEAR, "most": 20}

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


@dataclass(frozen=True)
class Training:
    """What a turn needs of the locked model.

    Attributes
    ----------
    fitted : Fitted
        On all train examples.
    out_of_fold : DataFrame of shape (train, classes)
        Each example predicted by a model that did not see it.
    threshold : float or None
        Chosen on `out_of_fold` if that is the decision rule; see `LockedModel.decide`.
    """

    fitted: Fitted
    out_of_fold: pd.DataFrame
    threshold: float | None


class LockedModel:
    """A recipe at work. It keeps no data: the same recipe on the same data gives the same numbers, bit for bit.

    Parameters
    ----------
    recipe : Recipe
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def __repr__(self) -> str:
        return f"LockedModel({self.recipe.name}, {self.recipe.decision}, {self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """The recipe's fingerprint."""
        return self.recipe.fingerprint

    @classmethod
    def for_dataset(
        cls, dataset: Dataset, recipe: Recipe | str | None = None, decision: str | None = None
    ) -> LockedModel:
        """Lock a recipe for a data set.

        Parameters
        ----------
        dataset : Dataset
        recipe : Recipe or str, optional
            A recipe or the name of one in `RECIPES`; the default of the data set's modality if not given.
        decision : str, optional
            See `DECISIONS`; the recipe's own if not given.

        Raises
        ------
        TrainError
            If the recipe is unknown or is made for another modality, or the decision rule does not fit the classes.
        """
        offered = recipes_for(dataset)
        if isinstance(recipe, str):
            if recipe not in RECIPES:
                raise TrainError(f"The recipe must be one of {', '.join(RECIPES)}. Got '{recipe}' instead.")
            recipe = RECIPES[recipe]
        recipe = recipe or offered[0]
        if recipe.modality != offered[0].modality:
            raise TrainError(
                f"The recipe '{recipe.name}' is made for modality '{recipe.modality}', the data is "
                f"'{offered[0].modality}'. Choose one of {', '.join(known.name for known in offered)}."
            )
        if decision is not None:
            recipe = replace(recipe, decision=decision)
        if recipe.seeds == 1 and recipe.draws_random(len(dataset)):
            # Counted with pool and test: train may grow.
            recipe = replace(recipe, seeds=SEEDS)
        if recipe.decision == "threshold" and len(dataset.classes) != 2:
            raise TrainError(
                f"The decision rule 'threshold' needs exactly two classes. The data has {len(dataset.classes)}. "
                "Choose the rule 'argmax'."
            )
        return cls(recipe)

    def fit(self, dataset: Dataset, progress: Progress | None = None, cancel: Cancel | None = None) -> Fitted:
        """Fit on all train examples.

        Raises
        ------
        TrainError
            If train holds fewer than two classes.
        Cancelled
            If the caller asked to stop.
        """
        steps = Steps(2, progress, cancel)
        fitted: Fitted
        (fitted,) = side_by_side(self._training_set(dataset, steps).final(), steps)
        steps.finish()
        return fitted

    def out_of_fold(
        self,
        dataset: Dataset,
        folds: int = FOLDS,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        augment: Augment | None = None,
    ) -> pd.DataFrame:
        """Predict each train example by a model that saw neither it nor anything generated from it.

        Parameters
        ----------
        dataset : Dataset
        folds : int
            At least 2.
        progress, cancel
            See `core.progress`.
        augment : callable, optional
            Hears the ids a fold trains on and returns generated rows for that fold's training alone: a frame with the
            columns of ``dataset.frame`` and ``parent``, ``other_parent``.

        Returns
        -------
        DataFrame of shape (train, classes)
            Indexed by ``dataset.ids("train")``, columns ``dataset.classes``. A class that a fold's training rows lack
            gets 0.

        Raises
        ------
        TrainError
            If train holds fewer than two classes, or `augment` made rows of examples it must not see.
        Cancelled
            If the caller asked to stop.
        """
        steps = Steps(1 + folds, progress, cancel)
        training_set = self._training_set(dataset, steps)
        change = None if augment is None else lambda ids: Change(rows=augment(ids))
        found = training_set.out_of_fold(side_by_side(training_set.folds(folds, change=change), steps))
        steps.finish()
        return found

    def train(self, dataset: Dataset, progress: Progress | None = None, cancel: Cancel | None = None) -> Training:
        """Everything a turn needs: the folds, the threshold and the final fit, on one encoding of the data.

        Raises
        ------
        TrainError
            As `for_dataset`, and if train holds fewer than two classes.
        Cancelled
            If the caller asked to stop.
        """
        steps = Steps(2 + FOLDS, progress, cancel)
        training_set = self._training_set(dataset, steps)
        *predicted, fitted = side_by_side(training_set.folds(FOLDS) + training_set.final(), steps)
        out_of_fold = training_set.out_of_fold(predicted)
        threshold = self._threshold(dataset, out_of_fold)
        steps.finish()
        return Training(fitted, out_of_fold, threshold)

    def refits(
        self,
        dataset: Dataset,
        frame: pd.DataFrame,
        out_of_fold: pd.DataFrame,
        *,
        folds: int = FOLDS,
        divisions: int = 1,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> list[list[tuple[pd.DataFrame, float | None]]]:
        """Predict some examples by models fitted without one fold of train each.

        Parameters
        ----------
        dataset : Dataset
        frame : DataFrame of shape (n, columns)
            The examples to predict, indexed by id.
        out_of_fold : DataFrame of shape (train, classes)
            Of `train`: where a threshold decides, each refit's is chosen on the examples that it was fitted on.
        folds, divisions : int
            How many folds, and how often train is divided anew into so many (see `Dataset.folds`; from division 1 on).

        Returns
        -------
        list of lists of (DataFrame of shape (n, classes), float or None)
            Division by division, fold by fold: probabilities and the threshold, if that is the decision rule.

        Raises
        ------
        TrainError
            If train holds fewer than two classes.
        Cancelled
            If the caller asked to stop.
        """
        steps = Steps(1 + folds * divisions, progress, cancel)
        training_set = self._training_set(dataset, steps)
        numbers = range(1, 1 + divisions)
        found = side_by_side(training_set.refits(folds, numbers, frame), steps)
        refits = []
        for place, division in enumerate(numbers):
            fold = dataset.folds(folds, division).reindex(out_of_fold.index).to_numpy()
            refits.append(
                [
                    (
                        pd.DataFrame(probabilities, index=frame.index, columns=list(dataset.classes)),
                        self._threshold(dataset, out_of_fold[fold != number]),
                    )
                    for number, probabilities in enumerate(found[place * folds : (place + 1) * folds])
                ]
            )
        steps.finish()
        return refits

    def refitter(
        self, dataset: Dataset, folds: int = FOLDS, encodings: Encodings | None = None
    ) -> Callable[..., pd.DataFrame]:
        """Prepare many out-of-fold predictions of one data set: the encoding is made once.

        Parameters
        ----------
        dataset : Dataset
        folds : int
        encodings : Encodings, optional
            What earlier recipes made of the same rows.

        Returns
        -------
        callable
            ``refit(labels=None, keep=None, progress=None, cancel=None)`` predicts all train examples as `out_of_fold`
            does. `labels` (Series by train id) stand in for the data set's, a missing one leaves its example out of
            training; so does `keep` (ids, or a mask over the train ids) for those that are not kept.
        """
        training_set = self._training_set(dataset, encodings=encodings)

        def refit(
            labels: pd.Series | None = None,
            keep: Any = None,
            progress: Progress | None = None,
            cancel: Cancel | None = None,
        ) -> pd.DataFrame:
            steps = Steps(folds, progress, cancel)
            tasks = training_set.folds(folds, labels=labels, keep=keep)
            found = training_set.out_of_fold(side_by_side(tasks, steps))
            steps.finish()
            return found

        return refit

    def features(
        self, dataset: Dataset, parts: Sequence[str] = ("train",), *, others: pd.DataFrame | None = None
    ) -> Any:
        """The examples of some parts in the space where neighbours are sought.

        Parameters
        ----------
        dataset : Dataset
        parts : sequence of str
            Which parts of the split share the space, for example ``("train", "pool")``. Labels play no part.
        others : DataFrame, optional
            More examples with the columns the model learns from, which are placed in the space and do not shape it.

        Returns
        -------
        array or sparse matrix of shape (examples, dimensions)
            In the order of ``dataset.ids``, part after part, then the others. Tables: scaled numbers and a column for
            each frequent category, dense. Texts: TF-IDF, sparse, each text of length 1 by words and by characters.
        """
        return features_of(self.recipe.to_dict(), dataset, parts, _FOR_DISTANCES, others)

    def decide(self, probabilities: pd.DataFrame, threshold: float | None = None) -> pd.Series:
        """Turn probabilities into labels.

        Parameters
        ----------
        probabilities : DataFrame of shape (n, classes)
        threshold : float, optional
            Two classes only: from this probability on the second class (see `threshold_class`) is chosen. Without it
            the largest probability decides, the first class at a tie.

        Returns
        -------
        Series of shape (n,)
        """
        classes = np.asarray(probabilities.columns, dtype=object)
        values = probabilities.to_numpy()
        chosen = values.argmax(axis=1) if threshold is None else (values[:, 1] >= threshold).astype(int)
        return pd.Series(classes[chosen], index=probabilities.index, name="predicted", dtype="str")

    def threshold_class(self, dataset: Dataset) -> str:
        """The class whose probability the threshold is for: the second of two.

        A threshold t on its probability is a threshold of 1 - t on the other's; taking the second rather than the
        rarer one, the rule does not turn round when labels change.
        """
        return dataset.classes[-1]

    def _threshold(self, dataset: Dataset, out_of_fold: pd.DataFrame) -> float | None:
        if self.recipe.decision != "threshold":
            return None
        # Generated examples would shift the balance of the classes.
        real = ~out_of_fold.index.isin(dataset.generated)
        return choose_threshold(dataset.labels.loc[out_of_fold.index[real]], out_of_fold[real])

    def _training_set(
        self, dataset: Dataset, steps: Steps | None = None, encodings: Encodings | None = None
    ) -> TrainingSet:
        if steps is not None:
            steps.start("reading the texts" if self.recipe.modality == "text" else "reading the columns")
        return TrainingSet(self.recipe.to_dict(), dataset, encodings)


def choose_threshold(labels: pd.Series, probabilities: pd.DataFrame) -> float:
    """Find the threshold on the second class's probability that gives the best macro F1.

    Parameters
    ----------
    labels : Series of shape (n,)
    probabilities : DataFrame of shape (n, 2)
        Out of fold.

    Returns
    -------
    float
        Halfway between two neighbouring probabilities; of equally good thresholds the one nearest to 0.5.

    Raises
    ------
    TrainError
        If there are not two classes.

    References
    ----------
    Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1 measure".
    """
    if probabilities.shape[1] != 2:
        raise TrainError(
            f"A threshold is chosen between two classes. The data has {probabilities.shape[1]}. "
            "Use the decision rule 'argmax'."
        )
    truth = (labels.to_numpy(dtype=object) == probabilities.columns[1]).astype(np.int64)
    order = np.argsort(probabilities.iloc[:, 1].to_numpy(), kind="stable")
    scores, truth = probabilities.iloc[:, 1].to_numpy()[order], truth[order]
    # Cut k: the k smallest are the first class. Only between different probabilities.
    cuts = np.flatnonzero(np.diff(scores) > 0) + 1
    cuts = np.concatenate([[0], cuts, [len(scores)]])
    below = np.concatenate([[0], np.cumsum(truth)])[cuts]
    first, second = cuts - below, truth.sum() - below
    wrong = below + (len(truth) - cuts - second)
    with np.errstate(invalid="ignore"):
        f1 = np.nan_to_num(2 * first / (2 * first + wrong)) + np.nan_to_num(2 * second / (2 * second + wrong))
    edges = np.concatenate([[0.0], scores, [1.0 + 1e-9]])
    thresholds = (edges[cuts] + edges[cuts + 1]) / 2
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - 0.5))]])
