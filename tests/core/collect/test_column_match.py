from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import ReadError, match_columns, take_columns


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "monthly_charges": rng.normal(60, 20, rows).round(2),
            "age": rng.integers(18, 80, rows),
            "contract": rng.choice(["monthly", "one year", "two years"], rows, p=[0.6, 0.25, 0.15]),
            "joined": pd.date_range("2024-01-01", periods=rows),
            "note": [f"customer {n} called about the bill" for n in range(rows)],
            "churn": rng.choice(["yes", "no"], rows, p=[0.3, 0.7]),
        }
    )


def found(reference, batch):
    return {match.column: (match.source, match.how) for match in match_columns(reference, batch)}


def test_columns_of_the_same_names_are_the_same_in_any_order():
    data = people(200)
    matches = match_columns(data, people(100, 1)[data.columns[::-1]])
    assert [match.column for match in matches] == list(data.columns)
    assert all(match.source == match.column and match.how == "same name" for match in matches)


def test_case_punctuation_and_order_of_names_do_not_matter():
    data = people(200)
    batch = people(150, 1).rename(columns={"monthly_charges": "MonthlyCharges", "churn": "Churn?", "joined": "JOINED"})
    assert found(data, batch)["monthly_charges"] == ("MonthlyCharges", "renamed")
    assert found(data, batch)["churn"] == ("Churn?", "renamed")
    assert found(data, batch)["joined"] == ("JOINED", "renamed")


def test_content_finds_a_column_whose_name_says_nothing():
    data = people(400)
    batch = people(300, 1).rename(columns={"monthly_charges": "c7", "contract": "c2", "age": "c5"})
    assert [found(data, batch)[name][0] for name in ("monthly_charges", "contract", "age")] == ["c7", "c2", "c5"]


def test_a_column_that_is_not_there_is_called_missing_and_a_strange_one_is_left_alone():
    data = people(300)
    batch = people(300, 1).drop(columns="age").assign(zzz=[f"x{n % 7}" for n in range(300)])
    matches = {match.column: match for match in match_columns(data, batch)}
    assert (matches["age"].source, matches["age"].how) == (None, "missing")
    assert "zzz" not in {match.source for match in matches.values()}


def test_numbers_that_are_written_as_text_are_numbers():
    data = people(300)
    batch = people(300, 1).rename(columns={"age": "years"}).astype({"years": "str"})
    assert found(data, batch)["age"] == ("years", "renamed")


def test_the_analyst_can_overrule_a_proposal():
    batch = people(5).rename(columns={"age": "years"})
    taken = take_columns(batch, {"age": "years", "churn": None, "contract": "contract"})
    assert list(taken.columns) == ["age", "contract"]
    assert taken["age"].tolist() == batch["years"].tolist()


@pytest.mark.parametrize(
    ("sources", "words"), [({"a": "age", "b": "age"}, "named for a and b"), ({"a": "nowhere"}, "'nowhere'")]
)
def test_a_choice_that_can_not_be_is_refused_by_name(sources, words):
    with pytest.raises(ReadError, match=words):
        take_columns(people(5), sources)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ReadError, match="two are equal"):
        match_columns(people(5), pd.concat([people(5), people(5)[["age"]]], axis=1))


names = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5, unique=True)
cells = st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=4), st.floats(allow_nan=True))


@given(names, names, st.lists(cells, min_size=1, max_size=4))
def test_each_column_is_proposed_once_at_most_whatever_stands_in_it(old, new, values):
    reference, batch = (pd.DataFrame(dict.fromkeys(side, values), dtype=object) for side in (old, new))
    matches = match_columns(reference, batch)
    assert [match.column for match in matches] == old
    sources = [match.source for match in matches if match.source is not None]
    assert len(set(sources)) == len(sources)
    assert set(sources) <= set(new)
    assert {name for name in old if name in new} <= set(sources)
