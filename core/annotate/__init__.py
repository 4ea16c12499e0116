"""Annotate: which labels are probably wrong, and how much of the labels is."""

from core.annotate.column_reader import RuleError
from core.annotate.judged import LabelsError
from core.annotate.label_model import combine, rule_evidence
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.rule_ideas import Idea, proposed_name, suggest_rules
from core.annotate.rule_preview import Preview, marks, preview
from core.annotate.rules import (
    Rule,
    check_rules,
    read_rules,
    readable_columns,
    rule_table,
    seen_by_rules,
    try_rules,
    vote_reasons,
    votes,
)
from core.annotate.suspects import find_suspects

__all__ = [
    "Idea",
    "LabelsError",
    "NoiseSummary",
    "Preview",
    "Rule",
    "RuleError",
    "check_rules",
    "combine",
    "find_suspects",
    "marks",
    "noise_summary",
    "preview",
    "proposed_name",
    "read_rules",
    "readable_columns",
    "rule_evidence",
    "rule_table",
    "seen_by_rules",
    "suggest_rules",
    "try_rules",
    "vote_reasons",
    "votes",
]
