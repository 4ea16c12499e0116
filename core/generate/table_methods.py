"""The methods that make table rows, or find those that are better left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.cleaning import disagreeing, tomek_links
from core.generate.interpolation import at_the_border, interpolate, where_others_are_near
from core.generate.known_neighbours import Found
from core.generate.method import Draw, Made, Make, Method, Sources
from core.generate.smote import Origins
from core.generate.strategy import GenerateError
from core.generate.table import Table
from core.generate.variation import cross, jitter, mask, partners
from core.schema import Modality

__all__ = ["TABLE_METHODS"]

Counts = Mapping[str, int]
Settings = Mapping[str, Any]
Integers = npt.NDArray[np.intp]
Booleans = npt.NDArray[np.bool_]

_TABLE = (Modality.TABLE,)


def _table(sources: Sources) -> Table:
    schema = sources.schema
    return sources.once(
        "table", lambda: Table.of(sources.examples[list(schema.features)], [*map(str, schema.categorical)])
    )


def _known(sources: Sources) -> Found:
    return sources.once("neighbours", dict)


def _share(settings: Settings, name: str) -> float:
    value = settings[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise GenerateError(f"The setting '{name}' must be a number above 0 and at most 1. Got {value!r} instead.")
    return float(value)


def _between(interpolation: Callable[..., tuple[pd.DataFrame, Origins]]) -> Make:
    def make(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Made:
        rows, origins = interpolation(
            _table(sources), sources.labels, counts, seed, parents=sources.chosen, known=_known(sources)
        )
        return Made(rows, origins.base, origins.other)

    return make


def _jitter(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Made:
    base = sources.draw(counts, seed)
    strength = _share(settings, "strength")
    return Made(jitter(_table(sources), sources.labels, base, seed, strength=strength), base, base)


def _mixup(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Made:
    base = sources.draw(counts, seed)
    other = partners(sources.labels, base, sources.chosen, seed)
    # Up to half of the way: a new row is nearest to the parent that its other columns come from.
    gap = np.random.default_rng([seed, 1]).uniform(0, 0.5, len(base))
    return Made(_table(sources).between(base, other, gap), base, other)


def _cross(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Made:
    base = sources.draw(counts, seed)
    other = partners(sources.labels, base, sources.chosen, seed)
    return Made(cross(_table(sources), base, other, seed, share=_share(settings, "share")), base, other)


def _mask(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Made:
    base = sources.draw(counts, seed)
    return Made(mask(_table(sources), base, seed, share=_share(settings, "share")), base, base)


def _found(find: Callable[[Table, pd.Series, list[str], Found], Booleans]) -> Draw:
    def draw(sources: Sources, counts: Counts, seed: int, settings: Settings) -> Integers:
        found = find(_table(sources), sources.labels, list(counts), _known(sources)) & sources.chosen
        place = np.random.default_rng(seed).permutation(np.flatnonzero(found))
        labels = sources.labels.iloc[place]
        # Where more were found than may go, those that go are drawn.
        rank = labels.groupby(labels.to_numpy()).cumcount().to_numpy()
        return np.sort(place[rank < labels.map(counts).to_numpy()])

    return draw


TABLE_METHODS = (
    Method(
        "smote",
        "SMOTE",
        "Makes rows between a row and one of its nearest neighbours of the same class (SMOTE; SMOTE-NC for mixed "
        "columns, SMOTE-N for categories only).",
        _TABLE,
        make=_between(interpolate),
    ),
    Method(
        "borderline_smote",
        "Borderline-SMOTE",
        "Makes rows as SMOTE does, of those that lie where their class meets another.",
        _TABLE,
        make=_between(at_the_border),
    ),
    Method(
        "adasyn",
        "ADASYN",
        "Makes rows as SMOTE does, the more of a row, the more of its neighbours have another class.",
        _TABLE,
        make=_between(where_others_are_near),
    ),
    Method(
        "jitter",
        "Jitter",
        "Copies rows and moves their numbers and dates a little, within what their class has.",
        _TABLE,
        make=_jitter,
        settings={"strength": 0.1},
    ),
    Method(
        "mixup",
        "Mix two rows",
        "Makes rows between any two rows of one class, near or far.",
        _TABLE,
        make=_mixup,
    ),
    Method(
        "crossover",
        "Cross two rows",
        "Makes rows that have each value from one of two rows of one class.",
        _TABLE,
        make=_cross,
        settings={"share": 0.5},
    ),
    Method(
        "mask",
        "Mask values",
        "Copies rows and takes a tenth of their values out, so that the model gets used to missing ones.",
        _TABLE,
        make=_mask,
        settings={"share": 0.1},
    ),
    Method(
        "tomek_links",
        "Tomek links",
        "Proposes to exclude rows that form a pair with a row of another class: each is the other's nearest.",
        _TABLE,
        draw=_found(tomek_links),
        finds=True,
    ),
    Method(
        "edited_neighbours",
        "Edited nearest neighbours",
        "Proposes to exclude rows whose three nearest neighbours are mostly of another class.",
        _TABLE,
        draw=_found(disagreeing),
        finds=True,
    ),
)
