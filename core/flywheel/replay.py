"""Rebuild the last turn's numbers from the raw data, the edits and the recipe, and compare them with what was reported.

This file is exported as the second half of a standalone ``replay.py``; the first half is the source of
``core.train.learner``. It must import nothing else of this project.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    roc_auc_score,
)

from core.train.learner import fit_recipe

__all__ = ["main"]


def _edited(folder: Path, turn: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series]:
    """The raw data with every edit of the turn: frame, and split by id."""
    frame = pd.read_parquet(folder / "raw.parquet")
    split = pd.read_parquet(folder / "split.parquet")["split"]
    for edit in json.loads((folder / "edits.json").read_text(encoding="utf-8")):
        content, label = edit["content"], turn["label"]
        labels, gone = dict(content.get("labels", {})), list(content.get("examples", []))
        for example, (decision, new) in content.get("decisions", {}).items():
            if decision in ("suggested", "other"):
                labels[example] = new
            elif decision == "exclude":
                gone.append(example)
        labels = {example: new for example, new in labels.items() if example in frame.index}
        frame.loc[list(labels), label] = list(labels.values())
        from_pool = [example for example in labels if split[example] == "pool"]
        split.loc[from_pool] = "train"
        _correct(frame, content.get("cells", []))
        frame, split = frame.drop(gone, errors="ignore"), split.drop(gone, errors="ignore")
        if "rows" in edit:
            rows = pd.read_parquet(folder / edit["rows"])
            frame = pd.concat([frame, rows])
            added = np.where(rows[label].notna(), "train", "pool")
            split = pd.concat([split, pd.Series(added, index=rows.index, dtype="str")])
    return frame, split


def _correct(frame: pd.DataFrame, cells: list[list[Any]]) -> None:
    """Put values into cells, ``[example, column, value]`` each, a column at a time; null is a missing value."""
    columns: dict[str, dict[str, Any]] = {}
    for example, column, value in cells:
        columns.setdefault(column, {})[example] = value
    for column, values in columns.items():
        new = pd.Series(values, dtype="object")
        new = new[new.index.isin(frame.index)]
        dtype = frame[column].dtype
        if dtype.kind == "M":
            new = pd.to_datetime(new, format="mixed")
        elif pd.api.types.is_numeric_dtype(dtype) and not (
            dtype.kind == "b" and all(isinstance(value, bool) for value in new)
        ):
            frame[column] = frame[column].astype("float64")
        frame.loc[new.index, column] = new.astype(frame[column].dtype)


def _ranked(score: Any, labels: Any, probabilities: pd.DataFrame) -> float:
    """The mean of a ranking metric, each class that occurs against the rest."""
    present = [name for name in np.unique(labels) if not (labels == name).all()]
    scores = [score(labels == name, probabilities[name].to_numpy()) for name in present]
    return float(np.mean(scores)) if scores else float("nan")


def main(folder: Path) -> int:
    """Print each number beside the reported one; return 0 if all are the same."""
    turn = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    frame, split = _edited(folder, turn)
    train, test = frame[(split == "train").to_numpy()], frame[(split == "test").to_numpy()]
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    model = fit_recipe(recipe, train[turn["inputs"]], turn["kinds"], turn["text"], train[turn["label"]])
    probabilities = pd.DataFrame(model.predict_proba(test[turn["inputs"]]), columns=list(model.classes))
    probabilities = probabilities.reindex(columns=turn["classes"], fill_value=0.0)
    if turn["threshold"] is None:
        predicted = np.asarray(turn["classes"], dtype=object)[probabilities.to_numpy().argmax(axis=1)]
    else:
        rarer = turn["threshold_class"]
        (other,) = [name for name in turn["classes"] if name != rarer]
        predicted = np.where(probabilities[rarer] >= turn["threshold"], rarer, other)
    labels = test[turn["label"]].to_numpy(dtype=object)
    true = probabilities.to_numpy()[np.arange(len(labels)), probabilities.columns.get_indexer(labels)]
    numbers = {
        "accuracy": accuracy_score(labels, predicted),
        "balanced_accuracy": balanced_accuracy_score(labels, predicted),
        "macro_f1": f1_score(labels, predicted, average="macro", zero_division=0),
        "log_loss": -np.log(np.clip(true, np.finfo(float).eps, 1 - np.finfo(float).eps)).mean(),
        "roc_auc": _ranked(roc_auc_score, labels, probabilities),
        "average_precision": _ranked(average_precision_score, labels, probabilities),
    }
    same = True
    for name, value in numbers.items():
        reported = turn["metrics"][name]["value"]
        reported = float("nan") if reported is None else reported
        agrees = abs(value - reported) < 1e-9 or (value != value and reported != reported)
        same &= agrees
        print(f"{name:20} replayed {value:.6f}  reported {reported:.6f}  {'same' if agrees else 'DIFFERENT'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
