"""Calibration: whether what the model says it is sure of comes true as often as it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import EvaluationError, align
from core.statistics import draw_rows, percentile_interval, wilson_interval

__all__ = ["Calibration", "calibration"]

Floats = npt.NDArray[np.float64]
Score = tuple[float, float, float]

# So many true errors are supposed, and what each would look like is drawn.
_SUPPOSED = 60
# Examples a bin, at least.
_FEWEST = 20
# From so many rows on, a mean is drawn from a normal distribution as nearly as a hundred resamples can tell.
_MANY = 50_000


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities can be taken at their word.

    Attributes
    ----------
    event : str or None
        The class whose probability is judged, where there are two; None where it is the probability of the predicted
        class, and the event is that the prediction is right.
    bins : DataFrame
        A row a bin of about equally many examples, by rising probability: ``from``, ``to``, ``said`` (mean
        probability), ``came_true`` (share) with its Wilson interval ``low`` and ``high``, and ``count``.
    ece : (value, low, high)
        Expected calibration error without the part that is only noise: the mean distance of ``said`` and ``came_true``.
    ece_plain : float
        The same as it is usually reported. With few examples it is well above 0 for a perfect model.
    brier : (value, low, high)
        Brier score: 0 is perfect; the worst is 1 for two classes, 2 for more.
    event_brier : float
        Mean squared error of the probability of the event; with two classes the same as the Brier score.
    parts : dict
        What `event_brier` is made of: ``reliability`` (how badly calibrated) - ``resolution`` (how well the
        probabilities tell examples apart) + ``uncertainty`` (how even the event is) + ``within`` (what the bins blur).
    per_class : DataFrame
        By class: ``support``, ``share`` with its Wilson interval ``share_low`` and ``share_high``, ``said`` (mean
        probability), ``brier`` (one class against the rest) with ``brier_low`` and ``brier_high``.
    """

    event: str | None
    bins: pd.DataFrame
    ece: Score
    ece_plain: float
    brier: Score
    event_brier: float
    parts: dict[str, float]
    per_class: pd.DataFrame


