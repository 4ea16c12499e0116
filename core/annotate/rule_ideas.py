"""Ideas for rules: the words, values and thresholds that tell most of a class, found on half of the labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from core.annotate.column_reader import ColumnReader
from core.annotate.conditions import Compares, Condition, Contains, Missing
from core.annotate.rules import Rule
from core.dataset import Dataset
from core.ids import looked_up, positions, present
from core.statistics import wilson_interval

__all__ = ["Idea", "proposed_name", "suggest_rules"]

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

_MOST_ROWS = 20_000
_MOST_WORDS = 5_000
_MOST_VALUES = 50
_FEWEST = 5
_QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
# Two rules that fire on mostly the same examples are one idea.
_SAME = 0.7
_LOOKED_AT = 40
_NAME_WIDTH = 60


@dataclass(frozen=True)
class Idea:
    """A rule to start from.

    Attributes
    ----------
    rule : Rule
    fires, right : int
        On how many of the examples it was not chosen on it fires, and how many of those have its class.
    share, low, high : float
        Right among those it fires on, with the 95% interval (Wilson).
    base : float
        The share of the class among all of them.
    """

    rule: Rule
    fires: int
    right: int
    share: float
    low: float
    high: float
    base: float


def suggest_rules(dataset: Dataset, trusted: pd.Series, *, each: int = 4, seed: int = 0) -> list[Idea]:
    """Find single conditions that tell most of a class, by the chi-square of their contingency table.

    They are chosen on one half of the examples and measured on the other, since the best of thousands flatters itself
    on those it was chosen on. Only those whose interval lies above the share of the class are kept.

    Parameters
    ----------
    dataset : Dataset
    trusted : Series of str
        Labels to learn from by train id: those that were reviewed, or that nothing speaks against.
    each : int
        Ideas a class, at most.
    seed : int
        Chooses 20,000 rows where there are more.

    Returns
    -------
    list of Idea
        The most telling first, class by class in turn.
    """
    trusted, train = present(trusted), dataset.ids("train")
    at = positions(trusted.index, train)
    trusted, at = trusted[at >= 0], at[at >= 0]
    order = np.argsort(at, kind="stable")
    if len(order) > _MOST_ROWS:
        order = order[np.sort(np.random.default_rng(seed).choice(len(order), _MOST_ROWS, replace=False))]
    labels = trusted.iloc[order]
    ids = labels.index
    first = dataset.folds(2).to_numpy()[at[order]] == 0
    if not (0 < first.sum() < len(first)) or labels.nunique() < 2:
        return []
    conditions, holds = _candidates(dataset, looked_up(dataset.frame, ids), fewest=max(_FEWEST, len(ids) // 500))
    if not conditions:
        return []
    classes = sorted(labels.unique())
    of_class = np.column_stack([(labels == name).to_numpy() for name in classes]).astype(np.float64)
    chosen, measured = holds[first], holds[~first]
    score, above = _chi_square(chosen, of_class[first])
    ideas: list[list[Idea]] = []
    for place, name in enumerate(classes):
        order = np.argsort(-np.where(above[:, place], score[:, place], -1.0), kind="stable")[:_LOOKED_AT]
        order = order[above[order, place]]
        fires = np.asarray(measured[:, order].sum(axis=0)).ravel()
        right = np.asarray(measured[:, order].T @ of_class[~first, place]).ravel()
        low, high = wilson_interval(right, fires)
        base = float(of_class[~first, place].mean())
        of_column = [
            "" if isinstance(conditions[column], Contains) else conditions[column].columns[0] for column in order
        ]
        kept = _different(chosen, order, (low > base) & (2 * right > fires), of_column, each)
        found = {int(column): number for number, column in enumerate(order)}
        ideas.append(
            [
                Idea(
                    Rule(proposed_name(conditions[column], name), name, conditions[column]),
                    int(fires[number]),
                    int(right[number]),
                    float(right[number] / fires[number]),
                    float(low[number]),
                    float(high[number]),
                    base,
                )
                for column in kept
                for number in [found[column]]
            ]
        )
    return [each[turn] for turn in range(max(map(len, ideas), default=0)) for each in ideas if turn < len(each)]


def proposed_name(condition: Condition, label: str, taken: Sequence[str] = ()) -> str:
    """A short name for a rule that no other has."""
    said, short = " ".join(str(condition).replace(" (whole words)", "").split()), label[:20]
    name = f"{said} → {label}"
    if len(name) > _NAME_WIDTH:
        name = f"{said[: _NAME_WIDTH - 4 - len(short)]}… → {short}"
    number = 2
    free = name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _candidates(dataset: Dataset, frame: pd.DataFrame, *, fewest: int) -> tuple[list[Condition], sparse.csc_matrix]:
    """Conditions, and which rows meet each."""
    reader = ColumnReader(frame)
    conditions: list[Condition] = []
    holds: list[sparse.spmatrix] = []
    texts = {dataset.schema.text} | {n for n in dataset.schema.features if dataset.schema.kinds.get(n) == "text"}
    for name in dataset.schema.inputs:
        if name in texts:
            words, found = _words(frame[name], fewest)
            conditions += [Contains(name, (word,), whole_words=True) for word in words]
            holds.append(found)
            continue
        for condition in _of_column(reader, name, fewest):
            mask = condition.mask(reader)
            if fewest <= mask.sum() <= len(mask) - fewest:
                conditions.append(condition)
                holds.append(sparse.csc_matrix(mask[:, None], dtype=np.float64))
    if not conditions:
        return [], sparse.csc_matrix((len(frame), 0))
    return conditions, sparse.csc_matrix(sparse.hstack(holds, format="csc"))


def _words(texts: pd.Series, fewest: int) -> tuple[list[str], sparse.spmatrix]:
    counter = CountVectorizer(
        binary=True, min_df=fewest, max_df=0.5, max_features=_MOST_WORDS, token_pattern=r"\w\w+", dtype=np.float64
    )
    try:
        found = counter.fit_transform(texts.fillna("").astype("str"))
    except ValueError:
        # No word is frequent enough.
        return [], sparse.csc_matrix((len(texts), 0))
    return list(counter.get_feature_names_out()), found.tocsc()


def _of_column(reader: ColumnReader, name: str, fewest: int) -> Iterator[Condition]:
    column = reader.series(name)
    if column.isna().sum() >= fewest:
        yield Missing(name)
    if reader.kind(name) == "text" or column.nunique() <= 10:
        for value in column.value_counts().head(_MOST_VALUES).index:
            if reader.kind(name) != "date":
                yield Compares(name, "equals", (value if isinstance(value, str) else float(value),))
    elif reader.kind(name) == "number":
        # A threshold that people can read: rounded to as many digits as tell the quantiles apart.
        values = column.quantile(list(_QUANTILES)).map(_rounded).unique()
        for value in values[np.isfinite(values)]:
            yield Compares(name, "<=", (float(value),))
            yield Compares(name, ">", (float(value),))


def _rounded(value: float) -> float:
    return float(f"{value:.3g}") if np.isfinite(value) else value


def _chi_square(holds: sparse.csc_matrix, of_class: Floats) -> tuple[Floats, Booleans]:
    """Chi-square of each condition with each class, and whether it tells of the class."""
    rows = float(holds.shape[0])
    both = np.asarray(holds.T @ of_class)
    held = np.asarray(holds.sum(axis=0)).ravel()[:, None]
    size = of_class.sum(axis=0)[None, :]
    expected = held * size / rows
    variance = expected * (1 - held / rows) * (1 - size / rows)
    score = np.divide((both - expected) ** 2, variance, out=np.zeros_like(both), where=variance > 0)
    low, _ = wilson_interval(both, np.broadcast_to(held, both.shape))
    # A rule that is wrong more often than right would be no rule.
    return score, (low > size / rows) & (2 * both > held)


def _different(
    holds: sparse.csc_matrix, order: npt.NDArray[np.int64], good: Booleans, sources: list[str], most: int
) -> list[int]:
    """The first good conditions that don't mostly fire together, two of one column at most (words: any number)."""
    kept: list[int] = []
    used: dict[str, int] = {}
    for column, source in ((order[place], sources[place]) for place in np.flatnonzero(good)):
        if source and used.get(source, 0) >= 2:
            continue
        mask = holds[:, [column]]
        shared = np.array([mask.multiply(holds[:, [other]]).sum() for other in kept])
        either = np.array([mask.sum() + holds[:, [other]].sum() for other in kept]) - shared
        if (shared < _SAME * either).all():
            kept.append(int(column))
            used[source] = used.get(source, 0) + 1
        if len(kept) == most:
            break
    return kept
