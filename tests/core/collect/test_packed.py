from __future__ import annotations

import gzip
import io
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import ReadError, list_members, list_sheets, read_table

CSV = "a,b\n1,x\n2,y\n"
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def packed(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["x.csv.gz", "x.gz", "x", None])
def test_what_gzip_packed_is_read(name):
    pd.testing.assert_frame_equal(read_table(gzip.compress(CSV.encode()), name=name), FRAME)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl.gz", FRAME.to_json(orient="records", lines=True).encode()),
        ("x.parquet.gz", FRAME.to_parquet()),
        ("x.tsv.gz", FRAME.to_csv(index=False, sep="\t").encode()),
    ],
)
def test_each_format_is_read_out_of_gzip(name, content):
    pd.testing.assert_frame_equal(read_table(gzip.compress(content), name=name), FRAME)


def test_gzip_in_several_pieces_is_one_file():
    pieces = gzip.compress(b"a,b\n1,x\n") + gzip.compress(b"2,y\n")
    pd.testing.assert_frame_equal(read_table(pieces), FRAME)


def test_one_table_in_an_archive_needs_no_choice():
    data = packed({"sub/x.csv": CSV, "README.md": "# hello", "__MACOSX/sub/._x.csv": "junk"})
    assert list_members(data) == ["sub/x.csv"]
    frame = read_table(data, name="x.zip")
    pd.testing.assert_frame_equal(frame, FRAME)
    assert any("README.md" in note for note in frame.attrs["notes"])


def test_of_several_tables_one_is_chosen():
    data = packed({"a.csv": CSV, "b.json": '[{"n": 1}]'})
    assert list_members(data) == ["a.csv", "b.json"]
    with pytest.raises(ReadError, match=r"'x\.zip' can't be read: it holds 2 tables: 'a\.csv', 'b\.json'"):
        read_table(data, name="x.zip")
    assert list(read_table(data, member="b.json").columns) == ["n"]
    pd.testing.assert_frame_equal(read_table(data, member="a.csv"), FRAME)
    with pytest.raises(ReadError, match=r"no table 'c\.csv'. Its tables are"):
        read_table(data, member="c.csv")


def test_a_workbook_in_an_archive_has_sheets():
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        FRAME.to_excel(writer, sheet_name="one", index=False)
        FRAME.head(1).to_excel(writer, sheet_name="two", index=False)
    data = packed({"x.xlsx": buffer.getvalue()})
    assert list_members(data) == ["x.xlsx"]
    assert list_sheets(data, member="x.xlsx") == ["one", "two"]
    assert len(read_table(data, sheet="two")) == 1
    # A workbook is an archive itself; its parts are no tables.
    assert list_members(buffer.getvalue()) == []


def test_what_is_wrong_in_an_archive_names_the_entry_and_the_line():
    with pytest.raises(ReadError, match=r"'x\.zip' can't be read: 'bad\.csv' in it: line 3 has 3 cells") as caught:
        read_table(packed({"bad.csv": "a,b\n1,2\n1,2,3\n"}), name="x.zip")
    assert caught.value.line == 3


def test_nothing_is_written_to_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read_table(packed({"x.csv": CSV}))
    with pytest.raises(ReadError, match="leads out"):
        read_table(packed({"../../x.csv": CSV}))
    assert not list(tmp_path.iterdir())


def test_what_unpacks_to_more_than_the_limits(monkeypatch):
    zeros = bytes(300 * 1024**2)
    for data in (gzip.compress(zeros, 9), packed({"x.csv": zeros})):
        with pytest.raises(ReadError, match="more than 250 times its size"):
            read_table(data)
    monkeypatch.setattr("core.collect.packed.MAX_BYTES", 5)
    with pytest.raises(ReadError, match="unpacks to"):
        read_table(gzip.compress(CSV.encode()))
    with pytest.raises(ReadError, match="unpacks to"):
        read_table(packed({"x.csv": CSV}))


@given(st.binary(max_size=200), st.integers(0, 200), st.sampled_from(["zip", "gzip"]))
def test_damaged_archives_give_a_table_or_a_sentence(piece, place, kind):
    data = packed({"x.csv": CSV, "y.csv": CSV}) if kind == "zip" else gzip.compress(CSV.encode())
    data = data[:place] + piece + data[place + len(piece) :]
    message = ""
    try:
        read_table(data, member=next(iter(list_members(data)), None))
    except ReadError as error:
        message = str(error)
    assert not message or ("can't be read: " in message and "damaged (" not in message)
