"""What a method is: what it may see, what it is asked for, and what it says of the rows it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.strategy import GenerateError
from core.ids import is_among
from core.schema import Modality, Schema
from core.train import Recipe

__all__ = ["ANY", "Draw", "Made", "Make", "Method", "Sources"]

Integers = npt.NDArray[np.intp]
Booleans = npt.NDArray[np.bool_]
Known = TypeVar("Known")

ANY = (Modality.TABLE, Modality.TEXT, Modality.IMAGE)


class Sources:
    """The examples that a method may see, and which of them may be parents.

    In a trial there is one for each fold, with the examples that the fold trains on. All methods and amounts that are
    tried see the same one: what takes time and depends on the examples alone (neighbours, a vector space) is made
    once, through `once`.

    Parameters
    ----------
    examples : DataFrame of shape (n, columns)
        Original train examples, indexed by id.
    schema : Schema
    chosen : Index, optional
        Ids of those that may be parents; all if not given. The others are seen all the same, as neighbours.
    recipe : Recipe, optional
        Of the locked model, for methods that ask what it goes by.
    """

    def __init__(
        self,
        examples: pd.DataFrame,
        schema: Schema,
        chosen: pd.Index | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        self.examples = examples
        self.schema = schema
        self.recipe = recipe
        self.chosen: Booleans = (
            np.ones(len(examples), dtype=bool) if chosen is None else is_among(examples.index, chosen)
        )
        self._known: dict[Any, Any] = {}
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self.examples)

    @cached_property
    def labels(self) -> pd.Series:
        """The label of each example."""
        return self.examples[self.schema.label]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many examples of each class may be parents."""
        return {str(name): int(size) for name, size in self.labels[self.chosen].value_counts().items()}

    def among(self, chosen: pd.Index | None) -> Sources:
        """The same examples, what is known of them included, with other parents."""
        if chosen is None and self.chosen.all():
            return self
        other = Sources(self.examples, self.schema, chosen, self.recipe)
        other._known, other._lock = self._known, self._lock
        return other

    def once(self, key: Any, make: Callable[[], Known]) -> Known:
        """What `make` returns, made at the first call with this key. It must depend on nothing but the examples."""
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
            known: Known = self._known[key]
            return known

    def draw(self, counts: Mapping[str, int], seed: int, among: Booleans | None = None) -> Integers:
        """Draw parents of each class with replacement.

        Parameters
        ----------
        counts : mapping
            Class to how many.
        seed : int
        among : array of bool of shape (n,), optional
            Who fits, for example texts that are long enough.

        Returns
        -------
        array of shape (sum of counts,)
            Positions among the examples, class by class in the order of `counts`.

        Raises
        ------
        GenerateError
            If a class has nobody to draw.
        """
        rng = np.random.default_rng(seed)
        able = self.chosen if among is None else self.chosen & among
        labels = self.labels.to_numpy(dtype=object)
        drawn = []
        for name, count in counts.items():
            members = np.flatnonzero(able & (labels == name))
            if not len(members):
                raise GenerateError(f"Class '{name}' has no example to make this of. Use random oversampling for it.")
            drawn.append(members[rng.integers(0, len(members), count)])
        return np.concatenate(drawn) if drawn else np.empty(0, dtype=np.intp)


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


Make = Callable[[Sources, Mapping[str, int], int, Mapping[str, Any]], Made]
Draw = Callable[[Sources, Mapping[str, int], int, Mapping[str, Any]], Integers]


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
        ``(sources, counts, seed, settings)`` to what it `Made`. None for a method that only excludes.
    draw : callable, optional
        The same to the positions of examples to exclude. None for a method that makes rows.
    finds : bool
        Whether a method that excludes finds by itself how many: counts are then the most that may go of each class.
    settings : mapping
        What can be set, with what holds if it is not. JSON values only: they are kept with the rows.
    """

    key: str
    title: str
    sentence: str
    modalities: tuple[Modality, ...]
    make: Make | None = field(default=None, repr=False)
    draw: Draw | None = field(default=None, repr=False)
    finds: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def excludes(self) -> bool:
        """Whether it proposes exclusions instead of making rows."""
        return self.draw is not None

    @property
    def strength(self) -> str:
        """The setting that says how far its rows are from their parents; empty if it has none."""
        return next((name for name in ("strength", "share") if name in self.settings), "")

    def settled(self, settings: Mapping[str, Any] | None) -> dict[str, Any]:
        """All settings, those that are not given with their defaults.

        Raises
        ------
        GenerateError
            If there is no such setting.
        """
        given = dict(settings or {})
        unknown = [name for name in given if name not in self.settings]
        if unknown:
            raise GenerateError(
                f"{self.title} has {'the settings ' + ', '.join(self.settings) if self.settings else 'no settings'}. "
                f"Got '{unknown[0]}' instead."
            )
        return {**self.settings, **given}
