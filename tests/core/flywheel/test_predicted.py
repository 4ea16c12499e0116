from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Generate, Project, Relabel, hardest, predicted
from core.generate import propose


@pytest.fixture
def turned(tmp_path):
    rng = np.random.default_rng(0)
    income = rng.normal(50, 10, 300)
    label = np.where(income + rng.normal(0, 6, 300) > 58, "stays", "leaves")
    frame = pd.DataFrame({"income": income.round(2), "age": rng.integers(18, 80, 300), "label": label})
    project = Project.create(tmp_path / "p", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    return project


def test_the_confusion_of_test_is_the_evaluation_s(turned):
    turn = turned.turns[0]
    found = predicted(turned, turn, "test")
    pd.testing.assert_frame_equal(found.confusion, turn.evaluation.confusion)
    assert set(found.labels.index) == set(turned.dataset.ids("test"))


def test_what_was_excluded_from_test_is_not_judged(turned):
    some = turned.dataset.ids("test")[0]
    turned.apply(Exclude([some]))
    assert some not in predicted(turned, turned.turns[0], "test").labels.index


def test_train_is_judged_out_of_fold_by_the_labels_that_the_turn_saw(turned):
    turn = turned.turns[0]
    some = turned.dataset.ids("train")[0]
    before = turned.dataset.labels[some]
    turned.apply(Relabel({some: "leaves" if before == "stays" else "stays"}))
    found = predicted(turned, turn, "train")
    assert found.labels[some] == before
    pd.testing.assert_frame_equal(found.probabilities, turn.out_of_fold.loc[found.labels.index])


def test_generated_examples_are_left_out_of_what_is_judged(turned):
    made = propose(turned.dataset, method="smote", target={"stays": 10}, n=10)
    turned.apply(Generate(made))
    turn = turned.turn()
    found = predicted(turned, turn, "train")
    assert found.generated == 10
    assert not set(found.labels.index) & set(turned.dataset.generated)
    assert len(predicted(turned, turn, "train", generated=True).labels) == len(found.labels) + 10
    assert not set(hardest(turned, turn).index) & set(turned.dataset.generated)


def test_the_hardest_come_first_with_the_loss_of_their_label(turned):
    turn = turned.turns[0]
    found = hardest(turned, turn)
    assert found["loss"].is_monotonic_decreasing
    of_label = [turn.out_of_fold.at[example, given] for example, given in found["given"].items()]
    np.testing.assert_allclose(found["loss"], -np.log(of_label))
    np.testing.assert_allclose(found["of_given"], of_label)
    assert (found["suspect"] == turn.suspects["flagged"].loc[found.index]).all()
