from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.annotate import ADVICE, audit_table, cut_bands, mixed_share
from core.annotate.bands import _enough
from core.statistics import wilson_interval


def ids(count):
    return pd.Index([f"e{number}" for number in range(count)], dtype="str")


def answered(names, right, wrong=None, *, random=True):
    """Answers: the first `right` say that the suggestion is right, the first `wrong` that the label is wrong."""
    place = np.arange(len(names))
    wrong = right if wrong is None else wrong
    return pd.DataFrame({"wrong": place < wrong, "right": place < right, "random": random}, index=names)


def one_band(size=200, right=0, wrong=None, reviewed=0, **options):
    names = ids(size)
    open_ = pd.Series(np.arange(size) >= reviewed, index=names)
    answers = answered(names[:reviewed], right, wrong, random=options.pop("random", True))
    scores = pd.Series(np.linspace(1, 0.5, size), index=names)
    return audit_table(pd.Series(1, index=names), answers, open_, scores, **options).loc[1]


# --- cutting --------------------------------------------------------------------------------------------------------


def test_bands_are_about_equal_and_the_surest_is_the_first():
    scores = pd.Series(np.random.default_rng(0).random(1000), index=ids(1000))
    bands = cut_bands(scores)
    assert bands.value_counts().to_dict() == dict.fromkeys(range(1, 6), 200)
    assert scores[bands == 1].min() > scores[bands == 2].max()


def test_few_suspects_are_one_band():
    assert cut_bands(pd.Series([0.9, 0.8], index=ids(2))).tolist() == [1, 1]
    assert cut_bands(pd.Series([], index=ids(0), dtype=float)).empty


