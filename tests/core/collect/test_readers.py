from __future__ import annotations

import gzip
import io
import os
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.collect import ReadError, list_members, list_sheets, read_table, to_parquet
from core.content import canonicalise

CSV = "이름,n\n가,1\n나,2\n"


def test_path_bytes_and_file_objects(tmp_path):
    path = tmp_path / "표.csv"
    path.write_text(CSV, encoding="cp949")
    with path.open("rb") as file:
        frames = [
            read_table(path),
            read_table(str(path)),
            read_table(path.read_bytes()),
            read_table(file),
            read_table(io.StringIO(CSV)),
            read_table(io.BytesIO(CSV.encode())),
        ]
    for frame in frames:
        assert frame.to_dict("list") == {"이름": ["가", "나"], "n": [1, 2]}
    assert frames[0].attrs["notes"] == ["The text is encoded in CP949."]


def test_a_file_object_can_be_read_again():
    file = io.BytesIO(CSV.encode())
    assert list_sheets(file) == []
    assert len(read_table(file)) == len(read_table(file)) == 2


def test_a_large_file_is_not_read_to_see_that_it_is_no_archive(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text(CSV)
    monkeypatch.setattr("core.collect.readers.MAX_BYTES", 1)
    assert list_members(path) == list_sheets(path) == []
    with pytest.raises(ReadError, match="No such file"):
        list_members(tmp_path / "no.csv")


def test_content_says_more_than_the_name():
    assert list(read_table(CSV.encode(), name="x.json.xls").columns) == ["이름", "n"]
    assert list(read_table(pd.DataFrame({"a": [1]}).to_parquet(), name="x.csv").columns) == ["a"]
    assert list(read_table(b'[{"a": 1}]', name="x.csv").columns) == ["a"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "it is empty"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"BZh9", "bzip2"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf <?xml version='1.0'?>", "web page"),
        (b"\x80\x04\x95", "pickle"),
        (b"SQLite format 3\x00", "SQLite"),
        (bytes(range(256)) * 10, "NUL|neither text"),
    ],
)
def test_what_is_no_table_is_named(data, what):
    with pytest.raises(ReadError, match=rf"'x\.csv' can't be read: .*({what})"):
        read_table(data, name="/some/where/x.csv")


def test_paths_that_can_not_be_opened(tmp_path):
    with pytest.raises(ReadError, match=r"'no\.csv' can't be read: it can't be opened \(No such file"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(ReadError, match="it is a folder"):
        read_table(tmp_path)
    with pytest.raises(ReadError, match="can't be opened"):
        read_table("a\0b")
    with pytest.raises(ReadError, match="not from int"):
        read_table(3)


def test_files_that_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("core.collect.readers.MAX_BYTES", 10)
    path = tmp_path / "x.csv"
    path.write_text(CSV)
    for source in (path, CSV.encode()):
        with pytest.raises(ReadError, match="at most"):
            read_table(source)


def check(frame):
    """What every caller relies on."""
    assert isinstance(frame.index, pd.RangeIndex)
    assert len(frame)
    assert frame.columns.is_unique
    assert all(isinstance(name, str) and name and name == name.strip() for name in frame.columns)
    assert set(map(str, frame.dtypes)) <= {"int64", "float64", "bool", "datetime64[us]", "str"}
    assert not np.isinf(frame.select_dtypes("float64").to_numpy()).any()
    assert not frame.isna().all(axis=1).any()
    pd.testing.assert_frame_equal(canonicalise(frame), frame)
    frame.to_parquet()


def attempt(data, name):
    for look in (list_sheets, list_members):
        with suppress(ReadError):
            look(data, name=name)
    message = ""
    try:
        check(read_table(data, name=name))
    except ReadError as error:
        message = str(error)
    assert not message or ("can't be read: " in message and message.endswith(".") and "\n" not in message)


@cache
def samples():
    frame = pd.DataFrame({"text": ["가나다", 'x "y", z'] * 3, "n": [1.5, None] * 3, "label": ["긍정", "neg"] * 3})
    excel, feather, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    frame.to_excel(excel, index=False)
    frame.to_feather(feather)
    text = frame.to_csv(index=False)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", text)
    return {
        "utf-8": text.encode(),
        "cp949": text.encode("cp949"),
        "utf-16": text.encode("utf-16"),
        "tsv": frame.to_csv(index=False, sep="\t").encode(),
        "json": frame.to_json().encode(),
        "json lines": frame.to_json(orient="records", lines=True).encode(),
        "parquet": frame.to_parquet(),
        "feather": feather.getvalue(),
        "excel": excel.getvalue(),
        "gzip": gzip.compress(text.encode()),
        "zip": packed.getvalue(),
        "parquet in gzip": gzip.compress(frame.to_parquet()),
    }


NAMES = st.sampled_from(
    ["x.csv", "x.tsv", "x.json", "x.jsonl", "x.parquet", "x.xlsx", "x.xls", "x.zip", "x.gz", "x", None]
)
MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["cut", "insert", "replace", "repeat"]), st.floats(0, 1), st.binary(max_size=6)),
    max_size=4,
)
FUZZ = settings(suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.binary(max_size=300), NAMES)
def test_random_bytes_give_a_table_or_a_sentence(data, name):
    attempt(data, name)


@FUZZ
@given(
    st.text("ab가,;\t\"'\\\n\r{}[]: 01-.\x00\ufeff", max_size=120),
    NAMES,
    st.sampled_from(["utf-8", "utf-16", "cp949", "utf-16-le"]),
)
def test_random_text_gives_a_table_or_a_sentence(text, name, encoding):
    attempt(text.encode(encoding, errors="replace"), name)


@FUZZ
@given(st.sampled_from(sorted(samples())), MUTATIONS, NAMES)
def test_mutated_files_give_a_table_or_a_sentence(kind, mutations, name):
    data = samples()[kind]
    for what, where, piece in mutations:
        place = int(where * len(data))
        match what:
            case "cut":
                data = data[:place]
            case "insert":
                data = data[:place] + piece + data[place:]
            case "replace":
                data = data[:place] + piece + data[place + len(piece) :]
            case "repeat":
                data = data[:place] + data[place // 2 : place] + data[place:]
    attempt(data, name)


FOLDER = Path(os.environ.get("FLYWHEEL_DATA", "../shared/data"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("**/*.csv")), ids=lambda path: path.stem)
def test_real_files_read_as_pandas_reads_them(path):
    frame = read_table(path)
    check(frame)
    expected = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in frame.columns})
    for name in frame.columns.intersection(expected.columns):
        if str(frame[name].dtype) == str(expected[name].dtype):
            pd.testing.assert_series_equal(frame[name], expected[name])
        else:
            assert name in {"TotalCharges", "ibu", "date"}
    assert list(frame.columns) == list(expected.columns)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_more_rows_than_are_set_are_refused(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr("core.collect.table.MAX_ROWS", 3)
    frame = pd.DataFrame({"a": range(4), "b": list("wxyz")})
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)

    with pytest.raises(ReadError, match="has 4 rows or more, and at most 3 can be read"):
        read_table(path)
    assert len(read_table(b"a\n1\n2\n3\n")) == 3


def test_more_rows_than_are_set_are_refused_in_a_stream(tmp_path, monkeypatch):
    monkeypatch.setattr("core.collect.table.MAX_ROWS", 3)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,x\n" * 4)

    with pytest.raises(ReadError, match="at most 3 can be read"):
        to_parquet(path, tmp_path / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()
