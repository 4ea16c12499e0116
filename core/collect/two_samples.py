"""Can a classifier tell two sets of rows apart? What no single column shows, all of them together may.

A quick classifier learns on four fifths of both sets which row is of which, and is judged on the rest, five times over.
An area under its ROC curve (AUC) of 0.5 is guessing: the two sets are alike in all that it can see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix, hstack
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from core.collect.describe import describe_texts
from core.content import canonicalise, mix
from core.neighbours import equal_groups
from core.progress import Cancel, Progress, Steps
from core.statistics import LEVEL

__all__ = ["TwoSamples", "tell_apart"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_ROWS = 20_000
_FOLDS = 5
# Fewer than that on a side, and nothing can be learned and judged.
_LEAST = 25
_CATEGORIES = 50
_VOCABULARY = 20_000
_NAMED_WORDS = 8
# The folds' areas are not independent: each fold is judged by models that learned on the others. Without drift they
# scatter 1.24 times as widely as DeLong's variance says (150 pairs of 600 and 200 rows, benchmarks/drift.py).
_SCATTER = 1.25
WORDS = "words"
# Several threads wait for each other longer than they work where the rows are few and the machine is busy.
_threads = ThreadpoolController()


@dataclass(frozen=True)
class TwoSamples:
    """What a classifier makes of two sets of rows.

    Attributes
    ----------
    auc, low, high : float
        Chance that it ranks a row of the batch above one of the reference, with its 95% interval.
    columns : DataFrame
        Indexed by column, the most telling first: ``drop``, by how much the AUC falls when that column is shuffled.
        Of texts the derived columns are named after the text ("message characters"), and "message words" is what the
        words say.
    words : tuple of str
        Words that are typical of the batch, the most telling first; none for tables.
    reference, batch : int
        Rows that were looked at: a random sample where there are more than 20,000.
    unlike : Series
        By index of the batch's rows that were looked at: the share of reference rows that a classifier which saw
        neither holds for less typical of the batch. Half of them on average where nothing moved; near 1: new.
    """

    auc: float
    low: float
    high: float
    columns: pd.DataFrame
    words: tuple[str, ...]
    reference: int
    batch: int
    unlike: pd.Series = field(default_factory=lambda: pd.Series(dtype="float64"))

    @property
    def told_apart(self) -> bool:
        """Whether the classifier does better than guessing, beyond chance."""
        return self.low > 0.5


def tell_apart(
    reference: pd.DataFrame,
    batch: pd.DataFrame,
    *,
    text: str | None = None,
    units: pd.Series | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> TwoSamples | None:
    """Let a classifier tell two sets of rows apart.

    Gradient boosting for tables; where there is a text, logistic regression on its words, what describes it and the
    other columns. Equal rows, and rows of one unit, are in one fold, so that nothing is recognised that was learned by
    heart.

    Parameters
    ----------
    reference, batch : DataFrame
        With the same columns: what the model sees.
    text : str, optional
        The column that is a text.
    units : Series, optional
        Unit by the index of both frames: what is never torn apart.
    seed : int
        Draws the sample and shuffles columns.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    TwoSamples or None
        None where a side has fewer than 25 rows or there is no column.

    References
    ----------
    Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests", ICLR; DeLong, DeLong and Clarke-Pearson
    (1988), "Comparing the areas under two or more correlated receiver operating characteristic curves", Biometrics 44.
    """
    names = [name for name in reference.columns if name in batch.columns]
    steps = Steps(_FOLDS + 1, progress, cancel)
    rng = np.random.default_rng(seed)
    sides = [_sample(frame[names], rng) for frame in (reference, batch)]
    if min(map(len, sides)) < _LEAST or not names:
        return None
    steps.start("reading the columns")
    both = canonicalise(pd.concat(sides))
    new = np.repeat([False, True], [len(side) for side in sides])
    folds = _folds(both, units)
    seen = _Seen.of(both, text)
    parts: list[tuple[float, float, float]] = []
    drops: list[Floats] = []
    unlike = np.full(len(new), np.nan)
    for fold in range(_FOLDS):
        steps.start(f"telling them apart, {fold + 1} of {_FOLDS}")
        held = folds == fold
        if any(min(half.sum(), (~half).sum()) < 2 for half in (new[held], new[~held])):
            continue
        model = seen.fit(~held, new)
        scores = seen.score(model, held)
        auc, variance = _delong(scores, new[held])
        usual = np.sort(scores[~new[held]])
        unlike[held] = np.searchsorted(usual, scores) / len(usual)
        weight = float(new[held].sum()) * float((~new[held]).sum())
        parts.append((auc, variance, weight))
        drops.append(np.array([auc - _delong(score, new[held])[0] for score in seen.shuffled(model, held, rng)]))
    if not parts:
        return None
    aucs, variances, weights = np.array(parts).T
    weights = weights / weights.sum()
    auc = float(aucs @ weights)
    low, high = _interval(auc, float(variances @ weights**2), min(map(len, sides)))
    drop = np.average(drops, axis=0, weights=weights)
    columns = pd.DataFrame({"drop": drop}, index=pd.Index(seen.names, dtype="str", name="column"))
    columns = columns.sort_values("drop", ascending=False, kind="stable")
    steps.finish()
    placed = pd.Series(unlike[new], index=sides[1].index, name="unlike").dropna()
    return TwoSamples(auc, low, high, columns, seen.telling_words(new), len(sides[0]), len(sides[1]), placed)


def _sample(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= _ROWS // 2:
        return frame
    return frame.iloc[np.sort(rng.choice(len(frame), _ROWS // 2, replace=False))]


def _folds(both: pd.DataFrame, units: pd.Series | None) -> Integers:
    """A fold for each row; rows that are equal, or of one unit, share theirs."""
    groups = equal_groups(both) if units is None else pd.factorize(units.reindex(both.index))[0].astype(np.int64)
    hashes = mix(mix(groups.astype(np.uint64) + np.uint64(1)))
    # Ranks of the hashes, cut: folds of equal size however few units there are.
    order = np.unique(hashes, return_inverse=True)[1].astype(np.int64)
    return order * _FOLDS // (int(order.max()) + 1)


# --- what the classifier sees ---------------------------------------------------------------------------------------


class _Seen:
    """Rows as a classifier takes them: blocks of columns that are shuffled together, a name each."""

    def __init__(self, names: list[str], matrix: Any, blocks: list[slice], categorical: Bools | None) -> None:
        self.names = names
        self._matrix = matrix
        self._blocks = blocks
        # None where the matrix is sparse and the classifier linear.
        self._categorical = categorical
        self._vocabulary: list[str] = []

    @classmethod
    def of(cls, both: pd.DataFrame, text: str | None) -> _Seen:
        if text is None:
            encoded = [_coded(both[name]) for name in both.columns]
            matrix = np.column_stack([values for values, _ in encoded])
            names = [str(name) for name in both.columns]
            flags = np.array([categorical for _, categorical in encoded])
            return cls(names, matrix, [slice(place, place + 1) for place in range(len(names))], flags)
        described = describe_texts(both[text])
        described.columns = pd.Index([f"{text} {str(name).replace('_', ' ')}" for name in described.columns])
        frame = pd.concat([described, both.drop(columns=text)], axis=1)
        parts = [_spread(frame.iloc[:, place]) for place in range(frame.shape[1])]
        texts = both[text].astype("str").fillna("")
        # Unsupervised: the words are those of both sets, whichever row is in which.
        reader = TfidfVectorizer(
            max_features=_VOCABULARY, min_df=2, sublinear_tf=True, dtype=np.float64, token_pattern=r"\w+"
        )
        try:
            words = reader.fit_transform(texts)
            vocabulary = [str(word) for word in reader.get_feature_names_out()]
        except ValueError:
            # Not one word occurs twice.
            words, vocabulary = csr_matrix((len(both), 0)), []
        widths = np.cumsum([0, *(part.shape[1] for part in parts), words.shape[1]])
        blocks = [slice(int(start), int(end)) for start, end in pairwise(widths)]
        seen = cls(
            [*map(str, frame.columns), f"{text} {WORDS}"],
            csr_matrix(hstack([*map(csr_matrix, parts), words])),
            blocks,
            None,
        )
        seen._vocabulary = vocabulary
        return seen

    def fit(self, rows: Bools, new: Bools) -> Any:
        if self._categorical is None:
            return LogisticRegression(C=1.0, class_weight="balanced", max_iter=200).fit(self._matrix[rows], new[rows])
        model = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, early_stopping=False, categorical_features=self._categorical, random_state=0
        )
        with _threads.limit(limits=1, user_api="openmp"):
            return model.fit(self._matrix[rows], new[rows])

    def score(self, model: Any, rows: Bools, matrix: Any = None) -> Floats:
        with _threads.limit(limits=1, user_api="openmp"):
            found: Floats = model.decision_function(self._matrix[rows] if matrix is None else matrix)
        return found

    def shuffled(self, model: Any, rows: Bools, rng: np.random.Generator) -> list[Floats]:
        """The scores with one block after the other shuffled between the rows."""
        own = self._matrix[rows]
        order = rng.permutation(own.shape[0])
        if self._categorical is None:
            # A linear model: what a block says is added, so that it can be exchanged by itself.
            coefficients = model.coef_[0]
            whole = self.score(model, rows)
            parts = [np.asarray(own[:, block] @ coefficients[block]) for block in self._blocks]
            return [whole - part + part[order] for part in parts]
        scores = []
        for block in self._blocks:
            other = own.copy()
            other[:, block] = own[order, block]
            scores.append(self.score(model, rows, other))
        return scores

    def telling_words(self, new: Bools) -> tuple[str, ...]:
        """Words that a model of all rows holds for typical of the batch."""
        if not self._vocabulary:
            return ()
        weights = self.fit(np.ones(len(new), dtype=bool), new).coef_[0][self._blocks[-1]]
        order = np.argsort(-weights, kind="stable")[:_NAMED_WORDS]
        return tuple(self._vocabulary[place] for place in order if weights[place] > 0)


def _coded(column: pd.Series) -> tuple[Floats, bool]:
    """A column as numbers, and whether they are codes of categories: the most frequent ones, the rest is one."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds: Floats = column.to_numpy().astype("datetime64[s]").astype(np.float64)
        seconds[column.isna().to_numpy()] = np.nan
        return seconds, False
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers: Floats = np.clip(column.to_numpy(dtype=np.float64, na_value=np.nan), -1e300, 1e300)
        return numbers, False
    # Ties in the order of the values: in that of the rows they would tell the reference, which stands first.
    counts = column.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    codes = pd.Series(np.minimum(np.arange(len(counts)), _CATEGORIES), index=counts.index)
    return np.array(column.map(codes), dtype=np.float64), True


