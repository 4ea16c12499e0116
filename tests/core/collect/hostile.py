"""Files that are broken or made to do harm, and what each must end in: a clear sentence or a project that works.

Run it from the root to see them all with time and memory: ``PYTHONPATH=. python tests/core/collect/hostile.py``.
Each is read, its columns are guessed, and where nobody refuses a project is made of it and opened again.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

MB = 1024**2
Make = Callable[[], bytes]


@dataclass(frozen=True)
class Hostile:
    """One file: its name, what is in it, and the sentence it must end in (a pattern), or "" for a project."""

    title: str
    name: str
    make: Make
    sentence: str = ""
    label: str = "label"


HOSTILE: list[Hostile] = []


def hostile(title: str, name: str, content: Make | bytes | str, sentence: str = "", *, label: str = "label") -> None:
    """Add a file to the corpus."""
    if callable(content):
        make = content
    else:
        fixed = content.encode() if isinstance(content, str) else content

        def make() -> bytes:
            return fixed

    HOSTILE.append(Hostile(title, name, make, sentence, label))


ROWS = 60


def good() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": np.round(rng.normal(size=ROWS), 3), "kind": ["red", "green", "blue"] * 20, "label": ["yes", "no"] * 30}
    )


def csv(**columns: Any) -> str:
    return good().assign(**columns).to_csv(index=False)


GOOD = csv()


# --- archives ---------------------------------------------------------------------------------------------------


def zipped(files: dict[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zeros(size: int = 80 * MB) -> bytes:
    """More than may unpack from a few bytes."""
    return bytes(size)


def with_link(*, alone: bool) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("passwords.csv")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        if not alone:
            archive.writestr("data.csv", GOOD)
    return buffer.getvalue()


def overlapping() -> bytes:
    """Entries that share one packed kernel: the archive is small and unpacks to four gigabytes."""
    one = zipped({"0000.csv": zeros(MB)})
    directory = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entries = b"".join(one[directory:end].replace(b"0000.csv", b"%04d.csv" % n) for n in range(4096))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 4096, 4096, len(entries), directory, 0)
    return one[:directory] + entries + tail


def lying() -> bytes:
    """An entry that says it unpacks to 100 bytes, and unpacks to 80 megabytes."""
    data = bytearray(zipped({"x.csv": zeros()}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(mark) + offset
        data[place : place + 4] = struct.pack("<L", 100)
    return bytes(data)


def flagged(*, bit: int = 0, method: int | None = None) -> bytes:
    data = bytearray(zipped({"x.csv": GOOD}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(mark) + offset
        data[place] |= bit
        if method is not None:
            data[place + 2] = method
    return bytes(data)


def nested(levels: int) -> bytes:
    data = GOOD.encode()
    for level in range(levels):
        data = zipped({f"{level}.zip": data})
    return data


def tar_gz() -> bytes:
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("../../x.csv")
        entry.size = len(GOOD)
        archive.addfile(entry, io.BytesIO(GOOD.encode()))
    return buffer.getvalue()


def twice_named() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for content in (GOOD, "a,b\n1,2\n"):
            with archive.open(zipfile.ZipInfo("x.csv"), "w") as file:
                file.write(content.encode())
    return buffer.getvalue()


OUT = "leads out of the archive"
BOMB = "made to exhaust memory"
hostile("path traversal", "a.zip", zipped({"../../etc/cron.d/x.csv": GOOD}), OUT)
hostile("path traversal with backslashes", "a.zip", zipped({"..\\..\\x.csv": GOOD}), OUT)
hostile("absolute name", "a.zip", zipped({"/etc/passwd.csv": GOOD}), OUT)
hostile("name of a drive", "a.zip", zipped({"C:\\Windows\\x.csv": GOOD}), OUT)
hostile("network name", "a.zip", zipped({"\\\\server\\share\\x.csv": GOOD}), OUT)
hostile("a link alone", "a.zip", lambda: with_link(alone=True), "without a table")
hostile("a link beside a table", "a.zip", lambda: with_link(alone=False))
hostile("zip bomb", "a.zip", lambda: zipped({"x.csv": zeros()}), BOMB)
hostile("bzip2 bomb in zip", "a.zip", lambda: zipped({"x.csv": zeros()}, method=zipfile.ZIP_BZIP2), BOMB)
hostile("LZMA bomb in zip", "a.zip", lambda: zipped({"x.csv": zeros()}, method=zipfile.ZIP_LZMA), BOMB)
hostile("zip bomb that lies about its size", "a.zip", lying, "is damaged")
hostile("zip bomb of overlapping entries", "a.zip", overlapping, "unpacks to 4.0 GB")
hostile("zip of 6,000 entries", "a.zip", lambda: zipped({f"{n}.csv": "a\n1\n" for n in range(6_000)}), "6,000 entries")
hostile("directory of a million entries", "a.zip", b"PK\x03\x04" + b"PK\x01\x02" * MB, "1,048,576 entries")
hostile("zip in zip", "a.zip", nested(2), "holds an archive")
hostile("forty-two levels of zip", "a.zip", nested(42), "holds an archive")
hostile("entry with a password", "a.zip", flagged(bit=1), "protected by a password")
hostile("unknown method of packing", "a.zip", flagged(method=99), "not known here")
hostile("zip cut off", "a.zip", zipped({"x.csv": GOOD})[:-40], "damaged ZIP archive")
hostile(
    "zip with a damaged entry",
    "a.zip",
    zipped({"x.csv": GOOD})[:60] + b"!" * 50 + zipped({"x.csv": GOOD})[110:],
    "damaged",
)
hostile("empty zip", "a.zip", zipped({}), "without a table")
hostile("litter of a Mac alone", "a.zip", zipped({"__MACOSX/._x.csv": "?", ".DS_Store": "?"}), "without a table")
hostile("litter of a Mac beside a table", "a.zip", zipped({"__MACOSX/._x.csv": "?", "x.csv": GOOD}))
hostile("two entries of one name", "a.zip", twice_named, "one name")
hostile("zip of several tables", "a.zip", zipped({"x.csv": GOOD, "y.csv": GOOD}), "Say which")
hostile("control characters in an entry's name", "a.zip", zipped({"x\x1b[31m\n\u202e.csv": GOOD}))
hostile("zip of an image", "a.zip", zipped({"x.png": b"\x89PNG\r\n"}), "it is an image")
hostile(
    "Word document",
    "a.docx",
    zipped({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}),
    "office document",
)
hostile("gzip bomb", "x.csv.gz", lambda: gzip.compress(zeros()), BOMB)
hostile("gzip in gzip", "x.gz", gzip.compress(gzip.compress(GOOD.encode())), "holds an archive")
hostile("tar in gzip", "x.tgz", tar_gz, "holds an archive")
hostile("gzip cut off", "x.gz", gzip.compress(GOOD.encode())[:-30], "cut off")
hostile("gzip with a wrong checksum", "x.gz", gzip.compress(GOOD.encode())[:-8] + bytes(8), "damaged")
hostile("gzip of nothing", "x.gz", gzip.compress(b""), "it is empty")
hostile("CSV in gzip", "x.csv.gz", gzip.compress(GOOD.encode()))
hostile("workbook in gzip", "x.xlsx.gz", lambda: gzip.compress(workbook()))
for kind, start in {
    "xz": b"\xfd7zXZ",
    "7z": b"7z\xbc\xaf",
    "RAR": b"Rar!\x1a\x07",
    "zstd": b"\x28\xb5\x2f\xfd",
    "bzip2": b"BZh9",
}.items():
    hostile(f"packed with {kind}", "x.csv", start + bytes(40), kind)


# --- text -------------------------------------------------------------------------------------------------------


def wide(columns: int) -> str:
    return ",".join(f"c{n}" for n in range(columns)) + "\n" + ",".join("1" * columns) + "\n"


ALL = [f"row {n}" for n in range(ROWS)]
hostile("100,000 columns", "x.csv", wide(100_000), "100,000 columns, and at most 10,000")
hostile("NUL bytes", "x.csv", GOOD.replace("red", "r\0d").encode(), "NUL byte")
hostile("random bytes", "x.csv", np.random.default_rng(0).bytes(100_000), "can't be read")
hostile("quote never closed", "x.csv", GOOD.replace("red", '"red', 1), "never closed")
hostile("text after a closing quote", "x.csv", GOOD.replace("red", '"re"d', 1), "text follows a closing quote")
hostile("a hundred thousand quotes", "x.csv", GOOD + '1,"' + '"' * 100_000 + '",yes\n')
hostile(
    "mixed encodings",
    "x.csv",
    GOOD.replace("red", "rot überall é").encode() + "1,größer,yes\n".encode("cp1252"),
    "encodings are mixed",
)
hostile(
    "surrogates in UTF-8",
    "x.csv",
    GOOD.replace("red", "größe größe").encode() + b"1,\xed\xa0\x80,yes\n",
    "encodings are mixed",
)
hostile(
    "overlong UTF-8", "x.csv", GOOD.replace("red", "größe größe").encode() + b"1,\xc0\xaf,yes\n", "encodings are mixed"
)
hostile("duplicate names of columns", "x.csv", GOOD.replace("x,kind", "x,x", 1))
hostile("names that differ in blanks", "x.csv", GOOD.replace("x,kind", "x, x ", 1))
hostile("no names of columns", "x.csv", GOOD.replace("x,kind", ",", 1))
hostile("row with more cells", "x.csv", GOOD + "1,2,3,4\n", "line 62 has 4 cells")
hostile("rows with fewer cells", "x.csv", GOOD + "1\n2,red\n")
hostile("line ends of old Macs", "x.csv", GOOD.replace("\n", "\r"))
hostile("mixed line ends", "x.csv", GOOD.replace("\n", "\r\n", 20))
hostile("blank lines between", "x.csv", GOOD.replace("\n", "\n\n \n"))
hostile("mark of UTF-8 twice", "x.csv", b"\xef\xbb\xbf" * 2 + GOOD.encode())
for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
    hostile(f"text in {coding.upper()}", "x.csv", GOOD.encode(coding))
hostile("UTF-16 cut within a character", "x.csv", GOOD.encode("utf-16")[:-1], "cut off")
hostile("names only", "x.csv", "x,kind,label\n", "no rows")
hostile("blank lines only", "x.csv", "\n \n\t\n" * 100, "blank")
hostile("blank cells only", "x.csv", "x,kind,label\n" + ",,\n" * 50, "no values|no rows")
hostile("nothing", "x.csv", b"", "it is empty")
hostile("ten megabytes in one line", "x.csv", "a" * 10 * MB, "no rows")
hostile("cell of ten megabytes", "x.csv", GOOD.replace("red", "é" * 5 * MB, 1))
hostile("name of ten thousand characters", "x.csv", GOOD.replace("kind", "k" * 10_000, 1))
hostile("control characters in names", "x.csv", GOOD.replace("kind", "ki\x07\x1b[31mnd", 1))
hostile("names that turn the direction", "x.csv", GOOD.replace("kind", "\u202elebal", 1))
hostile("control characters in cells", "x.csv", GOOD.replace("red", "r\x1b[31md\x07"))
hostile(
    "names that the app uses itself",
    "x.csv",
    csv(
        parent=ALL, split=ALL, index=1, id=ALL, example=2, unit=3, other_parent=ALL, predicted="a", given="b", score=0.1
    ),
)
hostile("numbers as names", "x.csv", GOOD.replace("x,kind", "0,1", 1))
hostile("label all missing", "x.csv", csv(label=np.nan), "All of its 60 are missing|No column has the role 'label'")
hostile("label of blanks", "x.csv", csv(label="  "), "All of its 60 are missing")
hostile("one class only", "x.csv", csv(label="yes"), "at least two classes")
hostile("a class a row", "x.csv", csv(label=ALL), "must have test examples")
hostile(
    "a million classes",
    "x.csv",
    lambda: (
        pd.DataFrame({"x": np.arange(10**6) % 7, "y": np.arange(10**6) % 9, "label": [f"c{n}" for n in range(10**6)]})
        .to_csv(index=False)
        .encode()
    ),
    "classes that repeat",
)
hostile("label of many numbers", "x.csv", csv(label=np.linspace(0, 1, ROWS)), "few different values")
hostile("class of one example", "x.csv", csv(label=["rare", *["yes", "no"] * 29, "yes"]))
hostile("classes of 10,000 characters", "x.csv", csv(label=["y" * 10_000, "n" * 10_000] * 30))
hostile("classes that are formulas and markup", "x.csv", csv(label=["=1+1", "<b>no</b>"] * 30))
hostile("one row", "x.csv", "x,label\n1,a\n", "at least two classes")
hostile("two rows", "x.csv", "x,label\n1,a\n2,b\n", "must have test examples")
hostile("equal rows only", "x.csv", "x,label\n" + "1,a\n1,b\n" * 30, "must have test examples")
hostile("no column but the label", "x.csv", "label\n" + "a\nb\n" * 30, "at least one column to learn from")
hostile("features all missing", "x.csv", csv(x=np.nan, kind=np.nan), "at least one column to learn from")
hostile("numbers beyond floats", "x.csv", csv(x="1e400"))
hostile("integers of 400 digits", "x.csv", csv(x="9" * 400))
hostile("words among numbers", "x.csv", csv(x=["inf", "NaN", "-Infinity", "1e-400", "0x10", "1_000"] * 10))
hostile(
    "formulas",
    "x.csv",
    csv(kind=['=HYPERLINK("http://x","y")', "+1+1", "-1+1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"] * 10),
)
hostile(
    "HTML and Markdown", "x.csv", csv(kind=["<script>alert(1)</script>", "![x](http://x/y.png)", "$\\frac{1}{0}$"] * 20)
)
hostile("dates that do not exist", "x.csv", csv(x=["2023-02-30", "2023-02-28"] * 30))
hostile("dates beyond the calendar", "x.csv", csv(x=["9999-12-31", "0001-01-01"] * 30))
hostile("a split column that is all test", "x.csv", csv(split="test"))
hostile("web page", "x.csv", "<!DOCTYPE html><table><tr><td>1", "web page")
hostile(
    "XML of nested entities",
    "x.xml",
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>',
    "web page or XML",
)
hostile("PDF", "x.csv", b"%PDF-1.7", "PDF")
hostile("pickle", "x.csv", b"\x80\x04cos\nsystem\n", "pickle")
hostile("SQLite", "x.csv", b"SQLite format 3\0", "SQLite")
hostile("wrong suffix", "x.parquet", GOOD)


# --- JSON -------------------------------------------------------------------------------------------------------


def records(**columns: Any) -> list[dict[str, Any]]:
    return [
        {**row, **{k: v[i] if isinstance(v, list) else v for k, v in columns.items()}}
        for i, row in enumerate(good().to_dict("records"))
    ]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


hostile("lists 100,000 deep", "x.json", "[" * 100_000 + "]" * 100_000, "nested too deeply")
hostile("objects 100,000 deep", "x.json", '{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply")
hostile("cells 500 objects deep", "x.json", lambda: json.dumps(records(deep=deep(500))).encode())
hostile("NaN and Infinity in JSON", "x.json", json.dumps(records(y=[float("nan"), float("inf")] * 30)))
hostile("numbers beyond floats in JSON", "x.json", json.dumps(records(y=0)).replace('"y": 0', '"y": 1e999'))
hostile("an integer of 10,000 digits in JSON", "x.json", '[{"x": 1' + "0" * 10_000 + "}]", "too many digits")
hostile("integers of 400 digits in JSON", "x.json", json.dumps(records(y=10**399)))
hostile(
    "keys that repeat in JSON",
    "x.json",
    "[" + ",".join(f'{{"x": 1, "x": {n % 7}, "label": "{"ab"[n % 2]}"}}' for n in range(ROWS)) + "]",
)
hostile("half characters in JSON", "x.json", json.dumps(records(**{"k\ud800": "v\udfff"})))
hostile("100,000 keys", "x.json", json.dumps([{f"k{n}": 1 for n in range(100_000)}]), "100,000 columns")
hostile("other keys in each record", "x.json", json.dumps([{f"k{n}": 1} for n in range(20_000)]), "20,000 columns")
hostile("a single value", "x.json", "42", "single value|no rows")
hostile("no records", "x.json", "[]", "empty")
hostile("columns of several lengths", "x.json", '{"a": [1, 2], "b": [1]}', "different lengths")
hostile("JSON cut off", "x.json", json.dumps(records())[:-20], "not valid JSON")
hostile("a broken line in JSON Lines", "x.jsonl", "\n".join(json.dumps(r) for r in records()) + '\n{"x": \n', "line 61")
hostile("kinds that change from row to row", "x.json", json.dumps(records(y=[1, "a", None, True, [1], {"k": 2}] * 10)))
hostile("markup in keys", "x.json", json.dumps(records(**{"<b>k</b>": 1, "": 2, " ": 3})))


# --- workbooks --------------------------------------------------------------------------------------------------


def workbook(change: Callable[[Any], object] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for row in [list(good().columns), *good().to_numpy().tolist()]:
        book.active.append(row)
    if change is not None:
        change(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(data: bytes, **parts: bytes | None) -> bytes:
    """A workbook with other parts; None leaves one out."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files: dict[str, bytes | str] = {name: archive.read(name) for name in archive.namelist()}
    for name, content in parts.items():
        path = next((each for each in files if each.endswith(f"{name}.xml")), f"xl/{name}.xml")
        files.pop(path, None)
        if content is not None:
            files[path] = content
    return zipped(files)


