"""How good the model is, where it fails, and whether a change was one for the better."""

from core.evaluate.binning import slice_frame
from core.evaluate.folding import Folded, fold, fold_copies, overlaps
from core.evaluate.imbalance import imbalance
from core.evaluate.metrics import Evaluation, evaluate
from core.evaluate.predictions import EvaluationError, log_losses, losses
from core.evaluate.scores import METRICS
from core.evaluate.slices import Slice, find_slices
from core.evaluate.test_health import TestSetHealth, test_health
from core.evaluate.training_luck import Refit, TrainingLuck, training_luck
from core.evaluate.verdict import GAIN, HARM, NO_EVIDENCE, Verdict, compare, together

__all__ = [
    "GAIN",
    "HARM",
    "METRICS",
    "NO_EVIDENCE",
    "Evaluation",
    "EvaluationError",
    "Folded",
    "Refit",
    "Slice",
    "TestSetHealth",
    "TrainingLuck",
    "Verdict",
    "compare",
    "evaluate",
    "find_slices",
    "fold",
    "fold_copies",
    "imbalance",
    "log_losses",
    "losses",
    "overlaps",
    "slice_frame",
    "test_health",
    "together",
    "training_luck",
]
