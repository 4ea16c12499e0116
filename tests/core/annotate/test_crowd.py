from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.annotate import AnnotationsError
from core.annotate.crowd import class_names, read_crowd


def test_labels_of_any_dtype_become_names_of_classes():
    columns = {
        "float": pd.Series([1.0, 2.0, np.nan, 2.5]),
        "whole": pd.Series([1, 2, 2, 1]),
        "text": pd.Series(["1", " 2 ", "", None], dtype="object"),
        "category": pd.Series(["1", "2", None, "1"], dtype="category"),
        "mixed": pd.Series([1.0, "2", None, True], dtype="object"),
        "nullable": pd.Series([1, 2, None, 1], dtype="Int64"),
    }
    names = {name: class_names(column).tolist() for name, column in columns.items()}

    assert names["float"][:2] == names["whole"][:2] == names["text"][:2] == names["category"][:2] == ["1", "2"]
    assert names["mixed"][:2] == names["nullable"][:2] == ["1", "2"]
    assert names["float"][3] == "2.5"
    assert pd.isna([names[name][2] for name in ("float", "text", "category", "mixed", "nullable")]).all()


def test_votes_and_counts_are_those_of_the_table():
    table = pd.DataFrame({"ann": ["a", "b", None], "bob": ["a", "a", None]}, index=["x", "y", "z"])
    crowd = read_crowd(table)

    assert crowd.classes.tolist() == ["a", "b"]
    assert crowd.votes.tolist() == [[2, 0], [1, 1], [0, 0]]
    assert crowd.counts.tolist() == [2, 2, 0]
    assert crowd.said.toarray().tolist() == [[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pd.Series(["a"]), "must be a table"),
        (pd.DataFrame({"ann": ["a", "b"]}, index=["x", "x"]), "'x' repeats"),
        (pd.DataFrame([["a", "b"]], columns=["ann", "ann"]), "'ann' repeats"),
        (pd.DataFrame({"ann": [f"v{number}" for number in range(1500)]}), "classes that repeat"),
    ],
)
def test_what_is_no_table_of_annotations_is_refused_with_a_remedy(table, says):
    with pytest.raises(AnnotationsError, match=says):
        read_crowd(table)
