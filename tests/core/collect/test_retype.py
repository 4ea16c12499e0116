from __future__ import annotations

import pandas as pd
import pytest

from core.collect import ReadError, infer_schema, retype
from core.dataset import Dataset

FRAME = pd.DataFrame(
    {
        "code": [1, 2, 3, 2],
        "part": [1.0, None, 3.0, 2.0],
        "amount": ["1", "2", "unknown", "4.5"],
        "age": [30, -99, 41, 52],
        "day": ["31.01.2024", "01.02.2024", "15.03.2024", "x"],
        "either": ["01/02/2024", "03/04/2024", None, "05/06/2024"],
        "whole": [20240131, 20240201, 20240315, 20240401],
        "label": ["a", "b", "a", "b"],
    }
)


def test_a_number_that_is_a_code_becomes_a_category():
    frame, notes = retype(FRAME, {"code": "categorical", "part": "categorical"})
    assert frame["code"].tolist() == ["1", "2", "3", "2"]
    assert frame["part"].dropna().tolist() == ["1", "3", "2"]
    assert frame["part"].isna().tolist() == [False, True, False, False]
    assert not notes
    assert infer_schema(frame).column("code").kind == "categorical"


def test_dates_are_read_in_the_form_that_reads_most():
    frame, notes = retype(FRAME, {"day": "datetime", "either": "datetime", "whole": "datetime"})
    assert frame["day"].tolist()[:3] == list(pd.to_datetime(["2024-01-31", "2024-02-01", "2024-03-15"]))
    assert frame["either"][0] == pd.Timestamp("2024-02-01")
    assert frame["whole"][3] == pd.Timestamp("2024-04-01")
    assert str(frame["whole"].dtype) == "datetime64[us]"
    assert any("'day'" in note and "the first is 'x'" in note for note in notes)
    assert any("'either'" in note and "no value says which comes first" in note for note in notes)


def test_words_for_a_missing_value_hold_in_every_column():
    frame, notes = retype(FRAME, missing=["Unknown ", "-99", "b"])
    assert frame["amount"].dropna().tolist() == [1.0, 2.0, 4.5]
    assert frame["age"].isna().tolist() == [False, True, False, False]
    assert frame["label"].isna().tolist() == [False, True, False, True]
    assert "Column 'age': 1 value is read as missing." in notes
    # What was handed in is as it was.
    assert FRAME["age"].tolist() == [30, -99, 41, 52]


@pytest.mark.parametrize("word", ["-99", "-99.0", " -9.9e1"])
def test_a_number_means_missing_however_it_is_written(word):
    frame, _ = retype(pd.DataFrame({"x": [1.5, -99.0, 2.0], "n": [-99, 1, 2]}), missing=[word])
    assert frame["x"].isna().tolist() == [False, True, False]
    assert frame["n"].isna().tolist() == [True, False, False]


def test_text_becomes_numbers_and_what_is_none_is_counted():
    frame, notes = retype(FRAME, {"amount": "numeric"})
    assert frame["amount"].dropna().tolist() == [1.0, 2.0, 4.5]
    assert notes == ["Column 'amount': 1 value is read as missing, being no numbers; the first is 'unknown'."]


@pytest.mark.parametrize(("column", "kind"), [("label", "numeric"), ("label", "datetime"), ("code", "colour")])
def test_a_kind_that_does_not_fit_is_refused(column, kind):
    with pytest.raises(ReadError, match=f"Column '{column}'"):
        retype(FRAME, {column: kind})


def test_what_was_read_again_makes_a_data_set_of_those_kinds():
    whole = pd.concat([FRAME] * 10, ignore_index=True)
    frame, _ = retype(whole, {"code": "categorical"})
    schema = infer_schema(frame).with_kind("code", "categorical").with_role("label", "label")
    dataset = Dataset.from_frame(frame, label="label", schema=schema)
    assert "code" in dataset.schema.categorical
