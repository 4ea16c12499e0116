"""The locked model: what a recipe does with a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.ids import aligned, is_among, looked_up
from core.progress import Cancel, Progress, Steps
from core.train.encodings import Encodings
from core.train.fit import Augment, Change, Fitted, TrainError, TrainingSet, features_of, side_by_side
from core.train.recipe import FOR_DISTANCES, RECIPES, SEEDS, Recipe, recipes_for

__all__ = ["FOLDS", "LockedModel", "Training", "choose_threshold"]

FOLDS = 5


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
        frames: Mapping[str, pd.DataFrame],
        out_of_fold: pd.DataFrame,
        *,
        folds: int = FOLDS,
        divisions: int = 1,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> dict[str, list[list[tuple[pd.DataFrame, float | None]]]]:
        """Predict some sets of examples by models fitted without one fold of train each.

        Parameters
        ----------
        dataset : Dataset
        frames : mapping of str to DataFrame of shape (n, columns)
            The examples to predict, indexed by id, set by set: each model is fitted once for all of them.
        out_of_fold : DataFrame of shape (train, classes)
            Of `train`: where a threshold decides, each refit's is chosen on the examples that it was fitted on.
        folds, divisions : int
            How many folds, and how often train is divided anew into so many (see `Dataset.folds`; from division 1 on).

        Returns
        -------
        dict of str to list of lists of (DataFrame of shape (n, classes), float or None)
            Set by set, division by division, fold by fold: probabilities and the threshold, if that is the decision
            rule.

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
        found = side_by_side(training_set.refits(folds, numbers, list(frames.values())), steps)
        assigned = [aligned(dataset.folds(folds, number), out_of_fold.index).to_numpy() for number in numbers]
        thresholds = [
            [self._threshold(dataset, out_of_fold[fold != number]) for number in range(folds)] for fold in assigned
        ]
        refits = {
            name: [
                [
                    (pd.DataFrame(said[place], index=frame.index, columns=list(dataset.classes)), threshold)
                    for said, threshold in zip(found[start * folds : (start + 1) * folds], own, strict=True)
                ]
                for start, own in enumerate(thresholds)
            ]
            for place, (name, frame) in enumerate(frames.items())
        }
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
        self,
        dataset: Dataset,
        parts: Sequence[str] = ("train",),
        *,
        others: pd.DataFrame | None = None,
        dense: bool = True,
    ) -> Any:
        """The examples of some parts in the space where neighbours are sought.

        Parameters
        ----------
        dataset : Dataset
        parts : sequence of str
            Which parts of the split share the space, for example ``("train", "pool")``. Labels play no part.
        others : DataFrame, optional
            More examples with the columns the model learns from, which are placed in the space and do not shape it.
        dense : bool
            Tables as arrays; else as sparse matrices, which take a third of the memory.

        Returns
        -------
        array or sparse matrix of shape (examples, dimensions)
            In the order of ``dataset.ids``, part after part, then the others. Tables: scaled numbers and a column for
            each frequent category. Texts: TF-IDF, sparse, each text of length 1 by words and by characters.
        """
        return features_of(self.recipe.to_dict(), dataset, parts, FOR_DISTANCES, others, dense=dense)

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
        real = ~is_among(out_of_fold.index, dataset.generated)
        return choose_threshold(looked_up(dataset.labels, out_of_fold.index[real]), out_of_fold[real])

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
