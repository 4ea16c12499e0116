"""Two learning curves of one data set, under two labellings, and how many rows the better labels are worth.

Both curves are scored on the same held-out labels, and only read sideways: where the curve of the first labelling
reaches the score that the second has now. What noise in the held-out labels takes from both at equal scores does not
move that place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.dataset import Dataset
from core.evaluate import METRICS
from core.evaluate.predictions import align
from core.evaluate.resampled import resampled
from core.evaluate.scores import CELL_METRICS, SMALLER_IS_BETTER
from core.flywheel.errors import ProjectError
from core.ids import is_among
from core.progress import Cancel, Progress
from core.statistics import percentile_interval
from core.train import LockedModel, PowerLaw, curve_points, fit_power_laws

__all__ = ["DRAWS", "FARTHEST", "IN_TURNS", "LABELLINGS", "SHARES", "TwoCurves", "two_curves"]

Floats = npt.NDArray[np.float64]

# What the labels are in the data, and what they would be.
LABELLINGS = ("collected", "consistent")
# Equal steps on the scale on which a power law is straight; below, another regime begins.
SHARES = (0.15, 0.25, 0.4, 0.65, 1.0)
DRAWS = 5
# What a measurement takes, in turns: two curves, the folds of each size.
IN_TURNS = round(len(LABELLINGS) * DRAWS * sum(SHARES))
# A curve is followed up to so many times the rows there are, no further.
FARTHEST = 4.0
_RESAMPLES = 200
_EQUAL = 1e-9
# Where the laws are drawn, in times the rows there are; close together where they bend.
_DRAWN_AT = np.concatenate([np.geomspace(0.12, 1.0, 13), np.linspace(1.25, FARTHEST, 12)])


@dataclass(frozen=True)
class TwoCurves:
    """What two labellings of one data set come to.

    Attributes
    ----------
    rows : int
        Train examples that were collected: where the curves are compared.
    points : DataFrame
        A row a labelling and share: ``labelling``, ``rows`` (that a fold trained on), ``value``, ``low``, ``high``.
    fitted : DataFrame
        The power laws, a row a labelling and number of rows up to `FARTHEST` times `rows`: ``labelling``, ``rows``,
        ``value``, ``low``, ``high``.
    gain : (float, float, float)
        How much better the score is under the second labelling at `rows`: value and interval, positive is better.
    doubled : (float, float, float)
        How much better it is under the first labelling with twice the rows.
    worth : (float, float, float)
        How many more rows under the first labelling bring as much as the second labelling: value and interval. Below 0
        where it brings less than nothing; infinite where even `FARTHEST` times the rows would not bring it.
    """

    rows: int
    points: pd.DataFrame
    fitted: pd.DataFrame
    gain: tuple[float, float, float]
    doubled: tuple[float, float, float]
    worth: tuple[float, float, float]

    @property
    def answer(self) -> str:
        """``"worth"`` so many rows, worth ``"less"`` than so many, worth nothing (``"none"``), or ``"unclear"``."""
        _, low, high = self.worth
        if low > 0:
            return "worth"
        if high <= 0:
            return "none"
        return "less" if high < self.rows else "unclear"


def two_curves(
    dataset: Dataset,
    model: LockedModel,
    other: Callable[[int], pd.Series],
    *,
    judged_by: pd.Series,
    metric: str,
    mirrored: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> TwoCurves:
    """Measure the learning curve as collected and under other labels, out of fold, and compare them.

    Parameters
    ----------
    dataset : Dataset
    model : LockedModel
    other : callable
        Hears the number of a draw and gives the other labels by train id.
    judged_by : Series
        The labels that the predictions of both curves are scored on, by id: of train examples that were collected.
    metric : str
        See ``core.evaluate.METRICS``.
    mirrored : bool
        The other labels are worse by as much as the consistent ones would be better: what they cost is what those
        bring.
    draws : int
        Parts that are drawn of each size, each with a division into folds of its own.
    seed : int
    progress, cancel
        See `core.progress`.

    Returns
    -------
    TwoCurves
        Intervals are 95%, by a bootstrap over the draws and over the examples that are scored, the same for both
        curves.

    Raises
    ------
    ProjectError
        If there is no such metric.
    TrainError
        If the data can't be learned from.
    Cancelled
        If the caller asked to stop.

    References
    ----------
    Cook and Stefanski (1994), "Simulation-extrapolation estimation in parametric measurement error models", JASA 89,
    and Küchenhoff, Mwalili and Lesaffre (2006), "A general method for dealing with misclassification in regression: the
    misclassification SIMEX", Biometrics 62, for adding error to see what error costs.
    """
    if metric not in METRICS:
        raise ProjectError(f"The 'metric' must be one of {', '.join(METRICS)}. Got '{metric}' instead.")
    given = dataset.labels_of("train")
    said, sizes = [], {}
    for point in curve_points(
        dataset,
        model,
        {LABELLINGS[0]: lambda draw: given, LABELLINGS[1]: other},
        SHARES,
        draws=draws,
        seed=seed,
        progress=progress,
        cancel=cancel,
    ):
        sizes[point.share] = float(point.size)
        # Of many examples and classes, all probabilities would not fit in memory: only some metrics need them.
        needed = None if metric in CELL_METRICS else point.probabilities.loc[judged_by.index]
        said.append((needed, point.predicted.loc[judged_by.index]))
    aligned = align(judged_by, [probabilities for probabilities, _ in said], [predicted for _, predicted in said])
    scored = resampled(aligned, metric, _RESAMPLES, np.random.default_rng(seed))
    # Draw by draw, share by share, labelling by labelling, as `curve_points` gives them.
    shape = (draws, len(SHARES), len(LABELLINGS))
    rows = int((~is_among(given.index, dataset.generated)).sum())
    return _compared(
        rows,
        np.array(list(sizes.values())),
        _mirrored(_to_error(scored.values, metric).reshape(shape), mirrored),
        _mirrored(_to_error(scored.draws, metric).reshape(*shape, -1), mirrored),
        metric,
        np.random.default_rng([seed, 1]),
    )


def _mirrored(errors: Floats, mirrored: bool) -> Floats:
    """The second labelling's errors on the other side of the first's; the labellings are the third axis."""
    if mirrored:
        errors = errors.copy()
        errors[:, :, 1] = 2 * errors[:, :, 0] - errors[:, :, 1]
    return errors


def _to_error(scores: Floats, metric: str) -> Floats:
    """Scores as errors, smaller is better, and back."""
    return scores if metric in SMALLER_IS_BETTER else 1.0 - scores


def _compared(
    rows: int, sizes: Floats, errors: Floats, resampled_errors: Floats, metric: str, rng: np.random.Generator
) -> TwoCurves:
    """Fit both curves and read them.

    Parameters
    ----------
    rows : int
    sizes : array of shape (shares,)
    errors : array of shape (draws, shares, 2)
    resampled_errors : array of shape (draws, shares, 2, resamples)
    """
    draws = len(errors)
    mean = errors.mean(axis=0)
    # A mean over few draws varies more than their resamples do.
    widened = np.sqrt(draws / max(1, draws - 1))
    chosen = rng.integers(0, draws, (resampled_errors.shape[-1], draws))
    boot = np.stack([resampled_errors[those, ..., place].mean(axis=0) for place, those in enumerate(chosen)])
    boot = mean + (boot - boot.mean(axis=0)) * widened
    weights = _weights(sizes, draws)
    # A law a labelling, for the means and for each of their resamples.
    laws = fit_power_laws(sizes, np.concatenate([[mean], boot]).transpose(0, 2, 1).reshape(-1, len(sizes)), weights)
    at = rows * _DRAWN_AT
    read = [_read(pair, rows, at) for pair in zip(laws[::2], laws[1::2], strict=True)]
    first, *others = read

    def with_interval(name: str) -> tuple[float, float, float]:
        low, high = _ends([each[name] for each in others])
        return float(first[name]), low, high

    return TwoCurves(
        rows,
        _table(sizes, mean.T, boot.transpose(0, 2, 1), metric),
        _table(at, first["at"], np.stack([each["at"] for each in others]), metric),
        with_interval("gain"),
        with_interval("doubled"),
        with_interval("worth"),
    )


def _weights(sizes: Floats, draws: int) -> Floats:
    """Inverse variance of the mean of each size, up to a factor.

    What varies with the training examples falls with their number. Parts of one set overlap: of the variance, what the
    whole set has stays, the rest is averaged over the draws.
    """
    share = sizes / sizes.max()
    return np.asarray(1.0 / (1.0 + (1.0 / share - 1.0) / draws))


def _read(laws: tuple[PowerLaw, PowerLaw], rows: int, at: Floats) -> dict[str, Any]:
    collected, consistent = laws
    now, then = float(collected.at(rows)), float(consistent.at(rows))
    # Equal curves are apart by nothing, where they are level, too.
    reached = float(rows) if abs(now - then) < _EQUAL else collected.rows_for(then)
    return {
        "gain": now - then,
        "doubled": now - float(collected.at(2 * rows)),
        "worth": np.inf if reached > FARTHEST * rows else reached - rows,
        "at": np.stack([law.at(at) for law in laws]),
    }


def _ends(draws: list[float]) -> tuple[float, float]:
    """The percentile interval of draws of which some are infinite."""
    values = np.sort(np.asarray(draws, dtype=float))
    low, high = (values[round(tail * (len(values) - 1))] for tail in (0.025, 0.975))
    return float(low), float(high)


def _table(rows: Floats, errors: Floats, boot: Floats, metric: str) -> pd.DataFrame:
    """Scores with their intervals, labelling by labelling."""
    low, high = percentile_interval(_to_error(boot, metric))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "labelling": name,
                    "rows": np.rint(rows).astype(np.int64),
                    "value": _to_error(errors[place], metric),
                    "low": low[place],
                    "high": high[place],
                }
            )
            for place, name in enumerate(LABELLINGS)
        ],
        ignore_index=True,
    )
