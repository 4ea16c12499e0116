"""Predict rows with an exported model, without the app.

    python predict.py new.csv predictions.csv

The rows keep their columns, and get what is predicted, how probable each class is, and which model said so. Bring the
file back to the app as a batch: it knows these columns.

This file is exported as the last part of a standalone ``predict.py``; the parts before it are the sources of
``core.train.pipelines``, ``core.train.encoder``, ``core.train.learner`` and ``core.train.portable``. It must import
nothing else of this project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.train.portable import ESTIMATOR_PARTS, from_plain

__all__ = ["MODEL", "PREDICTED", "PROBABILITY", "as_trained", "predict"]

PREDICTED, MODEL, PROBABILITY = "flywheel_predicted", "flywheel_model", "flywheel_probability: "
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def as_trained(frame: pd.DataFrame, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Bring columns that were read as text into the types that the model learned from.

    Parameters
    ----------
    frame : DataFrame
    dtypes : mapping
        Column to the name of its dtype in training.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    lacking = [name for name in dtypes if name not in frame.columns]
    if lacking:
        raise ValueError(f"The file must have the columns the model learned from. Missing: {', '.join(lacking)}.")
    columns = {}
    for name, dtype in dtypes.items():
        column = frame[name]
        if dtype == "bool":
            column = column.map(lambda value: _TRUTH.get(str(value).strip().lower()), na_action="ignore")
        elif dtype.startswith("int"):
            numbers = pd.to_numeric(column, errors="coerce").astype("float64")
            column = numbers.where(numbers % 1 == 0).astype("Int64")
        elif dtype.startswith("float"):
            column = pd.to_numeric(column, errors="coerce").astype("float64")
        elif dtype.startswith("datetime"):
            column = pd.to_datetime(column, errors="coerce", format="mixed")
        columns[name] = column
    return pd.DataFrame(columns, index=frame.index)


def predict(frame: pd.DataFrame, kept: Mapping[str, Any]) -> pd.DataFrame:
    """Say what the model says of some rows.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
    kept : mapping
        What was read from ``model.skops``.

    Returns
    -------
    DataFrame of shape (n, columns + classes + 2)
        The columns of `frame` and those of the predictions.
    """
    model = from_plain(kept["model"])
    about = json.loads(kept["about"])
    probabilities = model.predict_proba(as_trained(frame, about["dtypes"]))
    classes: Sequence[str] = about["classes"]
    by_class = pd.DataFrame(probabilities, index=frame.index, columns=list(model.classes))
    by_class = by_class.reindex(columns=list(classes), fill_value=0.0)
    if about["threshold"] is None:
        chosen = by_class.to_numpy().argmax(axis=1)
    else:
        chosen = (by_class.iloc[:, 1] >= about["threshold"]).to_numpy().astype(int)
    said = by_class.add_prefix(PROBABILITY)
    said.insert(0, PREDICTED, np.asarray(classes, dtype=object)[chosen])
    said[MODEL] = about["stamp"]
    return pd.concat([frame.drop(columns=said.columns, errors="ignore"), said], axis=1)


def main(arguments: Sequence[str], folder: Path) -> int:
    """Predict the rows of one file into another."""
    import skops.io

    if len(arguments) != 2:
        print("python predict.py rows.csv predictions.csv   (or .parquet)", file=sys.stderr)
        return 2
    source, target = (Path(argument) for argument in arguments)
    # Empty cells alone are missing: "NA" may be a category.
    if source.suffix == ".parquet":
        frame = pd.read_parquet(source)
    else:
        frame = pd.read_csv(source, dtype="str", keep_default_na=False, na_values=[""])
    try:
        found = predict(frame, skops.io.load(folder / "model.skops", trusted=list(ESTIMATOR_PARTS)))
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    if target.suffix == ".parquet":
        found.to_parquet(target, index=False)
    else:
        found.to_csv(target, index=False)
    print(f"{len(found):,} rows predicted: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent))
