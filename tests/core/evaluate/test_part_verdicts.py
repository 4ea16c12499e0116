from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest, norm

from core.evaluate import FEWEST, Verdict, compare, compare_part, part_p_value


def verdict(delta: float, spread: float, metric: str = "accuracy") -> Verdict:
    return Verdict(metric, 0.0, delta, delta, delta - 1.96 * spread, delta + 1.96 * spread, 2000, error=spread)


@pytest.mark.parametrize(("better", "worse"), [(0, 3), (1, 9), (12, 30), (0, 0)])
def test_few_changed_predictions_are_judged_exactly(better, worse):
    changed = better + worse
    rows = 60
    delta = (better - worse) / rows
    spread = np.sqrt(max(changed / rows - delta**2, 0) / rows)
    p_value = part_p_value(verdict(delta, spread), better, worse)
    if not changed:
        assert p_value == 1
        return
    # Mid-p: of what was seen itself half the chance counts, on either side.
    mid = binomtest(better, changed).pvalue - binom.pmf(better, changed, 0.5)
    assert p_value == pytest.approx(max(mid, 2 * norm.sf(abs(delta) / spread) if spread else 0))


def test_no_change_is_seldom_called_one_however_small_the_slice():
    rng = np.random.default_rng(0)
    for rows in (20, 60, 200):
        claims = 0
        for _ in range(2000):
            changed = rng.random(rows) < 0.2
            better = int((changed & (rng.random(rows) < 0.5)).sum())
            worse = int(changed.sum()) - better
            delta = (better - worse) / rows
            spread = np.sqrt(max((better + worse) / rows - delta**2, 0) / (rows - 1))
            claims += part_p_value(verdict(delta, spread), better, worse) < 0.05
        assert claims <= 0.055 * 2000


def predicted(labels: pd.Series, wrong: list[int]) -> pd.DataFrame:
    right = (labels == "b").to_numpy().astype(float)
    right[wrong] = 1 - right[wrong]
    return pd.DataFrame({"a": 1 - right, "b": right}, index=labels.index)


def test_a_part_is_judged_by_the_headline_where_each_class_has_enough_examples():
    labels = pd.Series(["a"] * 40 + ["b"] * 12)
    found = compare_part(labels, predicted(labels, [0, 1, 45]), predicted(labels, [1]), classes=2)
    assert found is not None
    assert found.metric == "macro_f1"
    assert found.delta == compare(labels, predicted(labels, [0, 1, 45]), predicted(labels, [1])).delta
    fewer = labels.iloc[:45]
    assert compare_part(fewer, predicted(fewer, [0]), predicted(fewer, [1]), classes=2).metric == "accuracy"
    few = labels.iloc[: FEWEST - 1]
    assert compare_part(few, predicted(few, [0]), predicted(few, [1]), classes=2) is None


def test_word_and_interval_of_a_part_follow_the_exact_test():
    labels = pd.Series(["a"] * 30)
    for better in range(1, 12):
        found = compare_part(labels, predicted(labels, list(range(better))), predicted(labels, []), classes=2)
        mid = max(2 * 0.5**better / 2, 0)
        assert (found.verdict == "gain") == (found.low > 0) == (max(mid, found.p_value) < 0.05)
        assert found.p_value >= min(mid, 0.9) - 1e-9
    assert found.verdict == "gain"
