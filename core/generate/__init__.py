"""Generate: rows made from train, proposals to exclude, and the trial of both before they are applied."""

from core.generate.methods import METHODS, Method, methods_for
from core.generate.propose import propose, propose_exclusions
from core.generate.strategy import GenerateError, explicit_counts, strategy_table
from core.generate.trial import trial

__all__ = [
    "METHODS",
    "GenerateError",
    "Method",
    "explicit_counts",
    "methods_for",
    "propose",
    "propose_exclusions",
    "strategy_table",
    "trial",
]
