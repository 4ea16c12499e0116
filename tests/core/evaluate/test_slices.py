from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.evaluate import lattice, pruning, slices, units
from core.evaluate.predictions import EvaluationError
from core.evaluate.slices import find_slices
from core.progress import Cancelled


def brute_force(frame, losses, top, max_predicates, min_size, alpha):
    """Every conjunction by masks: (predicates, size, error, score), best first, as the docstring orders ties."""
    found = []
    masks = [
        (place, value, (frame.iloc[:, place] == value).to_numpy())
        for place in range(frame.shape[1])
        for value in sorted(frame.iloc[:, place].unique())
    ]
    for length in range(1, max_predicates + 1):
        for chosen in combinations(masks, length):
            if len({place for place, _, _ in chosen}) < length:
                continue
            inside = np.logical_and.reduce([mask for _, _, mask in chosen])
            if inside.sum() < max(min_size, 1):
                continue
            error = losses[inside].mean()
            score = alpha * (error / losses.mean() - 1) - (1 - alpha) * (len(losses) / inside.sum() - 1)
            if round(score, 10) > 0:
                columns = tuple(place for place, _, _ in chosen)
                predicates = tuple((frame.columns[place], value) for place, value, _ in chosen)
                found.append((-round(score, 10), length, columns, predicates, inside.sum(), error, score))
    return [row[3:] for row in sorted(found, key=lambda row: row[:4])][:top]


@st.composite
def searches(draw):
    rows = draw(st.integers(1, 60))
    widths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frame = pd.DataFrame({f"c{place}": rng.integers(0, width, rows) for place, width in enumerate(widths)})
    if draw(st.booleans()):
        frame["twin"] = frame["c0"]
    kind = draw(st.sampled_from(["wrong", "few", "float"]))
    losses = {
        "wrong": lambda: rng.integers(0, 2, rows).astype(float),
        "few": lambda: rng.integers(0, 3, rows) / 2,
        "float": lambda: np.where(rng.random(rows) < 0.3, 0.0, rng.exponential(size=rows)),
    }[kind]()
    return frame, losses


@pytest.mark.parametrize("prune_from", [0, 10**12])
@given(
    search=searches(),
    top=st.integers(1, 8),
    max_predicates=st.integers(1, 4),
    min_size=st.integers(1, 8),
    alpha=st.sampled_from([0.5, 0.9, 0.95, 1.0]),
    most=st.sampled_from([1, 8, 1 << 17]),
    block=st.sampled_from([8, 40, 1 << 17]),
)
def test_equals_brute_force_ties_included(prune_from, search, top, max_predicates, min_size, alpha, most, block):
    frame, losses = search
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "_PRUNE_FROM", prune_from)
        patch.setattr(units, "_CELLS", block)
        patch.setattr(units, "_MOST_CELLS", block)
        patch.setattr(units, "_ROWS_AT_ONCE", 16)
        patch.setattr(pruning, "_CANDIDATES_AT_ONCE", most)
        patch.setattr(lattice, "_MOST_CELLS", most)
        patch.setattr(lattice, "_ROWS_AT_ONCE", 16)
        found = find_slices(frame, losses, top=top, max_predicates=max_predicates, min_size=min_size, alpha=alpha)
    expected = brute_force(frame, losses, top, max_predicates, min_size, alpha) if losses.any() else []
    assert [one.predicates for one in found] == [row[0] for row in expected]
    assert [one.size for one in found] == [row[1] for row in expected]
    np.testing.assert_allclose([one.error for one in found], [row[2] for row in expected])
    np.testing.assert_allclose([one.score for one in found], [row[3] for row in expected], atol=1e-9)
    for one in found:
        inside = np.logical_and.reduce([frame[column] == value for column, value in one.predicates])
        assert one.ids.equals(frame.index[inside])


@given(search=searches(), max_predicates=st.integers(1, 4), min_size=st.integers(1, 8))
def test_p_values_are_never_too_small_where_slices_were_passed_over(search, max_predicates, min_size):
    frame, losses = search
    options = {"max_predicates": max_predicates, "min_size": min_size, "top": 3}
    exact = find_slices(frame, losses, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "_PRUNE_FROM", 0)
        pruned = find_slices(frame, losses, **options)
    for one, other in zip(exact, pruned, strict=True):
        assert one.p_value == pytest.approx(other.p_value, abs=1e-12)
        assert one.p_adjusted <= other.p_adjusted + 1e-12


