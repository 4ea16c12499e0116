from __future__ import annotations

import pandas as pd
import pytest

from core.collect.batch import join_test_set, shared_columns
from core.collect.errors import ReadError
from core.dataset import Dataset


def test_the_second_file_is_the_test_set():
    train = pd.DataFrame({"x": [1.0, 2, 3, 4], "label": list("abab")})
    test = pd.DataFrame({"x": [5.0, 6], "label": list("ab")})
    frame, column = join_test_set(train, test)
    dataset = Dataset.from_frame(frame, label="label")

    assert column == "split"
    assert list(dataset.part("test")["x"]) == [5.0, 6.0]
    assert "split" not in dataset.schema.inputs


def test_a_split_column_that_is_there_is_kept():
    frame, column = join_test_set(pd.DataFrame({"split": ["x"], "a": [1]}), pd.DataFrame({"a": [2]}))

    assert column == "split_"
    assert list(frame["split_"]) == ["train", "test"]


def test_two_files_of_different_data_are_refused():
    with pytest.raises(ReadError, match="share none"):
        join_test_set(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}))


def test_shared_columns_stand_in_the_order_of_the_first_and_the_others_by_table():
    tables = {"one": pd.DataFrame(columns=["b", "a", "x"]), "two": pd.DataFrame(columns=["a", "b"])}
    assert shared_columns(tables) == (["b", "a"], {"one": ["x"]})
    assert shared_columns({"one": tables["one"]}) == (["b", "a", "x"], {})
    assert shared_columns({}) == ([], {})
