"""The label model: what several rules, each right to an unknown degree, say together of an example."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.annotate.column_reader import RuleError
from core.ids import aligned, present

__all__ = ["combine", "rule_evidence"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What is held of a rule before anything is counted: right in 8 of 10 cases, as if that many examples a class said so.
_RIGHT = 0.8
_WEIGHT = 50.0
# How much the silence of a rule counts against one vote: rules are written to speak of some class, not to cover it.
_SILENCE = 0.25
_LEAST, _MOST = 1e-4, 0.95
# From so many labelled examples with votes on, the others have no say in how often a rule fires on which class.
_ENOUGH = 50


def combine(votes: pd.DataFrame, classes: Iterable[str], *, labels: pd.Series | None = None) -> pd.DataFrame:
    """Combine the votes of rules by how often each fires on examples of each class.

    One step of Dawid and Skene: the classes are first taken from the labels, where there are some, and from the
    majority of the votes otherwise; from them follows how often each rule fires on each class, and from that the
    probability of each class given the votes. The labels themselves take no further part: what comes out speaks of the
    votes alone. More steps let rules that fire together confirm each other against the rest (see the decision on the
    label model).

    Parameters
    ----------
    votes : DataFrame of shape (n, rules)
        The class each rule votes for; missing where it says nothing.
    classes : iterable of str
        All classes.
    labels : Series of str, optional
        Labels by id, as far as they are known. From 50 of them on which rules vote, they alone are counted.

    Returns
    -------
    DataFrame of shape (n, classes)
        The probability of each class; missing in all classes where no rule votes.

    Raises
    ------
    RuleError
        If a vote is for none of the classes.

    References
    ----------
    A. Dawid, A. Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm. Applied
    Statistics 28, 1979. Y. Zhang, X. Chen, D. Zhou, M. Jordan: Spectral Methods meet EM. JMLR 17, 2016 (one step).
    """
    names = pd.Index([str(name) for name in classes], dtype="str")
    codes = _codes(votes, names)
    start = _shares(codes, len(names))
    known = np.full(len(codes), -1)
    if labels is not None:
        known = names.get_indexer(pd.Index(aligned(labels, votes.index).astype("str")))
        start[known >= 0] = np.eye(len(names))[known[known >= 0]]
    posterior = np.full((len(codes), len(names)), np.nan)
    voted = (codes >= 0).any(axis=1)
    if voted.any():
        # Rows with the same votes have the same answer.
        pattern, first = _patterns(codes[voted])
        asked = known[voted] >= 0
        counted = asked if asked.sum() >= _ENOUGH else np.ones(len(pattern), dtype=bool)
        mass = np.zeros((len(first), len(names)))
        np.add.at(mass, pattern[counted], start[voted][counted])
        posterior[voted] = _step(codes[voted][first], mass)[pattern]
    return pd.DataFrame(posterior, index=votes.index, columns=names)


def rule_evidence(labels: pd.Series, votes: pd.DataFrame) -> pd.Series:
    """How strongly the rules speak against each given label.

    Parameters
    ----------
    labels : Series of shape (n,), str
        The given labels by id.
    votes : DataFrame of shape (at least n, rules)
        By id, as `core.annotate.votes` returns them.

    Returns
    -------
    Series of shape (n,)
        In the order of `labels`: one minus the combined probability of the given label, in [0, 1]; missing where no
        rule fires or there is no label.
    """
    voted = [present(votes[name]).unique() for name in votes.columns]
    classes = sorted({str(name) for names in (present(labels).unique(), *voted) for name in names})
    probabilities = combine(votes, classes, labels=labels).reindex(labels.index)
    given = pd.Index(classes, dtype="str").get_indexer(pd.Index(labels.astype("str")))
    against = np.full(len(labels), np.nan)
    known = (given >= 0) & labels.notna().to_numpy()
    against[known] = 1.0 - probabilities.to_numpy()[known, given[known]]
    return pd.Series(against.clip(0.0, 1.0), index=labels.index, name="rules")


def _codes(votes: pd.DataFrame, classes: pd.Index) -> Integers:
    """The place of each vote in the classes, -1 where a rule says nothing."""
    codes = np.full(votes.shape, -1, dtype=np.int64)
    for place in range(votes.shape[1]):
        which, voted = pd.factorize(votes.iloc[:, place])
        places = classes.get_indexer(pd.Index(voted).astype("str"))
        if (places < 0).any():
            raise RuleError(
                f"A rule must vote for a class of the data. '{votes.columns[place]}' votes for "
                f"'{voted[places < 0][0]}'. Switch it off, or give it another class."
            )
        codes[:, place] = np.append(places, -1)[which]
    return codes


def _shares(codes: Integers, classes: int) -> Floats:
    """The share of each row's votes that each class has, NaN where there is no vote."""
    votes = np.zeros((len(codes), classes))
    for place in range(classes):
        votes[:, place] = (codes == place).sum(axis=1)
    total = votes.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(votes, total, out=np.full_like(votes, np.nan), where=total > 0))


def _patterns(codes: Integers) -> tuple[Integers, Integers]:
    """Number the rows by what they hold: the number of each row, and the first row of each number."""
    numbers = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        numbers = pd.factorize(numbers * (column.max() + 2) + column + 1)[0]
    first = np.unique(numbers, return_index=True)[1]
    return numbers, first


def _step(patterns: Integers, mass: Floats) -> Floats:
    """From how much of each class each pattern of votes holds to the probability of each class by pattern.

    Parameters
    ----------
    patterns : array of shape (u, rules)
        Place of the vote in the classes, -1 where a rule says nothing.
    mass : array of shape (u, classes)
        How many examples of each class have those votes.
    """
    count = mass.sum(axis=0)
    share = (count + _WEIGHT) / (count + _WEIGHT).sum()
    log = np.tile(np.log(share), (len(patterns), 1))
    classes = np.arange(len(share))
    for votes in patterns.T:
        silent = np.ones(len(share))
        for voted in np.unique(votes[votes >= 0]):
            hit = votes == voted
            fired = mass[hit].sum(axis=0)
            # How often a rule that is right in 8 of 10 cases would fire on each class, given how often it fires.
            often = fired.sum() / count.sum()
            believed = np.where(
                classes == voted, often * _RIGHT / share, often * (1 - _RIGHT) / np.maximum(1 - share[voted], _LEAST)
            ).clip(_LEAST, _MOST)
            rate = (fired + _WEIGHT * believed) / (count + _WEIGHT)
            silent -= rate
            log[hit] += np.log(rate)
        log[votes < 0] += _SILENCE * np.log(silent.clip(_LEAST))
    chances = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
