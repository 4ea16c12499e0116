"""Files as people bring them: an archive of tables, a broken file, and one that is made to do harm."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from driving import App

from core.flywheel import Project

pytestmark = pytest.mark.browser


def test_an_archive_becomes_a_project_and_broken_files_get_sentences(page, server, tmp_path):
    chance = np.random.default_rng(0)
    table = pd.DataFrame({"income": chance.normal(40, 9, 200).round(1), "plan": ["basic", "plus"] * 100})
    table["label"] = np.where(table["income"] > 40, "stays", "leaves")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("train.csv", table.head(150).to_csv(index=False))
        archive.writestr("test.csv", table.tail(50).to_csv(index=False))
        archive.writestr("__MACOSX/._train.csv", "junk")
    files = {
        "tables.zip": buffer.getvalue(),
        "broken.csv": b'a,b\n1,"2\n3,4\n',
        "hostile.zip": b"PK\x03\x04" + b"PK\x01\x02" * 50_000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    app = App(page, server)
    app.goto("collect")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files([tmp_path / name for name in files])
    app.drawn()
    app.see("'broken.csv' can't be read: line 2: a quote is opened and never closed")
    app.see("'hostile.zip' can't be read: it is an archive of 50,000 entries")
    app.see("train.csv in tables.zip: 150 rows")
    assert not app.trace
    page.get_by_role("button", name="Use these files").click()
    app.drawn()
    app.see("What the columns are for")
    page.get_by_role("button", name="Create the project").click()
    app.see("What to do next", seconds=60)
    dataset = Project.open(server.workspace / app.project).dataset
    assert (len(dataset), len(dataset.ids("test"))) == (200, 50)
    assert not app.trace
