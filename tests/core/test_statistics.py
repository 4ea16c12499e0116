from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core import statistics
from core.statistics import (
    benjamini_hochberg,
    combined_interval,
    difference_interval,
    draw_cells,
    draw_rows,
    finite_interval,
    holm,
    holm_levels,
    hypergeometric_tail,
    normal_p,
    paired_error,
    paired_interval,
    percentile_interval,
    permutation_tail,
    wilson_interval,
)

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_equals_scipy(trials, share):
    successes = round(share * trials)
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    low, high = wilson_interval(successes, trials)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_knows_nothing_without_trials():
    low, high = wilson_interval([0, 3], [0, 3])
    assert (low[0], high[0]) == (0, 1)
    assert 0 < low[1] < high[1] == 1


@given(st.integers(1, 60), st.data())
def test_the_interval_of_a_finite_population_covers_every_truth_as_often_as_it_says(population, data):
    trials = data.draw(st.integers(0, population))
    wrong = data.draw(st.integers(0, population))
    level = data.draw(st.sampled_from([0.8, 0.95]))
    ends = np.array([finite_interval(k, trials, population, level) for k in range(trials + 1)])
    chances = stats.hypergeom.pmf(np.arange(trials + 1), population, wrong, trials)
    covers = (ends[:, 0] - 1e-9 <= wrong / population) & (wrong / population <= ends[:, 1] + 1e-9)
    assert chances[covers].sum() >= level - 1e-9


def test_the_interval_of_a_finite_population_knows_what_was_seen_and_narrows_to_a_point():
    assert finite_interval(3, 50, 50) == (3 / 50, 3 / 50)
    assert finite_interval(0, 0, 50) == (0, 1)
    low, high = finite_interval(3, 49, 50)
    assert (low, high) == (3 / 50, 4 / 50)
    # Next to an endless population it is that of Clopper and Pearson.
    low, high = finite_interval(7, 100, 200_000)
    expected = stats.binomtest(7, 100).proportion_ci(method="exact")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=2e-4)


def test_percentiles_leave_out_what_is_undefined():
    draws = np.random.default_rng(0).normal(size=(101, 3))
    draws[:40, 1] = np.nan
    draws[:, 2] = np.nan
    low, high = percentile_interval(draws)
    assert low[0] == pytest.approx(np.quantile(draws[:, 0], 0.025))
    assert high[1] == pytest.approx(np.quantile(draws[40:, 1], 0.975))
    assert np.isnan([low[2], high[2]]).all()


def test_combined_interval_of_equal_estimates_shrinks_with_their_number():
    low, high = combined_interval([0.5] * 4, [0.3] * 4, [0.6] * 4)
    assert (low, high) == pytest.approx((0.4, 0.55))


def test_the_difference_of_two_shares_has_the_interval_that_newcombe_published():
    """56 of 70 against 48 of 80, method 10: Newcombe (1998), Statistics in Medicine 17, table II."""
    shares = [(k / n, *map(float, wilson_interval(k, n))) for k, n in ((56, 70), (48, 80))]
    assert difference_interval(*shares) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    value, low, high = difference_interval(*shares[::-1])
    assert (-value, -high, -low) == pytest.approx(difference_interval(*shares))


def test_cells_are_drawn_as_rows_would_be():
    counts = np.array([700, 250, 50])
    drawn = np.concatenate(list(draw_cells(counts, 4000, np.random.default_rng(0))))
    assert drawn.shape == (4000, 3)
    assert (drawn.sum(axis=1) == 1000).all()
    np.testing.assert_allclose(drawn.mean(axis=0), counts, rtol=0.02)
    np.testing.assert_allclose(drawn.var(axis=0), counts * (1 - counts / 1000), rtol=0.1)


def test_rows_are_drawn_with_replacement():
    drawn = np.concatenate(list(draw_rows(300, np.random.default_rng(0))), axis=1)
    assert drawn.shape == (300, 200)
    assert (drawn.sum(axis=0) == 300).all()
    assert drawn.var() == pytest.approx(1, abs=0.05)


