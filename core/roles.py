"""From the columns a file has to those of a data set: roles settled, labels as classes, ids and units.

A unit is what neither the split nor a fold tears apart: the examples of one group, or equal examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from core.content import Hashes, hash_names, hash_rows, hash_values, hexadecimal, mix
from core.errors import FlywheelError
from core.ids import positions
from core.schema import Column, Schema, infer_schema, is_class_label

__all__ = [
    "DatasetError",
    "are_whole",
    "check_label",
    "corrected",
    "index_by_id",
    "of_kind",
    "settle_roles",
    "units",
    "with_label",
]

# Columns that say something about the label: they take no part in an id made from content.
_NOT_CONTENT = {"label", "truth", "annotator", "split"}


class DatasetError(FlywheelError):
    """The data can't become a data set, or an edit does not fit it."""


def settle_roles(
    frame: pd.DataFrame,
    schema: Schema | None,
    *,
    label: str,
    text: str | None,
    image: str | None,
    features: Iterable[str] | None,
    id: str | None,
    group: str | None,
    time: str | None,
    annotators: tuple[str, ...],
) -> Schema:
    """Roles as named; the rest as given or inferred. Group and time are never inferred: they change the split."""
    named: dict[str, str] = {}
    for role, name in (
        ("label", label),
        ("text", text),
        ("image", image),
        ("id", id),
        ("group", group),
        ("time", time),
    ):
        if name is not None:
            named[name] = role
    named |= dict.fromkeys(annotators, "annotator")
    if features is not None:
        features = list(features)
        named |= dict.fromkeys(features, "feature")
    unknown = [name for name in named if name not in frame.columns]
    if unknown:
        raise DatasetError(
            f"The column '{unknown[0]}' named as {named[unknown[0]]} is not in the data. "
            f"Its columns are {', '.join(map(repr, frame.columns[:12]))}."
        )
    columns = []
    for column in (schema or infer_schema(frame)).columns:
        role, reason = column.role, column.reason
        if column.name in named:
            role, reason = named[column.name], "named" if schema is None else reason
        elif role in {"label", "group", "time", "annotator"} and schema is None:
            few = column.kind != "categorical" or frame[column.name].nunique() <= 50
            role, reason = (
                ("feature", "not named as anything else") if few else ("ignored", "too many different values")
            )
        elif role in set(named.values()) & {"text", "image", "id", "group", "time", "label"}:
            role, reason = "ignored", f"another column is the {role}"
        if features is not None and role in {"feature", "text"} and column.name not in named:
            role, reason = "ignored", "not among the features named"
        kind = "categorical" if role == "feature" and column.kind == "text" else column.kind
        columns.append(Column(column.name, role, "text" if role == "text" else kind, reason))
    settled = Schema(tuple(columns))
    if not settled.inputs:
        raise DatasetError(
            "The model needs at least one column to learn from. Give a column the role of feature or text."
        )
    return settled


