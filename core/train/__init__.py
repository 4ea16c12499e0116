"""The locked model: recipes, the lock, and the one place that fits."""

from core.train.changes import Outcome, out_of_fold_under
from core.train.children import predict_children
from core.train.encoder import TOKEN, tokenise
from core.train.encodings import Encodings
from core.train.explain import Explainer, explain, explainer, telling, weighed
from core.train.fit import Change, Fitted, TrainError
from core.train.learner import one_thread
from core.train.learning_curve import CurvePoint, curve_points, learning_curve
from core.train.lock import FOLDS, LockedModel, Training, choose_threshold
from core.train.own_recipe import read_recipe
from core.train.power_law import PowerLaw, fit_power_laws
from core.train.recipe import DECISIONS, RECIPES, Recipe, moved_versions, recipes_for

__all__ = [
    "DECISIONS",
    "FOLDS",
    "RECIPES",
    "TOKEN",
    "Change",
    "CurvePoint",
    "Encodings",
    "Explainer",
    "Fitted",
    "LockedModel",
    "Outcome",
    "PowerLaw",
    "Recipe",
    "TrainError",
    "Training",
    "choose_threshold",
    "curve_points",
    "explain",
    "explainer",
    "fit_power_laws",
    "learning_curve",
    "moved_versions",
    "one_thread",
    "out_of_fold_under",
    "predict_children",
    "read_recipe",
    "recipes_for",
    "telling",
    "tokenise",
    "weighed",
]
