"""How good a model is on labelled examples: every metric with its interval."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.evaluate.predictions import Aligned, align
from core.evaluate.scores import CELL_METRICS, METRICS, cell_counts, class_rankings, class_scores, row_scores
from core.statistics import combined_interval, draw_cells, draw_rows, percentile_interval, wilson_interval

__all__ = ["Evaluation", "cells_of", "confusion_of", "evaluate", "per_class_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """How good a model is on some labelled examples.

    Attributes
    ----------
    metrics : dict
        Name (see `METRICS`) to (value, low, high); NaN where a metric is undefined, as with a single class.
    per_class : DataFrame
        Indexed by class: ``precision``, ``recall``, ``f1``, each with ``_low`` and ``_high``, and ``support``.
    confusion : DataFrame of shape (classes, classes)
        Counts, true classes down, predicted ones across.
    resamples : dict
        How many resamples stand behind the intervals: ``cells`` and ``rows``.
    """

    metrics: dict[str, tuple[float, float, float]]
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    resamples: dict[str, int]

    @property
    def note(self) -> str:
        """One sentence on how the intervals were made."""
        return (
            f"95% intervals: {self.resamples['cells']:,} bootstrap resamples for macro F1 and balanced accuracy, "
            f"{self.resamples['rows']:,} for log loss and the ranking metrics, Wilson's for accuracy and the classes."
        )

    def to_json(self) -> str:
        """Write the evaluation as JSON text; an undefined value is null."""
        return json.dumps(
            {
                "metrics": {name: [_or_none(value) for value in values] for name, values in self.metrics.items()},
                "per_class": _written(self.per_class),
                "confusion": _written(self.confusion),
                "resamples": self.resamples,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Evaluation:
        """Read what `to_json` wrote."""
        written = json.loads(text)
        return cls(
            {name: (_or_nan(v), _or_nan(low), _or_nan(high)) for name, (v, low, high) in written["metrics"].items()},
            _read(written["per_class"]),
            _read(written["confusion"]),
            written["resamples"],
        )


def evaluate(
    labels: pd.Series,
    probabilities: pd.DataFrame,
    *,
    predicted: pd.Series | None = None,
    ranking: bool = True,
    resamples: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Judge predictions by labels.

    Values equal scikit-learn's: macro F1 over the classes that occur in labels or predictions, balanced accuracy over
    those in the labels, ROC AUC and average precision one class against the rest over those in the labels.

    Parameters
    ----------
    labels : Series of shape (n,)
        Indexed by id.
    probabilities : DataFrame of shape (at least n, classes)
        Indexed by id. A class without a column has probability 0; examples without a label are passed over.
    predicted : Series, optional
        Predicted classes by id where they aren't those of the largest probability.
    ranking : bool
        With log loss, ROC AUC and average precision, whose intervals take far longer than those of the others; without
        them the others are the same.
    resamples : int
        For the intervals of the metrics that come from the confusion matrix.
    seed : int

    Returns
    -------
    Evaluation

    Raises
    ------
    EvaluationError
        If labels and predictions can't be brought together; the message names the ids.
    """
    aligned = align(labels, [probabilities], [predicted])
    occurring = aligned.occurring()
    names = pd.Index([aligned.classes[code] for code in occurring], name="class", dtype="str")
    k = len(aligned.classes)
    confusion = np.bincount(aligned.truth * k + aligned.predicted[0], minlength=k * k)
    cells = np.flatnonzero(confusion)
    of_cells = (*np.divmod(cells, k), occurring)
    found = cell_counts(confusion[cells].astype(float), *of_cells)
    drawn = [
        cell_counts(some, *of_cells) for some in draw_cells(confusion[cells], resamples, np.random.default_rng(seed))
    ]
    per_class = _per_class(names, *found)
    by_rows, rows = _metrics_by_rows(aligned, np.random.default_rng(seed)) if ranking else ({}, 0)
    metrics = _metrics_by_cells(per_class, found, drawn) | by_rows
    return Evaluation(
        {name: metrics[name] for name in METRICS if name in metrics},
        per_class,
        pd.DataFrame(
            confusion.reshape(k, k)[np.ix_(occurring, occurring)],
            index=names.rename("true"),
            columns=names.rename("predicted"),
        ),
        {"cells": resamples, "rows": rows},
    )


def confusion_of(labels: pd.Series, predicted: pd.Series) -> pd.DataFrame:
    """Count which classes are taken for which.

    Parameters
    ----------
    labels, predicted : Series of shape (n,)
        In one order.

    Returns
    -------
    DataFrame of shape (classes, classes)
        As `Evaluation.confusion`: the classes that occur in either, sorted.
    """
    (given, names), (claimed, others) = (pd.factorize(each.astype("str")) for each in (labels, predicted))
    classes = pd.Index(sorted({*names, *others}), dtype="str")
    k = len(classes)
    cells = classes.get_indexer(names)[given] * k + classes.get_indexer(others)[claimed]
    counts = np.bincount(cells, minlength=k * k)
    return pd.DataFrame(counts.reshape(k, k), index=classes.rename("true"), columns=classes.rename("predicted"))


