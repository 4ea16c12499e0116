"""Intervals, resampling and corrections: the one home of every uncertainty the app shows.

A metric that comes from a confusion matrix needs no rows to be bootstrapped: resampling n rows with replacement and
counting their cells is the same as drawing the cells' counts from one multinomial distribution over the observed
cells. That turns 2,000 resamples of 10,000 rows into 2,000 draws of a few dozen counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc, gammaln, ndtr, ndtri

__all__ = [
    "LEVEL",
    "PAIRED_STANDARD_ERRORS",
    "benjamini_hochberg",
    "combined_interval",
    "difference_interval",
    "draw_cells",
    "draw_rows",
    "finite_interval",
    "holm",
    "holm_levels",
    "hypergeometric_tail",
    "normal_p",
    "paired_error",
    "paired_interval",
    "percentile_interval",
    "permutation_tail",
    "wilson_interval",
]

Floats = npt.NDArray[np.float64]
Interval = tuple[Floats, Floats]

LEVEL = 0.95
# A little more than the 1.96 of the normal distribution. With 1.96 a gain or harm that is none is claimed in up to 6%
# of comparisons of macro F1 with a rare class; benchmarks/verdict.py shows what this number does.
PAIRED_STANDARD_ERRORS = 2.05

# Resamples of rows, where there is no way round them: fewer for large sets, whose intervals are narrow anyway.
_ROW_RESAMPLES = 200
_FEWEST_ROW_RESAMPLES = 100
_ROW_DRAWS = 5_000_000
# Draws held in memory at once, 8 bytes each: few enough that the next ones find the same memory, and mostly the cache.
_CHUNK = 500_000


def wilson_interval(successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Interval of a share that keeps its promise at 0, at 1 and for few trials.

    Parameters
    ----------
    successes, trials : array-like of one shape
    level : float
        Coverage in (0, 1).

    Returns
    -------
    low, high : arrays of that shape
        (0, 1) where there are no trials.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    k, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    z2 = ndtri(0.5 + level / 2) ** 2
    some = n > 0
    n = np.where(some, n, 1.0)
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4)) / (n + z2)
    # At 0 and n the ends are exactly 0 and 1; rounding would put them a hair beside.
    low = np.where(some & (k > 0), np.maximum(centre - half, 0.0), 0.0)
    high = np.where(some & (k < n), np.minimum(centre + half, 1.0), 1.0)
    return low, high


def finite_interval(successes: int, trials: int, population: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share of a finite population from a random sample of it, drawn without replacement.

    It holds the shares under which so many successes, or more, and so many, or fewer, are each likelier than half of
    what the level leaves. It is exact: it covers at least as often as it says, whatever the share, is a single point
    once all were drawn, and knows that what was found is there.

    Parameters
    ----------
    successes, trials, population : int
        ``0 <= successes <= trials <= population``, and a population.
    level : float

    Returns
    -------
    low, high : float
        Whole numbers of the population; (0, 1) without trials.

    References
    ----------
    Buonaccorsi (1987), "A note on confidence intervals for proportions in finite populations", The American
    Statistician 41.
    """
    tail = (1 - level) / 2
    low = _fewest(successes, trials, population, tail)
    high = population - _fewest(trials - successes, trials, population, tail)
    return low / population, high / population


def _fewest(successes: int, trials: int, population: int, tail: float) -> int:
    """The smallest number in the population with which a sample holds so many, or more, with more than that chance."""
    log_factorial: Floats = gammaln(np.arange(population + 1) + 1.0)

    def chance(held: int) -> float:
        drawn = np.arange(max(successes, trials - population + held), min(trials, held) + 1)
        ways = -log_factorial[drawn] - log_factorial[held - drawn] - log_factorial[trials - drawn]
        ways -= log_factorial[population - held - trials + drawn]
        rest = log_factorial[[held, population - held, trials, population - trials]].sum() - log_factorial[population]
        return float(np.exp(ways + rest).sum())

    # The chance rises with the number: halve the stretch in which it passes the tail.
    low, high = successes, population - trials + successes
    while low < high:
        middle = (low + high) // 2
        if chance(middle) > tail:
            high = middle
        else:
            low = middle + 1
    return low


