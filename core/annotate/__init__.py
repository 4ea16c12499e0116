"""Annotate: which labels are probably wrong, and how much of the labels is."""

from core.annotate.judged import LabelsError
from core.annotate.next_to_label import PoolError, next_to_label
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.suspects import find_suspects

__all__ = ["LabelsError", "NoiseSummary", "PoolError", "find_suspects", "next_to_label", "noise_summary"]
