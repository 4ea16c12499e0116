"""One turn of the wheel: what the locked model made of one version of the data, and what that says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from core.content import hash_names, hash_rows
from core.dataset import Dataset
from core.evaluate import Evaluation, Verdict

__all__ = ["Turn", "Verdicts", "test_version"]


@dataclass(frozen=True)
class Verdicts:
    """What a turn did on one state of the test set, against the turn before and against turn 0; None for turn 0."""

    before: Verdict | None
    first: Verdict | None


@dataclass(frozen=True)
class Turn:
    """One round: dataset version, locked model, evaluation, verdict.

    Attributes
    ----------
    number : int
        0 for the first.
    revision : int
        The log entry after which it ran.
    evaluation_then : Evaluation
        What was said when the turn ran.
    rescored : bool
        Whether test labels were corrected, or test examples excluded, since: ``evaluation`` is another one then.
    ranked_at : str or None
        When the better ranking of its suspects was made; None while there is only the first.
    changes : dict
        What was done to the data since the turn before, phrase to count of entries.
    """

    number: int
    at: str
    revision: int
    version: str
    fingerprint: str
    threshold: float | None
    seconds: float
    evaluation_then: Evaluation
    rescored: bool
    changes: tuple[str, ...]
    ranked_at: str | None = None
    _read: Callable[[str], pd.DataFrame] = field(repr=False, compare=False, kw_only=True)
    _evaluate: Callable[[], Evaluation] = field(repr=False, compare=False, kw_only=True)
    _headline: Callable[[], tuple[float, float, float]] = field(repr=False, compare=False, kw_only=True)
    _now: Callable[[], Verdicts] = field(repr=False, compare=False, kw_only=True)
    _then: Callable[[], Verdicts] = field(repr=False, compare=False, kw_only=True)

    @property
    def evaluation(self) -> Evaluation:
        """On the test set as it is now, computed when it is first asked for, from the stored predictions."""
        return self._evaluate()

    @property
    def headline(self) -> tuple[float, float, float]:
        """The headline metric alone, with its interval, as `evaluation` has it; found sooner."""
        return self._headline()

    @property
    def verdict(self) -> Verdict | None:
        """Against the turn before, on the test set as it is now; None for turn 0."""
        return self._now().before

    @property
    def verdict_against_first(self) -> Verdict | None:
        """Against turn 0, on the test set as it is now; None for turn 0."""
        return self._now().first

    @property
    def verdict_then(self) -> Verdict | None:
        """Against the turn before, on the test set as it was when the turn ran; None for turn 0."""
        return self._then().before

    @property
    def verdict_against_first_then(self) -> Verdict | None:
        """Against turn 0, on the test set as it was when the turn ran; None for turn 0."""
        return self._then().first

    @cached_property
    def out_of_fold(self) -> pd.DataFrame:
        """Out-of-fold probabilities, train ids x classes."""
        return self._read("out_of_fold")

    @cached_property
    def test_probabilities(self) -> pd.DataFrame:
        """Probabilities of the test examples, test ids x classes."""
        return self._read("test_probabilities")

    @cached_property
    def suspects(self) -> pd.DataFrame:
        """Suspects among the train labels of this turn, worst first, as `core.annotate.find_suspects` returns them.

        By the better ranking where there is one (``ranked_at``); a turn that is held does not change its ranking.
        """
        return self._read("suspects")


def test_version(dataset: Dataset) -> str:
    """Hash of who is in the test set and how they are labelled: turns compare only under the same one."""
    labels = dataset.labels_of("test")
    rows = hash_rows(labels.to_frame()) ^ hash_names(labels.index)
    rows.sort()
    return hashlib.sha256(rows.tobytes()).hexdigest()