def sheet_xml(cells: str, head: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


def corners(sheet: Any) -> None:
    sheet["XFD1048576"] = "far away"


def merged(sheet: Any) -> None:
    sheet["D1"] = "both"
    sheet.merge_cells("D2:D40")


def ods(rows: int, columns: int) -> bytes:
    """An OpenDocument sheet in which one row and one cell of it are repeated."""
    names = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet>'
        f'<table:table table:name="a"><table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "META-INF/manifest.xml": "<a/>", "content.xml": content})


LAUGHS = (
    "<!DOCTYPE l ["
    + '<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)
FAR = "very far apart|spans [0-9,]+ cells|no sound workbook"
hostile("cells at opposite corners", "x.xlsx", lambda: workbook(corners), FAR)
hostile(
    "a cell beyond the sheet",
    "x.xlsx",
    lambda: repacked(
        workbook(),
        sheet1=sheet_xml(
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="4000000000"><c r="ZZZZZZ4000000000"><v>1</v></c></row>'
        ),
    ),
    FAR,
)
hostile("a repeated cell of OpenDocument", "x.ods", lambda: ods(1_048_576, 16_384), FAR)
hostile("a repeated row of OpenDocument", "x.ods", lambda: ods(1_048_576, 60), FAR)
hostile(
    "nested entities in a workbook",
    "x.xlsx",
    lambda: repacked(workbook(), sheet1=sheet_xml('<row r="1"><c r="A1" t="str"><v>&a11;</v></c></row>', LAUGHS)),
    "workbook|no rows",
)
hostile("workbook bomb", "x.xlsx", lambda: repacked(workbook(), sheet1=sheet_xml("<row/>" * 12 * MB)), BOMB)
hostile("workbook without its sheet", "x.xlsx", lambda: repacked(workbook(), sheet1=None), "workbook|empty")
hostile(
    "workbook without its list of sheets", "x.xlsx", lambda: repacked(workbook(), workbook=None), "workbook|no sheets"
)
hostile(
    "formulas in a workbook",
    "x.xlsx",
    lambda: workbook(lambda sheet: sheet.append(["=1/0", '=HYPERLINK("http://x")', "yes"])),
)
hostile("errors in a workbook", "x.xlsx", lambda: workbook(lambda sheet: sheet.append(["#DIV/0!", "#REF!", "yes"])))
hostile("merged cells", "x.xlsx", lambda: workbook(merged))
hostile(
    "external links",
    "x.xlsx",
    lambda: repacked(workbook(), **{"externalLinks/externalLink1": b'<externalLink xmlns:r="r" r:id="rId1"/>'}),
)
hostile("macros", "x.xlsm", lambda: repacked(workbook(), vbaProject=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)))
hostile("empty sheets", "x.xlsx", lambda: repacked(workbook(), sheet1=sheet_xml("")), "empty")
hostile("workbook cut off", "x.xlsx", lambda: workbook()[:2_000], "damaged ZIP archive or workbook")
hostile(
    "old workbook of noise",
    "x.xls",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + np.random.default_rng(0).bytes(5_000),
    "no sound workbook|memory",
)
hostile(
    "dates beyond the calendar in a workbook",
    "x.xlsx",
    lambda: repacked(
        workbook(),
        sheet1=sheet_xml("".join(f'<row r="{n}"><c r="A{n}" s="1"><v>1e300</v></c></row>' for n in range(1, 9))),
    ),
    "label|workbook|column",
)


# --- Parquet and Arrow ------------------------------------------------------------------------------------------


def parquet(options: dict[str, Any] | None = None, **columns: Any) -> bytes:
    table = pa.Table.from_pandas(good())
    for name, column in columns.items():
        table = table.append_column(name, column)
    sink = io.BytesIO()
    pq.write_table(table, sink, **(options or {}))
    return sink.getvalue()


def arrow(table: pa.Table, *, compression: str | None = None, times: int = 1) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        for _ in range(times):
            writer.write_table(table)
    return sink.getvalue().to_pybytes()


def repeated(value: Any, kind: pa.DataType, doublings: int) -> bytes:
    """A Parquet file of a million equal values, which its end says are there again and again, doubled so many times."""
    sink = io.BytesIO()
    schema = pa.schema([("x", pa.dictionary(pa.int32(), kind))])
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int32)), pa.array([value], kind))
    with pq.ParquetWriter(sink, schema, store_schema=False, compression="zstd") as writer:
        writer.write_table(pa.table({"x": column}, schema=schema), row_group_size=1_000_000)
    about = pq.read_metadata(sink)
    for _ in range(doublings):
        about.append_row_groups(about)
    end = io.BytesIO()
    about.write_metadata_file(end)
    data = sink.getvalue()
    return data[: -8 - int.from_bytes(data[-8:-4], "little")] + end.getvalue()[len(b"PAR1") :]


