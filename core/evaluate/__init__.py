"""How good the model is, where it fails, and whether a change was one for the better."""

from core.evaluate.binning import slice_frame
from core.evaluate.error_tree import Node, error_tree
from core.evaluate.folding import Folded, fold, fold_copies, overlaps
from core.evaluate.heat_map import heat_map, telling_columns
from core.evaluate.imbalance import imbalance
from core.evaluate.metrics import Evaluation, evaluate
from core.evaluate.predicates import Bins, Predicate, bins_of, holds, joined, sentence
from core.evaluate.predictions import EvaluationError, log_losses, losses
from core.evaluate.regions import Region, measure, overlap
from core.evaluate.scores import METRICS
from core.evaluate.slices import Slice, find_slices
from core.evaluate.test_health import TestSetHealth, test_health
from core.evaluate.verdict import GAIN, HARM, NO_EVIDENCE, Verdict, compare

__all__ = [
    "GAIN",
    "HARM",
    "METRICS",
    "NO_EVIDENCE",
    "Bins",
    "Evaluation",
    "EvaluationError",
    "Folded",
    "Node",
    "Predicate",
    "Region",
    "Slice",
    "TestSetHealth",
    "Verdict",
    "bins_of",
    "compare",
    "error_tree",
    "evaluate",
    "find_slices",
    "fold",
    "fold_copies",
    "heat_map",
    "holds",
    "imbalance",
    "joined",
    "log_losses",
    "losses",
    "measure",
    "overlap",
    "overlaps",
    "sentence",
    "slice_frame",
    "telling_columns",
    "test_health",
]
