"""Annotate: which labels are probably wrong, how much of the labels is, and what several annotators make of them."""

from core.annotate.agreement import agreement, alpha_in_words
from core.annotate.consensus import annotator_evidence, consensus, disputes
from core.annotate.crowd import AnnotationsError
from core.annotate.judged import LabelsError
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.suspects import find_suspects

__all__ = [
    "AnnotationsError",
    "LabelsError",
    "NoiseSummary",
    "agreement",
    "alpha_in_words",
    "annotator_evidence",
    "consensus",
    "disputes",
    "find_suspects",
    "noise_summary",
]
