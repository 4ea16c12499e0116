"""The locked model: recipes, the lock, and the one place that fits."""

from core.train.children import predict_children
from core.train.explain import Explainer, explain, explainer, telling, weighed
from core.train.fit import Fitted, TrainError
from core.train.learning_curve import learning_curve
from core.train.lock import (
    DECISIONS,
    RECIPES,
    LockedModel,
    Recipe,
    Training,
    choose_threshold,
    moved_versions,
    recipes_for,
)

__all__ = [
    "DECISIONS",
    "RECIPES",
    "Explainer",
    "Fitted",
    "LockedModel",
    "Recipe",
    "TrainError",
    "Training",
    "choose_threshold",
    "explain",
    "explainer",
    "learning_curve",
    "moved_versions",
    "predict_children",
    "recipes_for",
    "telling",
    "weighed",
]
