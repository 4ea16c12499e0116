from __future__ import annotations

import pandas as pd
import pytest

from core.report import card, differences, records, usual, written
from core.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("income", "feature", "numeric"),
        Column("city", "feature", "categorical"),
        Column("since", "feature", "datetime"),
        Column("label", "label", "categorical"),
    )
)


@pytest.fixture
def train() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "income": [float(n) for n in range(1, 1001)],
            "city": ["Seoul"] * 995 + ["Busan"] * 5,
            "since": pd.Timestamp("2024-01-01"),
            "label": "yes",
        }
    )


def test_values_outside_the_usual_are_marked_with_the_reason(train):
    known = usual(train, SCHEMA)
    row = pd.Series({"income": 5000.0, "city": "Busan", "since": pd.Timestamp("2024-01-01"), "label": "yes"})
    income, city, since, label = card(row, known)
    assert income.value == "5,000"
    assert income.unusual == "higher than 99% of train (up to 990.01)"
    assert city.unusual == "rare: 0.5% of train"
    assert since.unusual is None
    assert label.unusual is None


def test_unseen_categories_low_numbers_and_rare_gaps_are_unusual(train):
    known = usual(train, SCHEMA)
    income, city, _ = card(pd.Series({"income": -3.0, "city": "Oslo", "since": pd.NaT}), known)
    assert income.unusual is not None
    assert income.unusual.startswith("lower than 99%")
    assert city.unusual == "not seen in train"
    assert card(pd.Series({"income": float("nan")}), known)[0].unusual == "missing in 0.0% of train"


def test_what_is_often_missing_is_not_unusual(train):
    train.loc[:200, "city"] = None
    assert card(pd.Series({"city": None}), usual(train, SCHEMA))[0].unusual is None


def test_without_knowledge_nothing_is_unusual():
    assert card(pd.Series({"income": 1e9}))[0].unusual is None


def test_a_train_part_without_rows_is_no_obstacle(train):
    known = usual(train.head(0), SCHEMA)
    assert card(train.iloc[0], known)[0].value == "1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (float("inf"), "inf"),
        (pd.Timestamp("2024-03-01 12:30"), "2024-03-01 12:30:00"),
        ("<b>*raw*</b>", "<b>*raw*</b>"),
        (pd.NA, "missing"),
    ],
)
def test_values_are_written_as_people_write_them(value, text):
    assert written(value) == text


def test_the_greatest_difference_comes_first_and_equal_values_not_at_all(train):
    known = usual(train, SCHEMA)
    row = {"income": 500.0, "city": "Seoul", "since": pd.Timestamp("2024-01-01"), "note": None}
    other = {"income": 600.0, "city": "Busan", "since": pd.Timestamp("2024-01-01"), "note": float("nan")}
    assert [(field.name, field.value) for field in differences(row, other, known)] == [
        ("city", "Busan"),
        ("income", "600"),
    ]
    assert differences(row, {**row, "income": None}, known)[0].value == "missing"
    assert differences(row, dict(row)) == []


def test_numbers_differ_by_their_share_of_what_is_usual():
    frame = pd.DataFrame({"income": range(1000), "age": range(1000), "city": "Seoul"})
    known = usual(frame, Schema((Column("income", "feature", "numeric"), Column("age", "feature", "numeric"))))
    found = differences({"income": 10, "age": 10}, {"income": 20, "age": 500}, known)
    assert [field.name for field in found] == ["age", "income"]


def test_records_are_the_cells_of_the_rows_asked_for(train):
    train = train.set_axis([f"row {number}" for number in range(len(train))])
    found = records(train, ["row 7", "row 996"], ["city", "income"])
    assert found == [{"city": "Seoul", "income": 8.0}, {"city": "Busan", "income": 997.0}]
    assert records(train, [], ["city"]) == []
