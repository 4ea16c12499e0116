from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.check_ideas import suggest_checks
from core.collect.checked import ask
from core.collect.checks import Compared, HasPattern, InRange, OneOf, Present, Unique
from core.dataset import Dataset


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = 200
    start = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 100, rows), unit="D")
    low = rng.integers(0, 50, rows)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, rows),
            "plan": rng.choice(["basic", "plus"], rows),
            "code": [f"AB-{number:03}" for number in rng.integers(0, 60, rows)],
            "short": [f"x{number}" for number in rng.integers(0, 400, rows)],
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(0, 60, rows), unit="D"),
            "lowest": low,
            "highest": low + rng.integers(0, 30, rows),
            "label": rng.choice(["a", "b"], rows),
        }
    )


def test_what_holds_of_the_data_is_proposed(table):
    table.loc[3, "plan"] = "baisc"
    table.loc[5, "code"] = "AB_12"
    table.loc[7, "age"] = np.nan
    dataset = Dataset.from_frame(table, label="label", test=[], features=[*table.columns[:-1]])
    ideas = suggest_checks(dataset)
    assert InRange("age", int(table["age"].min()), int(table["age"].max())) in ideas
    assert OneOf("plan", tuple(table["plan"].value_counts().index[:2])) in ideas
    assert HasPattern("code", "[A-Z]{2}\\-[0-9]{3}") in ideas
    assert HasPattern("short", "[a-z]+[0-9]+") in ideas
    assert Compared("start", "<=", "end") in ideas
    assert Compared("lowest", "<=", "highest") in ideas
    assert Present("plan") in ideas
    assert Present("age") not in ideas
    broken, unasked = ask(dataset.frame, ideas)
    assert not unasked
    assert broken.to_numpy().sum() == 2


def test_test_examples_play_no_part(table):
    dataset = Dataset.from_frame(table.assign(age=table["age"].where(table.index != 0, 900)), label="label", test=0.3)
    oldest = dataset.part("train")["age"].max()
    (idea,) = [each for each in suggest_checks(dataset) if isinstance(each, InRange) and each.column == "age"]
    assert idea.high == oldest


def test_little_data_says_nothing(table):
    assert suggest_checks(Dataset.from_frame(table.head(19), label="label", test=[])) == []


def test_names_that_never_repeat_are_proposed_as_unique(table):
    table["name"] = [f"person {number}" for number in range(len(table))]
    dataset = Dataset.from_frame(table, label="label", features=["age", "name"], test=0.25)
    assert Unique(("name",)) in suggest_checks(dataset)
