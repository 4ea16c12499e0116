"""Annotate: which labels are probably wrong, what annotators and rules say of them, and what to label next."""

from core.annotate.agreement import agreement, alpha_in_words
from core.annotate.bands import ADVICE, audit_table, cut_bands, mixed_share
from core.annotate.cases import case_cards, case_rows, conflicts, copies, differences, same_content
from core.annotate.chance_wrong import ChanceWrong, learn_chance
from core.annotate.column_reader import RuleError
from core.annotate.consensus import annotator_evidence, consensus, disputes
from core.annotate.crowd import AnnotationsError
from core.annotate.evidence import EVIDENCE, spoken
from core.annotate.judged import LabelsError
from core.annotate.label_model import combine, rule_evidence
from core.annotate.next_to_label import PoolError, next_to_label
from core.annotate.noise import NoiseSummary, noise_summary
from core.annotate.pool_cards import chances, pool_cards
from core.annotate.recall import Estimate, Share, estimate, mixed
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
    "ADVICE",
    "EVIDENCE",
    "AnnotationsError",
    "ChanceWrong",
    "Estimate",
    "Idea",
    "LabelsError",
    "NoiseSummary",
    "PoolError",
    "Preview",
    "Rule",
    "RuleError",
    "Share",
    "agreement",
    "alpha_in_words",
    "annotator_evidence",
    "audit_table",
    "case_cards",
    "case_rows",
    "chances",
    "check_rules",
    "combine",
    "conflicts",
    "consensus",
    "copies",
    "cut_bands",
    "differences",
    "disputes",
    "estimate",
    "find_suspects",
    "learn_chance",
    "marks",
    "mixed",
    "mixed_share",
    "next_to_label",
    "noise_summary",
    "pool_cards",
    "preview",
    "proposed_name",
    "read_rules",
    "readable_columns",
    "rule_evidence",
    "rule_table",
    "same_content",
    "seen_by_rules",
    "spoken",
    "suggest_rules",
    "try_rules",
    "vote_reasons",
    "votes",
]
