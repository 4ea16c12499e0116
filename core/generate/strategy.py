"""From what an analyst asks for ("balance the classes") to explicit counts per class, before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Integral

import numpy as np
import pandas as pd

from core.errors import FlywheelError

__all__ = [
    "EXCLUDING",
    "MAKING",
    "Focus",
    "GenerateError",
    "Strategy",
    "Target",
    "explicit_counts",
    "most_counts",
    "scaled_counts",
    "strategy_table",
]


class Strategy(StrEnum):
    """A target that is no class. Its member always means the strategy, its plain name only if no class has it."""

    MINORITY = "minority"
    MAJORITY = "majority"
    BALANCE = "balance"


@dataclass(frozen=True)
class Focus:
    """Some examples of train to make rows of (or to exclude from): a slice, hard examples, pairs that are confused.

    Attributes
    ----------
    ids : tuple of str
        Who may be a parent (may go).
    counts : mapping
        Class to how many.
    words : str
        Who they are, as it is said on screen.
    found_on_errors : bool
        Whether they were chosen because the model errs on them out of fold. A trial then judges on other folds than
        those that found them: on the same ones they would seem to get better whatever is done.
    """

    ids: tuple[str, ...] = field(repr=False)
    counts: Mapping[str, int]
    words: str = "some examples"
    found_on_errors: bool = False

    def __str__(self) -> str:
        return self.words


# A class, a strategy or its name, a share of the largest (smallest) class, counts by class, or some examples.
Target = str | float | Mapping[str, int] | Focus

MAKING = {
    Strategy.MINORITY: "bring the smallest class to the size of the largest",
    Strategy.BALANCE: "bring every class to the size of the largest",
}
EXCLUDING = {
    Strategy.MAJORITY: "bring the largest class to the size of the smallest",
    Strategy.BALANCE: "bring every class to the size of the smallest",
}


class GenerateError(FlywheelError):
    """What was asked of a method can't be made from these examples."""


def explicit_counts(
    labels: pd.Series, target: Target, *, n: int | None = None, exclude: bool = False
) -> dict[str, int]:
    """Say how many examples of each class are to be made (or excluded).

    Parameters
    ----------
    labels : Series of shape (train,)
        The labels of the train examples.
    target : str, float, mapping or Focus
        A class; a `Strategy`, or its name if no class is called so: minority or balance (majority or balance to
        exclude); a share in (0, 1]: every smaller class grows to that share of the largest (every larger one shrinks
        until the smallest is that share of it); ``{class: n}``, which stays as it is; or a `Focus`, whose counts do.
    n : int, optional
        The number in all, dealt to the classes in proportion to what the target asks. Without it a class is brought to
        the size of the largest (smallest), and the other targets say themselves how many.
    exclude : bool
        Whether examples are to be taken away rather than made.

    Returns
    -------
    dict
        Class to a count of at least 1, in the order of the classes. Explicit counts are a fixed point.

    Raises
    ------
    GenerateError
        If a class or strategy is unknown, a number is out of range, or nothing is left to do.
    """
    sizes = {str(name): int(size) for name, size in labels.value_counts().sort_index().items()}
    if len(sizes) < 2:
        raise GenerateError(f"Train must have at least two classes to balance. It has {_listed(sizes) or 'none'}.")
    if n is not None and (not _whole(n) or n < 1):
        raise GenerateError(f"The number of examples must be a whole number of at least 1. Got {n!r} instead.")
    if isinstance(target, Focus):
        target = target.counts
    wanted = _named(sizes, target) if isinstance(target, Mapping) else _asked(sizes, target, n, exclude)
    counts = {name: wanted[name] for name in sizes if wanted.get(name, 0) > 0}
    if not counts:
        raise GenerateError(
            f"With the target {_shown(target)} there is nothing to {'exclude' if exclude else 'make'}: the classes "
            "have that size already. Name a class and a number instead."
        )
    if n is not None:
        counts = _deal(counts, n)
    for name, count in counts.items():
        if exclude and count >= sizes[name]:
            raise GenerateError(
                f"At least one example of a class must stay. Class '{name}' has {sizes[name]:,}, and {count:,} would "
                f"be excluded. Ask for at most {sizes[name] - 1:,}."
            )
    return counts


