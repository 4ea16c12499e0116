"""The schema leaves the app and says the same there; pandera itself is the judge."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.io.pandas_io import from_json

from core.collect.checks import CheckError, Compared, HasPattern, IfThen, InRange, OneOf, Present, Unique
from core.collect.pandera_schema import checks_source, from_pandera, needs_source, to_pandera

EVERY = [
    InRange("age", 0, 120, severe=False),
    InRange("income", low=0),
    InRange("income", high=1e6),
    InRange("start", "2025-01-01", "2026-02-28"),
    OneOf("plan", ("basic", "초록")),
    HasPattern("code", "[A-Z]{2}|x"),
    Unique(("key",)),
    Present("key"),
    Unique(("age", "plan")),
    Compared("start", "<=", "end", severe=False),
    IfThen("plan", ("basic",), InRange("age", 18, None)),
    IfThen("plan", ("basic",), HasPattern("code", "[A-Z]{2}")),
]


def test_every_check_comes_back_as_it_was():
    read, left_out = from_pandera(to_pandera(EVERY))
    assert set(read) == set(EVERY)
    assert left_out == []


def test_what_has_no_grade_there_comes_back_as_severe():
    read, _ = from_pandera(to_pandera([Present("a", severe=False), Unique(("b",), severe=False)]))
    assert read == (Present("a"), Unique(("b",)))


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([None, -5.0, 17.0, 18.0, 40.0, 121.0]),
            st.sampled_from([None, "basic", "plus"]),
            st.sampled_from([None, "AB", "xAB", "AB\n", "x"]),
            st.sampled_from([None, "2025-06-01", "2026-06-01"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_pandera_finds_the_rows_that_break_a_check(rows):
    frame = pd.DataFrame(rows, columns=["age", "plan", "code", "start"])
    frame = frame.astype({"age": "float64", "plan": "str", "code": "str"})
    frame["start"] = pd.to_datetime(frame["start"]).astype("datetime64[us]")
    frame["end"] = pd.Timestamp("2026-01-01").as_unit("us")
    checks = [
        InRange("age", 0, 120),
        InRange("start", "2025-12-01"),
        OneOf("plan", ("basic",)),
        HasPattern("code", "[A-Z]{2}|x"),
        Present("plan"),
        Unique(("age", "plan")),
        Compared("start", "<", "end"),
        IfThen("plan", ("plus",), Present("code")),
        IfThen("plan", ("basic",), InRange("age", 18, 120)),
        IfThen("plan", ("basic",), HasPattern("code", "[A-Z]{2}|x")),
        IfThen("plan", ("basic",), OneOf("code", ("AB",))),
        IfThen("plan", ("basic",), InRange("start", "2026-01-01")),
    ]
    for check in checks:
        schema = from_json(to_pandera([check]))
        expected = set(np.flatnonzero(check.broken(frame)))
        try:
            schema.validate(frame, lazy=True)
            found = set()
        except pa.errors.SchemaErrors as error:
            found = set(error.failure_cases["index"].astype(int))
        assert found == expected, check


def test_the_schema_and_its_source_stand_alone(tmp_path):
    assert not needs_source([InRange("age", 0, 1)])
    checks = [Compared("low", "<", "high"), OneOf("plan", ("초록",))]
    assert needs_source(checks)
    (tmp_path / "checks.json").write_text(to_pandera(checks), encoding="utf-8")
    (tmp_path / "pandera_checks.py").write_text(checks_source(), encoding="utf-8")
    script = (
        "import pandas as pd, pandera_checks, pathlib\nfrom pandera.io.pandas_io import from_json\n"
        "schema = from_json(pathlib.Path('checks.json').read_text(encoding='utf-8'))\n"
        "schema.validate(pd.DataFrame({'low': [1], 'high': [2], 'plan': ['초록']}))\n"
        "try:\n    schema.validate(pd.DataFrame({'low': [3], 'high': [2], 'plan': ['초록']}))\n"
        "except Exception as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "'low' is below 'high'" in run.stdout


def test_a_schema_made_elsewhere_is_read_as_far_as_it_goes():
    schema = pa.DataFrameSchema(
        {
            "age": pa.Column(float, [pa.Check.ge(0), pa.Check.lt(10)], nullable=True),
            "plan": pa.Column(str, pa.Check.str_matches("ab")),
            "size": pa.Column(float, pa.Check.in_range(0, 1, include_max=False), nullable=True, unique=True),
        }
    )
    read, left_out = from_pandera(schema.to_json())
    assert set(read) >= {InRange("age", low=0), Present("plan"), Unique(("size",))}
    (pattern,) = [check for check in read if isinstance(check, HasPattern)]
    texts = pd.DataFrame({"plan": pd.Series(["abc", "ab\nc", "xab"], dtype="str")})
    assert pattern.broken(texts).tolist() == [False, False, True]
    assert left_out == ["'age': less_than", "'size': in_range"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"columns": 3}', "{}"])
def test_what_is_no_schema_is_said_in_a_sentence(text):
    with pytest.raises(CheckError, match="schema of pandera"):
        from_pandera(text)


def test_a_text_that_is_no_schema_is_not_taken_for_a_path(tmp_path):
    (tmp_path / "checks.json").write_text(to_pandera([InRange("age", 0, 1)]), encoding="utf-8")
    with pytest.raises(CheckError):
        from_pandera(str(tmp_path / "checks.json"))
