from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from core.collect import ReadError
from core.flywheel import Project, list_projects
from pages.parts import drafts, files, jobs


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_csv", ".csv"), content)
    return buffer.getvalue()


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.info, *app.error)
    return " ".join(element.value for element in shown).replace("\\", "")


def button(app, label: str):
    return next(each for each in app.button if each.label.startswith(label))


def table_of(app) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if "role" in frame.value)


@pytest.fixture
def customers(project) -> pd.DataFrame:
    return project.dataset.frame.reset_index(drop=True)


@pytest.fixture
def upload(start):
    def uploaded(**contents):
        app = start("collect")
        box = app.file_uploader(key="upload")
        for name, content in contents.items():
            box.upload(name.replace("_csv", ".csv").replace("_zip", ".zip"), content)
        box.run()
        return app

    return uploaded


def test_the_tables_of_an_archive_count_as_several_files(upload, quiet, customers, workspace):
    app = quiet(upload(all_zip=zipped(train_csv=csv(customers.head(180)), test_csv=csv(customers.tail(63)))))
    assert app.multiselect[0].value == ["train.csv", "test.csv"]
    assert app.selectbox(key="test-file").value == "test.csv in all.zip"
    quiet(button(app, "Use these files").click().run())
    quiet(button(app, "Create the project").click().run())
    made = next(summary for summary in list_projects(workspace) if summary.name == "all")
    assert len(Project.open(workspace / made.id).dataset.ids("test")) == 63


def test_a_broken_file_gets_its_sentence_and_the_others_go_on(upload, quiet, customers):
    app = upload(good_csv=csv(customers.head(100)), bad_csv=b'a,b\n1,"2\n')
    assert not app.exception
    assert "'bad.csv' can't be read: line 2: a quote is opened and never closed" in words(app)
    quiet(button(app, "Use this file").click().run())
    assert "100 rows" in words(app)


def test_files_of_unlike_columns_say_what_they_share_before_they_are_joined(upload, quiet, customers):
    alike = quiet(upload(one_csv=csv(customers.head(100)), two_csv=csv(customers.tail(100))))
    assert "All have the same 4 columns" in words(alike)
    unlike = customers.tail(100).rename(columns={"city": "*town*"})
    app = quiet(upload(one_csv=csv(customers.head(100)), two_csv=csv(unlike)))
    said = app.warning[0].value.replace("\\", "")
    assert "3 columns are in all of them: income, age, label." in said
    assert "one.csv has besides: city." in said
    assert "two.csv has besides: *town*." in said
    assert not button(app, "Use these files").disabled


def test_files_that_share_no_column_are_not_joined(upload, customers):
    app = upload(one_csv=csv(customers), two_csv=csv(customers.add_suffix("_b")))
    assert "share no column" in words(app)
    assert button(app, "Use these files").disabled


def test_a_hostile_archive_ends_in_a_sentence(upload, workspace):
    app = upload(x_zip=zipped(**{"../../x_csv": b"a,b\n1,2\n"}))
    assert not app.exception
    assert "leads out of the archive" in words(app)
    assert not list_projects(workspace)


def test_a_large_file_is_read_as_a_job(upload, quiet, customers, monkeypatch):
    monkeypatch.setattr(files, "LARGE_BYTES", 100)
    app = upload(people_csv=csv(customers))
    registry = jobs.registry()
    (key,) = {project for project, _ in registry._jobs}
    assert registry.wait(key, "read", 30).state == "done"
    quiet(app.run())
    assert "243 rows" in words(app)
    # The frame is the draft's now.
    assert registry.snapshot(key, "read") is None


def test_a_large_file_that_is_broken_ends_in_its_sentence(upload, monkeypatch):
    monkeypatch.setattr(files, "LARGE_BYTES", 10)
    app = upload(people_csv=b"a,b\n1,2\n1,2,3\n")
    registry = jobs.registry()
    (key,) = {project for project, _ in registry._jobs}
    registry.wait(key, "read", 30)
    app.run()
    assert not app.exception
    assert "'people.csv' can't be read: line 3 has 3 cells" in words(app)


def test_the_disk_is_closed_unless_the_operator_opens_it(start, quiet, customers, tmp_path, monkeypatch):
    assert not quiet(start("collect")).multiselect
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "people.csv").write_bytes(csv(customers))
    monkeypatch.setenv("FLYWHEEL_DISK", str(folder))
    app = quiet(start("collect"))
    quiet(app.multiselect(key="upload-disk").select("people.csv").run())
    assert "243 rows" in words(app)


def test_kinds_and_missing_words_are_overruled_before_anything_is_stored(upload, quiet, customers, workspace):
    table = customers.assign(zone=[1, 2, 3] * 81, city=customers["city"].replace("Busan", "unknown"))
    app = quiet(upload(people_csv=csv(table)))
    kinds = table_of(app).set_index("column")["kind"]
    assert kinds["zone"] == "numeric"
    app.text_input(key=next(each.key for each in app.text_input if each.key.startswith("missing-"))).set_value(
        "unknown"
    ).run()
    quiet(app)
    assert table_of(app).set_index("column").loc["city", "different"] == 2
    assert "'city'" in words(app)
    assert len(list_projects(workspace)) == 1


def test_a_kind_that_is_overruled_is_read_anew_and_chosen_roles_stay():
    table = pd.DataFrame({"zone": [1, 2, 3] * 20, "day": ["31.01.2024"] * 60, "x": range(60), "label": ["a", "b"] * 30})
    draft = drafts.keep(table, "table")
    drafts.save(draft, draft.schema.with_role("x", "ignored", drafts.CHOSEN))
    drafts.reread(drafts.current(), kinds={"zone": "categorical", "day": "datetime"})
    kept = drafts.current()
    assert kept.schema.column("zone").kind == "categorical"
    assert kept.frame["zone"].tolist()[:3] == ["1", "2", "3"]
    assert kept.frame["day"].iloc[0] == pd.Timestamp("2024-01-31")
    assert kept.schema.column("x").role == "ignored"
    assert kept.revision == 2
    with pytest.raises(ReadError, match="'label'"):
        drafts.reread(kept, kinds={"label": "numeric"})
    # What was brought is as it was: the kind can be taken back.
    drafts.reread(kept, kinds={})
    pd.testing.assert_frame_equal(drafts.current().frame, table)
