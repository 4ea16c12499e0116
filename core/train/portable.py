"""A fitted model as plain values: numbers, arrays, words and scikit-learn's own estimators, and back again.

What skops writes of these it reads without running anybody's code but scikit-learn's. The training rows are left out;
words and categories that the model knows are not.

An exported model carries the source of this file behind those of `core.train.pipelines`, `core.train.encoder` and
`core.train.learner`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from core.train.encoder import Encoder, Terms
from core.train.learner import Averaged, Codes, Fit, Linear, Model, Prior, Weights
from core.train.pipelines import Frames, PipelineFit

__all__ = ["ESTIMATOR_PARTS", "from_plain", "to_plain"]

# What fitted trees of scikit-learn are made of beyond its public estimators: skops wants each of them named.
ESTIMATOR_PARTS = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
)

_KINDS = {
    kind.__name__: kind
    for kind in (Averaged, Codes, Encoder, Fit, Frames, Linear, Model, PipelineFit, Prior, Terms, Weights)
}
# The training rows, and which exception the app wants.
_LEFT_OUT = {"encoded", "refuse"}


def to_plain(value: Any) -> Any:
    """Take a model apart.

    Parameters
    ----------
    value : Model, or anything that one is made of

    Returns
    -------
    object
        Dictionaries with ``is`` (what it was) and ``has`` (its parts), arrays, strings, numbers and estimators.
    """
    if type(value).__name__ in _KINDS:
        parts = {name: to_plain(part) for name, part in vars(value).items() if name not in _LEFT_OUT}
        return {"is": type(value).__name__, "has": parts}
    if isinstance(value, pd.Index):
        return {"is": "index", "has": _packed(value.tolist())}
    if isinstance(value, dict):
        return {"is": "dict", "has": [_packed(list(value)), to_plain(list(value.values()))]}
    if isinstance(value, list) and value and all(type(part) in (int, float, str) for part in value):
        # One array: of hundreds of thousands of terms each would be an entry of its own otherwise.
        return {"is": "values", "has": _packed(value)}
    if isinstance(value, list | tuple):
        return {"is": type(value).__name__, "has": [to_plain(part) for part in value]}
    return value


def from_plain(value: Any) -> Any:
    """Put a model together again; the opposite of `to_plain`."""
    if not isinstance(value, dict):
        return value
    kind, has = value["is"], value["has"]
    if kind in _KINDS:
        made = object.__new__(_KINDS[kind])
        made.__dict__.update({name: from_plain(part) for name, part in has.items()})
        if isinstance(made, PipelineFit):
            made.refuse = ValueError
        return made
    if kind == "index":
        return pd.Index(_unpacked(has), dtype="object")
    if kind == "dict":
        return dict(zip(_unpacked(has[0]), from_plain(has[1]), strict=True))
    if kind == "values":
        return _unpacked(has)
    parts = [from_plain(part) for part in has]
    return tuple(parts) if kind == "tuple" else parts


def _packed(values: list[Any]) -> Any:
    return np.frombuffer(json.dumps(values).encode(), dtype=np.uint8).copy()


def _unpacked(packed: Any) -> list[Any]:
    found: list[Any] = json.loads(packed.tobytes())
    return found
