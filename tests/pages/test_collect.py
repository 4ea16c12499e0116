from __future__ import annotations

import io

import pandas as pd
import pytest

from core.flywheel import Exclude, Project, list_projects


def csv(frame: pd.DataFrame, encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode(encoding)


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header, *app.info, *app.success))


def button(app, label: str):
    return next(each for each in app.button if each.label.startswith(label))


@pytest.fixture
def upload(start):
    def uploaded(**files):
        app = start("collect")
        box = app.file_uploader(key="upload")
        for name, content in files.items():
            box.upload(name.replace("_csv", ".csv"), content)
        box.run()
        return app

    return uploaded


def roles(app) -> dict[str, str]:
    table = next(frame.value for frame in app.dataframe if "role" in frame.value)
    return dict(zip(table["column"], table["role"], strict=True))


@pytest.fixture
def customers(project) -> pd.DataFrame:
    return project.dataset.frame.reset_index(drop=True)


def test_one_file_becomes_a_project(upload, quiet, customers, workspace):
    app = quiet(upload(people_csv=csv(customers)))
    assert roles(app) == {"income": "feature", "age": "feature", "city": "feature", "label": "label"}
    assert "Preview" in words(app)
    app.text_input(key="new-name").set_value("People").run()
    app.slider(key="new-test").set_value(40).run()
    quiet(button(app, "Create the project").click().run())
    made = next(summary for summary in list_projects(workspace) if summary.name == "People")
    dataset = Project.open(workspace / made.id).dataset
    assert len(dataset) == len(customers)
    assert len(dataset.ids("test")) == pytest.approx(0.4 * len(customers), rel=0.05)
    assert app.query_params["project"] in (made.id, [made.id])


def test_korean_headers_in_cp949_survive(upload, quiet, customers, workspace):
    table = customers.rename(columns={"income": "소득", "label": "라벨"}).replace({"stays": "유지", "leaves": "이탈"})
    app = quiet(upload(고객_csv=csv(table, "cp949")))
    assert roles(app)["라벨"] == "label"
    quiet(button(app, "Create the project").click().run())
    made = next(summary for summary in list_projects(workspace) if summary.name == "고객")
    assert Project.open(workspace / made.id).dataset.classes == ("유지", "이탈")


def test_a_second_file_can_be_the_test_set(upload, quiet, customers, workspace):
    app = quiet(upload(train_csv=csv(customers.head(180)), test_csv=csv(customers.tail(63))))
    assert app.selectbox(key="test-file").value == "test.csv"
    quiet(button(app, "Use these files").click().run())
    assert app.slider(key="new-test").disabled
    quiet(button(app, "Create the project").click().run())
    made = next(summary for summary in list_projects(workspace) if summary.name == "train")
    assert len(Project.open(workspace / made.id).dataset.ids("test")) == 63


def test_two_files_can_be_put_together(upload, quiet, customers):
    app = quiet(upload(one_csv=csv(customers.head(100)), two_csv=csv(customers.tail(143))))
    quiet(button(app, "Use these files").click().run())
    assert "243 rows" in words(app)


def test_the_label_can_be_overruled_and_is_asked_for(upload, quiet, customers):
    table = customers.rename(columns={"label": "x1"}).assign(x2=["a", "b", "c"] * 81)
    app = quiet(upload(people_csv=csv(table)))
    box = next(each for each in app.selectbox if each.label.startswith("Label"))
    quiet(box.select("x2").run())
    assert roles(app)["x2"] == "label"
    assert roles(app)["x1"] != "label"


def test_a_file_that_is_no_table_is_said_in_a_sentence(upload):
    app = upload(broken_csv=b"\x89PNG not a table")
    assert not app.exception
    assert "can't be read" in app.error[0].value.replace("\\", "")
    assert "reference" not in app.error[0].value


def test_a_label_of_many_numbers_is_refused_with_the_remedy(upload, customers):
    app = upload(people_csv=csv(customers.drop(columns="label")))
    box = next(each for each in app.selectbox if each.label.startswith("Label"))
    box.select("income").run()
    button(app, "Create the project").click().run()
    assert not app.exception
    assert "different numbers" in app.error[0].value.replace("\\", "")
    # What was refused can be tried again once it is mended.
    next(each for each in app.selectbox if each.label.startswith("Label")).select("city").run()
    button(app, "Create the project").click().run()
    assert not app.exception
    assert not app.error
    assert app.query_params["project"]


def test_the_draft_survives_a_page_switch(upload, quiet, customers):
    app = upload(people_csv=csv(customers))
    app.switch_page("pages/overview.py").run()
    app.switch_page("pages/collect.py").run()
    assert "people" in words(quiet(app))
    quiet(button(app, "Choose other files").click().run())
    assert app.file_uploader(key="upload")


def test_a_finding_is_mended_as_one_edit(start, quiet, project):
    app = quiet(start("collect", project=project.id))
    mend = next(each for each in app.button if (each.key or "").startswith("mend-exact_duplicates"))
    quiet(mend.click().run())
    (entry,) = Project.open(project.folder).log
    assert entry.kind == "exclude"
    assert "cop" in entry.reason
    assert not [each for each in app.button if (each.key or "").startswith("mend-exact_duplicates")]


def test_the_data_is_shown_page_by_page_and_can_be_narrowed(start, quiet, project):
    app = start("collect", project=project.id)
    app.session_state["collect-view"] = "Data"
    quiet(app.run())
    assert len(app.dataframe[0].value) == 50
    app.text_input(key="data-words").set_value("oslo").run()
    shown = quiet(app).dataframe[0].value
    assert set(shown["city"]) == {"<b>Oslo</b>"}
    app.segmented_control(key="data-part").set_value("test").run()
    assert set(quiet(app).dataframe[0].value["part"]) == {"test"}


def test_columns_and_class_balance_are_shown(start, quiet, project):
    app = start("collect", project=project.id)
    app.session_state["collect-view"] = "Columns"
    app.session_state["columns-view"] = "Roles"
    quiet(app.run())
    table = next(frame.value for frame in app.dataframe if "role" in frame.value)
    assert table.set_index("column").loc["label", "role"] == "label"
    balance = next(frame.value for frame in app.dataframe if "share" in frame.value)
    assert balance["collected"].sum() == len(project.dataset.ids("train"))


def test_text_of_the_data_is_never_markup(start, quiet, project):
    project.apply(Exclude([project.dataset.ids("train")[0]], by="*ann*"))
    app = quiet(start("collect", project=project.id))
    drawn = " ".join(str(element.proto.body) for element in app.get("html"))
    assert "<b>Oslo" not in drawn