def _spread(column: pd.Series) -> Floats:
    """A column as a linear classifier takes it: ranks and missing for numbers, a column a value for categories."""
    values, categorical = _coded(column)
    gone = np.isnan(values)
    if categorical:
        codes = np.where(gone, -1, values)
        one_hot: Floats = (codes[:, None] == np.unique(codes)[None, :]).astype(np.float64)
        return one_hot
    ranks = rankdata(values, nan_policy="omit") / max(1, int((~gone).sum())) - 0.5
    return np.column_stack([np.where(gone, 0.0, ranks), gone.astype(np.float64)])


# --- the interval ---------------------------------------------------------------------------------------------------


def _delong(scores: Floats, new: Bools) -> tuple[float, float]:
    """Area under the ROC curve and its variance by DeLong's method, by ranks."""
    high, low = scores[new], scores[~new]
    m, n = len(high), len(low)
    every = rankdata(np.concatenate([high, low]))
    auc = float((every[:m].sum() - m * (m + 1) / 2) / (m * n))
    of_high = (every[:m] - rankdata(high)) / n
    of_low = 1 - (every[m:] - rankdata(low)) / m
    return auc, float(of_high.var(ddof=1) / m + of_low.var(ddof=1) / n)


def _interval(auc: float, variance: float, fewest: int) -> tuple[float, float]:
    """95% interval; where all are told apart, the variance is what one in as many wrongly ranked would give."""
    z = _SCATTER * float(ndtri(0.5 + LEVEL / 2))
    half = z * np.sqrt(max(variance, (1.5 / fewest) ** 2 * 0.25 if auc > 0.999 else 0.0))
    return max(0.0, auc - half), min(1.0, auc + half)
