"""Annotate: which labels are probably wrong, how much of the labels is, and which may be fixed at once."""

from core.annotate.bands import ADVICE, audit_table, cut_bands, mixed_share
from core.annotate.judged import LabelsError
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.suspects import find_suspects

__all__ = [
    "ADVICE",
    "LabelsError",
    "NoiseSummary",
    "audit_table",
    "cut_bands",
    "find_suspects",
    "mixed_share",
    "noise_summary",
]
