"""The locked model: recipes, the lock, and the one place that fits."""

from core.train.fit import Fitted, TrainError
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
    "Fitted",
    "LockedModel",
    "Recipe",
    "TrainError",
    "Training",
    "choose_threshold",
    "moved_versions",
    "recipes_for",
]
