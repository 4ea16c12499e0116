"""What to collect for a slice: which examples to look for, how many, and what those look like that are there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.flywheel.edits import plain
from core.flywheel.errors import ProjectError
from core.flywheel.spreadsheet import harmless
from core.ids import aligned, looked_up

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.evaluate import Region

__all__ = ["class_to_add", "collection_list", "collection_table", "deal_by_errors"]

_TYPICAL = 5
# From so many examples on a class of the slice is called the one that goes wrong most.
_ENOUGH = 5
_FIELDS = ("kind", "column", "words", "low", "high", "values", "other_than", "missing", "there", "wrong", "wanted")


def class_to_add(dataset: Dataset, predictions: pd.DataFrame) -> tuple[str, int, int] | None:
    """The class of which a slice may need more: it is predicted wrongly most often there, and train has room for it.

    Parameters
    ----------
    dataset : Dataset
        Says which classes are the largest of train: to those nothing is added to balance the classes.
    predictions : DataFrame
        Examples of the slice: ``given`` and ``loss`` (1 for wrong).

    Returns
    -------
    tuple of (str, int, int) or None
        The class, its wrong examples, and its examples, in the slice; None if all that is wrong is of a largest class.
    """
    sizes = dataset.labels_of("train").value_counts()
    counted = predictions.groupby("given")["loss"].agg(["sum", "size"]).sort_index()
    counted = counted[(counted["sum"] > 0) & ~counted.index.isin(sizes.index[sizes == sizes.max()])]
    if counted.empty:
        return None
    enough = counted[counted["size"] >= _ENOUGH]
    counted = enough if len(enough) else counted
    worst = int((counted["sum"] / counted["size"]).to_numpy().argmax())
    return str(counted.index[worst]), round(float(counted["sum"].iloc[worst])), int(counted["size"].iloc[worst])


def deal_by_errors(predictions: pd.DataFrame, wanted: int) -> dict[str, int]:
    """Deal the wanted number to the classes as their wrong examples are spread, by largest remainders."""
    wrong = predictions.groupby("given")["loss"].sum().sort_index()
    wrong = wrong if wrong.sum() else predictions.groupby("given").size().astype(float)
    exact = wrong.to_numpy(dtype=float) * wanted / wrong.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: wanted - counts.sum()]] += 1
    return dict(zip(map(str, wrong.index), counts.tolist(), strict=True))


def collection_list(dataset: Dataset, region: Region, predictions: pd.DataFrame, wanted: int) -> dict[str, Any]:
    """Write down what to collect for a slice, for those who bring it.

    Parameters
    ----------
    dataset : Dataset
    region : Region
        The slice, measured on train.
    predictions : DataFrame
        Train examples by id: ``given``, ``predicted`` and ``loss`` (1 for wrong).
    wanted : int
        How many examples to bring.

    Returns
    -------
    dict
        As JSON can hold it: ``slice`` in words, ``conditions`` for machines, ``there``, ``wrong``, ``error`` with its
        interval, ``wanted``, ``classes`` (there, wrong, wanted of each) and ``examples``: a few of train that are
        predicted wrongly and rightly.

    Raises
    ------
    ProjectError
        If the number is below 1, or the slice holds nobody.
    """
    if wanted < 1:
        raise ProjectError(f"The number of examples to collect must be at least 1. Got {wanted} instead.")
    own = looked_up(predictions, region.ids)
    if own.empty:
        raise ProjectError(f"The slice '{region}' holds no train example to show what to look for. Choose another.")
    dealt = deal_by_errors(own, wanted)
    counted = own.groupby("given")["loss"].agg(["size", "sum"])
    return {
        "slice": str(region),
        "conditions": [each.to_dict() for each in region.predicates],
        "there": region.size,
        "wrong": region.wrong,
        "error": {"value": region.error, "low": region.low, "high": region.high},
        "wanted": wanted,
        "classes": {
            str(name): {"there": int(size), "wrong": round(wrong), "wanted": dealt[str(name)]}
            for name, size, wrong in counted.itertuples()
        },
        "examples": [_example(dataset, example, row) for example, row in _typical(dataset, own).iterrows()],
    }


def collection_table(wanted: Mapping[str, Any]) -> str:
    """The same as CSV: a row for the slice, for each condition, class and example; a byte order mark for Excel."""
    rows: list[dict[str, Any]] = [{"kind": "slice", "words": wanted["slice"]} | _counts(wanted)]
    for condition in wanted["conditions"]:
        several = {name: _json(condition[name]) for name in ("values", "other_than") if name in condition}
        rows.append({"kind": "condition"} | condition | several | {"words": condition["is"]})
    rows += [{"kind": "class", "words": name} | _counts(own) for name, own in wanted["classes"].items()]
    rows += [{"kind": "example", "words": _json(example)} for example in wanted["examples"]]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _FIELDS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + buffer.getvalue()


def _counts(own: Mapping[str, Any]) -> dict[str, Any]:
    return {name: own[name] for name in ("there", "wrong", "wanted")}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _typical(dataset: Dataset, own: pd.DataFrame) -> pd.DataFrame:
    """A few wrong and a few right examples, drawn blindly but always the same; only those that are still in train."""
    there = own[aligned(dataset.split, own.index).eq("train").to_numpy()].sort_index()
    parts = [there[there["loss"] > 0], there[there["loss"] == 0]]
    return pd.concat([part.sample(min(_TYPICAL, len(part)), random_state=0) for part in parts])


def _example(dataset: Dataset, example: Any, row: pd.Series) -> dict[str, Any]:
    values = {name: plain(dataset.frame.at[example, name]) for name in dataset.schema.inputs}
    return {"id": str(example), "labelled": row["given"], "predicted": row["predicted"], "values": values}
