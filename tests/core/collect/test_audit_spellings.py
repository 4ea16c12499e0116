from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CITIES = ["Seoul", "Busan", "Incheon", "Gwangju"]


def cities(**others):
    """400 cities, but for some places."""
    values = [CITIES[n % 4] for n in range(400)]
    for place, value in others.items():
        values[int(place[1:])] = value
    return values


def test_one_value_in_several_spellings(mended):
    (finding,), dataset = mended(
        "spelling_variants", city=cities(r0="seoul ", r4="SEOUL", r8="\uff33eoul", r1="busan.")
    )
    assert list(finding.cells) == [("r0", "city"), ("r1", "city"), ("r4", "city"), ("r8", "city")]
    assert finding.values == ["Seoul", "Busan", "Seoul", "Seoul"]
    assert set(dataset.frame["city"]) == set(CITIES)


def test_the_rare_spelling_is_found_in_test_too_by_what_train_says(mended):
    (finding,), dataset = mended("spelling_variants", city=cities(r0="SEOUL"), test=["r0", "r1", "r2"])
    assert list(finding.cells) == [("r0", "city")]
    assert dataset.split["r0"] == "test"


@pytest.mark.parametrize("slip", ["Incheno", "Inchxon", "Inchen", "Inncheon"])
def test_slips(mended, slip):
    (finding,), _ = mended("misspelled", city=cities(r2=slip))
    assert list(finding.cells) == [("r2", "city")]
    assert finding.values == ["Incheon"]


def test_a_slip_leaves_the_numbers_as_they_are(mended):
    values = [f"{n % 30} patients" for n in range(400)]
    values[3], values[7] = "612 patxents", "5 paxienxs"
    (finding,), _ = mended("misspelled", sample=values)
    assert finding.values == ["612 patients", "5 patients"]


@pytest.mark.parametrize(
    "values",
    [
        cities(r0="Ulsan", r1="Jeju"),  # rare, but near to none
        ["north wing", "south wing"] * 198 + ["south ward", "north ward"] * 2,  # words that are usual
        ["item 1", "item 2"] * 199 + ["item 3", "item 4"],  # another number is another thing
        ["US"] * 150 + ["KR"] * 150 + ["DE"] * 98 + ["UK"] * 2,  # codes are all alike
        [f"name {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)],
    ],
)
def test_rare_values_that_are_no_slips(mended, values):
    assert mended("misspelled", column=values)[0] == []


def test_what_a_whole_group_has_is_no_slip(mended):
    shop = [f"shop {n // 8}" for n in range(400)]
    city = [CITIES[n // 8 % 4] for n in range(400)]
    city[16:24] = ["Inchon"] * 8
    assert mended("misspelled", city=city, shop=shop)[0] == []
    city[16:24] = ["Incheon"] * 7 + ["Inchon"]
    assert len(mended("misspelled", city=city, shop=shop)[0]) == 1


def test_formats(mended):
    zips = [f"KR-{10_000 + 37 * n % 90_000}" for n in range(400)]
    codes = [f"{'abc'[n % 3]}-{n % 10}" for n in range(400)]
    zips[3], codes[5] = "KR-1x0x2", "a-b"
    found, _ = mended("odd_format", zip=zips, code=codes)
    assert {finding.cells[0] for finding in found} == {("r3", "zip"), ("r5", "code")}
    assert all(finding.fix is None for finding in found)


def test_numbers_of_many_lengths_are_one_format(mended):
    assert mended("odd_format", sample=[f"{n} patients" for n in range(1, 401)])[0] == []


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_random_words_are_no_slips_of_each_other(seed):
    from core.collect.audit_spellings import slips
    from core.collect.audited import Coded

    random = np.random.default_rng(seed)
    words = np.unique(["".join(random.choice(list("abcdefghijklmnopqrst"), 9)) for _ in range(60)]).astype(object)
    counts = np.where(np.arange(len(words)) < 20, 30, 1)
    coded = Coded("word", np.repeat(np.arange(len(words)), counts), words, counts, counts)
    assert set(slips(coded, np.zeros(len(words), dtype=bool))) == {None}
