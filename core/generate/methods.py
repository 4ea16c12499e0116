"""The methods: what each is called, says of itself, works on, and makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.generate.strategy import GenerateError
from core.generate.tabular import draw_exclusions, draw_parents, interpolate
from core.generate.text import FEWEST_WORDS, count_words, drop_and_swap
from core.schema import Modality, Schema

__all__ = ["METHODS", "Made", "Method", "find_method", "methods_for"]

Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Made:
    """What a method made of some examples.

    Attributes
    ----------
    inputs : DataFrame of shape (made, changed columns)
        The columns that differ from the first parent's.
    base, other : array of shape (made,)
        Positions of the parents among the examples; ``other`` equals ``base`` where there is one parent only.
    """

    inputs: pd.DataFrame
    base: Integers
    other: Integers


Make = Callable[[pd.DataFrame, Schema, Mapping[str, int], int], Made]
Draw = Callable[[pd.Series, Mapping[str, int], int], Integers]


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes
    ----------
    key, title, sentence : str
        Its name in code, on the screen, and what it does.
    modalities : tuple of Modality
        What it works on.
    make : callable, optional
        ``(examples, schema, counts, seed)`` to rows. None for a method that only excludes.
    draw : callable, optional
        ``(labels, counts, seed)`` to the positions of examples to exclude. None for a method that makes rows.
    """

    key: str
    title: str
    sentence: str
    modalities: tuple[Modality, ...]
    make: Make | None = field(default=None, repr=False)
    draw: Draw | None = field(default=None, repr=False)

    @property
    def excludes(self) -> bool:
        """Whether it proposes exclusions instead of making rows."""
        return self.draw is not None


def _copy(examples: pd.DataFrame, schema: Schema, counts: Mapping[str, int], seed: int) -> Made:
    base = draw_parents(examples[schema.label], counts, seed)
    return Made(pd.DataFrame(index=range(len(base))), base, base)


def _smote(examples: pd.DataFrame, schema: Schema, counts: Mapping[str, int], seed: int) -> Made:
    features = examples[list(schema.features)]
    rows, origins = interpolate(features, list(schema.categorical), examples[schema.label], counts, seed)
    return Made(rows, origins.base, origins.other)


def _words(examples: pd.DataFrame, schema: Schema, counts: Mapping[str, int], seed: int) -> Made:
    assert schema.text is not None
    texts, labels = examples[schema.text], examples[schema.label]
    long = (count_words(texts) >= FEWEST_WORDS).to_numpy()
    short = [name for name in counts if not (long & (labels == name).to_numpy()).any()]
    if short:
        raise GenerateError(
            f"Leaving out words needs texts of at least {FEWEST_WORDS} words between spaces. Class '{short[0]}' has "
            "none. Use random oversampling for it."
        )
    place = np.flatnonzero(long)
    base = place[draw_parents(labels.iloc[place], counts, seed)]
    made = drop_and_swap(texts.iloc[base], seed).reset_index(drop=True)
    return Made(made.to_frame(schema.text), base, base)


_ALL = (Modality.TABLE, Modality.TEXT, Modality.IMAGE)

METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method(
            "random_oversample",
            "Random oversampling",
            "Adds copies of examples, drawn at random.",
            _ALL,
            make=_copy,
        ),
        Method(
            "smote",
            "SMOTE",
            "Makes rows between a row and one of its nearest neighbours of the same class (SMOTE; SMOTE-NC for mixed "
            "columns, SMOTE-N for categories only).",
            (Modality.TABLE,),
            make=_smote,
        ),
        Method(
            "drop_and_swap",
            "Drop and swap words",
            "Copies texts, leaves out a tenth of the words and swaps two neighbours.",
            (Modality.TEXT,),
            make=_words,
        ),
        Method(
            "random_undersample",
            "Random undersampling",
            "Proposes examples to exclude, drawn at random.",
            _ALL,
            draw=draw_exclusions,
        ),
    )
}


def methods_for(dataset: Dataset) -> list[Method]:
    """The methods that work on a data set, those that make rows first."""
    return [method for method in METHODS.values() if dataset.schema.modality in method.modalities]


def find_method(key: str, dataset: Dataset) -> Method:
    """Return the method of that key.

    Raises
    ------
    GenerateError
        If there is none, or it does not work on what the data set holds.
    """
    works = {method.key: method for method in methods_for(dataset)}
    if key not in works:
        raise GenerateError(
            f"The method for {dataset.schema.modality.value} data must be one of {', '.join(works)}. "
            f"Got '{key}' instead."
        )
    return works[key]
