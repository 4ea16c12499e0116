from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.annotate.column_reader import ColumnReader, RuleError, check_pattern, marked
from core.annotate.combinations import AllOf, AnyOf, Not, read_condition
from core.annotate.conditions import Compares, Contains, Matches, Missing

TEXTS = ["The cat sat", "category", "CAT!", "dog", None, "cat,dog", "고양이 cat", "고양이", "cat고", "a+b", "a\0b", ""]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "text": TEXTS,
            "n": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, np.nan],
            "member": [True, False] * 6,
            "colour": ["red", "blue", None] * 4,
            "when": pd.date_range("2026-01-01", periods=12),
        }
    )


def met(condition, frame) -> list[int]:
    return np.flatnonzero(condition.mask(ColumnReader(frame))).tolist()


def test_words_are_found_whatever_their_case(frame):
    assert met(Contains("text", ("cat",)), frame) == [0, 1, 2, 5, 6, 8]
    assert met(Contains("text", ("cat",), match_case=True), frame) == [0, 1, 5, 6, 8]
    assert met(Contains("text", ("cat", "dog"), every=True), frame) == [5]
    assert met(Contains("text", ("a+b",)), frame) == [9]
    assert met(Contains("text", ("\0",)), frame) == [10]


def test_whole_words_end_where_letters_of_any_script_end(frame):
    assert met(Contains("text", ("cat",), whole_words=True), frame) == [0, 2, 5, 6]
    assert met(Contains("text", ("고양이", "dog"), whole_words=True), frame) == [3, 5, 6, 7]


@given(
    texts=st.lists(st.text("aAbB c,_1", max_size=12), min_size=1, max_size=8),
    words=st.lists(st.text("aAbB c", min_size=1, max_size=3).filter(str.strip), min_size=1, max_size=3),
    every=st.booleans(),
    whole=st.booleans(),
    case=st.booleans(),
)
def test_words_are_found_where_pythons_own_search_finds_them(texts, words, every, whole, case):
    def one(word: str, text: str) -> bool:
        pattern = re.escape(word)
        if whole:
            pattern = (r"(?<!\w)" if re.match(r"\w", word[0]) else "") + pattern
            pattern += r"(?!\w)" if re.match(r"\w", word[-1]) else ""
        return re.search(pattern, text, 0 if case else re.IGNORECASE) is not None

    expected = [(all if every else any)(one(word, text) for word in words) for text in texts]
    condition = Contains("t", tuple(words), every=every, whole_words=whole, match_case=case)
    assert condition.mask(ColumnReader(pd.DataFrame({"t": texts}))).tolist() == expected


@given(
    texts=st.lists(st.text("ab1 -", max_size=10), min_size=1, max_size=8),
    pattern=st.sampled_from(["a+b", "^a", "b$", "a|1", r"\d", "[^a]b", "(a|b){2}", "a.?b", ""]).filter(bool),
)
def test_regular_expressions_agree_with_pythons(texts, pattern):
    expected = [re.search(pattern, text, re.IGNORECASE) is not None for text in texts]
    assert Matches("t", pattern).mask(ColumnReader(pd.DataFrame({"t": texts}))).tolist() == expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("<", (3,), [0, 1]),
        ("<=", ("3",), [0, 1, 2]),
        (">", (9.5,), [9, 10]),
        (">=", (10,), [9, 10]),
        ("between", (3, 5), [2, 3, 4]),
        ("equals", (4,), [3]),
        ("one of", (1, 11, 99), [0, 10]),
    ],
)
def test_numbers_are_compared(frame, operator, values, expected):
    assert met(Compares("n", operator, values), frame) == expected


def test_dates_texts_and_switches_are_compared(frame):
    assert met(Compares("when", "<", ("2026-01-03",)), frame) == [0, 1]
    assert met(Compares("when", "between", ("2026-01-11", "2026-02-01")), frame) == [10, 11]
    assert met(Compares("when", "equals", ("2026-01-02T00:00:00+00:00",)), frame) == [1]
    assert met(Compares("colour", "one of", ("red", "green")), frame) == [0, 3, 6, 9]
    assert met(Compares("member", "equals", (True,)), frame) == [0, 2, 4, 6, 8, 10]
    assert met(Compares("member", "equals", ("false",)), frame) == [1, 3, 5, 7, 9, 11]