def with_label(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Labels are str: 1.0 and 1 are the class "1", blank ones are missing."""
    column = frame[label]
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    if numeric and not is_class_label(column):
        raise DatasetError(
            f"The label '{label}' must have classes, few different values. It holds {column.nunique():,} "
            "different numbers. Choose another column, or cut the numbers into classes first."
        )
    if numeric and are_whole(column):
        column = column.astype("Int64")
    text = column.astype("str").where(column.notna()).str.strip()
    return frame.assign(**{label: text.where(text != "").astype("str")})


def check_label(frame: pd.DataFrame, label: str) -> None:
    """Refuse a label that can't be learned: no value, one class, or hardly a value that repeats."""
    classes = frame[label].nunique()
    if classes == 0:
        raise DatasetError(f"The label '{label}' must have values. All of its {len(frame):,} are missing.")
    if classes == 1:
        raise DatasetError(
            f"The label '{label}' must have at least two classes. It has one, "
            f"'{frame[label].dropna().iloc[0]}'. Choose another column or add the other class."
        )
    if classes > 1_000 and classes > 0.5 * len(frame):
        raise DatasetError(
            f"The label '{label}' must have classes that repeat. It has {classes:,} different values in "
            f"{len(frame):,} rows. Choose another column."
        )


def index_by_id(
    frame: pd.DataFrame, schema: Schema, *, cache: dict[str, Hashes] | None = None
) -> tuple[pd.DataFrame, Schema]:
    """Index by the id column where there is one, else by ids made from content, exact duplicates numbered.

    ``cache`` as for `hash_rows`.
    """
    if schema.id is not None:
        if schema.id not in frame.columns:
            raise DatasetError(f"The id column '{schema.id}' is not in the rows. Add it to the file.")
        ids = frame[schema.id]
        if ids.isna().any():
            raise DatasetError(
                f"The id column '{schema.id}' must have a value in every row. "
                f"{int(ids.isna().sum()):,} are missing. Fill them, or choose no id column."
            )
        text = ids.astype("Int64").astype("str") if are_whole(ids) else ids.astype("str")
        repeated = text[text.duplicated()]
        if len(repeated):
            raise DatasetError(
                f"Values of the id column '{schema.id}' must not repeat. '{repeated.iloc[0]}' and "
                f"{len(repeated) - 1:,} more do. Choose another id column, or none."
            )
        return frame.set_axis(pd.Index(text.to_numpy(), dtype="str", name="example")), schema
    inner = [
        column.name for column in schema.columns if column.role not in _NOT_CONTENT and column.name in frame.columns
    ]
    hashes = pd.Series(hash_rows(frame[inner], cache=cache))
    numbered = pd.Series(hexadecimal(hashes.to_numpy()))
    if hashes.duplicated().any():
        count = hashes.groupby(hashes, sort=False).cumcount()
        numbered = numbered.where(count == 0, numbered + "-" + (count + 1).astype("str"))
    return frame.set_axis(pd.Index(numbered.array, dtype="str", name="example")), schema


def are_whole(column: pd.Series) -> bool:
    """Whether every value is a whole number that 64 bits hold: 1.0 is then written as 1."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return pd.api.types.is_integer_dtype(column.dtype)
    there = column.dropna()
    return bool(((there % 1 == 0) & (there.abs() < 2**63)).all())


def units(
    frame: pd.DataFrame, schema: Schema, *, ids: Hashes | None = None, cache: dict[str, Hashes] | None = None
) -> pd.Series:
    """Name the unit of each row: a hash of its group, or of the first id among its equals.

    ``ids`` are the hashes of the index if they are known, ``cache`` is as for `hash_rows`.
    """
    own = pd.Series(hash_names(frame.index) if ids is None else ids, index=frame.index)
    if schema.group is not None and schema.group in frame.columns:
        group = frame[schema.group]
        return own.where(group.isna(), pd.Series(mix(hash_values(group)), index=frame.index))
    equal = hash_rows(frame[list(schema.inputs)], cache=cache)
    # The smallest hash of an id among equal examples does not depend on the order of the rows.
    return own.groupby(equal, sort=False).transform("min")


def of_kind(values: pd.Series, column: Column, dtype: Any) -> pd.Series:
    """Bring values to the dtype that the column has; what does not fit is refused by name."""
    if column.role != "label" and pd.api.types.is_numeric_dtype(dtype):
        return _numbers(values, column.name)
    if column.role != "label" and pd.api.types.is_datetime64_any_dtype(dtype):
        return _dates(values, pd.to_datetime(values, errors="coerce"), column.name).astype(dtype)
    return values.astype("str").where(values.notna()).astype("str")


def _numbers(values: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & values.notna()
    if bad.any():
        raise DatasetError(
            f"Column '{name}' must hold numbers. {int(bad.sum()):,} values are none, the first "
            f"is '{values[bad].iloc[0]}'. Mend the values or leave them empty."
        )
    return numbers


def _dates(values: pd.Series, dates: pd.Series, name: str) -> pd.Series:
    bad = dates.isna() & values.notna()
    if bad.any():
        raise DatasetError(
            f"Column '{name}' must hold dates. {int(bad.sum()):,} values are none, the first is "
            f"'{values[bad].iloc[0]}'. Write dates as 2026-01-31."
        )
    return dates


def corrected(column: pd.Series, values: Mapping[str, Any], role: Column) -> pd.Series:
    """Put other values, by id, into one column; values that do not fit its kind are refused.

    Each value is read by itself, so that corrections made one after the other and those made at once come to the same.
    """
    new = pd.Series(values, dtype="object")
    if pd.api.types.is_numeric_dtype(column.dtype):
        new = _numbers(new, role.name)
        if new.dtype != column.dtype:
            column = column.astype("float64")
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        text = new.map(str, na_action="ignore")
        dates = pd.to_datetime(text, errors="coerce", utc=True, format="mixed").dt.tz_localize(None)
        new = _dates(new, dates, role.name)
    else:
        new = new.map(str, na_action="ignore")
    column = column.copy()
    column.iloc[positions(new.index, column.index)] = new.astype(column.dtype)
    return column
