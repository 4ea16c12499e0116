from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.audit_types import check_types
from core.collect.audited import Audited
from core.dataset import Dataset


def spread(plain, *others):
    """400 values: the first hundred hold the others in turn, all else is plain."""
    values = [plain[n % len(plain)] for n in range(400)]
    for n in range(100):
        values[n] = others[n % len(others)]
    return values


@pytest.mark.parametrize(
    ("plain", "other", "becomes"),
    [
        (["0.05", "0.09", "0.04"], "0.07%", "0.07"),
        (["0.05", "0.50", "0.14"], "25%", "0.25"),
        (["5", "50", "100"], "25 %", "25"),
        (["11", "12.5", "16"], "12.0 oz", "12"),
        (["900", "1500", "99999"], "1,250", "1250"),
        (["900", "1500", "99999"], "$1,250.50", "1250.5"),
        (["1.5", "2.25", "0.5"], "1,75", "1.75"),
        (["1000", "25000", "3000"], "12,000원", "12000"),
    ],
)
def test_numbers_in_other_dress(mended, plain, other, becomes):
    (finding,), dataset = mended("mixed_types", size=spread(plain, other))
    assert len(finding.cells) == 100
    assert set(finding.values) == {becomes}
    assert other not in set(dataset.frame["size"])


def test_one_unit_in_many_spellings(mended):
    values = ["12.0 oz", "16 oz.", "8.4 ounce", "12.0 OZ.", "19.2 oz. can"] * 80
    (finding,), dataset = mended("mixed_types", ounces=values)
    assert len(finding.cells) == 400
    assert set(dataset.frame["ounces"]) == {"12", "16", "8.4", "19.2"}


@pytest.mark.parametrize(
    "values",
    [
        ["37 patients", "112 patients", "5 patients", "40 patients"] * 100,  # one unit, one spelling
        ["3 kg", "2000 g", "1 kg", "500 g"] * 100,  # two units
        ["10-20", "20-30", "30-40", ">40"] * 100,  # ranges
        ["1st", "2nd", "3rd", "4th"] * 100,
        ["A1", "B2", "C3", "7"] * 100,
        ["007", "012", "123", "999"] * 100,
        ["192.168.0.1", "10.0.0.7", "8.8.8.8", "1.1.1.1"] * 100,
    ],
)
def test_formats_of_their_own_are_left_alone(mended, values):
    assert mended("mixed_types", column=values)[0] == []


def test_a_unit_that_does_not_fit_the_plain_numbers_is_left_alone(mended):
    # 12 among hundreds: pounds beside ounces, for all we know.
    assert mended("mixed_types", weight=spread(["300", "450", "600"], "12 lb"))[0] == []


def test_words_among_numbers(mended):
    values = [str(n % 37) for n in range(400)]
    values[5] = values[9] = "lots"
    (finding,), dataset = mended("mixed_types", count=values)
    assert list(finding.cells) == [("r5", "count"), ("r9", "count")]
    assert "'lots'" in finding.message
    assert dataset.frame["count"].isna().sum() == 2


def dated(rarer):
    days = pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d").to_numpy(dtype=object)
    days[:100] = pd.date_range("2024-01-01", periods=100).strftime(rarer)
    return days


@pytest.mark.parametrize("rarer", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y. %m. %d.", "%Y년 %m월 %d일", "%b %d, %Y"])
def test_dates_in_two_formats(mended, rarer):
    (finding,), dataset = mended("mixed_types", day=dated(rarer))
    assert len(finding.cells) == 100
    assert dataset.frame["day"].tolist() == pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d").tolist()


def test_a_day_that_may_be_a_month_is_not_guessed(mended):
    days = dated("%d/%m/%Y")
    days[:100] = np.resize(["01/02/2024", "03/04/2024"], 100)
    (finding,), _ = mended("mixed_types", day=days)
    assert finding.fix is None
    assert "they do not tell which number is the day" in finding.message


def test_test_is_not_asked_what_is_usual():
    # Percent signs fill test alone; train says what is plain.
    values = ["0.05", "0.09", "0.04", "0.08"] * 100
    values[:40] = ["0.07%"] * 40
    frame = pd.DataFrame({"id": map(str, range(400)), "share": values, "label": ["a", "b"] * 200})
    dataset = Dataset.from_frame(frame, label="label", id="id", features=["share"], test=[str(n) for n in range(40)])
    (finding,) = check_types(Audited(dataset))
    assert set(finding.values) == {"0.07"}
