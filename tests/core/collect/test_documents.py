from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.collect import ReadError, read_table

FRAME = pd.DataFrame({"text": ["좋아요", "b"], "n": [1, 2], "label": ["긍정", "neg"]})


def read(document, name=None):
    return read_table(json.dumps(document, ensure_ascii=False).encode(), name=name)


@pytest.mark.parametrize("orient", ["records", "columns", "split", "table", "index"])
def test_every_form_that_pandas_writes(orient):
    frame = read_table(FRAME.to_json(orient=orient, force_ascii=False).encode())
    pd.testing.assert_frame_equal(frame[["text", "n", "label"]], FRAME)


def test_json_lines_with_blank_ones():
    text = FRAME.to_json(orient="records", lines=True, force_ascii=False).replace("\n", "\r\n\n")
    pd.testing.assert_frame_equal(read_table(text.encode()), FRAME)
    pd.testing.assert_frame_equal(read_table(text.encode(), name="x.jsonl"), FRAME)


@pytest.mark.parametrize(
    "document",
    [
        {"a": [1, 2], "b": ["x", "y"]},
        {"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]},
        {"count": 2, "results": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]},
        [["a", "b"], [1, "x"], [2, "y"]],
        {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]},
    ],
)
def test_tables_in_other_forms(document):
    assert read(document).to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_a_list_of_values_is_one_column():
    assert read(["a", "b"]).to_dict("list") == {"value": ["a", "b"]}


def test_records_may_lack_keys():
    frame = read([{"a": 1}, {"b": "x"}, {"a": 3, "b": None}])
    assert frame["a"].tolist()[::2] == [1, 3]
    assert frame["b"].isna().tolist() == [True, False, True]


def test_nested_values_become_dotted_columns_and_json_text():
    frame = read([{"a": {"b": 1, "c": {"d": "x"}}, "tags": ["u", "가"]}, {"a": {"b": 2}, "tags": []}, {"a": 7}])
    assert list(frame.columns) == ["a", "a.b", "a.c.d", "tags"]
    assert frame["a.b"].tolist()[:2] == [1, 2]
    assert frame["tags"].tolist()[:2] == ['["u", "가"]', "[]"]
    assert frame["a"].tolist()[2] == 7


def test_large_integers_and_numbers_in_text():
    frame = read([{"id": 2**63, "n": "1.5", "code": "007"}, {"id": 1, "n": " ", "code": "010"}])
    assert frame["id"].tolist() == [str(2**63), "1"]
    assert frame["n"].dtype == np.float64
    assert frame["code"].tolist() == ["007", "010"]


def test_invalid_json_names_line_and_column():
    with pytest.raises(ReadError, match=r"'x\.json' can't be read: line 2, column 10: not valid JSON"):
        read_table(b'[{"a": 1},\n {"a": 2 "b": 3}]', name="x.json")
    with pytest.raises(ReadError, match=r"line 3, column [78]: not valid JSON"):
        read_table(b'{"a": 1}\n{"a": 2}\n{"a": \n', name="x.jsonl")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"[]", "empty"),
        (b"{}", "no table"),
        (b'{"error": "not found"}', "no table"),
        (b'{"a": [1, 2], "b": [1]}', "different lengths"),
        (b'[{"a": 1}, 2]', "mixes records"),
        (b"[{}, {}]", "records are empty"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
    ],
)
def test_json_without_a_table(text, what):
    with pytest.raises(ReadError, match=what):
        read_table(text, name="x.json")


def test_a_scalar_is_no_table():
    with pytest.raises(ReadError, match="single value"):
        read_table(b"42", name="x.json")


def test_csv_that_begins_with_a_bracket():
    assert list(read_table(b"[a],b\n1,2\n").columns) == ["[a]", "b"]
