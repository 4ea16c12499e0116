"""How good the model is, where it fails, and whether a change was one for the better."""

from core.evaluate.binning import slice_frame
from core.evaluate.calibration import Calibration, calibration
from core.evaluate.class_costs import class_costs, costed_metric, pair_costs
from core.evaluate.class_verdicts import compare_classes
from core.evaluate.error_tree import Node, error_tree
from core.evaluate.folding import fold
from core.evaluate.heat_map import heat_map, telling_columns
from core.evaluate.imbalance import FEW, class_counts, imbalance
from core.evaluate.label_noise import LabelNoise, label_noise
from core.evaluate.metrics import Evaluation, cells_of, confusion_of, evaluate, per_class_of
from core.evaluate.part_verdicts import FEWEST, FEWEST_OF_A_CLASS, compare_part, part_p_value
from core.evaluate.predicates import Bins, Predicate, bins_of, holds, joined, sentence
from core.evaluate.predictions import EvaluationError, log_losses, losses
from core.evaluate.regions import Region, measure, overlap
from core.evaluate.scores import CELL_METRICS, METRICS
from core.evaluate.slices import Slice, find_slices
from core.evaluate.test_health import TestSetHealth, test_health
from core.evaluate.threshold import THRESHOLD_SCORES, ThresholdCurve, threshold_curve
from core.evaluate.training_luck import Refit, TrainingLuck, training_luck
from core.evaluate.verdict import GAIN, HARM, NO_EVIDENCE, Verdict, compare, together

__all__ = [
    "CELL_METRICS",
    "FEW",
    "FEWEST",
    "FEWEST_OF_A_CLASS",
    "GAIN",
    "HARM",
    "METRICS",
    "NO_EVIDENCE",
    "THRESHOLD_SCORES",
    "Bins",
    "Calibration",
    "Evaluation",
    "EvaluationError",
    "LabelNoise",
    "Node",
    "Predicate",
    "Refit",
    "Region",
    "Slice",
    "TestSetHealth",
    "ThresholdCurve",
    "TrainingLuck",
    "Verdict",
    "bins_of",
    "calibration",
    "cells_of",
    "class_costs",
    "class_counts",
    "compare",
    "compare_classes",
    "compare_part",
    "confusion_of",
    "costed_metric",
    "error_tree",
    "evaluate",
    "find_slices",
    "fold",
    "heat_map",
    "holds",
    "imbalance",
    "joined",
    "label_noise",
    "log_losses",
    "losses",
    "measure",
    "overlap",
    "pair_costs",
    "part_p_value",
    "per_class_of",
    "sentence",
    "slice_frame",
    "telling_columns",
    "test_health",
    "threshold_curve",
    "together",
    "training_luck",
]
