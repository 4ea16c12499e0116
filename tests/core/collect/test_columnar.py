from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from core.collect import ReadError, read_table

TABLE = pa.table(
    {
        "이름": ["가", None, "다"],
        "n": pa.array([1, 2, 3], pa.int16()),
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        "at": pa.array([0, None, 1], pa.timestamp("ms")),
        "inner": [{"a": 1, "b": {"c": "u"}}, {"a": 2, "b": None}, None],
        "tags": [[1, 2], [], None],
        "raw": [b"\xff", b"\xfe", None],
    }
)


def parquet(table):
    buffer = io.BytesIO()
    pa.parquet.write_table(table, buffer)
    return buffer.getvalue()


def feather(table):
    buffer = io.BytesIO()
    pa.feather.write_feather(table, buffer, compression="uncompressed")
    return buffer.getvalue()


def stream(table):
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


@pytest.mark.parametrize("write", [parquet, feather, stream])
def test_types_and_nested_values(write):
    frame = read_table(write(TABLE))
    assert frame.dtypes.astype(str).to_dict() == {
        "이름": "str",
        "n": "int64",
        "kind": "str",
        "at": "datetime64[us]",
        "inner.a": "float64",
        "inner.b.c": "str",
        "tags": "str",
    }
    assert frame["tags"].tolist()[:2] == ["[1, 2]", "[]"]
    assert "'raw' holds bytes" in frame.attrs["notes"][0]


def test_a_named_index_is_a_column_and_a_range_is_not():
    frame = pd.DataFrame({"a": [1, 2]})
    assert list(read_table(frame.to_parquet()).columns) == ["a"]
    assert list(read_table(frame.set_axis(["x", "y"]).to_parquet()).columns) == ["a", "index"]


def test_two_columns_of_one_name():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert read_table(parquet(table)).to_dict("list") == {"a": [1], "a_2": [2]}


def test_infinite_numbers_are_missing():
    frame = read_table(parquet(pa.table({"x": [1.0, float("inf")], "y": ["a", "b"]})))
    assert frame["x"].isna().tolist() == [False, True]
    assert "1 infinite numbers" in frame.attrs["notes"][0]


@pytest.mark.parametrize("write", [parquet, feather])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_files_that_are_cut_off(write, share):
    data = write(TABLE)
    with pytest.raises(ReadError, match="no sound"):
        read_table(data[: int(len(data) * share)], name="x.parquet")


def test_no_rows():
    with pytest.raises(ReadError, match="holds no values"):
        read_table(parquet(TABLE.slice(0, 0)))
