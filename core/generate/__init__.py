"""Generate: rows made from train, proposals to exclude, and the trial of both before they are applied."""

from core.generate.bench import Attempt
from core.generate.fidelity import FLAGS, Fidelity, fidelity
from core.generate.focus import focus_on, on_confused, on_hard, on_slice
from core.generate.method import Made, Method, Sources
from core.generate.methods import METHODS, methods_for
from core.generate.propose import propose, propose_exclusions, protected_by_class
from core.generate.search import STRENGTHS, Search, search, search_report
from core.generate.strategy import (
    EXCLUDING,
    MAKING,
    Focus,
    GenerateError,
    Strategy,
    Target,
    explicit_counts,
    most_counts,
    strategy_table,
)
from core.generate.templates import read_fillers, read_templates
from core.generate.trial import Trial, trial, trial_report

__all__ = [
    "EXCLUDING",
    "FLAGS",
    "MAKING",
    "METHODS",
    "STRENGTHS",
    "Attempt",
    "Fidelity",
    "Focus",
    "GenerateError",
    "Made",
    "Method",
    "Search",
    "Sources",
    "Strategy",
    "Target",
    "Trial",
    "explicit_counts",
    "fidelity",
    "focus_on",
    "methods_for",
    "most_counts",
    "on_confused",
    "on_hard",
    "on_slice",
    "propose",
    "propose_exclusions",
    "protected_by_class",
    "read_fillers",
    "read_templates",
    "search",
    "search_report",
    "strategy_table",
    "trial",
    "trial_report",
]
