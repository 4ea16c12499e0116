"""The part of the audit that looks at features: missing values, and columns that say nothing or too much."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from core import wording
from core.collect.audited import Audited
from core.collect.finding import Finding
from core.content import count_different
from core.ids import present
from core.schema import Schema

__all__ = ["check_columns"]

MOSTLY_MISSING = 0.95
LEAKING = 0.95
LEAK_ROWS = 5_000
LEAK_FOLDS = 3
_ID_NAME = re.compile(r"(^|[_ .-])(id|no|nr|index|key|uuid|guid|row|serial)$|[a-z]I[dD]$|번호$", re.IGNORECASE)


def check_columns(audited: Audited) -> Iterator[Finding]:
    """Yield what is wrong with features."""
    schema = audited.schema
    features = audited.frame[list(schema.features)]
    droppable = len(schema.inputs) > 1
    yield from _missing(audited, features, droppable)
    train = features[audited.train]
    distinct = count_different(train)
    yield from _constant(train, distinct, droppable)
    yield from _identifiers(train, distinct, droppable)
    yield from _leaks(train, audited.dataset.labels[audited.train], schema, distinct, droppable)


def _missing(audited: Audited, features: pd.DataFrame, droppable: bool) -> Iterator[Finding]:
    missing = features.isna()
    shares = missing.mean()
    shares = shares[shares > 0].sort_values(ascending=False)
    if shares.empty:
        return
    cells = audited.cells({str(name): np.flatnonzero(missing[name].to_numpy()) for name in shares.index})
    worst, share = str(shares.index[0]), f"{shares.iloc[0]:.1%}"
    if len(shares) == 1:
        said = f"Only '{worst}' has missing values: {wording.count(len(cells), 'cell')} ({share})."
    else:
        said = (
            f"{len(shares):,} of {features.shape[1]:,} columns have missing values, "
            f"{wording.count(len(cells), 'cell')} in all; '{worst}' has most ({share})."
        )
    yield Finding(
        "missing_values",
        f"Missing values in {wording.count(len(shares), 'column')}",
        0.1 + 0.3 * float(shares.iloc[0]),
        said,
        "Nothing must be done: the default recipe for tables uses them as they are. Fill in what is known.",
        ids=cells.ids,
        columns=tuple(map(str, shares.index)),
        cells=cells,
    )
    for name, share in shares[(shares >= MOSTLY_MISSING) & (shares < 1)].items() if droppable else ():
        yield Finding(
            "missing_values",
            f"'{name}' is nearly always missing",
            0.35,
            f"'{name}' has no value in {int(missing[name].sum()):,} of {len(features):,} examples ({share:.1%}).",
            "Drop the column, unless having a value there means something.",
            columns=(str(name),),
            fix="drop_column",
        )


def _constant(train: pd.DataFrame, distinct: pd.Series, droppable: bool) -> Iterator[Finding]:
    present = train.notna().sum()
    for name in distinct.index[(distinct == 1) & (present == len(train)) | (distinct == 0)]:
        only = train[name].iloc[0]
        value = "no value at all" if pd.isna(only) else f"the value '{only}'"
        yield Finding(
            "constant_column",
            f"'{name}' is always the same",
            0.2,
            f"'{name}' has {value} in all {len(train):,} train examples (100%): nothing can be learned from it.",
            "Drop the column.",
            columns=(str(name),),
            fix="drop_column" if droppable else None,
        )


def _identifiers(train: pd.DataFrame, distinct: pd.Series, droppable: bool) -> Iterator[Finding]:
    if len(train) < 30:
        return
    for name in distinct.index[distinct >= 0.98 * len(train)]:
        if not _numbers_rows(str(name), present(train[name])):
            continue
        yield Finding(
            "identifier_like",
            f"'{name}' looks like an identifier",
            0.5,
            f"'{name}' has {distinct[name]:,} different values in {len(train):,} train examples "
            f"({distinct[name] / len(train):.1%}): it names the examples rather than describing them.",
            "Drop the column: what a model learns from it does not hold for new examples.",
            columns=(str(name),),
            fix="drop_column" if droppable else None,
        )


def _numbers_rows(name: str, column: pd.Series) -> bool:
    """Say whether nearly unique values name rows: texts do, dates don't, numbers if whole and called or ordered so."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return True
    # Most measurements show in the first few.
    if (column.iloc[:1_000] % 1 != 0).any() or (column % 1 != 0).any():
        return False
    return bool(_ID_NAME.search(name)) or column.is_monotonic_increasing or column.is_monotonic_decreasing


