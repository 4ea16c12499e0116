from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import ReadError, read_table


def read(text, **options):
    return read_table(text.encode(), **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(delimiter, end):
    rows = [["name", "said", "n"], ["a", '"x, y; z"', "1"], ["b", '"a | b"', "2"]]
    frame = read(end.join(delimiter.join(row) for row in rows) + end)
    assert frame.to_dict("list") == {"name": ["a", "b"], "said": ["x, y; z", "a | b"], "n": [1, 2]}


def test_decimal_commas_do_not_win_over_the_delimiter():
    frame = read("x;y;label\n1,5;2,5;a\n0,25;3;b\n")
    assert frame["x"].tolist() == [1.5, 0.25]
    assert frame["y"].tolist() == [2.5, 3.0]


def test_one_column_of_prose_is_one_column():
    frame = read("text\nHello, world, again\nNo comma\nOne, comma\n")
    assert frame["text"].tolist() == ["Hello, world, again", "No comma", "One, comma"]


def test_quoted_cells_hold_delimiters_quotes_and_lines():
    frame = read('text,label\n"a, ""b""\nc",x\n"",y\n')
    assert frame["text"].tolist()[0] == 'a, "b"\nc'
    assert frame["text"].isna().tolist() == [False, True]


def test_spaces_after_the_delimiter_belong_to_nobody():
    frame = read('age, work, said\n39, State-gov, "a, b"\n50, Private, c\n')
    assert list(frame.columns) == ["age", "work", "said"]
    assert frame["work"].tolist() == ["State-gov", "Private"]
    assert frame["said"].tolist() == ["a, b", "c"]
    frame = read("age, work\n39, State-gov\n50, Private\n")
    assert frame["work"].tolist() == ["State-gov", "Private"]


def test_short_rows_are_filled_up_with_a_note():
    frame = read("a,b,c\n1,2,3\n4\n5,6\n")
    assert frame["a"].tolist() == [1, 4, 5]
    assert frame["c"].isna().tolist() == [False, True, True]
    assert "2 rows have fewer cells than the header (the first is line 3)" in frame.attrs["notes"][0]


def test_a_long_row_is_refused_with_its_line():
    with pytest.raises(ReadError, match=r"line 4 has 4 cells where the header has 3. Put quotes") as caught:
        read('a,b,c\n"x\ny",2,3\n4,5,6,7\n')
    assert caught.value.line == 4


def test_trailing_delimiters_and_names_of_rows():
    assert read("a,b\n1,2,\n3,4,\n").to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert list(read("a,b\nr1,1,2\nr2,3,4\n").columns) == ["column_1", "a", "b"]


@pytest.mark.parametrize(
    ("text", "line"),
    [('a,b\n1,2\n3,"x\n5,6\n', 3), ('a,b\n1,"x"y\n', 2), ('a,b\n1,"x\n3,"y"\n', 3), ('"a,b\n1,2\n', 1)],
)
def test_broken_quotes_name_the_line(text, line):
    with pytest.raises(ReadError, match=rf"line {line}: .*quote") as caught:
        read(text)
    assert caught.value.line == line


def test_stray_quotes_within_a_cell_are_part_of_it():
    assert read('what,n\n5" pipe,1\nsay "hi",2\n')["what"].tolist() == ['5" pipe', 'say "hi"']


def test_tabs_take_quotes_literally_when_they_are_not_in_pairs():
    frame = read('text\tlabel\n"Hello\ta\nworld"\tb\n"x" y\tc\n')
    assert frame["text"].tolist() == ['"Hello', 'world"', '"x" y']
    frame = read('text\tlabel\n"Hello\ta\nworld\tb\n"again\tc\n')
    assert frame["text"].tolist() == ['"Hello', "world", '"again']


def test_backslashes_before_quotes_are_escapes_where_doubling_fails():
    frame = read('text,label\n"he said \\"hi, you\\"",a\nplain,b\n')
    assert frame["text"].tolist() == ['he said "hi, you"', "plain"]


def test_blank_lines_and_rows_are_left_out():
    frame = read("\n\na,b\n1,2\n\n,\n3,4\n\n   \n")
    assert frame["a"].tolist() == [1, 3]
    assert isinstance(frame.index, pd.RangeIndex)


@pytest.mark.parametrize("text", ["a,b,c", "a,b,c\n", "a\n\n\n", '"a","b"\r\n'])
def test_a_header_without_rows_is_refused(text):
    with pytest.raises(ReadError, match="names but no rows"):
        read(text)


@pytest.mark.parametrize("text", ["", "\n", " \r\n \n", "\ufeff"])
def test_blank_files_are_refused(text):
    with pytest.raises(ReadError, match=r"blank|empty"):
        read(text)


def test_too_many_columns_are_refused():
    with pytest.raises(ReadError, match="100,000 columns"):
        read(",".join(f"c{i}" for i in range(100_000)) + "\n" + ",".join("1" * 100_000) + "\n")


def test_cells_larger_than_a_block():
    text = "x" * 20_000_000
    frame = read(f'text,n\n"{text}",1\nshort,2\n')
    assert frame["text"].str.len().tolist() == [20_000_000, 5]


def test_duplicate_and_empty_names():
    frame = read("x, x ,,x\n1,2,3,4\n")
    assert list(frame.columns) == ["x", "x_2", "column_3", "x_3"]
    assert len(frame.attrs["notes"]) == 3


# Cells that are text whatever happens, so that the whole table must come back; every fourth has a quote to escape.
CELLS = st.text(st.sampled_from('ab가,;\t|"\n '), min_size=1, max_size=8).map(lambda text: f"t{text}t")


@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_csv_writes_is_read_back(rows, delimiter, end, quote_all):
    buffer = io.StringIO()
    writer = csv.writer(
        buffer, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    header = [f"name {position}" for position in range(len(rows[0]))]
    writer.writerows([header, *rows])
    frame = read(buffer.getvalue())
    assert frame.to_numpy().tolist() == rows
    assert list(frame.columns) == header
