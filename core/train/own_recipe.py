"""An analyst's own scikit-learn pipeline as the locked recipe: read from a file of skops, checked, and tried once."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from core.dataset import Dataset
from core.ids import looked_up
from core.train.fit import TrainError
from core.train.pipelines import Frames, PipelineFit, read_pipeline, untrusted_types
from core.train.recipe import RECIPES, Recipe

__all__ = ["read_recipe"]

# Before it is fitted a pipeline takes some kilobytes; the file becomes part of the recipe.
_MOST_BYTES = 1 << 20
_TRIED_ROWS = 400


def read_recipe(data: bytes, dataset: Dataset) -> Recipe:
    """Make a recipe of a pipeline that was saved with ``skops.io.dump``.

    Parameters
    ----------
    data : bytes
        The file: a scikit-learn classifier with ``predict_proba``, or a pipeline that ends in one. It learns from a
        frame with the columns of `dataset` (or from the texts alone, where there is no other column) and from the names
        of the classes. Whether it was fitted before plays no part.
    dataset : Dataset
        The pipeline is tried on some of its train examples.

    Returns
    -------
    Recipe
        Its fingerprint holds the SHA-256 of the file. Steps that draw random numbers get the recipe's seed, if they
        have none of their own. It is fitted with one seed.

    Raises
    ------
    TrainError
        If it is no such file, is larger than 1 MB, holds a type that is neither scikit-learn's nor numpy's nor scipy's
        (each is named), is no classifier with probabilities, or can't learn from these examples.
    """
    if len(data) > _MOST_BYTES:
        raise TrainError(
            f"The file of a pipeline may have up to {_MOST_BYTES:,} bytes. This one has {len(data):,}. Save it before "
            "it is fitted: skops.io.dump(sklearn.base.clone(pipeline), file)."
        )
    try:
        untrusted = untrusted_types(data)
        if untrusted:
            raise TrainError(
                "A pipeline may hold types of scikit-learn, numpy and scipy alone, since others could run any code. "
                f"This one holds {', '.join(untrusted)}. {_remedy(untrusted)}"
            )
        pipeline = read_pipeline(data)
    except TrainError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise TrainError(
            f"The file can't be read as a pipeline: {said}. Save it with skops.io.dump(pipeline, file)."
        ) from error
    if not (hasattr(pipeline, "fit") and is_classifier(pipeline)):
        raise TrainError(
            f"The pipeline must be a classifier, or end in one. Got {type(pipeline).__name__}. Add a classifier as its "
            "last step."
        )
    modality = dataset.schema.modality.value
    settings = {"sha256": hashlib.sha256(data).hexdigest(), "skops": base64.b64encode(data).decode()}
    steps: dict[str, dict[str, Any]] = {"pipeline": settings}
    if modality == "text":
        # The space in which neighbours are sought is ours, whatever the pipeline does.
        steps["text"] = dict(RECIPES["tfidf_logistic"].steps["text"])
    recipe = Recipe(
        "own",
        modality,
        steps,
        title=f"Your own: {', '.join(_step_names(pipeline))}",
        description="A pipeline of scikit-learn that was brought as a file. It learns from the columns as they are.",
    )
    _try(recipe, dataset)
    return recipe


def _remedy(untrusted: list[str]) -> str:
    if all(name.startswith(("sklearn.", "functools.")) for name in untrusted):
        return "They are what it learned: save it before it is fitted, sklearn.base.clone(pipeline)."
    return "Replace them by steps of scikit-learn."


def _step_names(pipeline: Any) -> list[str]:
    """The classes of the steps in their order; a step that is a pipeline itself counts as its steps."""
    steps = [step for _, step in pipeline.steps] if hasattr(pipeline, "steps") else None
    if steps is None:
        return [type(pipeline).__name__]
    return [name for step in steps if not isinstance(step, str) for name in _step_names(step)]


def _try(recipe: Recipe, dataset: Dataset) -> None:
    """Let the pipeline learn from some train examples and predict them."""
    labels = dataset.labels_of("train")
    some = labels.groupby(labels).head(max(2, _TRIED_ROWS // labels.nunique()))
    schema = dataset.schema
    rows = Frames(looked_up(dataset.inputs("train"), some.index), schema.kinds, schema.text).encoded
    classes = pd.Index(dataset.classes)
    fit = PipelineFit(recipe.to_dict(), rows, classes.get_indexer(pd.Index(some)), classes.tolist(), TrainError)
    if not hasattr(fit.pipeline, "predict_proba"):
        raise TrainError(
            "The pipeline must say how probable each class is (predict_proba). This one does not. Take a classifier "
            "that does, or wrap it in CalibratedClassifierCV."
        )
    found = fit.predict_proba(rows)
    if not np.isfinite(found).all() or (np.abs(found.sum(axis=1) - 1) > 1e-6).any():
        raise TrainError("The pipeline's probabilities must be finite and sum to 1 for each example. They do not.")
