from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.generate.optimism import expected_of_best, resampled_gains


def noisy(truth: np.ndarray, wrong: float, rng: np.random.Generator) -> pd.Series:
    return pd.Series(np.where(rng.random(len(truth)) < wrong, 1 - truth, truth)).map({0: "a", 1: "b"})


def expected(labels: pd.Series, before: pd.Series, after: list[pd.Series], metric: str) -> float:
    return expected_of_best(resampled_gains(labels, before, after, metric=metric))


def test_gains_in_resamples_are_those_of_the_examples_drawn():
    from sklearn.metrics import f1_score

    from core.statistics import draw_rows

    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 60)
    labels = pd.Series(truth).map({0: "a", 1: "b"})
    before, after = noisy(truth, 0.3, rng), noisy(truth, 0.2, rng)
    found = resampled_gains(labels, before, [after], metric="macro_f1", seed=5)
    weights = next(iter(draw_rows(60, np.random.default_rng(5))))[:, 0]
    for gains, weight in ((found.drawn, weights), (found.left, weights == 0)):
        one, other = (f1_score(labels, said, average="macro", sample_weight=weight) for said in (before, after))
        assert gains[0, 0] == pytest.approx(other - one)


def test_the_best_of_many_equally_good_ones_is_worth_nothing():
    rng = np.random.default_rng(0)
    seeming, hoped = [], []
    for _ in range(20):
        truth = rng.integers(0, 2, 300)
        labels = pd.Series(truth).map({0: "a", 1: "b"})
        before, *after = (noisy(truth, 0.3, rng) for _ in range(21))
        gains = [float((own == labels).mean() - (before == labels).mean()) for own in after]
        seeming.append(max(0.0, *gains))
        hoped.append(expected(labels, before, after, "accuracy"))
    # In truth every one is 0 better than the one before.
    assert np.mean(seeming) > 0.03
    # Careful rather than flattering: what was drawn well leaves what is drawn less well to judge by.
    assert -np.mean(seeming) < np.mean(hoped) < np.mean(seeming) / 4


def test_one_that_is_much_better_is_worth_what_it_seems():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 2000)
    labels = pd.Series(truth).map({0: "a", 1: "b"})
    before, good, *others = (noisy(truth, wrong, rng) for wrong in (0.3, 0.1, 0.3, 0.3))
    gain = float((good == labels).mean() - (before == labels).mean())
    assert expected(labels, before, [*others, good], "accuracy") == pytest.approx(gain, abs=0.01)


def test_where_none_is_better_nothing_is_taken():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 500)
    labels = pd.Series(truth).map({0: "a", 1: "b"})
    bad = noisy(truth, 0.6, rng)
    assert expected(labels, labels, [bad], "macro_f1") == 0
    assert np.isnan(expected(labels, labels, [bad], "log_loss"))
    assert np.isnan(expected(labels, labels, [], "macro_f1"))
