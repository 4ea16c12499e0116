"""Generate: rows made from train, proposals to exclude, and the trial of both before they are applied."""

from core.generate.fidelity import FLAGS, Fidelity, fidelity
from core.generate.method import Made, Method, Sources
from core.generate.methods import METHODS, methods_for
from core.generate.propose import propose, propose_exclusions
from core.generate.strategy import EXCLUDING, MAKING, GenerateError, Strategy, Target, explicit_counts, strategy_table
from core.generate.trial import trial

__all__ = [
    "EXCLUDING",
    "FLAGS",
    "MAKING",
    "METHODS",
    "Fidelity",
    "GenerateError",
    "Made",
    "Method",
    "Sources",
    "Strategy",
    "Target",
    "explicit_counts",
    "fidelity",
    "methods_for",
    "propose",
    "propose_exclusions",
    "strategy_table",
    "trial",
]