def most_counts(labels: pd.Series, target: Target) -> dict[str, int]:
    """Say how many of each class may go at most, for methods that find by themselves which.

    Parameters
    ----------
    labels : Series of shape (train,)
    target : str, float, mapping or Focus
        As for `explicit_counts`. It says which classes may lose examples: a class; the largest (majority); all but the
        smallest (balance, or a share); those that are named, and how many at most.

    Returns
    -------
    dict
        Class to a count of at least 1, in the order of the classes; one example of a class always stays.

    Raises
    ------
    GenerateError
        As `explicit_counts`.
    """
    if isinstance(target, Mapping | Focus):
        return explicit_counts(labels, target, exclude=True)
    sizes = {str(name): int(size) for name, size in labels.value_counts().sort_index().items()}
    if isinstance(target, str) and target in sizes and not isinstance(target, Strategy):
        classes = [target]
    else:
        # The classes that the target would shrink; if they are of one size already, any but one of them.
        try:
            classes = list(explicit_counts(labels, target, exclude=True))
        except GenerateError:
            if len(set(sizes.values())) > 1:
                raise
            classes = list(sizes)[1:]
    return {name: sizes[name] - 1 for name in classes if sizes[name] > 1}


def _named(sizes: Mapping[str, int], target: Mapping[str, int]) -> dict[str, int]:
    """Counts as they were given."""
    for name, count in target.items():
        if name not in sizes:
            raise GenerateError(f"Examples come from the classes that train has: {_listed(sizes)}. It has no '{name}'.")
        if not _whole(count) or count < 0:
            raise GenerateError(
                f"The number for class '{name}' must be a whole number of at least 0. Got {count!r} instead."
            )
    return dict(target)


def _asked(sizes: Mapping[str, int], target: str | float, n: int | None, exclude: bool) -> dict[str, int]:
    """Counts for a class, a strategy or a share."""
    ordered = sorted(sizes, key=lambda name: sizes[name], reverse=not exclude)
    reference = sizes[ordered[0]]
    goal: float = reference
    classes = list(sizes)
    if not isinstance(target, str):
        if isinstance(target, bool) or not 0 < target <= 1:
            raise GenerateError(f"A share must be above 0 and at most 1. Got {target!r} instead.")
        goal = reference / target if exclude else reference * target
    elif target in sizes and not isinstance(target, Strategy):
        if n is not None:
            return {target: n}
        classes = [target]
    elif target not in (EXCLUDING if exclude else MAKING):
        raise GenerateError(
            f"The target must be one of the classes {_listed(sizes)}, or one of "
            f"{_listed(EXCLUDING if exclude else MAKING)}. Got '{target}' instead."
        )
    elif target != Strategy.BALANCE:
        classes = ordered[-1:]
    return {name: max(0, sizes[name] - int(goal) if exclude else int(goal) - sizes[name]) for name in classes}


def _deal(wanted: Mapping[str, int], n: int) -> dict[str, int]:
    """Split n in proportion to the counts, by largest remainders; ties go to the first."""
    exact = np.array(list(wanted.values()), dtype=float)
    exact *= n / exact.sum()
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: n - counts.sum()]] += 1
    return {name: count for name, count in zip(wanted, counts.tolist(), strict=True) if count}


def scaled_counts(counts: Mapping[str, int], whole: Mapping[str, int], part: Mapping[str, int]) -> dict[str, int]:
    """Counts for a part of the examples (the training rows of a fold), in proportion to the part's size by class.

    Parameters
    ----------
    counts : mapping
        Class to how many, for all examples.
    whole, part : mapping
        Class to size, of all examples and of the part.
    """
    scaled = {name: round(count * part.get(name, 0) / whole[name]) for name, count in counts.items()}
    return {name: count for name, count in scaled.items() if count > 0}


def strategy_table(labels: pd.Series, counts: Mapping[str, int], *, exclude: bool = False) -> pd.DataFrame:
    """What counts mean, for the screen.

    Returns
    -------
    DataFrame
        Indexed by class, largest first: ``now``, ``change``, ``after``, ``share_now``, ``share_after``.
    """
    now = labels.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    change = pd.Series(counts, dtype="int64").reindex(now.index, fill_value=0) * (-1 if exclude else 1)
    after = now + change
    table = pd.DataFrame({"now": now, "change": change, "after": after})
    return table.assign(share_now=now / now.sum(), share_after=after / after.sum()).rename_axis("class")


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _shown(target: object) -> str:
    return f"'{target}'" if isinstance(target, str) else repr(target)


def _listed(names: Iterable[str], most: int = 12) -> str:
    quoted = [f"'{name}'" for name in names]
    return ", ".join(quoted[:most]) + (f" and {len(quoted) - most} more" if len(quoted) > most else "")
