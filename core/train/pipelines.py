"""An analyst's own scikit-learn pipeline in the place of a recipe's steps: from a frame of inputs to probabilities.

It has the two faces of `core.train.learner`: `Frames` stands where an `Encoder` does and `PipelineFit` where a `Fit`
does, so that folds, trials and turns need not know which it is. Rows stay rows: whatever a pipeline learns from them,
medians and dictionaries included, it learns in its fold.

An exported project carries the source of this file, so nothing but the standard library, numpy, pandas and scikit-learn
is imported; skops once there is a pipeline.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

__all__ = ["Frames", "PipelineFit", "Rows", "load_pipeline", "read_pipeline", "untrusted_types"]

# What skops does not list though it does nothing: a selector of columns holds a pattern and types, and these are such.
TRUSTED = (
    "builtins.object",
    "numpy.floating",
    "numpy.integer",
    "numpy.number",
    "sklearn.compose._column_transformer.make_column_selector",
)
# A pipeline that was not fitted takes some kilobytes.
_MOST_BYTES = 1 << 25


@dataclass(frozen=True)
class Rows:
    """Rows as a pipeline reads them: numbers, strings and dates by column; and which column is the text."""

    frame: pd.DataFrame
    text: str | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: npt.NDArray[Any]) -> Rows:
        """Some of the rows, by mask or position."""
        return Rows(self.frame.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows], self.text)

    def append(self, other: Rows) -> Rows:
        """These rows, then the other's."""
        return Rows(pd.concat([self.frame, other.frame]), self.text)

    def typical(self) -> dict[str, Any]:
        """The median of numbers and dates, the most frequent of categories; missing if all are."""
        columns = {str(name): column.dropna() for name, column in self.frame.items() if name != self.text}
        return {
            name: np.nan if column.empty else column.mode().iloc[0] if column.dtype == "str" else column.median()
            for name, column in columns.items()
        }

    def with_cells(self, where: Mapping[str, npt.NDArray[np.int64]], cells: Mapping[str, Any]) -> Rows:
        """These rows with one value in some places of each column."""
        changed = self.frame.copy()
        for name, places in where.items():
            changed[name] = changed[name].mask(np.isin(np.arange(len(changed)), places), cells[name])
        return Rows(changed, self.text)

    @property
    def nbytes(self) -> int:
        """The memory that the rows take, in bytes."""
        return int(self.frame.memory_usage(deep=True).sum())

    def content(self) -> Iterator[Any]:
        """All that makes one set of rows another, as arrays."""
        yield pd.util.hash_pandas_object(self.frame, index=False).to_numpy()


class Frames:
    """Brings a frame into the form that pipelines read.

    Numbers are float64 with NaN where missing, categories and texts are str (NaN where a category is missing), dates
    are datetime64. A missing text is empty.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        The training rows. In their new form they are ``frames.encoded``.
    kinds : mapping
        Column to ``"numeric"``, ``"categorical"`` or ``"datetime"``.
    text : str, optional
        The text column.
    """

    def __init__(self, frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None) -> None:
        self.kinds = dict(kinds)
        self.text = text
        self.encoded = self.encode(frame)

    @property
    def columns(self) -> list[str]:
        """The columns that are read, but for the text."""
        return list(self.kinds)

    @property
    def inputs(self) -> list[str]:
        """The columns that are read."""
        return self.columns + ([] if self.text is None else [self.text])

    def encode(self, frame: pd.DataFrame) -> Rows:
        """Bring other rows into the same form."""
        columns = {name: self._column(frame[name], kind) for name, kind in self.kinds.items()}
        if self.text is not None:
            columns[self.text] = frame[self.text].fillna("").astype("str")
        return Rows(pd.DataFrame(columns, index=frame.index), self.text)

    def _column(self, column: pd.Series, kind: str) -> pd.Series:
        if kind == "numeric":
            numbers = pd.to_numeric(column, errors="coerce").astype("float64")
            return numbers.mask(np.isinf(numbers))
        if kind == "datetime":
            return pd.to_datetime(column, errors="coerce")
        return column.map(str, na_action="ignore").astype("str")


