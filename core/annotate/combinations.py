"""Combinations of conditions (all of, any of, not), and reading any condition back from JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.annotate.column_reader import ColumnReader, RuleError
from core.annotate.conditions import Compares, Condition, Contains, Matches, Missing, shown

__all__ = ["AllOf", "AnyOf", "Not", "read_condition"]

Booleans = npt.NDArray[np.bool_]

_MOST_PARTS = 50
_DEEPEST = 6


@dataclass(frozen=True)
class _Several(Condition):
    parts: tuple[Condition, ...]
    _word: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.parts) <= _MOST_PARTS:
            raise RuleError(
                f"A combination must have 1 to {_MOST_PARTS} conditions. Got {len(self.parts)} instead. "
                "Make several rules of it."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "parts": [part.to_dict() for part in self.parts]}

    def __str__(self) -> str:
        return f" {self._word} ".join(f"({part})" if isinstance(part, _Several) else str(part) for part in self.parts)


@dataclass(frozen=True)
class AllOf(_Several):
    """Every part is met."""

    kind: ClassVar[str] = "all of"
    _word: ClassVar[str] = "and"

    def mask(self, columns: ColumnReader) -> Booleans:
        return np.asarray(np.logical_and.reduce([part.mask(columns) for part in self.parts]))

    __str__ = _Several.__str__


@dataclass(frozen=True)
class AnyOf(_Several):
    """At least one part is met."""

    kind: ClassVar[str] = "any of"
    _word: ClassVar[str] = "or"

    def mask(self, columns: ColumnReader) -> Booleans:
        return np.asarray(np.logical_or.reduce([part.mask(columns) for part in self.parts]))

    __str__ = _Several.__str__


@dataclass(frozen=True)
class Not(Condition):
    """The part is not met; a missing value, which meets no comparison and holds no word, meets its opposite."""

    kind: ClassVar[str] = "not"
    part: Condition

    def mask(self, columns: ColumnReader) -> Booleans:
        return ~self.part.mask(columns)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.part.columns

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "part": self.part.to_dict()}

    def __str__(self) -> str:
        said = str(self.part)
        if isinstance(self.part, Missing):
            return f"{self.part.column} is there"
        for verb, denied in ((" contains ", " does not contain "), (" matches ", " does not match ")):
            if isinstance(self.part, (Contains, Matches)) and said.startswith(self.part.column + verb):
                return self.part.column + denied + said[len(self.part.column + verb) :]
        return f"not ({said})"


def read_condition(value: Any, *, depth: int = 0) -> Condition:
    """Make a condition again of what `to_dict` wrote.

    Raises
    ------
    RuleError
        If it is none: another shape, an unknown kind, or combinations within combinations without end.
    """
    if not isinstance(value, Mapping):
        raise RuleError(f"A condition must be an object with a 'kind'. Got {shown(value)} instead.")
    if depth > _DEEPEST:
        raise RuleError(f"Conditions can be combined {_DEEPEST} levels deep. This goes deeper. Make several rules.")
    kind = value.get("kind")
    flag = {name: value.get(name, False) for name in ("every", "whole_words", "match_case")}
    if kind == "contains":
        return Contains(value.get("column", ""), tuple(_listed(value, "words")), **flag)
    if kind == "matches":
        return Matches(value.get("column", ""), value.get("pattern", ""), flag["match_case"])
    if kind == "compares":
        return Compares(value.get("column", ""), value.get("operator", ""), tuple(_listed(value, "values")))
    if kind == "missing":
        return Missing(value.get("column", ""))
    if kind == "not":
        return Not(read_condition(value.get("part"), depth=depth + 1))
    if kind in ("all of", "any of"):
        parts = tuple(_parts(_listed(value, "parts"), depth))
        return AllOf(parts) if kind == "all of" else AnyOf(parts)
    raise RuleError(
        f"A condition must be one of contains, matches, compares, missing, all of, any of, not. Got {shown(kind)} "
        "instead."
    )


def _parts(values: Sequence[Any], depth: int) -> Iterator[Condition]:
    if len(values) > _MOST_PARTS:
        raise RuleError(f"A combination must have 1 to {_MOST_PARTS} conditions. Got {len(values)} instead.")
    for value in values:
        yield read_condition(value, depth=depth + 1)


def _listed(value: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = value.get(name)
    if not isinstance(found, (list, tuple)):
        raise RuleError(f"'{name}' of a condition must be a list. Got {shown(found)} instead.")
    return found
