"""What every edit says and can do, and what several kinds of edit share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from core.dataset import Dataset
from core.errors import FlywheelError
from core.ids import aligned

__all__ = ["Edit", "EditError", "plain", "refuse_sealed", "refuse_test"]


class EditError(FlywheelError):
    """The edit does not fit the data it is to be applied to."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What every edit says: who and why."""

    kind: ClassVar[str] = ""
    by: str = ""
    reason: str = ""

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the data set with this edit; an edit that does not fit is refused."""
        raise NotImplementedError

    def payload(self) -> dict[str, Any]:
        """What the log keeps as JSON."""
        raise NotImplementedError

    def rows(self) -> pd.DataFrame | None:
        """Rows that the log keeps as a file."""
        return None

    @property
    def changes_data(self) -> bool:
        """Whether the data is another one after it."""
        return True

    @property
    def ids(self) -> tuple[str, ...]:
        """The examples it touches."""
        return ()

    @property
    def summary(self) -> str:
        """One short phrase for the log, such as "relabelled 3 examples"."""
        raise NotImplementedError


def refuse_test(dataset: Dataset, ids: Iterable[str]) -> None:
    """Refuse to touch labels of test examples.

    Raises
    ------
    EditError
        If one of them is in test or sealed.
    """
    judged = aligned(dataset.split, pd.Index(list(ids), dtype="str")).isin(["test", "sealed"])
    if judged.any():
        raise EditError(
            f"Labels of test examples are corrected by blind review only. {int(judged.sum()):,} of these are in the "
            f"test set, first '{judged.index[judged.to_numpy()][0]}'. Correcting where the model disagrees flatters "
            "it. Draw a random sample under Test labels on Annotate, and review that."
        )


def refuse_sealed(dataset: Dataset, ids: Iterable[str]) -> None:
    """Refuse to leave out sealed examples.

    Raises
    ------
    EditError
        If one of them is sealed.
    """
    sealed = aligned(dataset.split, pd.Index(list(ids), dtype="str")).eq("sealed")
    if sealed.any():
        raise EditError(
            f"Sealed examples stay as they were set aside. {int(sealed.sum()):,} of these are sealed, first "
            f"'{sealed.index[sealed.to_numpy()][0]}'. Leaving out the hard ones would flatter the claim. Exclude the "
            "others alone."
        )


def plain(value: Any) -> Any:
    """A value as JSON can hold it; a missing one as null."""
    if value is None or pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)
