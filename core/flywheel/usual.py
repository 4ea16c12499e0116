"""From what the fits say to a forecast: drawn towards what is usual, with the interval for what the next turn measures.

Fits on a few thousand examples are noisy, and the best of many noisy estimates looks better than it is. So each is
drawn towards what actions of its kind brought on sets with known truth, the more the less sure it is; and what is said
of a part (the suspects of one class, more examples of one slice) towards its share of what is said of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from core.flywheel.action import Estimate, Forecast

__all__ = ["CONSTANTS", "LEVEL", "Constants", "Piece", "Usual", "believed"]

LEVEL = 0.8
# A few actions bring far more, or harm far more, than is usual: such a share, with such a standard deviation.
_RARE, _FAR = 0.1, 0.1
# How much of what the fits say of a part is believed beside its share of the whole.
_OWN = 0.25
# What is a part of what.
_WHOLE = {"review": "review", "collect": "collect"}


@dataclass(frozen=True)
class Usual:
    """What actions of a kind brought on sets with known truth.

    Attributes
    ----------
    mean, spread : float
        Of the true gain, but for rare cases.
    wider : float
        How much wider the error is than its known parts.
    """

    mean: float
    spread: float
    wider: float


@dataclass(frozen=True)
class Constants:
    """All that was chosen on sets with known truth.

    Attributes
    ----------
    usual : mapping of str to Usual
        By kind.
    wider : mapping of str to float
        By kind of a part: how much wider its error is than its known parts.
    """

    usual: Mapping[str, Usual]
    wider: Mapping[str, float]


# See docs/decisions/0041-forecasts.md; `benchmarks/forecast.py` chooses them, and judges each set by constants that
# were chosen without it.
CONSTANTS = Constants(
    usual={
        "review": Usual(0.023, 0.006, 2.0),
        "settle": Usual(0.005, 0.003, 1.65),
        "collect": Usual(0.009, 0.050, 1.0),
        "generate": Usual(0.000, 0.001, 1.7),
        "drop": Usual(0.001, 0.001, 0.8),
        "mend": Usual(0.000, 0.001, 1.25),
    },
    wider={"review": 1.7, "collect": 1.7},
)


@dataclass(frozen=True)
class Piece:
    """One estimate, and what it is of.

    Attributes
    ----------
    kind : str
    part : bool
        Whether it is of a class or a slice only.
    amount : float
        How much is done: wrong labels corrected, rows collected.
    estimate : Estimate
    """

    kind: str
    part: bool
    amount: float
    estimate: Estimate

    @property
    def whole(self) -> str | None:
        """The kind of the whole that it is a part of; None for a whole."""
        return _WHOLE.get(self.kind) if self.part else None


def believed(
    pieces: Sequence[Piece | None], constants: Constants = CONSTANTS, *, rows: int, part: bool
) -> list[Forecast | None]:
    """Make forecasts of estimates.

    Parameters
    ----------
    pieces : sequence of Piece or None
        All of one turn, so that parts find their whole.
    constants : Constants
    rows, part
        See `Forecast`.

    Returns
    -------
    list of Forecast or None
        In the same order; None where there is no estimate.

    References
    ----------
    Efron and Morris (1975), "Data analysis using Stein's estimator and its generalizations", JASA 70 (shrinkage against
    the luck of the best). Efron (2010), "Large-Scale Inference", chapter 2 (a mixture as the prior of many effects).
    """
    wholes = {
        each.kind: (each, _drawn(each.estimate, constants.usual[each.kind]))
        for each in pieces
        if each is not None and each.whole is None and each.kind in _WHOLE
    }
    found: list[Forecast | None] = []
    for each in pieces:
        if each is None:
            found.append(None)
            continue
        of = wholes.get(each.whole) if each.whole is not None else None
        if each.whole is None:
            gain, error = _drawn(each.estimate, constants.usual[each.kind])
        else:
            gain, error = _of_part(each, *of) if of is not None else _alone(each)
            error *= constants.wider[each.kind]
        half = float(ndtri(0.5 + LEVEL / 2)) * error
        told = float(ndtri(0.975)) * each.estimate.noise
        found.append(Forecast(gain, gain - half, gain + half, told, rows, part, each.estimate))
    return found


def _drawn(raw: Estimate, usual: Usual) -> tuple[float, float]:
    """Mean and standard error under a prior that is a mixture: a small effect is drawn in, a large one is believed."""
    variance = max(raw.error, 1e-6) ** 2
    priors = np.array([usual.spread, max(_FAR, usual.spread)]) ** 2
    logs = -0.5 * (raw.gain - usual.mean) ** 2 / (priors + variance) - 0.5 * np.log(priors + variance)
    fits = np.array([1 - _RARE, _RARE]) * np.exp(logs - logs.max())
    fits /= fits.sum()
    kept = priors / (priors + variance)
    means = usual.mean + kept * (raw.gain - usual.mean)
    gain = float(fits @ means)
    left = float(fits @ (kept * variance + (means - gain) ** 2))
    return gain, usual.wider * math.sqrt(left + raw.spread**2 + raw.noise**2)


def _of_part(piece: Piece, whole: Piece, of_whole: tuple[float, float]) -> tuple[float, float]:
    share = piece.amount / whole.amount if whole.amount > 0 else 0.0
    gain = share * of_whole[0] + _OWN * (piece.estimate.gain - share * whole.estimate.gain)
    return gain, _error(piece.estimate)


def _alone(piece: Piece) -> tuple[float, float]:
    return _OWN * piece.estimate.gain, _error(piece.estimate)


def _error(raw: Estimate) -> float:
    return math.sqrt(raw.error**2 + raw.spread**2 + raw.noise**2)
