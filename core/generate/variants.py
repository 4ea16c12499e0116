"""Variants of examples: parents are drawn evenly, a change is made, and what is not new is made once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.strategy import GenerateError

__all__ = ["draw_evenly", "variants"]

Integers = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

# (positions of the first parents, rng) to the texts, and the positions of the second parents.
Write = Callable[[Integers, np.random.Generator], tuple[pd.Series, Integers]]

_TRIES = 6


def draw_evenly(labels: pd.Series, can: Mask, counts: Mapping[str, int], rng: np.random.Generator) -> Integers:
    """Draw parents of each class, none of them once more than another needs to be.

    Parameters
    ----------
    labels : Series of shape (n,)
    can : array of bool, shape (n,)
        Who may be drawn: at least one of each class.
    counts : mapping
        Class to the number of parents.
    rng : Generator

    Returns
    -------
    array of shape (sum of counts,)
        Positions, class by class.
    """
    found = []
    for name, count in counts.items():
        members = np.flatnonzero(can & (labels == name).to_numpy())
        rounds = -(-count // len(members))
        found.append(np.concatenate([rng.permutation(members) for _ in range(rounds)])[:count])
    return np.concatenate(found) if found else np.array([], dtype=np.intp)


def variants(
    texts: pd.Series, labels: pd.Series, can: Mask, counts: Mapping[str, int], seed: int, write: Write
) -> tuple[pd.Series, Integers, Integers]:
    """Make texts of each class that no example has, and no two of which are equal.

    What comes out like an example or like another one is made again from another parent, a few times; what is left of
    it then is not made.

    Parameters
    ----------
    texts, labels : Series of shape (n,)
        The examples.
    can : array of bool, shape (n,)
        Which examples can be parents: at least one of each class.
    counts : mapping
        Class to the number of texts to make.
    seed : int
    write : callable
        Makes a text of each parent.

    Returns
    -------
    made : Series
        Indexed from 0; fewer than were asked for where there are not so many.
    base, other : array of int
        Positions of the parents.

    Raises
    ------
    GenerateError
        If not one new text comes out.
    """
    rng = np.random.default_rng(seed)
    base = draw_evenly(labels, can, counts, rng)
    classes = np.repeat(np.arange(len(counts)), list(counts.values()))
    names = list(counts)
    made, other = write(base, rng)
    for _ in range(_TRIES):
        again = np.flatnonzero(_known(made, texts))
        if not len(again):
            return made, base, other
        missing = {names[kind]: int(count) for kind, count in enumerate(np.bincount(classes[again])) if count}
        base[again] = draw_evenly(labels, can, missing, rng)
        anew, others = write(base[again], rng)
        made = made.copy()
        made.iloc[again], other[again] = anew.to_numpy(), others
    new = ~_known(made, texts)
    if not new.any():
        raise GenerateError(
            "The texts have too little in them for this method: whatever it made was there already. "
            "Use another method, or random oversampling."
        )
    return made[new].reset_index(drop=True), base[new], other[new]


def _known(made: pd.Series, texts: pd.Series) -> Mask:
    """Texts that an example has, or another one made before."""
    return (made.isin(texts) | made.duplicated() | (made.str.strip() == "")).to_numpy()
