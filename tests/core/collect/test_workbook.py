from __future__ import annotations

import datetime
import io

import openpyxl
import pandas as pd
import pytest

from core.collect import ReadError, list_sheets, read_table, sheet_process


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


ROWS = [
    ["이름", "n", "when", "code", "x", "ok"],
    ["가", 1, datetime.datetime(2024, 1, 2), "007", 0.5, True],
    ["b", 2, datetime.datetime(2024, 1, 3, 4), "010", None, False],
]


def test_types_and_korean_survive():
    frame = read_table(workbook(data=ROWS))
    assert frame.dtypes.astype(str).to_dict() == {
        "이름": "str",
        "n": "int64",
        "when": "datetime64[us]",
        "code": "str",
        "x": "float64",
        "ok": "bool",
    }
    assert frame["이름"].tolist() == ["가", "b"]
    assert frame["when"][1] == pd.Timestamp("2024-01-03 04:00")


def test_the_sheet_is_chosen():
    data = workbook(empty=[], one=ROWS, two=[["a"], [1]])
    assert list_sheets(data) == ["empty", "one", "two"]
    first = read_table(data)
    assert list(first.columns) == ROWS[0]
    assert "sheet 'one'" in first.attrs["notes"][0]
    assert read_table(data, sheet="two")["a"].tolist() == [1]
    assert read_table(data, sheet=2)["a"].tolist() == [1]
    with pytest.raises(ReadError, match=r"no sheet 'three'. Its sheets are 'empty', 'one', 'two'"):
        read_table(data, sheet="three")
    with pytest.raises(ReadError, match="sheet 'empty' is empty"):
        read_table(data, sheet="empty")


def test_other_files_have_no_sheets():
    assert list_sheets(b"a,b\n1,2\n") == []


def test_blank_rows_and_columns_and_years_as_names():
    frame = read_table(
        workbook(data=[[None], [None, 2023, 2024.0, None], [None, 1, 2, None], [None, None], [None, 3, 4]])
    )
    assert list(frame.columns) == ["2023", "2024"]
    assert frame["2023"].tolist() == [1, 3]


def test_mixed_cells_become_text():
    frame = read_table(workbook(data=[["a", "b"], [1, "x"], ["two", datetime.date(2024, 1, 2)]]))
    assert frame["a"].tolist() == ["1", "two"]
    assert frame["b"].tolist() == ["x", "2024-01-02"]


def test_empty_and_damaged_workbooks():
    data = workbook(data=ROWS)
    with pytest.raises(ReadError, match="no rows"):
        read_table(workbook(data=ROWS[:1]))
    with pytest.raises(ReadError, match="sheets are empty"):
        read_table(workbook(data=[]))
    with pytest.raises(ReadError, match="damaged ZIP archive or workbook"):
        read_table(data[: len(data) // 2], name="x.xlsx")
    with pytest.raises(ReadError, match="no sound workbook"):
        read_table(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), name="x.xls")


def test_a_workbook_that_unpacks_to_too_much(monkeypatch):
    monkeypatch.setattr("core.collect.packed.MAX_BYTES", 100)
    with pytest.raises(ReadError, match="unpacks to"):
        read_table(workbook(data=ROWS))


def test_cells_at_opposite_corners_end_the_process_that_reads_them_and_no_other():
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "a", "b"
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(ReadError, match="lie very far apart"):
        read_table(buffer.getvalue())


def test_times_and_spans_come_through_the_other_process():
    frame = read_table(workbook(data=[["t", "d"], [datetime.time(3, 4), datetime.timedelta(days=2)]]))
    assert frame["t"].tolist() == ["03:04:00"]
    assert frame["d"].tolist() == ["2 days, 0:00:00"]


def test_a_sheet_that_spans_too_many_cells(monkeypatch):
    monkeypatch.setattr("core.collect.sheet_process.MAX_CELLS", 10)
    assert {"cells": 18} in list(sheet_process.lines(workbook(data=ROWS), {"sheet": None}))
