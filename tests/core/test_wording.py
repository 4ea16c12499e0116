from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wording


def test_differences_carry_their_sign_and_zero_has_none():
    assert wording.signed(0.0431) == "+0.043"
    assert wording.signed(-0.0431) == "−0.043"
    assert wording.signed(-0.0001) == wording.signed(0.0001) == "0.000"


def test_interval_reads_in_one_line():
    assert wording.interval(0.5874, 0.6401) == "0.587 to 0.640"
    assert wording.signed_interval(-0.01, 0.02) == "−0.010 to +0.020"


@pytest.mark.parametrize(
    ("value", "said"), [(1, "1 class"), (2, "2 classes"), (0, "0 classes"), (12000, "12,000 classes")]
)
def test_count_takes_the_noun_that_fits(value, said):
    assert wording.count(value, "class", "classes") == said


def test_the_verb_fits_the_number_before_it():
    assert [wording.verb(number, "has", "have") for number in (0, 1, 2)] == ["have", "has", "have"]


def test_once_and_twice_are_words():
    assert [wording.times(number) for number in (1, 2, 3, 1200)] == ["once", "twice", "3 times", "1,200 times"]


def test_a_share_and_the_ends_of_its_interval_are_percentages_without_a_space():
    assert f"{wording.percent(0.12)} ({wording.percent_interval(0.0991, 0.144)})" == "12.0% (9.9% to 14.4%)"


def test_missing_numbers_are_a_dash():
    assert wording.number(math.nan) == wording.signed(math.nan) == wording.percent(math.nan) == "–"


@given(st.text(), st.integers(2, 60))
def test_shortened_text_fits_and_stays_on_one_line(text, width):
    short = wording.shorten(text, width)
    assert len(short) <= width
    assert "\n" not in short


def test_a_small_p_value_is_written_by_its_bound():
    assert wording.p_value(0.0009) == "below 0.001"
    assert wording.p_value(0.0312) == "0.031"


def test_a_moment_is_that_of_the_clock_here(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        assert wording.moment("2026-11-25T20:30:59+00:00") == "2026-11-26 05:30"
    finally:
        monkeypatch.undo()
        time.tzset()
