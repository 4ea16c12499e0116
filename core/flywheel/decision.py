"""Decisions: what reviewers said of examples, as an edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import pandas as pd

from core import wording
from core.dataset import Dataset
from core.flywheel.edit import Edit, EditError, plain, refuse_sealed, refuse_test
from core.ids import is_among

__all__ = ["SAID", "Decide", "Decision"]


class Decision(StrEnum):
    """What a reviewer said of one example."""

    KEEP = "keep"
    SUGGESTED = "suggested"
    OTHER = "other"
    AMBIGUOUS = "ambiguous"
    EXCLUDE = "exclude"
    SKIP = "skip"


# What somebody did who decided so, in words.
SAID: dict[str, str] = {
    Decision.KEEP: "kept",
    Decision.SUGGESTED: "took the suggestion",
    Decision.OTHER: "gave another class",
    Decision.AMBIGUOUS: "called ambiguous",
    Decision.EXCLUDE: "excluded",
    Decision.SKIP: "skipped",
}


@dataclass(frozen=True)
class Decide(Edit):
    """A reviewer's decisions, ``{id: (decision, label or None)}``; see `Decision`.

    ``suggested`` and ``other`` give the example the label, ``exclude`` leaves it out, the others change no data.
    Only blind review, which shows neither label, suggestion nor prediction, may decide on test examples: those of the
    sample that `core.flywheel.blind` has drawn. ``queue`` says from
    where to where the decisions moved the reviewer: number of the queue, place before, place after. ``bulk``
    says that nobody looked at the examples one by one: such decisions tell nothing of how good the suggestions are.
    """

    kind: ClassVar[str] = "decide"
    decisions: Mapping[str, tuple[str, str | None]]
    guideline: str | None = None
    blind: bool = False
    queue: tuple[int, int, int] | None = None
    bulk: bool = False
    walker: str | None = None

    def __post_init__(self) -> None:
        known = set(Decision)
        for example, (decision, label) in self.decisions.items():
            if decision not in known:
                raise EditError(
                    f"The decision on '{example}' must be one of {', '.join(Decision)}. Got '{decision}' instead."
                )
            if decision in {Decision.SUGGESTED, Decision.OTHER} and not label:
                raise EditError(f"The decision '{decision}' on '{example}' must come with a label.")
            if self.blind and decision == Decision.SUGGESTED:
                raise EditError(f"A blind decision has no suggestion to take. Name the class of '{example}' instead.")

    @property
    def labels(self) -> dict[str, str]:
        """Id to new label, of the decisions that change one."""
        return {
            example: str(label)
            for example, (decision, label) in self.decisions.items()
            if decision in {Decision.SUGGESTED, Decision.OTHER} and label
        }

    @property
    def exclusions(self) -> list[str]:
        """Ids that are to be left out."""
        return [example for example, (decision, _) in self.decisions.items() if decision == Decision.EXCLUDE]

    def apply(self, dataset: Dataset) -> Dataset:
        unknown = pd.Index(list(self.decisions))
        unknown = unknown[~is_among(unknown, dataset.frame.index)]
        if len(unknown):
            raise EditError(f"A decision needs an example that is in the data. '{unknown[0]}' is not.")
        if not self.blind:
            refuse_test(dataset, self.decisions)
        refuse_sealed(dataset, self.exclusions)
        if self.labels:
            dataset = dataset.with_labels(self.labels)
        return dataset.without(self.exclusions) if self.exclusions else dataset

    @property
    def changes_data(self) -> bool:
        return bool(self.labels or self.exclusions)

    def payload(self) -> dict[str, Any]:
        return {
            "decisions": {
                str(example): [str(decision), plain(label)] for example, (decision, label) in self.decisions.items()
            },
            "guideline": self.guideline,
            "blind": self.blind,
            "queue": self.queue,
            **({"bulk": True} if self.bulk else {}),
            **({} if self.walker is None else {"walker": self.walker}),
        }

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.decisions)

    @property
    def summary(self) -> str:
        if len(self.decisions) != 1:
            return f"decided on {wording.count(len(self.decisions), 'example')}"
        ((decision, label),) = self.decisions.values()
        if self.blind and label:
            # Whether that is the label it had is not for somebody who goes on reviewing.
            return f"said '{label}' blind"
        words = {"keep": "kept the label", "ambiguous": "called ambiguous", "exclude": "excluded", "skip": "skipped"}
        return words.get(decision, f"relabelled to '{label}'")
