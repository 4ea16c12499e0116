"""Annotate: which labels are probably wrong, how much of the labels is, and what to label next."""

from core.annotate.bands import ADVICE, audit_table, cut_bands, mixed_share
from core.annotate.cases import case_cards, conflicts, copies, differences
from core.annotate.evidence import EVIDENCE, spoken
from core.annotate.judged import LabelsError
from core.annotate.next_to_label import PoolError, next_to_label
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.pool_cards import chances, pool_cards
from core.annotate.recall import Estimate, Share, estimate, mixed
from core.annotate.suspects import find_suspects

__all__ = [
    "ADVICE",
    "EVIDENCE",
    "Estimate",
    "LabelsError",
    "NoiseSummary",
    "PoolError",
    "Share",
    "audit_table",
    "case_cards",
    "chances",
    "conflicts",
    "copies",
    "cut_bands",
    "differences",
    "estimate",
    "find_suspects",
    "mixed",
    "mixed_share",
    "next_to_label",
    "noise_summary",
    "pool_cards",
    "spoken",
]