def test_conditions_combine(frame):
    red, low = Compares("colour", "equals", ("red",)), Compares("n", "<", (5,))
    assert met(AllOf((red, low)), frame) == [0, 3]
    assert met(AnyOf((red, low)), frame) == [0, 1, 2, 3, 6, 9]
    assert met(Not(AnyOf((red, low))), frame) == [4, 5, 7, 8, 10, 11]
    assert met(Missing("colour"), frame) == [2, 5, 8, 11]
    assert met(Not(Missing("text")), frame) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]


def test_a_missing_value_meets_no_comparison_and_holds_no_word(frame):
    assert 4 not in met(Contains("text", ("a",)), frame)
    assert 4 not in met(Matches("text", ".*"), frame)
    assert 11 not in met(Compares("n", "<=", (1e300,)), frame)


def test_a_condition_says_in_words_what_it_asks():
    condition = AllOf(
        (
            Contains("text", ("win", "free"), whole_words=True),
            Not(Contains("text", ("lunch",))),
            AnyOf((Compares("n", "between", (1.0, 2.5)), Not(Missing("when")))),
        )
    )
    assert str(condition) == (
        "text contains 'win' or 'free' (whole words) and text does not contain 'lunch' and "
        "(n lies between 1 and 2.5 or when is there)"
    )
    assert condition.columns == ("text", "n", "when")
    assert read_condition(condition.to_dict()) == condition


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (lambda: Contains("nowhere", ("a",)), "called 'nowhere'"),
        (lambda: Contains("n", ("a",)), "holds numbers. Use a comparison"),
        (lambda: Matches("when", "a"), "holds dates"),
        (lambda: Compares("n", "<", ("abc",)), "must be compared with one. Got 'abc'"),
        (lambda: Compares("n", "<", (10**400,)), "must be compared with one"),
        (lambda: Compares("n", "<", (float("nan"),)), "must be compared with one"),
        (lambda: Compares("when", ">", ("soon",)), "such as 2026-01-31. Got 'soon'"),
        (lambda: Compares("when", ">", (3,)), "such as 2026-01-31. Got 3"),
        (lambda: Compares("colour", "<", ("red",)), "holds texts"),
        (lambda: Compares("n", "between", (5, 1)), "Swap them"),
        (lambda: Compares("n", "between", (5,)), "takes 2 values. Got 1"),
        (lambda: Compares("n", "~", (5,)), "Got '~' instead"),
        (lambda: Contains("text", ()), "1 to 500 of them"),
        (lambda: Contains("text", (" ",)), "not only spaces"),
        (lambda: Contains("text", ("\ud800",)), "whole characters"),
        (lambda: Matches("text", "a" * 2_000), "1 to 1,000 characters"),
        (lambda: AllOf(()), "1 to 50 conditions"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_rule_and_the_remedy(frame, condition, said):
    with pytest.raises(RuleError, match=re.escape(said)):
        condition().mask(ColumnReader(frame))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a(?=b)", "Look-ahead"),
        ("a(?!b)", "Look-ahead"),
        ("(?<=a)b", "Look-behind"),
        ("(?<!a)b", "Look-behind"),
        (r"(a)\1", "Back-references"),
        ("(?P<x>a)(?P=x)", "Back-references"),
        ("(?>a)", "atomic"),
        ("a*+", "Possessive"),
        ("a{1001}", "count to 1,000"),
        ("((a{100}){100}){100}", "count to 1,000"),
        (r"\pL{999}" * 50, "too large"),
        ("[a", "not closed"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("*", "nothing before"),
        ("a\\", "backslash"),
        (r"\p{Nothing}", "look for words"),
    ],
)
def test_what_re2_lacks_is_named(pattern, said):
    with pytest.raises(RuleError, match="RE2 knows") as error:
        Matches("text", pattern)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(x*)*y", "(a|aa)+$", "(a|a)*b", "(.*)*z", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
@pytest.mark.parametrize("text", ["a" * 200_000 + "!", "x" * 200_000])
def test_what_hangs_other_engines_ends_at_once(pattern, text):
    start = time.process_time()
    Matches("t", pattern).mask(ColumnReader(pd.DataFrame({"t": [text] * 5})))
    assert time.process_time() - start < 3


def test_a_slow_search_is_cut_off_with_what_is_slow():
    rng = np.random.default_rng(0)
    texts = pd.DataFrame({"t": ["".join(rng.choice(list("ab"), 2_000)) for _ in range(300)]})
    start = time.process_time()
    with pytest.raises(RuleError, match=r"may take 0\.3 seconds.*'\[ab\]\*a\[ab\]\{900\}c' in 't'.* of 300 texts"):
        Matches("t", "[ab]*a[ab]{900}c").mask(ColumnReader(texts, budget=0.3))
    assert time.process_time() - start < 3