@given(st.lists(st.floats(0, 1).map(lambda score: round(score, 2)), max_size=300), st.integers(1, 60))
def test_equal_scores_share_a_band_and_bands_follow_the_scores(values, least):
    scores = pd.Series(values, index=ids(len(values)), dtype=float)
    bands = cut_bands(scores, least=least)
    assert bands.groupby(scores).nunique().le(1).all()
    ordered = bands.loc[scores.sort_values(ascending=False).index]
    assert ordered.is_monotonic_increasing
    assert sorted(bands.unique()) == list(range(1, bands.nunique() + 1))
    assert bands.nunique() <= max(1, min(5, len(values) // least))


@pytest.mark.parametrize("power", [0.01, 1, 30])
def test_the_scale_of_the_score_does_not_matter(power):
    scores = pd.Series(np.random.default_rng(1).random(700), index=ids(700))
    pd.testing.assert_series_equal(cut_bands(scores), cut_bands(scores**power))


# --- figures --------------------------------------------------------------------------------------------------------


def test_one_band_has_the_plain_wilson_interval():
    row = one_band(right=19, wrong=24, reviewed=30)
    for name, held in (("right", 19), ("wrong", 24)):
        known = binomtest(held, 30).proportion_ci(0.95, method="wilson")
        assert (row[name], row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((held / 30, *known))
    assert row["right_where_wrong"] == pytest.approx(19 / 24)


def test_several_bands_are_corrected_for_being_looked_at_together():
    names = ids(500)
    bands = pd.Series(np.repeat([1, 2, 3, 4, 5], 100), index=names)
    scores = pd.Series(np.linspace(1, 0.5, 500), index=names)
    answers = answered(names[bands == 2][:50], 40)
    table = audit_table(bands, answers, pd.Series(True, index=names), scores)
    known = binomtest(40, 50).proportion_ci(0.99, method="wilson")
    assert table.loc[2, ["right_low", "right_high"]].tolist() == pytest.approx([*known])
    assert table["used"].tolist() == [0, 50, 0, 0, 0]
    assert table["right"].isna().tolist() == [True, False, True, True, True]


def test_hardly_any_audit_promises_too_much_of_any_band():
    """The lower ends, on which advice rests, all hold at once in about 97.5% of audits."""
    rng = np.random.default_rng(3)
    names = ids(1000)
    bands = pd.Series(np.repeat([1, 2, 3, 4, 5], 200), index=names)
    scores = pd.Series(np.linspace(1, 0.5, 1000), index=names)
    shares, missed = np.array([0.95, 0.9, 0.75, 0.6, 0.4]), 0
    chosen = names[np.arange(1000) % 200 < 40]
    for _ in range(80):
        right = rng.random(200) < np.repeat(shares, 40)
        answers = pd.DataFrame({"wrong": right, "right": right, "random": True}, index=chosen)
        table = audit_table(bands, answers, pd.Series(True, index=names), scores)
        missed += bool((table["right_low"] > shares).any())
    assert missed <= 6


def test_under_the_minimum_there_is_no_figure():
    row = one_band(right=19, reviewed=19)
    assert (row["used"], row["advice"], row["needed"], row["reviewed"]) == (0, "too few reviewed", 1, 19)
    assert np.isnan(row["right"])
    assert np.isnan(row["right_low"])


def test_the_figure_is_of_the_random_sample_where_there_is_one():
    names = ids(300)
    answers = pd.concat([answered(names[:100], 100, random=False), answered(names[100:130], 10)])
    open_, scores = pd.Series(True, index=names), pd.Series(np.linspace(1, 0.5, 300), index=names)
    row = audit_table(pd.Series(1, index=names), answers, open_, scores).loc[1]
    assert (row["used"], row["random"], row["right"], row["reviewed"]) == (30, True, pytest.approx(1 / 3), 130)
    row = audit_table(pd.Series(1, index=names), answers.iloc[:115], open_, scores).loc[1]
    assert (row["used"], row["random"]) == (115, False)


# --- advice ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong", "reviewed", "advice"),
    [
        (40, 40, 40, "relabel"),
        (30, 60, 60, "exclude"),
        (28, 28, 30, "review on"),
        (15, 20, 60, "review each"),
        (5, 5, 5, "too few reviewed"),
        (200, 200, 200, "settled"),
    ],
)
def test_each_advice_has_its_case(right, wrong, reviewed, advice):
    assert one_band(right=right, wrong=wrong, reviewed=reviewed)["advice"] == advice
    assert advice in ADVICE


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_advice_keeps_its_promises(right, wrong, reviewed):
    wrong = min(wrong, reviewed)
    row = one_band(size=401, right=min(right, wrong), wrong=wrong, reviewed=reviewed)
    if row["advice"] == "relabel":
        assert row["right_low"] >= 0.9
    elif row["advice"] == "exclude":
        assert row["wrong_low"] >= 0.75
        assert row["right_high"] < 0.9
    elif row["advice"] in {"review on", "too few reviewed"}:
        assert 1 <= row["needed"] <= 401
    assert row["advice"] in ADVICE


def test_the_threshold_can_be_moved():
    assert one_band(right=28, reviewed=30, relabel_from=0.7)["advice"] == "relabel"
    assert one_band(right=28, reviewed=30, relabel_from=0.95)["advice"] == "review on"


@pytest.mark.parametrize(("share", "limit"), [(1.0, 0.9), (0.97, 0.9), (0.8, 0.75), (0.6, 0.75), (0.5, 0.9)])
def test_so_many_reviews_as_are_said_to_be_needed_are_needed(share, limit):
    needed = int(_enough(share, limit, 1.959964**2))
    end = 0 if share > limit else 1
    reached = [(wilson_interval(share * n, n)[end] - limit) * (1 if end == 0 else -1) for n in (needed - 1, needed + 1)]
    assert reached[0] < 0.001
    assert reached[1] > -0.001


# --- over several bands ---------------------------------------------------------------------------------------------


def test_a_mixture_weighs_bands_by_how_many_lie_in_each():
    table = pd.DataFrame(
        {"right": [0.9, 0.5, np.nan], "right_low": [0.8, 0.3, np.nan], "right_high": [0.95, 0.7, np.nan]},
        index=[1, 2, 3],
    )
    assert mixed_share(table, pd.Series({1: 7}), "right") == pytest.approx((0.9, 0.8, 0.95))
    share, low, high = mixed_share(table, pd.Series({1: 30, 2: 10, 3: 0}), "right")
    assert share == pytest.approx(0.8)
    assert low == pytest.approx(0.8 - np.hypot(0.75 * 0.1, 0.25 * 0.2))
    assert high == pytest.approx(0.8 + np.hypot(0.75 * 0.05, 0.25 * 0.2))
    assert np.isnan(mixed_share(table, pd.Series({1: 30, 3: 10}), "right")[0])