def bad_offsets() -> bytes:
    offsets = pa.py_buffer(np.array([0, 5, 2_000_000_000, 7], np.int32).tobytes())
    array = pa.StringArray.from_buffers(3, offsets, pa.py_buffer(b"abcdefg"))
    return arrow(pa.table({"x": array, "label": ["a", "b", "a"]}))


def bad_text() -> bytes:
    offsets = pa.py_buffer(np.array([0, 2, 4], np.int32).tobytes())
    array = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"\xff\xfe\xc0\xaf"))
    return arrow(pa.table({"x": array, "label": ["a", "b"]}))


def same_names() -> bytes:
    table = pa.Table.from_pandas(good())
    return arrow(table.append_column("x", table["kind"]))


def deep_struct(levels: int) -> pa.Array:
    array = pa.array(range(ROWS))
    for _ in range(levels):
        array = pa.StructArray.from_arrays([array], ["a"])
    return array


def each(value: Any, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array([value] * ROWS, kind)


NESTED = "nested"
hostile(
    "structs, lists and maps",
    "x.parquet",
    lambda: parquet(
        s=each({"a": 1, "b": {"c": "z"}}), l=each([[1], [2, 3]]), m=each([("k", 1)], pa.map_(pa.string(), pa.int64()))
    ),
)
hostile(
    "structs 50 deep",
    "x.arrow",
    lambda: arrow(pa.table({"x": deep_struct(50), "label": ["a", "b"] * 30})),
)
hostile(
    "dictionary, decimal, null, time and duration",
    "x.parquet",
    lambda: parquet(
        d=pa.array(["a", "b"] * 30).dictionary_encode(),
        e=pa.array(range(ROWS)).cast(pa.decimal128(38, 10)),
        n=pa.nulls(ROWS),
        t=each(5, pa.time64("ns")),
        u=each(5, pa.duration("s")),
    ),
)
hostile(
    "time zones and dates beyond nanoseconds",
    "x.parquet",
    lambda: parquet(
        z=pa.array([2**60] * ROWS, pa.timestamp("us", "Asia/Seoul")), y=pa.array([-(2**62)] * ROWS, pa.timestamp("ms"))
    ),
)
hostile(
    "unsigned and tiny numbers",
    "x.parquet",
    lambda: parquet(u=each(2**64 - 1, pa.uint64()), h=pa.array(np.full(ROWS, np.inf, np.float16))),
)
hostile("bytes that are no text", "x.parquet", lambda: parquet(b=each(b"\xff\x00\xfe", pa.binary())))
hostile(
    "unions and intervals",
    "x.arrow",
    lambda: arrow(
        pa.Table.from_pandas(good())
        .append_column("i", each((1, 2, 3), pa.month_day_nano_interval()))
        .append_column("u", pa.UnionArray.from_sparse(pa.array([0] * ROWS, pa.int8()), [pa.array(range(ROWS))]))
    ),
)
hostile("names that repeat in Arrow", "x.arrow", same_names)
hostile("no rows in Parquet", "x.parquet", lambda: good().head(0).to_parquet(), "no values")
hostile("no columns in Parquet", "x.parquet", lambda: good()[[]].to_parquet(index=False), "no values|no columns")
hostile("Parquet cut off", "x.parquet", lambda: parquet()[:-100], "no sound Parquet")
hostile(
    "Parquet with a damaged page",
    "x.parquet",
    lambda: parquet()[:40] + b"\xff" * 60 + parquet()[100:],
    "no sound Parquet",
)
hostile("Parquet of its mark alone", "x.parquet", b"PAR1PAR1", "no sound Parquet")
hostile(
    "Parquet of a thousand million rows",
    "x.parquet",
    lambda: repeated(1, pa.int64(), 10),
    "values, and at most|unpacks to",
)
hostile(
    "Parquet of one text of a megabyte, two million times",
    "x.parquet",
    lambda: repeated("x" * MB, pa.string(), 1),
    "unpacks to|values, and at most",
)
hostile("Arrow with bad offsets", "x.arrow", bad_offsets, "no sound Arrow")
hostile("Arrow with bad text", "x.arrow", bad_text, "no sound Arrow")
hostile("Arrow cut off", "x.arrow", lambda: arrow(pa.Table.from_pandas(good()))[:-200], "no sound Arrow")
hostile(
    "Arrow bomb",
    "x.arrow",
    lambda: arrow(pa.table({"x": np.zeros(400 * MB // 8)}), compression="zstd", times=6),
    "unpacks to 2.3 GB",
)


# --- what becomes of them ---------------------------------------------------------------------------------------


def ending(case: Hostile, content: bytes, folder: Path) -> str:
    """Take one file the whole way; the sentence it ends in, or "" for a project that was made and opened again.

    What is no sentence of the app's own comes out with its class in front.
    """
    from core.collect import infer_schema, read_table
    from core.dataset import Dataset
    from core.errors import FlywheelError
    from core.flywheel import Project

    try:
        frame = read_table(content, name=case.name)
        schema = infer_schema(frame)
        label = case.label if case.label in frame.columns else schema.label
        dataset = Dataset.from_frame(frame, label=label, schema=schema.with_role(label, "label"))
        project = Project.create(folder / "project", dataset)
        project.close()
        again = Project.open(folder / "project")
        assert again.dataset.version == dataset.version
        again.close()
    except FlywheelError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def peak() -> float:
    """The most memory this process has held since it was last asked, in MB; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def peak_of_children() -> float:
    """The most memory that any process held which this one started, in MB; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def work_of_cores() -> float:
    """Seconds that cores worked for this process and those it started: other than a clock, it knows no other's load."""
    return sum(os.times()[:4])


def run() -> Iterator[dict[str, Any]]:
    """Take all files the whole way, one after the other."""
    peak()
    for number, case in enumerate(HOSTILE):
        with tempfile.TemporaryDirectory() as folder:
            content = case.make()
            peak()
            started = work_of_cores()
            words = ending(case, content, Path(folder))
            seconds = work_of_cores() - started
            left = sorted(path.name for path in Path(folder).iterdir()) if words else []
        yield {
            "number": number,
            "title": case.title,
            "words": words,
            "seconds": seconds,
            "peak": peak(),
            "children": peak_of_children(),
            "left": left,
        }


def limit_memory(most: int = 8 * 1024**3) -> None:
    """A file that would take the machine's memory fails alone, where the system can see to it."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    limit_memory()
    for result in run():
        if "--json" in sys.argv:
            print(json.dumps(result), flush=True)
        else:
            print(
                f"{result['title']:55} {result['seconds']:6.2f} s {result['peak']:7.0f} MB  "
                f"{result['words'][:150] or 'a project'}",
                flush=True,
            )
