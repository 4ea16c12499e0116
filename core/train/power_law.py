"""A power law through a learning curve: how the error falls as rows are added, and how many rows bring it so low."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from core.train.fit import TrainError

__all__ = ["EXPONENTS", "PowerLaw", "fit_power_law"]

Floats = npt.NDArray[np.float64]

# Between a curve that hardly bends and one that falls as fast as a parameter is learned.
EXPONENTS = (0.1, 1.0)
_STARTS = np.linspace(*EXPONENTS, 10)
_TOLERANCES = ("ftol", "xtol", "gtol")


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


def fit_power_law(rows: npt.ArrayLike, errors: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> PowerLaw:
    """Fit a power law that never rises and never falls below 0, by weighted least squares.

    Parameters
    ----------
    rows, errors : array-like of shape (n,)
        At least three different numbers of rows.
    weights : array-like of shape (n,), optional
        Inverse variances, up to a factor; equal ones if not given.

    Returns
    -------
    PowerLaw
        With an exponent in `EXPONENTS`. Where more rows do not help it is level.

    Raises
    ------
    TrainError
        If there are fewer than three numbers of rows, or a value is not finite.

    References
    ----------
    Cortes et al. (1993), "Learning curves: asymptotic values and rate of convergence", NIPS 6. Viering and Loog (2023),
    "The shape of learning curves: a review", IEEE TPAMI 45.
    """
    x, y = np.asarray(rows, dtype=float), np.asarray(errors, dtype=float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if len(np.unique(x)) < 3 or not np.isfinite([*x, *y, *w]).all() or x.min() <= 0:
        raise TrainError(
            "A power law needs finite errors at three numbers of rows or more. "
            f"Got rows {[float(each) for each in x]}, errors {[float(each) for each in y]}. Measure more sizes."
        )
    reference = float(x.max())
    logs, root = np.log(x / reference), np.sqrt(w / w.sum())
    start = min((_with_exponent(exponent, logs, y, w) for exponent in _STARTS), key=lambda found: found[0])[1]

    def missed(parameters: Floats) -> Floats:
        floor, above, exponent = parameters
        return np.asarray(root * (floor + above * np.exp(-exponent * logs) - y))

    def slopes(parameters: Floats) -> Floats:
        _, above, exponent = parameters
        power = np.exp(-exponent * logs)
        return np.column_stack([root, root * power, -root * above * logs * power])

    low, high = [0.0, 0.0, EXPONENTS[0]], [np.inf, np.inf, EXPONENTS[1]]
    found = least_squares(
        missed,
        np.clip(start, low, high),
        jac=slopes,
        bounds=(low, high),
        x_scale="jac",
        **dict.fromkeys(_TOLERANCES, 1e-12),
    )
    floor, above, exponent = map(float, found.x)
    return PowerLaw(floor, above, exponent, reference)


def _with_exponent(exponent: float, logs: Floats, y: Floats, w: Floats) -> tuple[float, list[float]]:
    """The best floor and height above it for one exponent, neither below 0, and how far they miss."""
    power = np.exp(-exponent * logs)
    mean_power, mean = np.average(power, weights=w), np.average(y, weights=w)
    spread = float(np.average((power - mean_power) ** 2, weights=w))
    above = max(0.0, float(np.average((power - mean_power) * (y - mean), weights=w)) / spread)
    floor = float(mean - above * mean_power)
    if floor < 0:
        floor, above = 0.0, max(0.0, float(np.average(power * y, weights=w) / np.average(power**2, weights=w)))
    missed = float(np.average((floor + above * power - y) ** 2, weights=w))
    return missed, [floor, above, exponent]
