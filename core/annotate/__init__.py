"""Annotate: which labels are probably wrong, how much of the labels is, and which may be fixed at once."""

from core.annotate.bands import ADVICE, audit_table, cut_bands, mixed_share
from core.annotate.cases import case_cards, conflicts, copies, differences
from core.annotate.evidence import EVIDENCE, spoken
from core.annotate.judged import LabelsError
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.recall import Estimate, Share, estimate, mixed
from core.annotate.suspects import find_suspects

__all__ = [
    "ADVICE",
    "EVIDENCE",
    "Estimate",
    "LabelsError",
    "NoiseSummary",
    "Share",
    "audit_table",
    "case_cards",
    "conflicts",
    "copies",
    "cut_bands",
    "differences",
    "estimate",
    "find_suspects",
    "mixed",
    "mixed_share",
    "noise_summary",
    "spoken",
]
