from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel.errors import ProjectError
from core.flywheel.two_curves import FARTHEST, LABELLINGS, SHARES, TwoCurves, _compared, two_curves
from core.train import RECIPES, LockedModel, PowerLaw

MODEL = LockedModel(RECIPES["logistic_regression"])
SIZES = 0.8 * 1000 * np.array(SHARES)


def compared(collected: PowerLaw, consistent: PowerLaw, *, noise: float = 0.0, seed: int = 0) -> TwoCurves:
    """Read two known laws, measured with some noise that differs by draw and some that all share."""
    rng = np.random.default_rng(seed)
    true = np.stack([law.at(SIZES) for law in (collected, consistent)], axis=1)
    errors = true + noise * rng.normal(size=(5, *true.shape))
    shared = noise * rng.normal(size=60)
    return _compared(1000, SIZES, errors, errors[..., np.newaxis] + shared, "accuracy", np.random.default_rng(seed))


def test_the_worth_is_the_stretch_between_the_laws():
    collected, consistent = PowerLaw(0.1, 0.1, 0.5, 1000.0), PowerLaw(0.1, 0.08, 0.5, 1000.0)

    found = compared(collected, consistent)

    # 0.08 = 0.1 * (rows / 1000) ** -0.5
    assert found.worth == pytest.approx((562.5,) * 3, abs=1)
    assert found.gain == pytest.approx((0.02,) * 3, abs=1e-4)
    assert found.doubled[0] == pytest.approx(0.1 - 0.1 / np.sqrt(2), abs=1e-4)
    assert found.answer == "worth"
    assert found.rows == 1000


def test_noise_makes_the_interval_and_the_interval_holds_the_truth():
    collected, consistent = PowerLaw(0.1, 0.1, 0.5, 1000.0), PowerLaw(0.1, 0.08, 0.5, 1000.0)

    found = [compared(collected, consistent, noise=0.002, seed=seed) for seed in range(12)]

    held = [low <= 562.5 <= high for _, low, high in (each.worth for each in found)]
    assert np.mean(held) >= 0.75
    assert all(low < value < high for value, low, high in (each.worth for each in found))


@pytest.mark.parametrize(
    ("above", "noise", "answer"),
    [(0.08, 0.0, "worth"), (0.12, 0.0, "none"), (0.1, 0.0, "none"), (0.0999, 0.0005, "less"), (0.1, 0.05, "unclear")],
)
def test_the_answer_says_what_the_interval_allows(above, noise, answer):
    collected, consistent = PowerLaw(0.1, 0.1, 0.5, 1000.0), PowerLaw(0.1, above, 0.5, 1000.0)

    assert compared(collected, consistent, noise=noise).answer == answer


def test_nothing_is_followed_farther_than_it_says():
    found = compared(PowerLaw(0.1, 0.1, 0.5, 1000.0), PowerLaw(0.05, 0.05, 0.5, 1000.0))

    assert found.worth[0] == np.inf
    assert found.fitted["rows"].max() == FARTHEST * 1000


def noisy(rows: int = 500, wrong: float = 0.3, seed: int = 0) -> tuple[Dataset, pd.Series]:
    """Labels of which a share of one class is wrong, and the truth: the boundary lies elsewhere with them."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 8))
    truth = np.where(values.sum(axis=1) + rng.normal(size=rows) > 0, "yes", "no")
    label = np.where((truth == "yes") & (rng.random(rows) < wrong), "no", truth)
    dataset = Dataset.from_frame(
        pd.DataFrame(values).rename(columns=lambda place: f"x{place}").assign(label=label, true_label=truth),
        label="label",
        test=0.2,
    )
    return dataset, dataset.part("train")["true_label"]


def test_true_labels_are_worth_rows_and_wrong_ones_cost_them():
    dataset, truth = noisy()
    given = dataset.labels_of("train")
    rng = np.random.default_rng(0)
    worse = given.where((given == "no") | (rng.random(len(given)) < 0.6), "no")

    better, spoilt = (
        two_curves(dataset, MODEL, lambda draw, labels=labels: labels, judged_by=truth, metric="accuracy", draws=3)
        for labels in (truth, worse)
    )

    assert better.gain[0] > 0.02
    assert better.answer == "worth"
    assert spoilt.gain[0] < 0
    assert spoilt.answer in {"none", "unclear", "less"}


def test_equal_labels_are_worth_nothing_and_seeds_reproduce():
    dataset, _ = noisy(300)
    given = dataset.labels_of("train")

    def measured(seed: int) -> TwoCurves:
        return two_curves(dataset, MODEL, lambda draw: given, judged_by=given, metric="macro_f1", draws=2, seed=seed)

    one, again, other = measured(1), measured(1), measured(2)

    assert one.answer == "none"
    assert one.gain == pytest.approx((0, 0, 0), abs=1e-9)
    pd.testing.assert_frame_equal(one.points, again.points)
    assert (one.gain, one.doubled, one.worth) == (again.gain, again.doubled, again.worth)
    assert not one.points["value"].equals(other.points["value"])


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_metrics_of_probabilities_are_read_the_right_way_round(metric):
    dataset, truth = noisy(300)

    found = two_curves(dataset, MODEL, lambda draw: truth, judged_by=truth, metric=metric, draws=2)

    ends = found.points[found.points["labelling"] == LABELLINGS[1]]["value"]
    assert (ends.iloc[-1] < ends.iloc[0]) == (metric == "log_loss")
    assert found.gain[0] > -0.01
    assert (found.points["low"] <= found.points["value"]).all()


def test_a_metric_that_is_none_is_refused():
    dataset, truth = noisy(60)

    with pytest.raises(ProjectError, match=r"must be one of macro_f1, .* Got 'f2' instead"):
        two_curves(dataset, MODEL, lambda draw: truth, judged_by=truth, metric="f2")
