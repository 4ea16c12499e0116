"""Annotate: which labels are probably wrong, and how much of the labels is."""

from core.annotate.evidence import EVIDENCE, spoken
from core.annotate.judged import LabelsError
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.suspects import find_suspects

__all__ = ["EVIDENCE", "LabelsError", "NoiseSummary", "find_suspects", "noise_summary", "spoken"]
