"""What the views of errors share: labels beside predictions of a turn, and what follows, computed once a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.evaluate import (
    Calibration,
    ThresholdCurve,
    calibration,
    class_costs,
    costed_metric,
    pair_costs,
    threshold_curve,
)
from core.flywheel import Predicted, hardest, predicted
from core.ids import is_among
from pages.parts import turns

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["PARTS", "SAID", "calibrated", "costs", "curve", "hard", "locked_threshold", "of", "part", "there"]

PARTS = {"test": "Test set", "train": "Train, out of fold"}
SAID = {
    "test": "Test is here to be read. Decide on train, out of fold: a choice made on test flatters itself.",
    "train": "Each train example is predicted by a model that has not seen it.",
}


def part(key: str, *, default: str = "test") -> str:
    """Let the analyst choose between test and train."""
    chosen = st.segmented_control(
        "Which examples",
        list(PARTS),
        default=default,
        required=True,
        format_func=PARTS.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    return str(chosen)


def of(project: Project, turn: Turn, part: str) -> Predicted:
    """Labels and predictions of a part; generated examples are left out."""
    return _of(_key(project, turn, part), part, project, turn)


def costs(project: Project, turn: Turn, part: str) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """The metric that errors are costed in, and what each class's errors and each confusion cost."""
    return _costs(_key(project, turn, part), part, project, turn)


def calibrated(project: Project, turn: Turn, part: str) -> Calibration:
    """How far the probabilities can be taken at their word."""
    return _calibrated(_key(project, turn, part), part, project, turn)


def curve(project: Project, turn: Turn) -> ThresholdCurve:
    """The threshold curve of a project with two classes; out of fold."""
    return _curve(_key(project, turn, "train"), project, turn)


def locked_threshold(project: Project, turn: Turn, positive: str) -> float:
    """Where the project's rule stands on the probability of a class."""
    if turn.threshold is None:
        return 0.5
    return turn.threshold if turn.out_of_fold.columns[-1] == positive else 1 - turn.threshold


def hard(project: Project, turn: Turn) -> pd.DataFrame:
    """The train examples by their loss out of fold."""
    return _hard(turns.identity(project, turn), project, turn)


def there(project: Project, turn: Turn) -> npt.NDArray[np.bool_]:
    """Which of them are still in the data."""
    return _there(turns.identity(project, turn), project.dataset.version, project, turn)


def _key(project: Project, turn: Turn, part: str) -> str:
    # Labels of test may be corrected after the turn; those of train are taken as the turn saw them.
    return turns.fit(project, turn) + (f"/{project.dataset.version}" if part == "test" else "")


@st.cache_resource(show_spinner=False, max_entries=8)
def _of(key: str, part: str, _project: Project, _turn: Turn) -> Predicted:
    return predicted(_project, _turn, part)


@st.cache_resource(show_spinner=False, max_entries=8)
def _costs(key: str, part: str, _project: Project, _turn: Turn) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    metric = costed_metric(_project.headline)
    confusion = of(_project, _turn, part).confusion
    return metric, class_costs(confusion, metric=metric), pair_costs(confusion, metric=metric)


@st.cache_resource(show_spinner="Comparing probabilities with what came true…", max_entries=8)
def _calibrated(key: str, part: str, _project: Project, _turn: Turn) -> Calibration:
    found = of(_project, _turn, part)
    return calibration(found.labels, found.probabilities)


@st.cache_resource(show_spinner=False, max_entries=8)
def _curve(key: str, _project: Project, _turn: Turn) -> ThresholdCurve:
    found = of(_project, _turn, "train")
    positive = found.labels.value_counts().sort_index(ascending=False).idxmin()
    locked = locked_threshold(_project, _turn, str(positive))
    return threshold_curve(found.labels, found.probabilities, positive=str(positive), also=(locked,))


@st.cache_resource(show_spinner=False, max_entries=8)
def _hard(key: str, _project: Project, _turn: Turn) -> pd.DataFrame:
    return hardest(_project, _turn)


@st.cache_resource(show_spinner=False, max_entries=8)
def _there(key: str, version: str, _project: Project, _turn: Turn) -> npt.NDArray[np.bool_]:
    return np.asarray(is_among(_hard(key, _project, _turn).index, _project.dataset.frame.index))
