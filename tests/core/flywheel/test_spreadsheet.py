from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.flywheel import Project
from core.flywheel.spreadsheet import harmless, write_csv

FORMULAS = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"]


@pytest.mark.parametrize("value", FORMULAS)
def test_what_a_spreadsheet_would_run_stays_text(value):
    assert harmless(value) == f"'{value}"


@pytest.mark.parametrize("value", ["a=1", "'=1", "", " x", -1, -1.5, None, True])
def test_everything_else_stays_as_it_is(value):
    assert harmless(value) is value


CELLS = st.lists(
    st.one_of(st.sampled_from([*FORMULAS, "x", "a,b", 'q"', "a\r=1", "a\n=1"]), st.none()), min_size=3, max_size=3
)


@given(CELLS, st.lists(st.one_of(st.floats(-9, 9), st.none()), min_size=3, max_size=3))
def test_no_cell_of_a_written_file_begins_a_formula_and_numbers_stay(texts, numbers):
    frame = pd.DataFrame({"=t": pd.Series(texts, dtype="str"), "n": pd.Series(numbers, dtype="float64")})
    path = io.StringIO()
    write_csv(frame.set_axis(pd.Index(["=1", "b", "-c"], name="example")), path)
    rows = list(csv.reader(io.StringIO(path.getvalue(), newline="")))
    assert rows[0] == ["example", "'=t", "n"]
    assert [row[0] for row in rows[1:]] == ["'=1", "b", "'-c"]
    assert [row[1] for row in rows[1:]] == ["" if text is None else harmless(text) for text in texts]
    assert [row[2] for row in rows[1:]] == ["" if number is None else str(number) for number in numbers]
    # What was handed in is as it was.
    assert frame["=t"].dropna().tolist() == [text for text in texts if text is not None]


def test_an_export_is_harmless_as_csv_and_exact_as_parquet(tmp_path):
    frame = pd.DataFrame({"x": [-1.5, 2.0] * 30, "t": FORMULAS[:6] * 10, "label": ["=yes", "no"] * 30})
    project = Project.create(tmp_path / "p", Dataset.from_frame(frame, label="label"))
    folder = project.export(tmp_path / "out")
    written = pd.read_csv(folder / "data.csv", index_col="example")
    exact = pd.read_parquet(folder / "data.parquet")
    pd.testing.assert_frame_equal(exact[["x", "t", "label"]], project.dataset.frame[["x", "t", "label"]])
    assert written["x"].tolist() == exact["x"].tolist()
    assert set(written["label"]) == {"'=yes", "no"}
    assert written["t"].str.startswith("'").all()
    assert "apostrophe" in (folder / "README.txt").read_text()
