from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluate import Predicate, bins_of, find_slices, holds, joined, sentence, slice_frame


def everything(rows: int = 900, seed: int = 0) -> pd.DataFrame:
    """A column of each kind, each with missing values where it can have them."""
    rng = np.random.default_rng(seed)
    gone = rng.random(rows) < 0.1
    rare, often = [f"rare {n}" for n in range(40)], [0.2] * 3 + [0.01] * 40
    return pd.DataFrame(
        {
            "income": np.where(gone, np.nan, rng.lognormal(10, 1, rows)),
            "age": rng.integers(18, 80, rows).astype(float),
            "visits": rng.poisson(1.2, rows),
            "ratio": rng.normal(0, 1e-4, rows),
            "debt": np.where(rng.random(rows) < 0.5, 0.0, rng.normal(-3000, 20000, rows)),
            "odd": np.where(gone, np.inf, rng.normal(size=rows)),
            "member": rng.random(rows) < 0.5,
            "plan": rng.choice(["basic", "plus", "6 to 9", *rare], rows, p=often),
            "note": rng.choice(["missing", "other", None, *rare], rows, p=often),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 3, rows), "D"),
            "month": pd.Timestamp("2025-11-03") + pd.to_timedelta(rng.integers(0, 200, rows), "D"),
            "born": pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 18000, rows), "D"),
        },
        index=pd.Index([f"r{n}" for n in range(rows)]),
    ).assign(month=lambda frame: frame["month"].where(~gone))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("by_loss", [False, True])
def test_a_predicate_holds_for_its_category_and_for_no_other_row(seed, by_loss):
    frame = everything(seed=seed)
    losses = pd.Series(np.random.default_rng(seed).random(len(frame)) < 0.2, index=frame.index).astype(float)
    categories, _ = slice_frame(frame, losses if by_loss else None, min_size=30)
    assert set(categories) == set(frame)
    bins = bins_of(frame, categories)
    for name, column in categories.items():
        for category in column.cat.categories:
            predicate = bins[name].by_name[category]
            assert str(predicate) == f"{name} is {category}"
            assert (predicate.holds(frame[name]) == (column == category).to_numpy()).all(), predicate
            again = Predicate.from_dict(json.loads(json.dumps(predicate.to_dict())))
            assert again == predicate


def test_a_predicate_says_what_its_words_say_of_values_that_were_not_there():
    frame = pd.DataFrame({"age": np.random.default_rng(0).normal(50, 9, 600)})
    categories, _ = slice_frame(frame, min_size=50)
    bins = bins_of(frame, categories)
    below = next(each for each in bins["age"].by_name.values() if each.words.startswith("below"))
    cut = float(below.words.removeprefix("below "))
    assert cut not in set(frame["age"])
    # Between the highest value inside and the lowest outside the name decides, not the data.
    assert below.holds(pd.Series([np.nextafter(cut, 0), cut, None])).tolist() == [True, False, False]


def test_a_slice_is_found_again_by_its_predicates():
    frame = everything()
    losses = pd.Series(((frame["age"] > 60) & frame["member"]).astype(float), index=frame.index)
    categories, _ = slice_frame(frame, min_size=30)
    bins = bins_of(frame, categories)
    found = find_slices(categories, losses, min_size=30)
    assert found
    for each in found:
        predicates = joined(each.predicates, bins)
        assert sentence(predicates) == str(each)
        assert frame.index[holds(predicates, frame)].equals(each.ids)


def test_a_column_that_is_gone_holds_nobody():
    frame = everything()
    assert not holds([Predicate("left", "basic", values=("basic",))], frame).any()
    assert holds([], frame).all()


def test_a_new_value_is_other_and_dates_keep_their_period():
    frame = everything()
    categories, _ = slice_frame(frame, min_size=30)
    bins = bins_of(frame, categories)
    other = bins["plan"].by_name["a rarer value"]
    assert other.holds(pd.Series(["never seen", "basic", None])).tolist() == [True, False, False]
    day = bins["day"].by_name["2026-01-02"]
    assert day.holds(pd.Series(pd.to_datetime(["2026-01-02T23:59:59", "2026-01-03T00:00:00"]))).tolist() == [
        True,
        False,
    ]


@given(data=st.data(), seed=st.integers(0, 5))
def test_a_union_holds_where_one_of_its_categories_does(data, seed):
    frame = everything(300, seed)
    categories, _ = slice_frame(frame, min_size=20)
    name = data.draw(st.sampled_from(sorted(categories)))
    bins = bins_of(frame[[name]], categories[[name]])[name]
    names = list(bins.by_name)
    if bins.ordered:
        known = [each for each in names if not bins.by_name[each].missing]
        start = data.draw(st.integers(0, len(known) - 1))
        chosen = known[start : data.draw(st.integers(start + 1, len(known)))]
        chosen += [each for each in names if each not in known and data.draw(st.booleans())]
    else:
        chosen = [each for each in names if data.draw(st.booleans())] or names[:1]
    union = bins.union(chosen)
    assert (union.holds(frame[name]) == categories[name].isin(chosen).to_numpy()).all(), union
    assert Predicate.from_dict(json.loads(json.dumps(union.to_dict()))) == union


def test_a_union_reads_like_a_sentence():
    frame = pd.DataFrame({"age": np.arange(600) % 60, "plan": list("abcdef") * 100})
    categories, _ = slice_frame(frame, min_size=20)
    bins = bins_of(frame, categories)
    ages = list(bins["age"].by_name)
    assert ages[0] == "below 10"
    assert str(bins["age"].union(ages[:2])) == "age is below 20"
    assert str(bins["age"].union(ages[1:3])) == "age is 10 to 29"
    assert str(bins["age"].union(ages[4:])) == "age is 40 or more"
    assert str(bins["plan"].union(["a", "b"])) == "plan is a or b"
    assert str(bins["plan"].union(["a", "b", "c", "d", "e"])) == "plan is not f"
    assert str(bins["plan"].union(["a", "b", "c", "d"])) == "plan is neither e nor f"