def test_draws_come_in_pieces_and_large_sets_are_drawn_less_often(monkeypatch):
    monkeypatch.setattr(statistics, "_CHUNK", 1000)
    monkeypatch.setattr(statistics, "_ROW_DRAWS", 30_000)
    assert [piece.shape for piece in draw_rows(100, np.random.default_rng(0))] == [(100, 10)] * 20
    assert [piece.shape for piece in draw_rows(100, np.random.default_rng(0), passes=2)] == [(100, 10)] * 15
    assert [piece.shape for piece in draw_rows(100, np.random.default_rng(0), passes=9)] == [(100, 10)] * 10
    assert [piece.shape for piece in draw_cells([5, 5], 1200, np.random.default_rng(0))] == [
        (500, 2),
        (500, 2),
        (200, 2),
    ]


def test_paired_interval_lies_about_the_difference():
    low, high = paired_interval(1.0, paired_error([0.0, 2.0, np.nan, 1.0]))
    assert (low + high) / 2 == pytest.approx(1.0)
    assert high - low == pytest.approx(2 * statistics.PAIRED_STANDARD_ERRORS)
    assert np.isnan(paired_interval(1.0, paired_error([np.nan, 1.0]))).all()


@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(0.5, 0.999))
def test_an_interval_leaves_zero_out_exactly_where_its_p_value_is_small(delta, error, level):
    low, high = paired_interval(delta, error, level)
    p = normal_p(delta, error)
    assert (low > 0 or high < 0) == (p < 1 - level) or p == pytest.approx(1 - level)
    assert p == pytest.approx(2 * stats.norm.sf(abs(delta) / error))


@given(p_values)
def test_levels_of_intervals_say_what_holm_says(p):
    levels = holm_levels(p)
    for own, level, adjusted in zip(p, levels, holm(p), strict=True):
        if abs(adjusted - 0.05) > 1e-9:
            assert (own < 1 - level) == (adjusted < 0.05)


@given(p_values)
def test_benjamini_hochberg_equals_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-15)


@given(p_values, st.integers(0, 20))
def test_tests_without_a_p_value_count_as_one(p, others):
    expected = stats.false_discovery_control([*p, *[1.0] * others])[: len(p)]
    np.testing.assert_allclose(benjamini_hochberg(p, len(p) + others), expected, atol=1e-15)


@given(p_values)
def test_holm_equals_its_definition(p):
    adjusted, running = np.empty(len(p)), 0.0
    for place, own in enumerate(np.argsort(p)):
        running = max(running, min(1.0, (len(p) - place) * p[own]))
        adjusted[own] = running
    np.testing.assert_allclose(holm(p), adjusted)


@given(st.data())
def test_hypergeometric_tail_bounds_the_exact_one(data):
    rows = data.draw(st.integers(2, 400))
    wrong_in_all = data.draw(st.integers(1, rows))
    size = data.draw(st.integers(1, rows))
    wrong = data.draw(st.integers(max(0, size - (rows - wrong_in_all)), min(size, wrong_in_all)))
    exact = stats.hypergeom.sf(wrong - 1, rows, wrong_in_all, size)
    bound = hypergeometric_tail([wrong], [size], wrong_in_all, rows)[0]
    assert exact * (1 - 1e-7) <= bound <= 1
    mean = size * wrong_in_all / rows
    if wrong > mean + 3 * np.sqrt(mean):
        assert bound <= exact * 1.25


def test_permutation_tail_agrees_with_permutations():
    rng = np.random.default_rng(0)
    losses = rng.exponential(size=300) ** 2
    sums = np.array([rng.permutation(losses)[:60].sum() for _ in range(20_000)])
    for share in (0.2, 0.05, 0.01):
        assert permutation_tail([np.quantile(sums, 1 - share)], [60], losses)[0] == pytest.approx(share, rel=0.3)


def test_permutation_tail_of_all_or_of_equal_values_is_one():
    losses = np.array([1.0, 2.0, 3.0])
    assert permutation_tail([6.0], [3], losses) == [1.0]
    assert permutation_tail([4.0], [2], np.full(5, 2.0)) == [1.0]
