"""A power law through a learning curve: how the error falls as rows are added, and how many rows bring it so low."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.train.fit import TrainError

__all__ = ["EXPONENTS", "PowerLaw", "fit_power_laws"]

Floats = npt.NDArray[np.float64]

# Between a curve that hardly bends and one that falls as fast as a parameter is learned.
EXPONENTS = (0.1, 1.0)
# The best exponent is sought among so many, then between the neighbours of the best one, and so on: the last lie 1e-8
# apart.
_AMONG, _ROUNDS = 19, 9


@dataclass(frozen=True)
class PowerLaw:
    """The error after so many rows: ``floor + above * (rows / reference) ** -exponent``.

    Attributes
    ----------
    floor : float
        What no number of rows brings it below.
    above : float
        How far above the floor it is at the reference.
    exponent : float
    reference : float
        A number of rows, so that the other numbers are of the size of errors.
    """

    floor: float
    above: float
    exponent: float
    reference: float

    def at(self, rows: npt.ArrayLike) -> Floats:
        """The error after so many rows, of the shape of `rows`."""
        return np.asarray(
            self.floor + self.above * (np.asarray(rows, dtype=float) / self.reference) ** -self.exponent, dtype=float
        )

    def rows_for(self, error: float) -> float:
        """How many rows bring the error so low; infinite where none do, 0 where it is never so high.

        Examples
        --------
        >>> law = PowerLaw(0.1, 0.2, 0.5, reference=100)
        >>> round(law.rows_for(0.2))
        400
        >>> law.rows_for(0.1)
        inf
        """
        if error <= self.floor:
            return float("inf")
        if self.above <= 0:
            return 0.0
        with np.errstate(over="ignore"):
            return float(self.reference * np.float64((error - self.floor) / self.above) ** (-1 / self.exponent))


def fit_power_laws(rows: npt.ArrayLike, curves: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> list[PowerLaw]:
    """Fit to each curve a power law that never rises and never falls below 0, by weighted least squares.

    For one exponent the best floor and height have a closed form, so that only the exponent is sought (variable
    projection), for all curves at once.

    Parameters
    ----------
    rows : array-like of shape (n,)
        At least three different numbers of rows.
    curves : array-like of shape (curves, n)
        The errors of each curve at these numbers.
    weights : array-like of shape (n,), optional
        Inverse variances, up to a factor; equal ones if not given.

    Returns
    -------
    list of PowerLaw
        One a curve, with an exponent in `EXPONENTS`. Where more rows do not help it is level.

    Raises
    ------
    TrainError
        If there are fewer than three numbers of rows, or a value is not finite.

    References
    ----------
    Cortes et al. (1993), "Learning curves: asymptotic values and rate of convergence", NIPS 6. Viering and Loog (2023),
    "The shape of learning curves: a review", IEEE TPAMI 45. Golub and Pereyra (1973), "The differentiation of
    pseudo-inverses and nonlinear least squares problems whose variables separate", SIAM J. Numerical Analysis 10.

    Examples
    --------
    >>> (law,) = fit_power_laws([100, 200, 400], [[0.4, 0.3, 0.25]])
    >>> float(law.at(800).round(3))
    0.225
    """
    x, y = np.asarray(rows, dtype=float), np.asarray(curves, dtype=float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if len(np.unique(x)) < 3 or not all(np.isfinite(each).all() for each in (x, y, w)) or x.min() <= 0:
        raise TrainError(
            "A power law needs finite errors at three numbers of rows or more. "
            f"Got rows {x.tolist()}, errors {np.squeeze(y).tolist()}. Measure more sizes."
        )
    reference, w = float(x.max()), w / w.sum()
    logs, each = np.log(x / reference), np.arange(len(y))
    low, high = (np.full(len(y), end) for end in EXPONENTS)
    for _ in range(_ROUNDS):
        exponents = np.linspace(low, high, _AMONG, axis=1)
        missed, floor, above = _with_exponents(exponents, logs, y[:, np.newaxis], w)
        best = missed.argmin(axis=1)
        low, high = exponents[each, np.maximum(best - 1, 0)], exponents[each, np.minimum(best + 1, _AMONG - 1)]
    found = np.column_stack([floor[each, best], above[each, best], exponents[each, best]])
    return [PowerLaw(floor, above, exponent, reference) for floor, above, exponent in found.tolist()]


def _with_exponents(exponents: Floats, logs: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """By how much the best law of each exponent misses, with its floor and its height above it, neither below 0.

    Parameters
    ----------
    exponents : array of shape (curves, exponents)
    logs, w : array of shape (n,)
        The weights add up to 1.
    y : array of shape (curves, 1, n)
    """
    power = np.exp(-exponents[..., np.newaxis] * logs)
    mean_power, mean = power @ w, y @ w
    off = power - mean_power[..., np.newaxis]
    above = np.maximum(0.0, (off * (y - mean[..., np.newaxis])) @ w / (off**2 @ w))
    floor = mean - above * mean_power
    above = np.where(floor < 0, np.maximum(0.0, (power * y) @ w / (power**2 @ w)), above)
    floor = np.maximum(0.0, floor)
    missed = (floor[..., np.newaxis] + above[..., np.newaxis] * power - y) ** 2 @ w
    return missed, floor, above
