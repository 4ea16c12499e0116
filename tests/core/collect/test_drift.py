from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from core.collect import DriftError, drift


def table(rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.lognormal(3, 1, rows),
            "children": rng.poisson(1.2, rows),
            "city": rng.choice(["Seoul", "Busan", "Oslo"], rows, p=[0.6, 0.3, 0.1]),
            "owner": rng.random(rows) < 0.3,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "gaps": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
        }
    )


@pytest.mark.parametrize(("n", "m"), [(60, 60), (2000, 60), (60, 2000), (5000, 5000)])
def test_two_draws_of_one_table_do_not_drift(n, m):
    alarms = sum(bool(drift(table(n, seed), table(m, seed + 1000))["drifted"].any()) for seed in range(12))
    assert alarms <= 2


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("income", lambda frame: frame["income"] * 2),
        ("children", lambda frame: frame["children"] + 1),
        ("city", lambda frame: frame["city"].where(np.arange(len(frame)) % 4 > 0, "Lima")),
        ("owner", lambda frame: frame["owner"] | (np.arange(len(frame)) % 2 == 0)),
        ("since", lambda frame: frame["since"] + pd.Timedelta(days=400)),
        ("gaps", lambda frame: frame["gaps"].where(np.arange(len(frame)) % 2 > 0)),
    ],
)
def test_the_column_that_moved_is_named_and_no_other(column, change):
    batch = table(800, 1)
    found = drift(table(3000), batch.assign(**{column: change(batch)}))
    assert found.index[found["drifted"]].tolist() == [column]


def test_a_difference_that_is_sure_but_small_is_no_drift():
    batch = table(60_000, 1)
    found = drift(table(60_000), batch.assign(income=batch["income"] * 1.05)).loc["income"]
    assert found["p_adjusted"] < 0.05
    assert found["effect"] < 0.1
    assert not found["drifted"]


def test_numbers_are_compared_as_scipy_does():
    before, after = table(500)[["income"]], table(300, 1)[["income"]]
    found = drift(before, after).loc["income"]
    theirs = ks_2samp(before["income"], after["income"])
    assert found["statistic"] == pytest.approx(theirs.statistic)
    assert found["p"] == pytest.approx(theirs.pvalue, rel=0.05)


def test_what_one_side_lacks_is_listed():
    found = drift(table(100).drop(columns="city"), table(100, 1).drop(columns="income"))
    assert found.attrs["only_batch"] == ["city"]
    assert found.attrs["only_reference"] == ["income"]
    assert "city" not in found.index


def test_a_value_that_only_the_batch_has_is_named():
    batch = table(400, 1)
    batch.loc[:99, "city"] = "Lima"
    assert "Lima" in drift(table(400), batch).loc["city", "detail"]


def test_texts_are_compared_by_what_describes_them():
    rng = np.random.default_rng(0)
    words = np.array(["the", "parcel", "came", "late", "and", "nobody", "told", "me", "why", "it", "was", "so"])
    short, long = ([" ".join(rng.choice(words, size)) for _ in range(300)] for size in (6, 14))
    other = [" ".join(rng.choice(words, 6)) for _ in range(300)]
    assert not drift(pd.DataFrame({"text": short}), pd.DataFrame({"text": other}))["drifted"].any()
    assert drift(pd.DataFrame({"text": short}), pd.DataFrame({"text": long}))["drifted"].all()


@pytest.mark.parametrize("sides", [(0, 5), (5, 0)])
def test_no_rows_are_refused_by_name(sides):
    with pytest.raises(DriftError, match="must have rows"):
        drift(table(10).head(sides[0]), table(10).head(sides[1]))


def test_no_shared_column_is_refused():
    with pytest.raises(DriftError, match="must share columns"):
        drift(table(5)[["city"]], table(5)[["income"]])


def test_numbers_written_as_text_are_the_same_numbers():
    before, after = table(300), table(300, 1)
    as_text = after.assign(children=after["children"].astype("str"), gaps=after["gaps"].astype("str"))
    plain = drift(before, after.assign(gaps=after["gaps"]))
    assert drift(before, as_text).loc["children", "statistic"] == plain.loc["children", "statistic"]


HOSTILE = st.one_of(
    st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5)), min_size=1, max_size=40),
    st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers(), st.booleans()), min_size=1, max_size=40),
    st.lists(st.none(), min_size=1, max_size=5),
    st.lists(st.just(float("inf")), min_size=1, max_size=5),
    st.lists(st.datetimes(), min_size=1, max_size=20),
)


@given(HOSTILE, HOSTILE)
def test_any_two_columns_are_compared_or_left_out(before, after):
    found = drift(
        pd.DataFrame({"x": pd.Series(before, dtype=object)}), pd.DataFrame({"x": pd.Series(after, dtype=object)})
    )
    assert len(found) + len(found.attrs["left_out"]) == 1
    assert found["p_adjusted"].between(0, 1).all()
    assert found["effect"].ge(0).all()


def test_the_order_of_rows_changes_nothing():
    before, after = table(400), table(300, 1)
    pd.testing.assert_frame_equal(drift(before, after), drift(before.sample(frac=1, random_state=0), after[::-1]))