def _leaks(
    train: pd.DataFrame, labels: pd.Series, schema: Schema, distinct: pd.Series, droppable: bool
) -> Iterator[Finding]:
    """Columns that alone give the label nearly always, as a small cross-validated model on a sample of train says."""
    sample = np.random.default_rng(0).permutation(len(train))[:LEAK_ROWS]
    truth, classes = pd.factorize(labels.iloc[sample])
    majority = np.bincount(truth).max() / len(truth) if len(truth) else 1.0
    if len(truth) < 30 or majority > 1 - 5 / len(truth):
        return
    # That a value is missing can tell the label as well as any value.
    for name in train.columns[(distinct + train.isna().any() > 1).to_numpy()]:
        values = train[name].iloc[sample]
        if name in schema.categorical:
            accuracy = _accuracy_by_value(values, truth, len(classes))
        elif _in_few_runs(values, truth, len(classes), 1 - majority):
            accuracy = _accuracy_by_tree(values, truth, len(classes))
        else:
            continue
        gain = (accuracy - majority) / (1 - majority)
        if gain < LEAKING:
            continue
        yield Finding(
            "leaking_column",
            f"'{name}' nearly gives the label",
            0.95,
            f"'{name}' alone predicts the label of {accuracy:.1%} of the train examples; always saying the largest "
            f"class is right for {majority:.1%}.",
            "If it is known only after the label (a result, a date of closing, a code of the outcome), drop it.",
            columns=(str(name),),
            fix="drop_column" if droppable else None,
        )


def _accuracy_by_value(values: pd.Series, truth: npt.NDArray[np.intp], classes: int) -> float:
    """Cross-validated accuracy of saying, for each value, the class most frequent with it."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    cells = codes * classes + truth
    shape = (len(distinct), classes)
    total = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    right = 0
    for fold in range(LEAK_FOLDS):
        held = np.arange(len(truth)) % LEAK_FOLDS == fold
        known = total - np.bincount(cells[held], minlength=shape[0] * shape[1]).reshape(shape)
        known[known.sum(axis=1) == 0] = known.sum(axis=0)
        right += int((known.argmax(axis=1)[codes[held]] == truth[held]).sum())
    return right / len(truth)


def _numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.astype("int64").where(values.notna())
    return values.to_numpy(dtype=np.float64)


def _leaves(classes: int) -> int:
    return max(8, 2 * classes)


def _in_few_runs(values: pd.Series, truth: npt.NDArray[np.intp], classes: int, minority: float) -> bool:
    """Say whether a tree with few leaves can be right so often; sorting is much faster than fitting one.

    Along the sorted values the label changes at most once between two leaves, and twice for each error.
    """
    ordered = truth[np.lexsort((truth, _numbers(values)))]
    changes = int((ordered[1:] != ordered[:-1]).sum())
    errors = (1 - LEAKING) * minority * len(truth)
    # Twice the errors: those of a sample differ from those of another.
    return changes <= _leaves(classes) + 2 * 2 * errors


def _accuracy_by_tree(values: pd.Series, truth: npt.NDArray[np.intp], classes: int) -> float:
    """Cross-validated accuracy of a tree with a few leaves."""
    # Ranks are all that a tree sees, and no number is too large among them.
    codes, _ = pd.factorize(_numbers(values), sort=True)
    inputs = np.where(codes < 0, np.nan, codes).reshape(-1, 1)
    right = 0
    for fold in range(LEAK_FOLDS):
        held = np.arange(len(truth)) % LEAK_FOLDS == fold
        tree = DecisionTreeClassifier(max_leaf_nodes=_leaves(classes), min_samples_leaf=2, random_state=0)
        right += int((tree.fit(inputs[~held], truth[~held]).predict(inputs[held]) == truth[held]).sum())
    return right / len(truth)
