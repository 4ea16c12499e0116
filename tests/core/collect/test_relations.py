from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association

from core.collect.distributions import Labels, distribution
from core.collect.relations import _permutation_p, relate, relations
from core.statistics import holm

TABLES = st.integers(2, 6).flatmap(
    lambda classes: st.lists(st.lists(st.integers(0, 40), min_size=classes, max_size=classes), min_size=2, max_size=8)
)


@given(TABLES)
def test_v_is_cramers_v_with_bergsmas_correction(table):
    table = np.array(table)
    full = table[table.any(axis=1)][:, table.any(axis=0)]
    found = relate(table)
    assert 0 <= found.low <= found.v <= found.high <= 1
    assert 0 <= found.p <= 1
    if min(full.shape) < 2 or full.sum() < 4:
        assert (found.v, found.p) == (0.0, 1.0)
        return
    # SciPy's V, without the correction, and the correction written out.
    r, c = full.shape
    n = full.sum()
    phi = association(full, "cramer") ** 2 * (min(r, c) - 1)
    less = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    sides = [side - (side - 1) ** 2 / (n - 1) for side in (r, c)]
    expected = np.sqrt(less / (min(sides) - 1)) if min(sides) > 1 else 0.0
    assert found.v == pytest.approx(min(1.0, expected), abs=1e-6)


def test_labels_that_are_dealt_out_blindly_give_small_p_as_often_as_p_says():
    rng = np.random.default_rng(0)
    # Most cells are nearly empty: Pearson's own distribution would not do.
    given, labels = np.repeat(np.arange(5), [30, 5, 2, 1, 12]), np.repeat(np.arange(3), [40, 7, 3])
    tables = [np.bincount(given * 3 + rng.permutation(labels), minlength=15).reshape(5, 3) for _ in range(1500)]
    p = np.array([_permutation_p(phi_square_of(each) * 50, each.sum(1), each.sum(0)) for each in tables])
    for level in (0.5, 0.1, 0.05, 0.01):
        assert (p <= level).mean() == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / 1500) + 0.1 * level)


def phi_square_of(table) -> float:
    return chi2_contingency(table, correction=False).statistic / table.sum()


def test_p_is_pearsons_where_there_are_many_examples():
    table = np.array([[400, 380], [300, 345], [250, 260]])
    assert relate(table).p == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=0.02)


def test_columns_without_relation_are_seldom_called_related():
    rng = np.random.default_rng(3)
    labels = Labels.of(pd.Series(rng.choice(["a", "b", "c"], 400, p=[0.8, 0.15, 0.05])))
    called = 0
    for number in range(60):
        rng = np.random.default_rng(number)
        frame = pd.DataFrame(
            {
                "number": rng.normal(size=400),
                "skewed": np.exp(3 * rng.normal(size=400)),
                "plan": pd.array(rng.choice([f"p{each}" for each in range(30)], 400), dtype="str"),
                "rare": rng.random(400) < 0.02,
            }
        )
        table = relations({name: distribution(frame[name], labels) for name in frame})
        called += bool(table["related"].any())
        assert table["low"].max() < 0.25
    # 5% of 60 are 3.
    assert called <= 7


@pytest.mark.parametrize(("strength", "rows"), [(0.1, 2000), (0.3, 300), (0.3, 2000), (0.6, 1000)])
def test_the_interval_holds_the_true_v(strength, rows):
    chance = 0.5 + strength * 0.8 * np.linspace(-1, 1, 8)
    cells = np.stack([chance, 1 - chance], 1) / 8
    expected = np.outer(cells.sum(1), cells.sum(0))
    true = np.sqrt(((cells - expected) ** 2 / expected).sum())
    rng = np.random.default_rng(0)
    found = [relate(rng.multinomial(rows, cells.ravel()).reshape(8, 2), seed=number) for number in range(100)]
    assert np.mean([each.low <= true <= each.high for each in found]) >= 0.87
    assert np.mean([each.v for each in found]) == pytest.approx(true, abs=0.03)


def test_the_closest_column_comes_first_whatever_its_kind_and_all_are_corrected_together():
    rng = np.random.default_rng(0)
    label = pd.Series(rng.choice(["no", "yes"], 1000))
    yes = (label == "yes").to_numpy()
    frame = pd.DataFrame(
        {
            "noise": rng.normal(size=1000),
            "leak": pd.array(np.where(yes, "left", "stays"), dtype="str"),
            # Not in order with the label: the middle tells.
            "middle": np.where(yes, rng.normal(0, 0.3, 1000), rng.normal(0, 3, 1000)),
            "when": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(np.where(yes, 200, 100) + rng.normal(0, 90, 1000), "D"),
            "absent": np.where(yes & (rng.random(1000) < 0.3), np.nan, 1.0),
        }
    )
    labels = Labels.of(label)
    table = relations({name: distribution(frame[name], labels) for name in frame})
    assert table.index[0] == "leak"
    assert table.loc["leak", "v"] == pytest.approx(1.0)
    assert table.index[-1] == "noise"
    assert table["related"].to_dict() == {name: name != "noise" for name in table.index}
    assert table["p_adjusted"].tolist() == holm(table["p"]).tolist()
    assert table.loc["absent", "missing"] == pytest.approx(frame["absent"].isna().mean())


def test_nothing_to_compare_is_no_relation():
    assert relations({}).empty
    assert relate(np.zeros((0, 2))).p == 1.0