def calibration(
    labels: pd.Series,
    probabilities: pd.DataFrame,
    *,
    event: str | None = None,
    bins: int = 10,
    resamples: int = 1000,
    seed: int = 0,
) -> Calibration:
    """Compare the probabilities with what came true, in bins of about equally many examples.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id.
    probabilities : DataFrame of shape (at least n, classes)
    event : str, optional
        Of two classes the one whose probability is judged; by default the rarer one.
    bins : int
        Fewer where there would be less than 20 examples in each, and where probabilities repeat: equal ones are never
        torn apart.
    resamples, seed : int
        For the intervals.

    Raises
    ------
    EvaluationError
        If `event` is no class or labels and predictions can't be brought together.

    References
    ----------
    Kumar, Liang and Ma (2019), "Verified Uncertainty Calibration", NeurIPS: the plain error in bins is biased upwards.
    So it is compared with what would be seen if the true error were larger or smaller: the value is the error for which
    the plain one would be the median, the interval holds those for which it would be between the 2.5 and the 97.5%
    quantile (an interval by inverted tests; its ends are 0 where a perfect model would look no better). Equal mass:
    Nguyen and O'Connor (2015). Brier (1950), "Verification of forecasts expressed in terms of probability"; its parts:
    Murphy (1973), with the terms within bins of Stephenson, Coelho and Jolliffe (2008).
    """
    aligned = align(labels, [probabilities])
    classes, truth, said = aligned.classes, aligned.truth, aligned.probabilities[0]
    two = len(classes) == 2
    if event is not None and (event not in classes or not two):
        raise EvaluationError(
            f"The event must be one of two classes. The data has {len(classes)}: {', '.join(classes[:5])}. "
            f"Got '{event}' instead. Leave it out to judge the probability of the predicted class."
        )
    if two:
        support = np.bincount(truth, minlength=2)
        code = classes.index(event) if event is not None else int(support[1] <= support[0])
        judged, happened = said[:, code], truth == code
    else:
        judged, happened = said.max(axis=1), said.argmax(axis=1) == truth
    found = _bins(judged, happened, min(bins, max(1, len(truth) // _FEWEST)))
    ece, plain = _calibration_error(found, resamples, np.random.default_rng(seed))
    squared = said**2 + np.where(np.arange(len(classes)) == truth[:, np.newaxis], 1 - 2 * said, 0.0)
    total = squared[:, code] if two else squared.sum(axis=1)
    brier, *of_classes = _means(np.column_stack([total, squared]), seed)
    event_brier, parts = _parts(found, judged, happened)
    return Calibration(
        classes[code] if two else None,
        found,
        ece,
        plain,
        brier,
        event_brier,
        parts,
        _per_class(classes, truth, said, of_classes),
    )


def _per_class(
    classes: tuple[str, ...], truth: npt.NDArray[np.intp], said: Floats, briers: list[Score]
) -> pd.DataFrame:
    support = np.bincount(truth, minlength=len(classes))
    low, high = wilson_interval(support, len(truth))
    brier, below, above = zip(*briers, strict=True)
    return pd.DataFrame(
        {
            "support": support,
            "share": support / len(truth),
            "share_low": low,
            "share_high": high,
            "said": said.mean(axis=0),
            "brier": brier,
            "brier_low": below,
            "brier_high": above,
        },
        index=pd.Index(classes, name="class", dtype="str"),
    )


def _bins(said: Floats, happened: npt.NDArray[np.bool_], bins: int) -> pd.DataFrame:
    """Bins of equal mass, as scikit-learn's ``calibration_curve(strategy="quantile")`` makes them; no empty ones."""
    inner = np.percentile(said, np.linspace(0, 100, bins + 1)[1:-1])
    place = np.searchsorted(inner, said)
    held = np.bincount(place, minlength=bins)
    some = held > 0
    hits = np.bincount(place, weights=happened, minlength=bins)[some]
    sums = np.bincount(place, weights=said, minlength=bins)[some]
    held = held[some]
    lowest, highest = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(lowest, place, said)
    np.maximum.at(highest, place, said)
    low, high = wilson_interval(hits, held)
    return pd.DataFrame(
        {
            "from": lowest[some],
            "to": highest[some],
            "said": sums / held,
            "came_true": hits / held,
            "low": low,
            "high": high,
            "count": held,
        }
    )


def _calibration_error(found: pd.DataFrame, resamples: int, rng: np.random.Generator) -> tuple[Score, float]:
    """The error that is not noise, with its interval, and the plain one."""
    held, said, came_true = (found[name].to_numpy() for name in ("count", "said", "came_true"))
    weights = held / held.sum()
    gap = came_true - said
    plain = float(np.abs(gap) @ weights)
    noise = float(np.sqrt(np.maximum(said * (1 - said), 0.25 / held) / held) @ weights)
    direction = gap / plain if plain > 0 else np.where(said < 0.5, 1.0, -1.0)
    # If the error were this much, with its pattern over the bins as it was seen: what would have been seen?
    supposed = np.linspace(0.0, plain + 4 * noise, _SUPPOSED)
    chances = np.clip(said + supposed[:, np.newaxis] * direction, 0.0, 1.0)
    true = np.maximum.accumulate(np.abs(chances - said) @ weights)
    drawn = rng.binomial(held, chances, size=(resamples, *chances.shape)) / held
    seen = np.quantile(np.abs(drawn - said) @ weights, [0.5, 0.975, 0.025], axis=0)
    value, low, high = (float(np.interp(plain, np.maximum.accumulate(each), true)) for each in seen)
    if plain >= seen[2].max():
        # So few examples that even the worst error would look like this.
        high = float(np.maximum(said, 1 - said) @ weights)
    return (value, min(low, value), max(high, value)), plain


def _parts(found: pd.DataFrame, said: Floats, happened: npt.NDArray[np.bool_]) -> tuple[float, dict[str, float]]:
    """The mean squared error, and its parts: they add up to it exactly (resolution is taken off)."""
    weights = found["count"].to_numpy() / found["count"].sum()
    base = float(happened.mean())
    whole = float(((said - happened) ** 2).mean())
    reliability = float(((found["said"] - found["came_true"]).to_numpy() ** 2) @ weights)
    resolution = float(((found["came_true"] - base).to_numpy() ** 2) @ weights)
    uncertainty = base * (1 - base)
    return whole, {
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within": whole - (reliability - resolution + uncertainty),
    }


def _means(values: Floats, seed: int) -> list[Score]:
    """Mean of each column with its bootstrap interval; of many rows that of the normal distribution it then has."""
    means = values.mean(axis=0)
    if len(values) >= _MANY:
        half = 1.96 * values.std(axis=0) / np.sqrt(len(values))
        return list(zip(means.tolist(), (means - half).tolist(), (means + half).tolist(), strict=True))
    rng = np.random.default_rng(seed)
    draws = [
        (weights.T @ values) / len(values) for weights in draw_rows(len(values), rng, passes=max(1, values.shape[1]))
    ]
    low, high = percentile_interval(np.concatenate(draws))
    return list(zip(means.tolist(), np.atleast_1d(low).tolist(), np.atleast_1d(high).tolist(), strict=True))
