from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluate import EvaluationError, evaluate, log_losses, losses

LABELS = pd.Series(["a", "b", "a"], index=["x", "y", "z"])
PROBABILITIES = pd.DataFrame([[0.2, 0.8], [0.1, 0.9], [0.7, 0.3]], index=["z", "y", "x"], columns=["a", "b"])


def test_losses_follow_the_ids_not_the_order():
    wrong = losses(LABELS, pd.Series(["b", "b", "a", "a"], index=["z", "y", "x", "unlabelled"]))
    assert wrong.to_dict() == {"x": 0.0, "y": 0.0, "z": 1.0}


def test_log_losses_are_those_of_the_given_label():
    assert log_losses(LABELS, PROBABILITIES).to_dict() == pytest.approx(
        {"x": -np.log(0.7), "y": -np.log(0.9), "z": -np.log(0.2)}
    )


def test_a_class_the_model_does_not_know_has_probability_zero():
    only_a = PROBABILITIES[["a"]]
    assert log_losses(LABELS, only_a)["y"] == pytest.approx(-np.log(np.finfo(float).eps))


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        (LABELS, PROBABILITIES.drop(index="y"), "'y' have none"),
        (LABELS, pd.concat([PROBABILITIES, PROBABILITIES]), "'z', 'y', 'x' are predicted more than once"),
        (LABELS.rename({"y": "x"}), PROBABILITIES, "'x' stand there more than once"),
        (LABELS.mask(LABELS == "b"), PROBABILITIES, "'y' have no label"),
        (LABELS[:0], PROBABILITIES, "no labelled examples"),
        (LABELS, PROBABILITIES.replace(0.9, np.nan), "class 'b' for id 'y' is nan"),
        (LABELS, PROBABILITIES * 2, "between 0 and 1"),
    ],
)
def test_what_cannot_be_judged_is_named(labels, probabilities, said):
    with pytest.raises(EvaluationError, match=said):
        evaluate(labels, probabilities)


def test_a_missing_prediction_is_named():
    with pytest.raises(EvaluationError, match="'z' is missing"):
        losses(LABELS, pd.Series(["a", "b", None], index=["x", "y", "z"]))
