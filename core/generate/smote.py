"""The oversamplers of imbalanced-learn, which also say what each new row was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC, BorderlineSMOTE
from sklearn.utils import check_random_state

__all__ = [
    "Origins",
    "RecordedADASYN",
    "RecordedBorderlineSMOTE",
    "RecordedSMOTE",
    "RecordedSMOTEN",
    "RecordedSMOTENC",
]

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
        nothing = np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
        base, other, gap = (np.concatenate(part) for part in zip(nothing, *self._parts, strict=True))
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


class RecordedBorderlineSMOTE(_Recorder, BorderlineSMOTE):  # type: ignore[misc]
    """Borderline-SMOTE (the first kind) with ``origins_``: empty for a class without a row at the border."""

    def _record(self, label: Any, base: Integers, other: Integers, gap: Floats) -> None:
        # Rows are drawn among those in danger, their neighbours among all of the class.
        members = np.flatnonzero(self._y == label)
        self._parts.append((self.in_danger_indices[label][base], members[other], gap))


class RecordedADASYN(_Recorder, ADASYN):  # type: ignore[misc]
    """ADASYN with ``origins_``, which makes exactly as many rows as it is asked for.

    The original rounds the share of each row: it makes more or fewer than were wanted, or none at all where many rows
    share a few. Here the largest remainders are rounded up, ties at random; where that is what rounding says, the rows
    are those of imbalanced-learn. A class none of whose rows has a neighbour of another class gets no rows.
    """

    def _fit_resample(self, X: Any, y: npt.NDArray[Any]) -> tuple[Any, Any]:
        self._validate_estimator()
        self._y, self._parts = y, []
        random_state = check_random_state(self.random_state)
        points, labels = [X], [y]
        for label, count in self.sampling_strategy_.items():
            members = np.flatnonzero(y == label)
            own = X[members]
            self.nn_.fit(X)
            # As many neighbours as are asked for, without the row itself.
            around = y[self.nn_.kneighbors(own, return_distance=False)[:, 1:]] != label
            if not count or not around.any():
                continue
            self.nn_.fit(own)
            near = self.nn_.kneighbors(own, return_distance=False)[:, 1:]
            rows = np.repeat(np.arange(len(own)), _dealt(around.sum(axis=1), count, self.random_state))
            columns = random_state.choice(near.shape[1], size=count)
            other, gap = near[rows, columns], random_state.uniform(size=(count, 1))
            self._record(label, rows, other, gap.ravel())
            points.append((own[rows] + gap * (own[other] - own[rows])).astype(X.dtype))
            labels.append(np.full(count, label, dtype=y.dtype))
        nothing = np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
        self.origins_ = Origins(*(np.concatenate(part) for part in zip(nothing, *self._parts, strict=True)))
        return np.vstack(points), np.hstack(labels)


def _dealt(weights: Integers, count: int, seed: int) -> Integers:
    """Split a count in proportion to weights, by largest remainders, ties at random."""
    exact = weights / weights.sum() * count
    dealt: Integers = np.floor(exact).astype(np.intp)
    order = np.lexsort([np.random.default_rng(seed).random(len(weights)), np.round(dealt - exact, 9)])
    dealt[order[: count - dealt.sum()]] += 1
    return dealt
