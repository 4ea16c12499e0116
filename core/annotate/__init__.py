"""Annotate: which labels are probably wrong, and how much of the labels is."""

from core.annotate.cases import case_cards, conflicts, copies, differences
from core.annotate.judged import LabelsError
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.recall import Estimate, Share, estimate, mixed
from core.annotate.suspects import find_suspects

__all__ = [
    "Estimate",
    "LabelsError",
    "NoiseSummary",
    "Share",
    "case_cards",
    "conflicts",
    "copies",
    "differences",
    "estimate",
    "find_suspects",
    "mixed",
    "noise_summary",
]