@pytest.mark.parametrize("alpha", [0.9, 1.0])
@pytest.mark.parametrize("kind", ["wrong", "log"])
@pytest.mark.parametrize("sort", [False, True])
def test_passing_over_slices_changes_nothing_on_columns_that_are_bound_to_each_other(alpha, kind, sort, monkeypatch):
    rng = np.random.default_rng(3)
    hidden = rng.standard_normal((4000, 2))
    seen = hidden[:, np.arange(9) % 2] + rng.standard_normal((4000, 9))
    frame = pd.DataFrame({f"c{place}": pd.cut(seen[:, place], place + 2, labels=False) for place in range(9)})
    chance = 1 / (1 + np.exp(2 - hidden[:, 0] * hidden[:, 1]))
    drawn = rng.random(4000) < chance
    losses = pd.Series(drawn.astype(float) if kind == "wrong" else -np.log(np.where(drawn, chance, 1 - chance)))
    if sort:
        losses = losses.sort_values()
        frame = frame.loc[losses.index]
    options = {"top": 15, "min_size": 20, "alpha": alpha}
    everything = find_slices(frame, losses, **options)
    counted = []
    monkeypatch.setattr(slices, "_PRUNE_FROM", 0)
    monkeypatch.setattr(units, "_CELLS", 1 << 9)
    count = units.Table.count
    monkeypatch.setattr(units.Table, "count", lambda *a: (counted.append(a[2] - a[1]), count(*a))[1])
    pruned = find_slices(frame, losses, **options)
    assert [(one.predicates, one.size) for one in pruned] == [(one.predicates, one.size) for one in everything]
    np.testing.assert_allclose([one.error for one in pruned], [one.error for one in everything])
    # Some rows were never looked at.
    assert sum(counted) % 4000 > 0


