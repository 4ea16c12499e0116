from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import check_table
from core.collect.checked import ask
from core.collect.checks import (
    CheckError,
    Compared,
    HasPattern,
    IfThen,
    InRange,
    OneOf,
    Present,
    Unique,
    read_checks,
)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [30.0, -1.0, np.nan, 200.0, 30.0],
            "start": pd.to_datetime(["2026-01-01", "2026-03-01", None, "2020-01-01", "2026-01-01"]),
            "end": pd.to_datetime(["2026-02-01", "2026-02-01", "2026-02-01", None, "2026-01-01"]),
            "plan": ["basic", "Basic ", "gold", None, "plus"],
            "code": ["AB-12", "ab-12", None, "AB-12\n", "AB-123"],
        },
        index=pd.Index(list("vwxyz"), name="example"),
    )


EVERY = [
    InRange("age", 0, 120),
    InRange("age", low=0),
    InRange("start", "2025-01-01", "2026-02-28"),
    OneOf("plan", ("basic", "plus"), severe=False),
    OneOf("age", (30, -1)),
    HasPattern("code", "[A-Z]{2}-[0-9]{2}"),
    Unique(("age",)),
    Unique(("age", "start")),
    Present("plan"),
    Compared("start", "<=", "end"),
    IfThen("plan", ("gold", "plus"), InRange("age", 50, 99)),
    IfThen("plan", ("gold",), Present("age"), severe=False),
]
BROKEN = ["wy", "w", "wy", "wx", "y", "wyz", "z", "z", "y", "w", "z", "x"]


@pytest.mark.parametrize(("check", "broken"), list(zip(EVERY, BROKEN, strict=True)), ids=str)
def test_what_breaks_a_check_is_named(frame, check, broken):
    assert "".join(frame.index[check.broken(frame)]) == broken


def test_every_check_is_read_back_from_json():
    assert read_checks(json.loads(json.dumps([check.to_dict() for check in EVERY]))) == tuple(EVERY)


def test_every_check_is_a_sentence_of_its_own():
    assert len({str(check) for check in EVERY}) == len(EVERY)
    assert str(EVERY[0]) == "'age' lies between 0 and 120"
    assert str(EVERY[10]) == "if 'plan' is 'gold', 'plus', then 'age' lies between 50 and 99"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: InRange("age"), "lower or an upper end"),
        (lambda: InRange("age", 5, 2), "Swap them"),
        (lambda: InRange("age", 5, "2026-01-01"), "both be numbers or both dates"),
        (lambda: InRange("age", "soon"), "2026-01-31"),
        (lambda: InRange("", 1, 2), "name its column"),
        (lambda: OneOf("plan", ()), "1 to 1,000 values"),
        (lambda: HasPattern("code", "(?=a)b"), "RE2"),
        (lambda: HasPattern("code", "a" * 501), "1 to 500 characters"),
        (lambda: Unique(()), "needs a column"),
        (lambda: Compared("age", "<", "age"), "another column"),
        (lambda: Compared("age", "~", "end"), "one of"),
        (lambda: IfThen("plan", ("a",), Unique(("age",))), "check of one column"),
        (lambda: read_checks([{"kind": "magic"}]), "newer version"),
        (lambda: read_checks([{"kind": "range", "column": "age"}]), "lacks"),
    ],
)
def test_what_can_not_be_is_refused_with_the_remedy(make, said):
    with pytest.raises(CheckError, match=said):
        make()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (InRange("nothing", 1, 2), "none called 'nothing'"),
        (InRange("plan", 1, 2), "holds texts"),
        (InRange("age", "2026-01-01"), "holds numbers"),
        (OneOf("age", ("a",)), "holds numbers"),
        (OneOf("plan", (1,)), "holds texts"),
        (OneOf("start", ("2026-01-01",)), "range of dates"),
        (HasPattern("age", "a"), "holds numbers"),
        (Compared("age", "<", "start"), "holds numbers"),
        (Compared("plan", "<", "code"), "only for being equal"),
    ],
)
def test_a_check_that_does_not_fit_the_data_says_why_and_stops_no_other(frame, check, said):
    with pytest.raises(CheckError, match=said):
        check.broken(frame)
    unasked, broken = check_table(frame, [check, InRange("age", 0, 120)])
    assert unasked.message
    assert list(broken.ids) == ["w", "y"]


def test_no_pattern_hangs():
    texts = pd.DataFrame({"code": pd.Series(["a" * 50_000 + "!"] * 3, dtype="str")})
    assert HasPattern("code", "(a+)+").broken(texts).all()


def test_a_column_without_any_value_breaks_what_asks_for_values_only():
    empty = pd.DataFrame({name: pd.Series([np.nan] * 3) for name in ("age", "plan", "code")})
    broken, unasked = ask(
        empty, [InRange("age", 0, 1), OneOf("plan", ("a",)), HasPattern("code", "a"), InRange("age", "2026-01-01")]
    )
    assert not unasked
    assert not broken.to_numpy().any()
    assert Present("age").broken(empty).all()


def test_a_finding_marks_the_cells_and_says_how_bad(frame):
    found = check_table(frame, [InRange("age", 0, 120), OneOf("plan", ("basic", "plus"), severe=False), Present("age")])
    assert [finding.kind for finding in found] == ["check"] * 3
    assert [finding.severity for finding in found] == [0.7, 0.2, 0.7]
    outside, odd, missing = found
    assert outside.cells == [("w", "age"), ("y", "age")]
    assert outside.message == "2 of 5 examples (40.0%) break the check: -1, 200."
    assert (outside.fix, outside.values) == ("correct", [None, None])
    # "Basic " is written otherwise only; what "gold" should be nobody knows.
    assert odd.values == ["basic", None]
    assert (missing.fix, missing.cells) == (None, [("x", "age")])


def test_what_repeats_can_be_excluded_from_train_only(frame):
    (finding,) = check_table(frame, [Unique(("age",))], excludable=pd.Index(["z"]))
    assert (finding.fix, list(finding.ids)) == ("exclude", ["z"])
    (finding,) = check_table(frame, [Unique(("age",))], excludable=pd.Index(["v"]))
    assert (finding.fix, list(finding.ids)) == (None, ["z"])


def test_columns_that_disagree_are_both_marked(frame):
    (finding,) = check_table(frame, [Compared("start", "<=", "end")])
    assert finding.cells == [("w", "start"), ("w", "end")]
    assert "2026-03-01 and 2026-02-01" in finding.message


@given(
    left=st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=12),
    low=st.integers(-3, 0),
    high=st.integers(0, 3),
)
def test_brute_force_agrees(left, low, high):
    frame = pd.DataFrame({"a": pd.Series(left, dtype="float64"), "b": 0.0})
    some = [value for value in left if value is not None]
    assert InRange("a", low, high).broken(frame).sum() == sum(not low <= value <= high for value in some)
    assert OneOf("a", (low, high)).broken(frame).sum() == sum(value not in (low, high) for value in some)
    assert Unique(("a",)).broken(frame).sum() == len(some) - len(set(some))
    assert Compared("a", "<", "b").broken(frame).sum() == sum(not value < 0 for value in some)
    implied = IfThen("a", (low,), OneOf("b", (1,))).broken(frame).sum()
    assert implied == sum(value == low for value in some)