def test_one_text_that_would_take_too_long_is_not_begun():
    rng = np.random.default_rng(0)
    texts = pd.DataFrame({"t": ["".join(rng.choice(["a", "b"], 1_000_000))]})
    start = time.process_time()
    with pytest.raises(RuleError, match="0 of 1 texts"):
        Matches("t", "[ab]*a[ab]{900}c").mask(ColumnReader(texts, budget=1))
    assert time.process_time() - start < 5
    assert Matches("t", "(a+)+b").mask(ColumnReader(texts, budget=1)).all()


def test_what_was_found_is_marked():
    assert marked("a cat, a Cat", "(?i)cat") == [("a ", False), ("cat", True), (", a ", False), ("Cat", True)]
    assert "".join(piece for piece, _ in marked("x\x02y\x03z", "y")) == "x y z"
    assert [piece for piece, found in marked("aaa", "b*") if found] == []


# --- nothing but a RuleError comes out -------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.sampled_from([10**400, "2026-01-01", "1e9999", "0001-01-01", "9999-12-31", "262143-01-01", "now", "\ud800"]),
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
columns_ = st.sampled_from(["a", "b", "", "nowhere"]) | scalars
anything = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("contains"), "column": columns_, "words": st.lists(scalars, max_size=3) | json_values},
        optional={"every": scalars, "whole_words": st.booleans(), "match_case": st.booleans()},
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("matches"),
            "column": columns_,
            "pattern": st.text(st.sampled_from(list("ab.*+?()[]{}|\\^$19,:=!<>P-\x00é고")), max_size=12) | json_values,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("compares"),
            "column": columns_,
            "operator": st.sampled_from(["<", "<=", ">", ">=", "between", "equals", "one of"]) | scalars,
            "values": st.lists(scalars, max_size=3) | json_values,
        }
    ),
    st.fixed_dictionaries({"kind": st.just("missing"), "column": columns_}),
    json_values,
)
conditions_ = st.recursive(
    anything,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"kind": st.sampled_from(["all of", "any of"]), "parts": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"kind": st.just("not"), "part": inner}),
    ),
    max_leaves=5,
)
cells = st.one_of(
    scalars,
    st.dates(),
    st.datetimes(),
    st.binary(max_size=4),
    st.complex_numbers(),
    st.lists(st.integers(), max_size=2),
    st.timedeltas(),
    st.decimals(),
)
series = st.integers(1, 5).flatmap(
    lambda rows: st.one_of(
        st.lists(cells, min_size=rows, max_size=rows),
        st.lists(st.text(max_size=20) | st.none(), min_size=rows, max_size=rows),
        st.lists(st.floats() | st.none(), min_size=rows, max_size=rows),
        st.lists(st.datetimes() | st.none(), min_size=rows, max_size=rows),
        st.lists(st.booleans() | st.none(), min_size=rows, max_size=rows),
    )
)


@settings(suppress_health_check=list(HealthCheck))
@given(condition=conditions_, one=series, other=series)
@example(condition={"kind": "contains", "column": "a", "words": ["x"]}, one=["\ud800", "x"], other=[1])
@example(condition={"kind": "matches", "column": "a", "pattern": "(a+)+$"}, one=["a" * 50_000 + "b"], other=[1])
def test_no_condition_and_no_frame_end_in_anything_but_a_mask_or_a_sentence(condition, one, other):
    rows = min(len(one), len(other))
    frame = pd.DataFrame({"a": pd.Series(one[:rows], dtype=object), "b": pd.Series(other[:rows], dtype=object)})
    try:
        read_ = read_condition(condition)
        mask = read_.mask(ColumnReader(frame))
    except RuleError as error:
        # A half character in it could be neither shown nor logged.
        str(error).encode("utf-8")
        return
    assert mask.shape == (rows,)
    assert mask.dtype == bool
    assert str(read_)
    assert (read_condition(read_.to_dict()).mask(ColumnReader(frame)) == mask).all()


@given(st.text(st.sampled_from(list("ab.*+?()[]{}|\\^$019,:=!<>PpLQE-\x00é고 ")), max_size=20) | st.text(max_size=10))
def test_no_pattern_ends_in_anything_but_a_sentence(pattern):
    try:
        check_pattern(pattern)
    except RuleError as error:
        str(error).encode("utf-8")


def test_conditions_within_conditions_end_somewhere():
    condition = {"kind": "missing", "column": "a"}
    for _ in range(2_000):
        condition = {"kind": "not", "part": condition}
    with pytest.raises(RuleError, match="6 levels deep"):
        read_condition(condition)
