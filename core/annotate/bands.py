"""Confidence bands: suspects cut by their score, and what a reviewed sample says of each band.

A band is a stretch of the ranking. What reviewers said of some of it tells, with an interval, how often the suggestion
would be right for the rest, and so whether the rest may be relabelled at once, excluded, or must be looked at.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import ndtri

from core.ids import is_among, looked_up
from core.statistics import LEVEL, combined_interval, wilson_interval

__all__ = ["ADVICE", "audit_table", "cut_bands", "mixed_share"]

# What to do with the open suspects of a band, and what each means.
ADVICE = {
    "relabel": "the suggestion is right nearly always",
    "exclude": "the given label is wrong mostly, but the suggestion is no better",
    "review on": "more reviews may settle it",
    "review each": "no bulk fix is safe here",
    "too few reviewed": "nothing can be said yet",
    "settled": "nothing is open",
}
_MOST_BANDS = 5
_FEWEST_IN_A_BAND = 100


def cut_bands(scores: pd.Series, *, most: int = _MOST_BANDS, least: int = _FEWEST_IN_A_BAND) -> pd.Series:
    """Cut suspects into bands of about the same size by their score.

    By ranks, not at fixed scores: rankings use the scale between 0 and 1 differently, and what counts is which suspects
    are more and which less sure. Equal scores are never cut apart.

    Parameters
    ----------
    scores : Series
        By id; larger is surer.
    most : int
        Most bands.
    least : int
        A band has at least about so many, unless there is only one.

    Returns
    -------
    Series of int
        By id: 1 for the surest band, then 2, …
    """
    bands = max(1, min(most, len(scores) // least))
    # The rank of the first among equals: all of them fall into the band in which the first of them lies.
    rank = scores.rank(method="min", ascending=False)
    place = np.floor((rank.to_numpy() - 1) * bands / max(len(scores), 1)).astype(np.int64)
    # A stretch of equal scores may leave a band empty: those after it move up.
    return pd.Series(np.unique(place, return_inverse=True)[1] + 1, index=scores.index, dtype="int64")


def audit_table(
    bands: pd.Series,
    answers: pd.DataFrame,
    open_: pd.Series,
    scores: pd.Series,
    *,
    relabel_from: float = 0.9,
    exclude_from: float = 0.75,
    minimum: int = 20,
) -> pd.DataFrame:
    """Say of each band how often the given label is wrong and the suggestion right, and what to do with the rest.

    The figures come from the random sample of a band once that has ``minimum`` answers, otherwise from all answers: who
    reviews the worst first has not seen a random sample. The Wilson intervals hold for all bands together (Bonferroni):
    looking at five bands and fixing the best of them is no safer than it says. Advice rests on their lower ends.

    Parameters
    ----------
    bands : Series of int
        By id of suspect.
    answers : DataFrame
        Indexed by id, those reviewed: bool columns ``wrong`` (the given label), ``right`` (the suggestion), ``random``
        (reviewed as part of a random sample of the band).
    open_ : Series of bool
        By id of suspect: whether nobody has settled it.
    scores : Series
        By id of suspect.
    relabel_from, exclude_from : float
        The lower end from which on a band is to be relabelled, or excluded.
    minimum : int
        Fewest answers for a figure.

    Returns
    -------
    DataFrame
        A row a band, indexed by its number: ``score_low``, ``score_high``, ``size``, ``open``, ``reviewed`` (all
        answers), ``random`` (whether the figure is of a random sample), ``used`` (answers in the figure; 0 if there is
        none), ``wrong``, ``wrong_low``, ``wrong_high``, ``right``, ``right_low``, ``right_high`` (NaN without a
        figure), ``right_where_wrong`` (share of the suggestion among the labels found wrong), ``advice`` (see
        `ADVICE`), ``needed`` (how many more reviews are likely to settle it; 0 where none would).

    References
    ----------
    Wilson (1927), JASA 22; Dunn (1961), "Multiple comparisons among means", JASA 56.
    """
    answers = answers[is_among(answers.index, bands.index)]
    by_band = looked_up(pd.DataFrame({"open": open_, "score": scores}), bands.index).groupby(bands.to_numpy())
    table = pd.DataFrame(
        {
            "score_low": by_band["score"].min(),
            "score_high": by_band["score"].max(),
            "size": by_band.size(),
            "open": by_band["open"].sum().astype("int64"),
        }
    )
    drawn, every = (
        _counted(chosen, bands, table.index) for chosen in (answers[answers["random"].to_numpy(dtype=bool)], answers)
    )
    table["reviewed"] = every["used"]
    table["random"] = drawn["used"] >= minimum
    counted = drawn.where(table["random"], every)
    table["used"] = counted["used"].where(counted["used"] >= minimum, 0)
    level = 1 - (1 - LEVEL) / max(1, len(table))
    known = table["used"] > 0
    for name in ("wrong", "right"):
        table[name] = (counted[name] / table["used"].where(known)).astype(float)
        low, high = wilson_interval(counted[name], counted["used"], level)
        table[f"{name}_low"], table[f"{name}_high"] = np.where(known, low, np.nan), np.where(known, high, np.nan)
    table["right_where_wrong"] = (counted["right"] / counted["wrong"].where(known & (counted["wrong"] > 0))).astype(
        float
    )
    limit = float(ndtri(0.5 + level / 2)) ** 2
    said = [_advise(row, limit, relabel_from, exclude_from, minimum) for _, row in table.iterrows()]
    return table.assign(advice=[word for word, _ in said], needed=[more for _, more in said]).rename_axis("band")


def _counted(answers: pd.DataFrame, bands: pd.Series, index: pd.Index) -> pd.DataFrame:
    """By band: how many answers there are, and in how many the label was wrong and the suggestion right."""
    found = answers[["wrong", "right"]].astype("int64").groupby(looked_up(bands, answers.index).to_numpy())
    return found.sum().assign(used=found.size()).reindex(index, fill_value=0)


def _advise(band: pd.Series, z2: float, relabel_from: float, exclude_from: float, minimum: int) -> tuple[str, int]:
    """What to do with a band, and how many more reviews are likely to say something else."""
    if not band["open"]:
        return "settled", 0
    if not band["used"]:
        return "too few reviewed", int(minimum - band["reviewed"])
    if band["right_low"] >= relabel_from:
        return "relabel", 0
    if band["wrong_low"] >= exclude_from and band["right_high"] < relabel_from:
        return "exclude", 0
    if band["right_high"] < relabel_from and band["wrong_high"] < exclude_from:
        return "review each", 0
    # It is settled once the suggestion is surely good enough; if it is not, once the given label is judged as well.
    right, wrong = (
        0.0 if high < limit else _enough(share, limit, z2)
        for share, high, limit in (
            (band["right"], band["right_high"], relabel_from),
            (band["wrong"], band["wrong_high"], exclude_from),
        )
    )
    if band["wrong_low"] >= exclude_from:
        wrong = 0.0
    needed = right if band["right"] > relabel_from else max(right, wrong)
    return "review on", int(min(max(1.0, needed - band["used"]), band["open"]))


def _enough(share: float, limit: float, z2: float) -> float:
    """How many answers bring an end of the Wilson interval of this share to the limit, if the share stays.

    Wilson's interval inverts the score test, so an end meets the limit where the score test just rejects it.
    """
    return math.inf if share == limit else math.ceil(z2 * limit * (1 - limit) / (share - limit) ** 2)


def mixed_share(table: pd.DataFrame, counts: pd.Series, name: str) -> tuple[float, float, float]:
    """The share over examples that lie in several bands: the bands' shares, weighted by how many lie in each.

    Parameters
    ----------
    table : DataFrame
        As `audit_table` gives it.
    counts : Series
        By band: how many examples.
    name : str
        ``"right"`` or ``"wrong"``.

    Returns
    -------
    share, low, high : float
        NaN if one of the bands has no figure.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27 (the method of variance estimates recovery).
    """
    counts = counts[counts > 0]
    # A weighted mean of independent shares is the plain mean of the shares times their weights times their number.
    weights = counts * len(counts) / counts.sum()
    parts = table.loc[counts.index, [name, f"{name}_low", f"{name}_high"]].mul(weights, axis="index")
    low, high = combined_interval(parts[name], parts[f"{name}_low"], parts[f"{name}_high"])
    return float(parts[name].mean(skipna=False)), max(0.0, low), min(1.0, high)