@pytest.fixture
def weak():
    """5,000 rows in which one conjunction is predicted badly."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "plan": rng.choice(["basic", "plus"], 5000),
            "region": rng.choice(["north", "south", "east"], 5000),
            "seats": rng.integers(1, 6, 5000),
        },
        index=[f"id{row}" for row in range(5000)],
    )
    inside = (frame["plan"] == "plus") & (frame["region"] == "east")
    losses = pd.Series((rng.random(5000) < np.where(inside, 0.5, 0.05)).astype(float), index=frame.index)
    return frame, losses, frame.index[inside]


def test_the_planted_slice_comes_first_with_its_figures(weak):
    frame, losses, inside = weak
    first = find_slices(frame, losses)[0]
    assert str(first) == "plan is plus and region is east"
    assert first.ids.equals(inside)
    assert first.size == len(inside)
    assert first.share == first.size / 5000
    assert first.error == losses[inside].mean()
    assert first.low < first.error < first.high
    assert first.lift == pytest.approx(first.error / losses.mean())
    assert first.gain_if_fixed == pytest.approx(losses.mean() - losses.drop(inside).mean())
    assert first.p_value <= first.p_adjusted < 1e-50


def test_p_values_are_exact_for_wrong_and_right_and_adjusted_for_every_slice(weak):
    frame, losses, _ = weak
    found = find_slices(frame, losses, top=1000, max_predicates=2)
    exact, tests = [], 0
    for length in (1, 2):
        for names in combinations(frame.columns, length):
            grouped = losses.groupby([frame[name] for name in names]).agg(["size", "sum"])
            grouped = grouped[grouped["size"] >= 50]
            tests += len(grouped)
            exact.extend(stats.hypergeom.sf(grouped["sum"] - 1, 5000, losses.sum(), grouped["size"]))
    assert tests == len(exact)
    adjusted = np.sort(stats.false_discovery_control(exact))
    for place, one in enumerate(sorted(found, key=lambda one: one.p_value)[:5]):
        assert adjusted[place] <= one.p_adjusted <= 1.2 * adjusted[place]


def test_chance_is_seldom_called_significant():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(0, 5, 2000) for name in "abcd"})
    for draw in (lambda: rng.random(2000) < 0.1, lambda: rng.exponential(size=2000) ** 2):
        claims = [
            any(one.p_adjusted < 0.05 for one in find_slices(frame, draw().astype(float), top=3)) for _ in range(60)
        ]
        assert np.mean(claims) <= 0.12


def test_losses_of_any_size_and_order(weak):
    frame, losses, _ = weak
    log_losses = losses + 0.1
    found = find_slices(frame, log_losses.sample(frac=1, random_state=0))
    assert found == find_slices(frame, log_losses.to_numpy())
    assert str(found[0]) == "plan is plus and region is east"
    assert found[0].low < found[0].error < found[0].high
    assert found[0].p_adjusted < 1e-20


def test_row_order_changes_nothing(weak):
    frame, losses, _ = weak
    assert find_slices(frame.sample(frac=1, random_state=1), losses) == find_slices(frame, losses)


def test_categories_objects_and_missing_values_are_values():
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["x", "y", None, None] * 20, categories=["unused", "y", "x"]),
            "mixed": [1, "one", None, 2.5] * 20,
            "flag": [True, False, False, False] * 20,
        }
    )
    found = find_slices(frame, [0.0, 0.0, 1.0, 0.0] * 20, min_size=20)
    assert found[0].predicates == (("mixed", "missing"),)
    assert str(found[1]) == "category is missing and mixed is missing"
    assert str(found[2]) == "mixed is missing and flag is no"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([True, False], "x is yes"),
        ([3.0, 0.1 + 0.2], "x is 3"),
        (pd.to_datetime(["2024-02-01", "2024-02-02"]), "x is 2024-02-01"),
        (pd.to_datetime(["2024-02-01 10:30", "2024-02-02 11:00"]), "x is 2024-02-01 10:30:00"),
        (pd.cut(pd.Series([20, 30]), [18, 25, 40]), "x is above 18 up to 25"),
        (pd.cut(pd.Series([20, 30]), [18, 25, 40], right=False), "x is from 18 to below 25"),
        (["", "b"], "x is empty"),
        ([None, "b"], "x is missing"),
        (pd.array([7, 8], dtype="Int64"), "x is 7"),
    ],
)
def test_a_predicate_reads_as_part_of_a_sentence(values, said):
    frame = pd.DataFrame({"x": values})
    assert [str(one) for one in find_slices(frame, [1, 0], min_size=1)] == [said]


def test_names_of_columns_are_those_of_the_frame():
    frame = pd.DataFrame(np.array([[1, 2], [1, 3], [2, 2]] * 10))
    assert find_slices(frame, [1, 0, 0] * 10, min_size=5)[0].predicates == ((0, 1), (1, 2))


@pytest.mark.parametrize(
    "losses",
    [
        [True, False, True, False],
        np.array([1, 0, 1, 0]),
        pd.Series([1, 0, 1, 0], index=list("abcd"), dtype="Int64"),
        pd.Series([0, 1, 0, 1], index=list("dcba")),
        pd.Series([True, False, True, False], index=list("abcd")),
    ],
)
def test_losses_of_any_kind(losses):
    frame = pd.DataFrame({"x": ["u", "v", "u", "v"]}, index=list("abcd"))
    (found,) = find_slices(frame, losses, min_size=1)
    assert found.predicates == (("x", "u"),)
    assert list(found.ids) == ["a", "c"]


def test_ids_may_repeat_where_losses_come_in_the_same_order():
    frame = pd.DataFrame({"x": ["u", "v", "u", "v"]}, index=[0, 0, 1, 1])
    (found,) = find_slices(frame, pd.Series([1, 0, 1, 0], index=frame.index), min_size=1)
    assert (found.size, found.error) == (2, 1)
    with pytest.raises(EvaluationError, match="more than once"):
        find_slices(frame, pd.Series([1, 0, 1, 0], index=[1, 0, 0, 1]), min_size=1)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_tiny_frames(rows):
    frame = pd.DataFrame({"x": ["u", "v"], "same": [1, 1]})[:rows]
    found = find_slices(frame, np.array([1.0, 0.0])[:rows], min_size=1)
    # Of two rows one is worse than both; of one nothing is.
    assert [one.predicates for one in found] == ([(("x", "u"),), (("x", "u"), ("same", 1))] if rows == 2 else [])


def test_many_values_and_slices_of_one_row():
    rows = 3000
    frame = pd.DataFrame({"id": [f"id{row}" for row in range(rows)], "number": np.arange(rows) % 1000})
    losses = np.zeros(rows)
    losses[[5, 70]] = 1
    found = find_slices(frame, losses, min_size=1, alpha=1.0)
    assert {one.predicates for one in found if one.error == 1 and one.size == 1} >= {
        (("id", "id5"),),
        (("id", "id70"),),
    }
    for one in found:
        inside = np.logical_and.reduce([frame[column] == value for column, value in one.predicates])
        assert one.size == inside.sum()
        assert one.error == losses[inside].mean()


def test_nothing_to_find():
    frame = pd.DataFrame({"a": [1, 2] * 50})
    assert find_slices(frame, np.zeros(100)) == []
    assert find_slices(frame, np.ones(100)) == []
    assert find_slices(frame[:10], np.ones(10)) == []
    assert find_slices(pd.DataFrame(index=range(5)), np.ones(5), min_size=1) == []
    assert find_slices(frame[:0], np.ones(0)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"top": 0}, "'top' of a search for slices must be at least 1. Got 0"),
        ({"max_predicates": 0}, "'max_predicates'"),
        ({"min_size": 0}, "'min_size'"),
        ({"alpha": 0}, "'alpha'"),
        ({"losses": [1.0]}, "one loss"),
        ({"losses": [1.0, -1.0, 0.0]}, "'1' is -1.0"),
        ({"losses": pd.Series([1.0, 0.0], index=[0, 2])}, "'1' is nan"),
        ({"losses": pd.Series([1.0, 0.0], index=[0, 0])}, "more than once"),
        ({"losses": pd.Series([1.0, 0.0, 0.0], index=list("abc"))}, "None of the losses is of one of the examples"),
        ({"losses": ["bad", 1, 0]}, "must be numbers"),
        ({"losses": pd.Series([1, None, 0], dtype="Int64")}, "'1' is nan"),
    ],
)
def test_refusals(change, said):
    options = {"losses": [0.0, 1.0, 0.0]} | change
    with pytest.raises(EvaluationError, match=said):
        find_slices(pd.DataFrame({"a": [1, 2, 3]}), **options)


def test_progress_rises_and_cancel_stops(weak):
    frame, losses, _ = weak
    heard = []
    find_slices(frame, losses, progress=lambda share, _: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1
    with pytest.raises(Cancelled):
        find_slices(frame, losses, cancel=lambda: True)
