"""The methods that make table rows, or find those that are better left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.generate.method import Made, Method, Sources
from core.generate.tabular import interpolate
from core.schema import Modality

__all__ = ["TABLE_METHODS"]


def _smote(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    place = np.flatnonzero(sources.chosen | ~sources.labels.isin(counts).to_numpy())
    examples, schema = sources.examples.iloc[place], sources.schema
    features = examples[list(schema.features)]
    rows, origins = interpolate(features, list(schema.categorical), examples[schema.label], counts, seed)
    return Made(rows, place[origins.base], place[origins.other])


TABLE_METHODS = (
    Method(
        "smote",
        "SMOTE",
        "Makes rows between a row and one of its nearest neighbours of the same class (SMOTE; SMOTE-NC for mixed "
        "columns, SMOTE-N for categories only).",
        (Modality.TABLE,),
        make=_smote,
    ),
)