class PipelineFit:
    """A pipeline that learned from some rows.

    Parameters
    ----------
    recipe : mapping
        Parsed JSON of a recipe whose steps have a ``pipeline``.
    rows : Rows
    labels : array of shape (n,)
        Classes as places among `classes`; not all need to occur.
    classes : sequence of str
        The pipeline learns from the names.
    refuse : type of Exception
        Raised where the pipeline can't learn or predict.
    """

    def __init__(
        self,
        recipe: Mapping[str, Any],
        rows: Rows,
        labels: npt.NDArray[np.int64],
        classes: Sequence[str],
        refuse: type[Exception] = ValueError,
    ) -> None:
        self.classes = list(classes)
        self.refuse = refuse
        self.pipeline = seeded(load_pipeline(recipe["steps"]["pipeline"]), recipe["seed"])
        names = np.asarray(self.classes, dtype=object)[labels]
        self._calm("learn from", lambda: self.pipeline.fit(_given(rows), names))

    def predict_proba(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Probabilities of shape (n, classes); 0 for classes that were not among the labels."""
        probabilities = np.zeros((len(rows), len(self.classes)))
        if len(rows):
            found = self._calm("predict", lambda: self.pipeline.predict_proba(_given(rows)))
            known = pd.Index(self.classes).get_indexer(pd.Index(self.pipeline.classes_))
            probabilities[:, known] = found
        return probabilities

    def _calm(self, what: str, work: Any) -> Any:
        try:
            return work()
        except Exception as error:
            said = str(error).strip().split("\n")[0] or "no reason given"
            raise self.refuse(
                f"The pipeline can't {what} these examples: {type(error).__name__}: {said} It gets a frame of numbers "
                "(NaN where missing), strings and dates by column, or the texts alone where there is no other column."
            ) from error


def load_pipeline(settings: Mapping[str, Any]) -> Any:
    """The unfitted pipeline of a recipe.

    Parameters
    ----------
    settings : mapping
        ``skops``: the file in base 64; ``sha256``: its hash.

    Raises
    ------
    ValueError
        If it is not the file that was locked, or holds types that are not trusted.
    """
    data = base64.b64decode(settings["skops"])
    if hashlib.sha256(data).hexdigest() != settings["sha256"]:
        raise ValueError("The file of the pipeline is not the one that was locked: its SHA-256 is another one.")
    names = untrusted_types(data)
    if names:
        raise ValueError(f"The pipeline holds types that are not trusted: {', '.join(names)}.")
    return clone(read_pipeline(data))


def read_pipeline(data: bytes) -> Any:
    """What a file of skops holds, of trusted types alone."""
    import skops.io

    return skops.io.loads(data, trusted=list(TRUSTED))


def untrusted_types(data: bytes) -> list[str]:
    """The types in a file of skops that are neither scikit-learn's nor numpy's or scipy's, by name.

    Raises
    ------
    ValueError
        If it is no such file, or comes to too much once it is unpacked.
    """
    import skops.io

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise ValueError("it is no file of skops (skops.io.dump)") from None
    if size > _MOST_BYTES:
        raise ValueError(f"unpacked it takes {size:,} bytes, more than {_MOST_BYTES:,}")
    return [name for name in skops.io.get_untrusted_types(data=data) if name not in TRUSTED]


def seeded(pipeline: Any, seed: int) -> Any:
    """Give a seed to every step that would draw another one each time."""
    unset = {
        name: seed
        for name, value in pipeline.get_params(deep=True).items()
        if name.rsplit("__", 1)[-1] == "random_state" and value is None
    }
    return pipeline.set_params(**unset)


def _given(rows: Rows) -> Any:
    """What the pipeline is given: the frame, or where texts are the only column, these alone."""
    return rows.frame[rows.text] if list(rows.frame.columns) == [rows.text] else rows.frame
