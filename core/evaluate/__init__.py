"""How good the model is, where it fails, and whether a change was one for the better."""

from core.evaluate.binning import slice_frame
from core.evaluate.calibration import Calibration, calibration
from core.evaluate.class_costs import class_costs, costed_metric, pair_costs
from core.evaluate.folding import Folded, fold, fold_copies, overlaps
from core.evaluate.imbalance import FEW, class_counts, imbalance
from core.evaluate.metrics import Evaluation, cells_of, confusion_of, evaluate, per_class_of
from core.evaluate.predictions import EvaluationError, log_losses, losses
from core.evaluate.scores import METRICS
from core.evaluate.slices import Slice, find_slices
from core.evaluate.test_health import TestSetHealth, test_health
from core.evaluate.threshold import THRESHOLD_SCORES, ThresholdCurve, threshold_curve
from core.evaluate.training_luck import Refit, TrainingLuck, training_luck
from core.evaluate.verdict import GAIN, HARM, NO_EVIDENCE, Verdict, compare, together

__all__ = [
    "FEW",
    "GAIN",
    "HARM",
    "METRICS",
    "NO_EVIDENCE",
    "THRESHOLD_SCORES",
    "Calibration",
    "Evaluation",
    "EvaluationError",
    "Folded",
    "Refit",
    "Slice",
    "TestSetHealth",
    "ThresholdCurve",
    "TrainingLuck",
    "Verdict",
    "calibration",
    "cells_of",
    "class_costs",
    "class_counts",
    "compare",
    "confusion_of",
    "costed_metric",
    "evaluate",
    "find_slices",
    "fold",
    "fold_copies",
    "imbalance",
    "log_losses",
    "losses",
    "overlaps",
    "pair_costs",
    "per_class_of",
    "slice_frame",
    "test_health",
    "threshold_curve",
    "together",
    "training_luck",
]
