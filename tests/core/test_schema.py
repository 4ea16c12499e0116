from __future__ import annotations

import pandas as pd
import pytest

from core.content import canonicalise
from core.schema import Column, Modality, Schema, SchemaError, infer_schema


def infer(**columns):
    return infer_schema(canonicalise(pd.DataFrame(columns)))


def roles(schema):
    return {column.name: column.role for column in schema.columns}


def test_a_table_is_understood():
    n = 200
    schema = infer(
        customerID=[f"C{number:04}" for number in range(n)],
        tenure=list(range(n)),
        contract=["monthly", "yearly"] * (n // 2),
        signed=pd.date_range("2026-01-01", periods=n),
        true_label=["yes", "no"] * (n // 2),
        label=["yes", "no"] * (n // 2),
    )

    assert roles(schema) == {
        "customerID": "id",
        "tenure": "feature",
        "contract": "feature",
        "signed": "time",
        "true_label": "truth",
        "label": "label",
    }
    assert schema.kinds == {"tenure": "numeric", "contract": "categorical"}
    assert schema.modality == Modality.TABLE
    assert all(column.reason for column in schema.columns)


def test_korean_texts_are_understood():
    n = 120
    schema = infer(
        내용=[f"배송이 {number}일째 오지 않습니다 빨리 확인해 주세요" for number in range(n)],
        분류=["배송", "환불", "기타"] * (n // 3),
    )

    assert roles(schema) == {"내용": "text", "분류": "label"}
    assert schema.modality == Modality.TEXT


def test_annotators_group_and_split_are_proposed():
    n = 120
    schema = infer(
        x=[number / 7 for number in range(n)],
        patient=[f"p{number % 30}" for number in range(n)],
        rater_1=["a", "b"] * (n // 2),
        rater_2=["a", "a"] * (n // 2),
        split=["train", "train", "test"] * (n // 3),
        target=["a", "b"] * (n // 2),
    )

    assert roles(schema) == {
        "x": "feature",
        "patient": "group",
        "rater_1": "annotator",
        "rater_2": "annotator",
        "split": "split",
        "target": "label",
    }


def test_a_truth_alone_is_the_label():
    schema = infer(x=[float(number) for number in range(100)], y2=list(range(100)), gold=["a", "b"] * 50)

    assert roles(schema)["gold"] == "label"


def test_a_label_of_one_class_is_said_and_not_replaced_by_another_column():
    frame = pd.DataFrame({"gender": ["m", "f"] * 20, "plan": list("abcd") * 10, "Churn": ["No"] * 40})

    schema = infer_schema(frame)

    assert not schema.has_label
    churn = next(column for column in schema.columns if column.name == "Churn")
    assert churn.role == "ignored"
    assert churn.reason == "named like a label, but has one class only (40 examples)"
    named = infer_schema(frame.assign(outcome=["good", "bad"] * 20))
    assert named.label == "outcome"


def test_names_and_addresses_do_not_make_a_table_a_text():
    n = 100
    schema = infer(
        name=[f"Mr. Owen Harris Braund the {number}th" for number in range(n)],
        age=list(range(n)),
        fare=[number / 3 for number in range(n)],
        sex=["m", "f"] * (n // 2),
        port=["S", "C", "Q", "S"] * (n // 4),
        deck=["A", "B", "C", "D"] * (n // 4),
        survived=[0, 1] * (n // 2),
    )

    assert schema.modality == Modality.TABLE
    assert roles(schema)["name"] == "ignored"
    assert schema.label == "survived"


def test_the_analyst_overrules():
    schema = Schema((Column("a", "label", "categorical"), Column("b", "feature", "categorical")))
    changed = schema.with_role("b", "label")

    assert changed.label == "b"
    assert changed.column("a").role == "ignored"
    assert changed.column("b").reason == "chosen by the analyst"


def test_a_role_that_exists_once_is_refused_twice():
    with pytest.raises(SchemaError, match="Only one column can have the role 'label'"):
        Schema((Column("a", "label", "categorical"), Column("b", "label", "categorical")))


def test_unknown_roles_and_columns_are_named():
    with pytest.raises(SchemaError, match="Got 'lable' instead"):
        Schema((Column("a", "lable", "categorical"),))
    with pytest.raises(SchemaError, match="no column 'z'"):
        Schema((Column("a", "feature", "numeric"),)).column("z")


def test_json_round_trip():
    schema = Schema((Column("가", "label", "categorical", "왜"), Column("b", "feature", "numeric", "numbers")))

    assert Schema.from_json(schema.to_json()) == schema


def test_an_empty_frame_has_no_roles():
    assert not infer_schema(pd.DataFrame({"a": pd.Series([], dtype="float64")})).has_label
