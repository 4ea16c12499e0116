"""Resampling: copies of examples and random exclusions. They look at labels only, so they work on any data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from core.generate.method import ANY, Made, Method, Sources

__all__ = ["RESAMPLING", "draw_exclusions", "draw_parents"]

Integers = npt.NDArray[np.intp]
Codes = npt.NDArray[np.int16]


def draw_parents(labels: pd.Series, counts: Mapping[str, int], seed: int) -> Integers:
    """Draw rows of each class, with replacement.

    Returns
    -------
    array of shape (sum of counts,)
        Positions in `labels`.
    """
    y, sizes = _coded(labels, counts)
    sampler = RandomOverSampler(sampling_strategy=sizes, random_state=seed)
    sampler.fit_resample(np.arange(len(labels))[:, np.newaxis], y)
    drawn: Integers = sampler.sample_indices_[len(labels) :]
    return drawn


def draw_exclusions(labels: pd.Series, counts: Mapping[str, int], seed: int) -> Integers:
    """Draw rows of each class that are to go, without replacement.

    Returns
    -------
    array of shape (sum of counts,)
        Positions in `labels`, ascending.
    """
    y, sizes = _coded(labels, {name: -count for name, count in counts.items()})
    sampler = RandomUnderSampler(sampling_strategy=sizes, random_state=seed)
    sampler.fit_resample(np.arange(len(labels))[:, np.newaxis], y)
    return np.setdiff1d(np.arange(len(labels)), sampler.sample_indices_)


def _coded(labels: pd.Series, change: Mapping[str, int]) -> tuple[Codes, dict[int, int]]:
    """Classes as small numbers in their order, and sizes after a change: imbalanced-learn sorts strings slowly."""
    codes, names = pd.factorize(labels, sort=True)
    sizes = np.bincount(codes)
    return codes.astype(np.int16), {
        place: int(sizes[place]) + change[name] for place, name in enumerate(names) if name in change
    }


def _copy(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    place = np.flatnonzero(sources.chosen | ~sources.labels.isin(counts).to_numpy())
    base = place[draw_parents(sources.labels.iloc[place], counts, seed)]
    return Made(pd.DataFrame(index=range(len(base))), base, base)


def _thin_out(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Integers:
    # What may not go is not there to be drawn; one row of each class always stays, for imbalanced-learn.
    place = np.flatnonzero(sources.chosen | ~sources.labels.isin(counts).to_numpy())
    return place[draw_exclusions(sources.labels.iloc[place], counts, seed)]


RESAMPLING = (
    Method(
        "random_oversample",
        "Random oversampling",
        "Adds copies of examples, drawn at random.",
        ANY,
        make=_copy,
    ),
    Method(
        "random_undersample",
        "Random undersampling",
        "Proposes examples to exclude, drawn at random.",
        ANY,
        draw=_thin_out,
    ),
)
