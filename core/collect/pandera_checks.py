"""Checks that pandera has no name for: between columns, and of columns together. Import it before reading the schema.

This file is exported beside the schema: it must import pandas and pandera only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandera.extensions import register_check_method

__all__ = ["columns_compared", "columns_unique", "value_implies"]


@register_check_method(statistics=["column", "operator", "other"])  # type: ignore[untyped-decorator]
def columns_compared(frame: pd.DataFrame, *, column: str, operator: str, other: str) -> pd.Series:
    """One column stands to another as the operator says, where both have a value."""
    left, right = frame[column], frame[other]
    compare = {"<": left.lt, "<=": left.le, "==": left.eq, "!=": left.ne, ">=": left.ge, ">": left.gt}
    missing: pd.Series = left.isna() | right.isna()
    return missing | compare[operator](right)


@register_check_method(statistics=["columns"])  # type: ignore[untyped-decorator]
def columns_unique(frame: pd.DataFrame, *, columns: Sequence[str]) -> pd.Series:
    """Some columns together do not repeat; rows with a missing one are passed over."""
    values = frame[list(columns)]
    missing: pd.Series = values.isna().any(axis=1)
    return missing | ~values.duplicated()


@register_check_method(statistics=["column", "values", "then"])  # type: ignore[untyped-decorator]
def value_implies(frame: pd.DataFrame, *, column: str, values: Sequence[Any], then: Mapping[str, Any]) -> pd.Series:
    """Where a column has one of some values, a check of another column holds: a range, a set, a pattern, a value."""
    other = frame[then["column"]]
    if then["kind"] == "present":
        holds = other.notna()
    elif then["kind"] == "set":
        holds = other.isin(list(then["values"])) | other.isna()
    elif then["kind"] == "pattern":
        holds = other.astype("str").str.fullmatch(then["pattern"]).eq(True) | other.isna()
    else:
        ends = [pd.Timestamp(end) if isinstance(end, str) else end for end in (then["low"], then["high"])]
        holds = other.isna()
        inside = pd.Series(True, index=other.index)
        if ends[0] is not None:
            inside &= other.ge(ends[0])
        if ends[1] is not None:
            inside &= other.le(ends[1])
        holds |= inside
    met: pd.Series = ~frame[column].isin(list(values)) | holds
    return met
