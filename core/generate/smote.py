"""SMOTE, SMOTE-NC and SMOTE-N as imbalanced-learn makes them, which also say what each new row was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

__all__ = ["Origins", "RecordedSMOTE", "RecordedSMOTEN", "RecordedSMOTENC"]

Integers = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Origins:
    """What each generated row was made from, in the order of the rows.

    Attributes
    ----------
    base, other : array of shape (generated,)
        Positions in the rows that the sampler was given. A row lies between the two; with SMOTE-N, which has no such
        line, ``other`` is the nearest of the neighbours that voted.
    gap : array of shape (generated,)
        How far the row lies from base to other, in [0, 1). Zero with SMOTE-N.
    """

    base: Integers
    other: Integers
    gap: Floats


class _Recorder:
    """Keeps the origins of each class as the sampler draws them; goes before the sampler in the bases."""

    origins_: Origins
    _parts: list[tuple[Integers, Integers, Floats]]
    _y: npt.NDArray[Any]

    def _fit_resample(self, X: Any, y: npt.NDArray[Any]) -> tuple[Any, Any]:
        self._y, self._parts = y, []
        resampled: tuple[Any, Any] = super()._fit_resample(X, y)  # type: ignore[misc]
        base, other, gap = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        self.origins_ = Origins(base, other, gap)
        return resampled

    def _record(self, label: Any, base: Integers, other: Integers, gap: Floats) -> None:
        members = np.flatnonzero(self._y == label)
        self._parts.append((members[base], members[other], gap))

    def _generate_samples(
        self,
        X: Any,
        nn_data: Any,
        nn_num: Integers,
        rows: Integers,
        cols: Integers,
        steps: Floats,
        y_type: Any = None,
        y: Any = None,
    ) -> Any:
        self._record(y_type, rows, nn_num[rows, cols], steps.ravel())
        return super()._generate_samples(X, nn_data, nn_num, rows, cols, steps, y_type, y)  # type: ignore[misc]


class RecordedSMOTE(_Recorder, SMOTE):  # type: ignore[misc]
    """SMOTE with ``origins_``."""


class RecordedSMOTENC(_Recorder, SMOTENC):  # type: ignore[misc]
    """SMOTE-NC with ``origins_``."""


class RecordedSMOTEN(_Recorder, SMOTEN):  # type: ignore[misc]
    """SMOTE-N with ``origins_``."""

    def _make_samples(
        self, X_class: Any, klass: Any, y_dtype: Any, nn_indices: Integers, n_samples: int
    ) -> tuple[Any, Any]:
        # The draw is the sampler's own, made once more: it takes nothing else from its seed.
        base = np.random.RandomState(self.random_state).choice(np.arange(len(X_class)), size=n_samples, replace=True)
        neighbours = nn_indices[base]
        # The row itself is among its neighbours, as a rule the first; with exact duplicates it may be any or none.
        other = np.where(neighbours[:, 0] == base, neighbours[:, 1], neighbours[:, 0])
        self._record(klass, base, other, np.zeros(n_samples))
        return super()._make_samples(X_class, klass, y_dtype, nn_indices, n_samples)  # type: ignore[no-any-return]