def percentile_interval(draws: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Bootstrap percentile interval over the first axis; draws that are NaN (undefined there) are left out.

    Parameters
    ----------
    draws : array-like of shape (resamples, ...)
    level : float

    Returns
    -------
    low, high : arrays of shape (...)
        NaN where no draw is defined.
    """
    values = np.asarray(draws, dtype=float)
    tails = [(1 - level) / 2, (1 + level) / 2]
    undefined = np.isnan(values)
    if not undefined.any():
        low, high = np.quantile(values, tails, axis=0)
        return low, high
    ordered = np.where(undefined, np.inf, values)
    ordered.sort(axis=0)
    last = (~undefined).sum(axis=0) - 1
    ends = []
    for tail in tails:
        place = np.maximum(last, 0) * tail
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, np.maximum(last, 0))
        lower, upper = (np.take_along_axis(ordered, at[np.newaxis], axis=0)[0] for at in (below, above))
        with np.errstate(invalid="ignore"):
            ends.append(np.where(last >= 0, lower + (place - below) * (upper - lower), np.nan))
    return ends[0], ends[1]


def combined_interval(values: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[float, float]:
    """Interval of the mean of independent estimates from the interval of each.

    Parameters
    ----------
    values, low, high : array-like of shape (k,)

    Returns
    -------
    low, high : float

    References
    ----------
    Zou and Donner (2008), "Construction of confidence limits about effect measures: a general approach" (the method
    of variance estimates recovery), Statistics in Medicine 27.
    """
    centre = np.asarray(values, dtype=float)
    if not len(centre):
        return float("nan"), float("nan")
    below = np.sqrt(((centre - np.asarray(low)) ** 2).sum()) / len(centre)
    above = np.sqrt(((np.asarray(high) - centre) ** 2).sum()) / len(centre)
    return float(centre.mean() - below), float(centre.mean() + above)


def difference_interval(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Interval of the difference of two independent estimates from the interval of each.

    Parameters
    ----------
    first, second : (value, low, high)
        Of one coverage.

    Returns
    -------
    value, low, high : float
        Of ``first - second``, with the same coverage; NaN where one is undefined.

    References
    ----------
    Zou and Donner (2008), as for `combined_interval`.
    """
    value, low, high = first
    other, other_low, other_high = second
    below = float(np.hypot(value - low, other_high - other))
    above = float(np.hypot(high - value, other - other_low))
    return value - other, value - other - below, value - other + above


def draw_cells(counts: npt.ArrayLike, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Bootstrap a table of counts, equal in distribution to resampling its rows with replacement.

    Parameters
    ----------
    counts : array-like of shape (cells,)
        Rows in each observed cell, at least one.
    resamples : int
    rng : Generator

    Yields
    ------
    arrays of shape (some resamples, cells)
        As many as fit in memory at once. Whole numbers that sum to the number of rows, as floats for the matrix
        products that follow.
    """
    observed = np.asarray(counts, dtype=np.int64)
    rows = int(observed.sum())
    for some in _in_chunks(resamples, len(observed)):
        yield rng.multinomial(rows, observed / rows, size=some).astype(float)


def draw_rows(rows: int, rng: np.random.Generator, *, passes: int = 1) -> Iterator[Floats]:
    """Bootstrap rows, 200 times: how often each row is in each resample.

    Less often, at least 100 times, where rows times passes are more than 25,000.

    Parameters
    ----------
    rows : int
    rng : Generator
    passes : int
        How often the caller goes over each resample.

    Yields
    ------
    arrays of shape (rows, some resamples)
        As many as fit in memory at once. Whole numbers as floats; each column sums to ``rows``. Rows come first so that
        sorting by a score moves whole lines of memory.
    """
    for some in _in_chunks(min(_ROW_RESAMPLES, max(_FEWEST_ROW_RESAMPLES, _ROW_DRAWS // (rows * passes))), rows):
        drawn = rng.integers(0, rows, size=(rows, some))
        drawn *= some
        drawn += np.arange(some)
        yield np.bincount(drawn.ravel(), minlength=rows * some).reshape(rows, some).astype(float)


def _in_chunks(resamples: int, length: int) -> Iterator[int]:
    at_once = max(1, _CHUNK // length)
    for done in range(0, resamples, at_once):
        yield min(at_once, resamples - done)


def paired_error(draws: npt.ArrayLike) -> float:
    """Standard error of a paired difference: that of its bootstrap draws, and a little more.

    1.96 of it to both sides of the difference are a 95% interval. The percentiles of the draws would claim too often
    for macro F1 with a rare class, and need ten times the draws.

    Parameters
    ----------
    draws : array-like of shape (resamples,)
        The difference in each resample; NaN where undefined.

    Returns
    -------
    float
        NaN where fewer than two draws are defined.

    References
    ----------
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
    """
    values = np.asarray(draws, dtype=float)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1)) * PAIRED_STANDARD_ERRORS / float(ndtri(0.5 + LEVEL / 2))


def paired_interval(delta: float, error: float, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a paired difference from its standard error.

    Parameters
    ----------
    delta, error : float
        The difference in the sample, and `paired_error`.
    level : float
        Coverage in (0, 1).

    Returns
    -------
    low, high : float
    """
    half = float(ndtri(0.5 + level / 2)) * error
    return delta - half, delta + half


def normal_p(delta: float, error: float) -> float:
    """Chance that a normal value with mean 0 and this standard error is at least as far from 0 as ``delta``.

    Below 1 - level exactly where the `paired_interval` of that level leaves 0 out.
    """
    if error == 0:
        return 1.0 if delta == 0 else 0.0
    return float(2 * ndtr(-abs(delta) / error))


def benjamini_hochberg(p_values: npt.ArrayLike, tests: int | None = None) -> Floats:
    """Adjust p-values so that among those under q at most a share q is expected to be false.

    Parameters
    ----------
    p_values : array-like of shape (k,)
    tests : int, optional
        Number of tests made, if there were more than k: the others count as p = 1.

    Returns
    -------
    array of shape (k,)

    References
    ----------
    Benjamini and Hochberg (1995), "Controlling the false discovery rate", JRSS B 57.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    scaled = p[order] * (len(p) if tests is None else tests) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def holm(p_values: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the chance of even one false claim under q is at most q.

    Parameters
    ----------
    p_values : array-like of shape (k,)

    Returns
    -------
    array of shape (k,)

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


def holm_levels(p_values: npt.ArrayLike, level: float = LEVEL) -> Floats:
    """Coverage that the interval of each of several estimates needs, so that intervals say what `holm` says.

    The smallest of k p-values is judged at 1 - (1 - level) / k, the next at 1 - (1 - level) / (k - 1), and so on as
    long as claims are made; from the first that is not, all are judged at its level.

    Parameters
    ----------
    p_values : array-like of shape (k,)
    level : float
        Coverage for all of them together.

    Returns
    -------
    array of shape (k,)
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    allowed = (1 - level) / np.arange(len(p), 0, -1)
    refused = np.flatnonzero(p[order] >= allowed)
    if len(refused):
        allowed[refused[0] :] = allowed[refused[0]]
    levels = np.empty(len(p))
    levels[order] = 1 - allowed
    return levels


def hypergeometric_tail(wrong: npt.ArrayLike, size: npt.ArrayLike, all_wrong: int, rows: int) -> Floats:
    """Chance that ``size`` rows drawn blindly hold at least ``wrong`` wrong ones: an upper bound, tight in the tail.

    The ratios of successive chances fall, so the tail is at most a geometric series. The bound is within about 1/z^2
    of the exact tail z standard deviations out, never below it, and vectorises over any number of slices.

    Parameters
    ----------
    wrong, size : array-like of shape (k,), whole numbers
    all_wrong, rows : int
        Wrong rows and rows in all.

    Returns
    -------
    array of shape (k,)
    """
    x, s = np.asarray(wrong, dtype=np.int64), np.asarray(size, dtype=np.int64)
    log_factorial: Floats = gammaln(np.arange(rows + 1) + 1.0)

    def log_choose(n: npt.NDArray[np.int64] | int, k: npt.NDArray[np.int64]) -> Floats:
        chosen: Floats = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
        return chosen

    log_chance = log_choose(all_wrong, x) + log_choose(rows - all_wrong, s - x) - log_choose(rows, s)
    ratio = (all_wrong - x) * (s - x) / ((x + 1.0) * (rows - all_wrong - s + x + 1.0))
    bound = np.exp(log_chance) / np.maximum(1 - ratio, np.finfo(float).tiny)
    tail: Floats = np.where((ratio < 1) & (x > 0), np.minimum(bound, 1.0), 1.0)
    return tail


def permutation_tail(total: npt.ArrayLike, size: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
    """Chance that ``size`` values drawn blindly, without replacement, sum to at least ``total``.

    Approximated by the Pearson III distribution with the mean, variance and skewness that the sum has over all draws:
    losses are skewed, and the normal distribution would call far too many small slices significant.

    Parameters
    ----------
    total, size : array-like of shape (k,)
    values : array-like of shape (n,)
        All values, at least two.

    Returns
    -------
    array of shape (k,)

    References
    ----------
    Mielke and Berry (2007), "Permutation Methods: A Distance Function Approach", Springer.
    """
    population = np.asarray(values, dtype=float)
    n = len(population)
    centred = population - population.mean()
    variance = float((centred**2).mean())
    s = np.asarray(size, dtype=float)
    spread: Floats = np.sqrt(s * variance * (n - s) / (n - 1))
    if variance == 0:
        return np.ones_like(s)
    whole = spread == 0
    z = np.where(whole, 0.0, (np.asarray(total, dtype=float) - s * population.mean()) / np.where(whole, 1.0, spread))
    third = s * (n - s) * (n - 2 * s) / ((n - 1) * max(n - 2, 1)) * float((centred**3).mean())
    skewness = np.where(whole, 0.0, third / np.where(whole, 1.0, spread) ** 3)
    # The gamma distribution of this shape has that skewness; where there is next to none it is the normal one, and
    # for a skewness to the left the normal tail is the careful choice.
    skewed = skewness > 1e-3
    shape = 4 / np.where(skewed, skewness, 1.0) ** 2
    tail: Floats = np.where(skewed, gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0.0)), ndtr(-z))
    tail[whole] = 1.0
    return tail
