"""Checks in and out of the app: as a schema of pandera, in its JSON format.

A range, a set, a pattern, a missing and a repeated value are pandera's own; checks between columns come from
``pandera_checks.py``, which goes with the schema. pandera takes a while to load, so it is imported when it is needed.
"""

from __future__ import annotations

import inspect
import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.collect.checks import (
    Check,
    CheckError,
    Compared,
    HasPattern,
    IfThen,
    InRange,
    OneOf,
    Present,
    Unique,
    read_checks,
)

__all__ = ["checks_source", "from_pandera", "needs_source", "to_pandera"]

_LARGEST = 5_000_000
_WHOLE = re.compile(r"\^\(\?:(.*)\)\\Z", re.DOTALL)


def needs_source(checks: Sequence[Check]) -> bool:
    """Whether the schema of some checks can only be read with ``pandera_checks.py`` beside it."""
    several = [check for check in checks if isinstance(check, Unique) and len(check.together) > 1]
    return bool(several) or any(isinstance(check, (Compared, IfThen)) for check in checks)


def checks_source() -> str:
    """The text of ``pandera_checks.py``."""
    from core.collect import pandera_checks

    return inspect.getsource(pandera_checks)


def to_pandera(checks: Sequence[Check], *, name: str = "checks") -> str:
    """Write checks as a schema of pandera, in JSON.

    What is worth knowing only warns there. That there is a value, and that one column does not repeat, are properties
    of a column there and have no such grade: they come back as severe.

    Parameters
    ----------
    checks : sequence of Check
    name : str
        Of the schema.
    """
    import pandera.pandas as pa

    from core.collect import pandera_checks

    assert pandera_checks.__all__
    columns: dict[str, dict[str, Any]] = {}
    between = []

    def of(column: str) -> dict[str, Any]:
        return columns.setdefault(column, {"dtype": None, "checks": [], "nullable": True, "required": True})

    for check in checks:
        said: dict[str, Any] = {"error": str(check), "raise_warning": not check.severe}
        if isinstance(check, Present):
            of(check.column)["nullable"] = False
        elif isinstance(check, Unique) and len(check.together) == 1:
            of(check.together[0])["unique"] = True
        elif isinstance(check, Unique):
            between.append(pa.Check.columns_unique(columns=list(check.together), **said))
        elif isinstance(check, Compared):
            between.append(
                pa.Check.columns_compared(column=check.column, operator=check.operator, other=check.other, **said)
            )
        elif isinstance(check, IfThen):
            then = {key: value for key, value in check.then.to_dict().items() if key != "severe"}
            between.append(pa.Check.value_implies(column=check.column, values=list(check.values), then=then, **said))
        elif isinstance(check, InRange):
            of(check.column)["checks"].append(_range(check, said))
            if check.of_dates:
                of(check.column).update(dtype="datetime64[ns]", coerce=True)
        elif isinstance(check, OneOf):
            of(check.column)["checks"].append(pa.Check.isin(list(check.values), **said))
        elif isinstance(check, HasPattern):
            of(check.column)["checks"].append(pa.Check.str_matches(rf"^(?:{check.pattern})\Z", **said))
    schema = pa.DataFrameSchema(
        {column: pa.Column(**options) for column, options in columns.items()}, checks=between, name=name
    )
    return str(json.dumps(json.loads(schema.to_json()), ensure_ascii=False, indent=1))


def _range(check: InRange, said: dict[str, Any]) -> Any:
    import pandera.pandas as pa

    low, high = (pd.Timestamp(end) if isinstance(end, str) else end for end in (check.low, check.high))
    if low is None:
        return pa.Check.le(high, **said)
    return pa.Check.ge(low, **said) if high is None else pa.Check.in_range(low, high, **said)


def from_pandera(text: str) -> tuple[tuple[Check, ...], list[str]]:
    """Read checks from a schema of pandera, in JSON.

    Returns
    -------
    checks : tuple of Check
    left_out : list of str
        What the schema asks for and no check here can, in words.

    Raises
    ------
    CheckError
        If it is no such schema.
    """
    if len(text) > _LARGEST:
        raise CheckError(f"A schema may have {_LARGEST // 1_000_000} MB. This one has {len(text) / 1e6:.0f} MB.")
    from pandera.io.pandas_io import from_json

    from core.collect import pandera_checks

    assert pandera_checks.__all__
    try:
        if "columns" not in dict(json.loads(text)):
            raise ValueError("it names no columns")
        # As a stream: what is no JSON would be taken for a path.
        schema = from_json(io.StringIO(text))
        columns = schema.columns.items()
    except Exception as error:
        raise CheckError(
            f"The file must be a schema of pandera in its JSON format. It can't be read as one ({str(error)[:120]}). "
            "Write it with schema.to_json()."
        ) from error
    found: list[Check] = []
    left_out: list[str] = []
    for column, asked in columns:
        if not asked.nullable:
            found.append(Present(str(column)))
        if asked.unique:
            found.append(Unique((str(column),)))
        for check in asked.checks:
            _take(found, left_out, str(column), check)
    if schema.unique:
        found.append(Unique(tuple(map(str, [schema.unique] if isinstance(schema.unique, str) else schema.unique))))
    for check in schema.checks:
        _take(found, left_out, "", check)
    return tuple(dict.fromkeys(found)), left_out


def _take(found: list[Check], left_out: list[str], column: str, check: Any) -> None:
    try:
        made = _read(column, check.name, dict(check.statistics or {}), severe=not check.raise_warning)
    except (CheckError, KeyError, TypeError, ValueError) as error:
        made = None
        why = f": {error}" if isinstance(error, CheckError) else ""
    else:
        why = ""
    if made is None:
        left_out.append(f"'{column or 'all columns'}': {check.name}{why}")
    else:
        found.append(made)


def _read(column: str, name: str, said: dict[str, Any], *, severe: bool) -> Check | None:
    match name:
        case "in_range":
            if not (said.get("include_min", True) and said.get("include_max", True)):
                return None
            return InRange(column, _end(said["min_value"]), _end(said["max_value"]), severe=severe)
        case "greater_than_or_equal_to":
            return InRange(column, low=_end(said["min_value"]), severe=severe)
        case "less_than_or_equal_to":
            return InRange(column, high=_end(said["max_value"]), severe=severe)
        case "isin":
            return OneOf(column, tuple(said["allowed_values"]), severe=severe)
        case "equal_to":
            return OneOf(column, (said["value"],), severe=severe)
        case "str_matches":
            return HasPattern(column, _whole(said["pattern"]), severe=severe)
        case "columns_unique":
            return Unique(tuple(said["columns"]), severe=severe)
        case "columns_compared":
            return Compared(said["column"], said["operator"], said["other"], severe=severe)
        case "value_implies":
            (then,) = read_checks([said["then"]])
            return IfThen(said["column"], tuple(said["values"]), then, severe=severe)
    return None


def _end(value: Any) -> float | str:
    if not isinstance(value, pd.Timestamp):
        return value  # type: ignore[no-any-return]
    return str(value.date() if value == value.normalize() else value)


def _whole(pattern: Any) -> str:
    """A pattern of the whole value, of one that Python seeks from its beginning on."""
    written = pattern.pattern if isinstance(pattern, re.Pattern) else str(pattern)
    ours = _WHOLE.fullmatch(written)
    return ours[1] if ours else f"(?:{written.replace(chr(92) + 'Z', chr(92) + 'z')})(?s:.*)"