def cells_of(confusion: pd.DataFrame) -> pd.DataFrame:
    """List the cells of a confusion matrix that hold something.

    Parameters
    ----------
    confusion : DataFrame of shape (classes, classes)
        Counts, true classes down, predicted ones across, in one order.

    Returns
    -------
    DataFrame
        A row a cell, mistakes first, then the most frequent: ``true``, ``predicted``, ``count``, ``right``, ``share``
        of the true class with its Wilson interval ``low`` and ``high``.
    """
    counts = confusion.to_numpy()
    rows, columns = np.nonzero(counts)
    held, support = counts[rows, columns], counts.sum(axis=1)[rows]
    low, high = wilson_interval(held, support)
    names = np.array([str(name) for name in confusion.index], dtype=object)
    cells = pd.DataFrame(
        {
            "true": names[rows],
            "predicted": names[columns],
            "count": held,
            "right": rows == columns,
            "share": held / support,
            "low": low,
            "high": high,
        }
    )
    return cells.sort_values(["right", "count"], ascending=[True, False], kind="stable", ignore_index=True)


def per_class_of(confusion: pd.DataFrame) -> pd.DataFrame:
    """Judge each class by a confusion matrix.

    Parameters
    ----------
    confusion : DataFrame of shape (classes, classes)
        Counts, true classes down, predicted ones across, in one order.

    Returns
    -------
    DataFrame
        As `Evaluation.per_class`.
    """
    counts = confusion.to_numpy(dtype=float)
    names = pd.Index([str(name) for name in confusion.index], name="class", dtype="str")
    return _per_class(names, np.diag(counts), counts.sum(axis=1), counts.sum(axis=0))


def _per_class(names: pd.Index, hits: Floats, support: Floats, claimed: Floats) -> pd.DataFrame:
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for name, (score, successes, trials) in class_scores(hits, support, claimed).items():
        low, high = wilson_interval(successes, trials)
        if name == "f1":
            low, high = 2 * low / (1 + low), 2 * high / (1 + high)
        columns |= {name: score, f"{name}_low": low, f"{name}_high": high}
    columns["support"] = support.astype(np.int64)
    return pd.DataFrame(columns, index=names)


def _metrics_by_cells(
    per_class: pd.DataFrame, found: tuple[Floats, Floats, Floats], drawn: list[tuple[Floats, Floats, Floats]]
) -> dict[str, tuple[float, float, float]]:
    hits, support, _ = found
    low, high = wilson_interval(hits.sum(), support.sum())
    metrics = {"accuracy": (float(CELL_METRICS["accuracy"](*found)), float(low), float(high))}
    # The bootstrap knows only what happened: without a single error its interval is a point. Then, and wherever else it
    # is narrower, the classes' own intervals put together say how far the mean may be off.
    for name, column, counted in (
        ("macro_f1", "f1", per_class),
        ("balanced_accuracy", "recall", per_class[per_class["support"] > 0]),
    ):
        value = float(CELL_METRICS[name](*found))
        low, high = percentile_interval(np.concatenate([CELL_METRICS[name](*some) for some in drawn]))
        below, above = combined_interval(counted[column], counted[f"{column}_low"], counted[f"{column}_high"])
        metrics[name] = (value, max(min(float(low), below), 0.0), min(max(float(high), above), 1.0))
    return metrics


def _metrics_by_rows(aligned: Aligned, rng: np.random.Generator) -> tuple[dict[str, tuple[float, float, float]], int]:
    """The metrics that need the rows, and how many resamples their intervals rest on."""
    rankings = class_rankings(aligned.truth, aligned.probabilities[0])
    point = row_scores(aligned, 0, np.ones((len(aligned.truth), 1)), rankings=rankings)
    rows = draw_rows(len(aligned.truth), rng, passes=len(aligned.classes))
    chunks = [row_scores(aligned, 0, weights, rankings=rankings) for weights in rows]
    metrics = {}
    for name, value in point.items():
        low, high = percentile_interval(np.concatenate([chunk[name] for chunk in chunks]))
        metrics[name] = (float(value[0]), float(low), float(high))
    return metrics, sum(len(chunk["log_loss"]) for chunk in chunks)


def _written(frame: pd.DataFrame) -> dict[str, object]:
    return {
        "index": list(frame.index),
        "columns": list(frame.columns),
        "values": [frame[name].tolist() for name in frame.columns],
        "names": [frame.index.name, frame.columns.name],
    }


def _read(written: dict[str, list[Any]]) -> pd.DataFrame:
    of_index, of_columns = written["names"]
    frame = pd.DataFrame(
        dict(zip(written["columns"], written["values"], strict=True)),
        index=pd.Index(written["index"], dtype="str", name=of_index),
    )
    frame.columns = pd.Index(written["columns"], dtype="str", name=of_columns)
    return frame


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
