"""Annotate: which labels are probably wrong, how much of the labels is, and what to label next."""

from core.annotate.judged import LabelsError
from core.annotate.next_to_label import PoolError, next_to_label
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.pool_cards import chances, pool_cards
from core.annotate.suspects import find_suspects

__all__ = [
    "LabelsError",
    "NoiseSummary",
    "PoolError",
    "chances",
    "find_suspects",
    "next_to_label",
    "noise_summary",
    "pool_cards",
]
