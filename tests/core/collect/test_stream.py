from __future__ import annotations

import threading

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.collect import ReadError, read_table, to_parquet
from core.progress import Cancelled

FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of a few rows, so that every column is settled over many."""
    monkeypatch.setattr("core.collect.stream.BLOCK_BYTES", 64)


def converted(folder, data, name="x.csv"):
    source, target = folder / name, folder / "x.parquet"
    source.write_bytes(data)
    notes = to_parquet(source, target)
    frame = read_table(target)
    frame.attrs["notes"] = [*notes, *frame.attrs["notes"]]
    assert {path.name for path in folder.iterdir()} == {name, "x.parquet"}
    return frame


COLUMNS = {
    "whole": ["1", "2", "-3"],
    "whole with gaps": ["1", "", "3"],
    "code": ["007", "010", "1"],
    "number": ["1.5", "2", "1e9"],
    "infinite": ["inf", "inf", "-inf"],
    "mostly": ["1", "2", "NA", "3"],
    "rather not": ["1", "NA", "?", "null"],
    "day": ["2024-01-02", "2024-03-04"],
    "slashes": ["2024/01/02", "2024/03/04"],
    "moment": ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05+09:00"],
    "yes": ["true", "false"],
    "Yes": ["True", "false"],
    "comma": ["1,5", "2,25", "3"],
    "thousands": ["1,500", "2,250"],
    "words": ["red", " blue", "가나다"],
    "blank": ["", " "],
    "late text": ["1"] * 40 + ["x"],
    "late float": ["1"] * 40 + ["1.5"],
}


def outcome(function):
    try:
        return function()
    except ReadError as error:
        return error.what


@FUZZ
@given(st.data())
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_stream_reads_what_the_whole_reads(tmp_path_factory, delimiter, data):
    rows = data.draw(st.integers(1, 60))
    names = data.draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=2, max_size=4, unique=True))
    cells = {name: (COLUMNS[name] * 60)[:rows] for name in names}
    text = pd.DataFrame(cells).to_csv(index=False, sep=delimiter)
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    encoded = text.encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp949"])))
    folder = tmp_path_factory.mktemp("stream")
    whole, frame = outcome(lambda: read_table(encoded, name="x.csv")), outcome(lambda: converted(folder, encoded))
    if isinstance(whole, str):
        assert frame == whole
        return
    pd.testing.assert_frame_equal(frame, whole)
    assert sorted(frame.attrs["notes"]) == sorted(whole.attrs["notes"])


def test_blank_cells_are_no_sign_of_spaces_after_the_delimiter(tmp_path):
    """The first block holds less of them than the whole, and both are to say the same."""
    text = "words,blank\n" + "red,\n blue, \n" * 10
    whole, frame = read_table(text.encode()), converted(tmp_path, text.encode())
    assert set(whole["words"]) == {"red", " blue"}
    pd.testing.assert_frame_equal(frame, whole)


def test_quoted_cells_may_hold_everything_and_cross_blocks(tmp_path):
    cells = ["a, b", 'say "x"', "two\nlines" * 20, "", "가" * 50]
    text = pd.DataFrame({"t": cells * 5, "n": range(25)}).to_csv(index=False)
    frame = converted(tmp_path, text.encode())
    pd.testing.assert_frame_equal(frame, read_table(text.encode()))


def test_letters_beyond_ascii_that_come_late_are_found(tmp_path):
    text = "a,b\n" + "1,x\n" * 100 + "1,가나다라\n" * 50
    for encoding in ("utf-8", "cp949"):
        frame = converted(tmp_path, text.encode(encoding))
        assert frame["b"].iloc[-1] == "가나다라"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"a,b\n" + b"1,2\n" * 100 + b"1,2,3\n", "line 102 has 3 cells"),
        (b"a,b\n" + b"1,2\n" * 100 + b'1,"2\n', "line 102: a quote is opened"),
        (b"a,b\n" + b"1,2\n" * 100 + b"1,\0\n", "line 102 holds a NUL"),
        (b"a,b\n", "no rows"),
        (b"", "empty"),
        (b"<html><table>", "web page"),
    ],
)
def test_what_is_not_sound_gets_the_sentence_of_reading_it_whole(tmp_path, data, what):
    with pytest.raises(ReadError, match=what):
        converted(tmp_path, data)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_other_formats_are_converted_as_they_are_read(tmp_path):
    frame = converted(tmp_path, b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', name="x.json")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_progress_is_heard_and_cancel_leaves_nothing(tmp_path):
    source = tmp_path / "x.csv"
    source.write_bytes(b"a,b\n" + b"1,2\n" * 500)
    heard: list[float] = []
    to_parquet(source, tmp_path / "x.parquet", progress=lambda share, message: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    (tmp_path / "x.parquet").unlink()
    stop = threading.Event()

    def once(share, message):
        if message.startswith("writing"):
            stop.set()

    with pytest.raises(Cancelled):
        to_parquet(source, tmp_path / "x.parquet", progress=once, cancel=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
