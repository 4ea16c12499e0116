from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from core.evaluate import EvaluationError, calibration


def two(rows: int = 600, seed: int = 0, off: float = 0.0, digits: int = 6):
    rng = np.random.default_rng(seed)
    said = np.round(np.clip(rng.beta(2, 2, rows), 0.1, 0.9), digits)
    label = np.where(rng.random(rows) < said - off, "yes", "no")
    label[:2] = ["yes", "no"]
    ids = pd.Index([f"e{number}" for number in range(rows)])
    return pd.Series(label, index=ids), pd.DataFrame({"no": 1 - said, "yes": said}, index=ids)


def many(rows: int = 900, k: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.ones(k) * 0.7, rows)
    names = np.array([f"c{number}" for number in range(k)])
    ids = pd.Index([f"e{number}" for number in range(rows)])
    truth = names[(said.cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1)]
    return pd.Series(truth, index=ids), pd.DataFrame(said, index=ids, columns=names)


@given(seed=st.integers(0, 999), rows=st.integers(200, 400), digits=st.integers(1, 6))
def test_bins_are_scikit_learn_s_of_equal_mass(seed, rows, digits):
    labels, probabilities = two(rows, seed, digits=digits)
    bins = calibration(labels, probabilities, event="yes", resamples=10).bins
    came_true, said = calibration_curve(labels == "yes", probabilities["yes"], n_bins=10, strategy="quantile")
    np.testing.assert_allclose(bins["came_true"], came_true)
    np.testing.assert_allclose(bins["said"], said)
    assert bins["count"].sum() == rows
    assert (bins["from"].iloc[1:].to_numpy() > bins["to"].iloc[:-1].to_numpy()).all()
    assert ((bins["low"] <= bins["came_true"]) & (bins["came_true"] <= bins["high"])).all()


def test_bins_hold_about_equally_many():
    assert calibration(*two(1000)).bins["count"].between(99, 101).all()


def test_brier_scores_are_scikit_learn_s():
    labels, probabilities = two()
    found = calibration(labels, probabilities, event="yes")
    assert found.brier[0] == pytest.approx(sk.brier_score_loss(labels == "yes", probabilities["yes"]))
    assert found.brier[1] < found.brier[0] < found.brier[2]
    labels, probabilities = many()
    found = calibration(labels, probabilities)
    wanted = ((pd.get_dummies(labels).astype(float) - probabilities) ** 2).to_numpy()
    assert found.brier[0] == pytest.approx(wanted.sum(axis=1).mean())
    np.testing.assert_allclose(found.per_class["brier"], wanted.mean(axis=0))
    assert found.event is None


def test_of_many_classes_the_predicted_one_is_judged():
    labels, probabilities = many()
    found = calibration(labels, probabilities)
    right = probabilities.idxmax(axis=1) == labels
    assert (found.bins["came_true"] * found.bins["count"]).sum() == pytest.approx(right.sum())
    assert found.event_brier == pytest.approx(sk.brier_score_loss(right, probabilities.max(axis=1)))


@pytest.mark.parametrize("made", [two, many])
def test_the_parts_add_up_to_the_squared_error(made):
    found = calibration(*made())
    parts = found.parts
    total = parts["reliability"] - parts["resolution"] + parts["uncertainty"] + parts["within"]
    assert total == pytest.approx(found.event_brier)
    assert min(parts["reliability"], parts["resolution"], parts["uncertainty"]) >= 0


def test_with_few_different_probabilities_nothing_is_blurred_and_the_parts_are_murphy_s():
    ids = pd.Index(np.arange(400).astype(str))
    said = np.repeat([0.1, 0.3, 0.6, 0.9], 100)
    label = np.where(np.arange(400) % 100 < np.repeat([5, 40, 60, 80], 100), "yes", "no")
    found = calibration(
        pd.Series(label, index=ids), pd.DataFrame({"no": 1 - said, "yes": said}, index=ids), event="yes"
    )
    assert found.bins["came_true"].tolist() == [0.05, 0.4, 0.6, 0.8]
    assert found.parts["reliability"] == pytest.approx((0.05**2 + 0.1**2 + 0 + 0.1**2) / 4)
    assert found.parts["within"] == pytest.approx(0, abs=1e-12)
    assert found.ece_plain == pytest.approx((0.05 + 0.1 + 0 + 0.1) / 4)


def test_a_perfect_model_is_not_called_miscalibrated_though_the_plain_error_is_above_nought():
    found = [calibration(*two(500, seed), event="yes", resamples=300) for seed in range(80)]
    assert np.mean([each.ece_plain for each in found]) > 0.04
    assert np.mean([each.ece[0] for each in found]) < 0.025
    assert np.mean([each.ece[1] == 0 for each in found]) >= 0.93


def test_the_interval_holds_a_known_error_about_as_often_as_it_says():
    found = [calibration(*two(3000, seed, off=0.08), event="yes", resamples=300).ece for seed in range(60)]
    assert np.mean([low <= 0.08 <= high for _, low, high in found]) >= 0.88
    assert np.mean([value for value, _, _ in found]) == pytest.approx(0.08, abs=0.005)
    assert np.mean([low > 0.03 for _, low, _ in found]) > 0.9


def test_few_examples_make_few_bins_and_a_wide_interval():
    labels, probabilities = two(10)
    found = calibration(labels, probabilities)
    assert len(found.bins) == 1
    assert found.ece[2] - found.ece[1] > 0.2
    assert found.bins["count"].tolist() == [10]


def test_a_class_that_is_believed_in_too_seldom_is_seen():
    labels, probabilities = two(2000, off=-0.1)
    row = calibration(labels, probabilities).per_class.loc["yes"]
    assert row["said"] < row["share_low"] < row["share"] < row["share_high"]


def test_the_same_seed_gives_the_same_numbers():
    one, other = (calibration(*many(), seed=4) for _ in range(2))
    assert one.ece == other.ece
    assert one.brier == other.brier


def test_an_event_that_is_none_is_refused():
    with pytest.raises(EvaluationError, match="one of two classes"):
        calibration(*two(), event="maybe")
    with pytest.raises(EvaluationError, match="The data has 4"):
        calibration(*many(), event="c0")


def test_of_many_rows_the_interval_is_the_one_that_resampling_gives(monkeypatch):
    labels, probabilities = many(12_000)
    resampled = calibration(labels, probabilities)
    monkeypatch.setattr(sys.modules["core.evaluate.calibration"], "_MANY", 12_000)
    found = calibration(labels, probabilities)

    width = resampled.brier[2] - resampled.brier[1]
    assert found.brier == pytest.approx(resampled.brier, abs=0.2 * width)
    assert found.brier != resampled.brier
    for end in ("brier_low", "brier_high"):
        np.testing.assert_allclose(found.per_class[end], resampled.per_class[end], atol=0.2 * width)
