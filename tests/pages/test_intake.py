from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from core.flywheel import Project
from core.flywheel.batches import kept_batches
from core.flywheel.dated import dated_tests, unscored
from core.flywheel.release import stamp
from pages.parts import jobs


def csv(frame: pd.DataFrame) -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.success, *app.warning, *app.info)
    return " ".join(element.value for element in shown)


@pytest.fixture
def bring(start, quiet):
    """Open Collect, bring a file as a new batch, and wait until it was looked at."""

    def brought(project: Project, frame: pd.DataFrame, name: str = "more.csv"):
        app = start("collect", project=project.id)
        app.session_state["collect-view"] = "Add rows"
        app.run()
        app.file_uploader[0].upload(name, csv(frame)).run()
        return wait(app, project)

    return brought


def wait(app, project: Project):
    if "batch-job" in app.session_state:
        jobs.registry().wait(project.id, app.session_state["batch-job"], 60)
    return app.run()


@pytest.fixture
def new(turned):
    """Rows that are new, 5 of them without a class."""
    rng = np.random.default_rng(9)
    frame = turned.dataset.frame.sample(60, random_state=3).reset_index(drop=True)
    frame["income"] = (frame["income"] + rng.uniform(0.01, 0.09, len(frame))).round(3)
    frame.loc[:4, "label"] = None
    return frame


def test_rows_are_counted_and_added_as_one_edit(bring, quiet, turned, new):
    known = turned.dataset.frame.head(7)
    before = turned.dataset
    app = quiet(bring(turned, pd.concat([new, known])))
    assert "67 rows read" in words(app)
    assert "60 new" in words(app)
    assert "7 are known already" in words(app)
    assert "nothing has drifted" in words(app)
    quiet(app.button(key="batch-add").click().run())
    opened = Project.open(turned.folder)
    assert len(opened.dataset.ids("pool")) == 5
    assert len(opened.dataset) == len(before) + 60
    assert [(batch.name, batch.fate) for batch in kept_batches(opened)] == [("more.csv", "added")]


def test_a_column_of_another_name_is_proposed_and_the_analyst_may_overrule(bring, quiet, turned, new):
    other = new.rename(columns={"income": "Income (k)"}).assign(shade=["x", "y"] * 30)
    app = quiet(bring(turned, other))
    box = next(each for each in app.selectbox if each.label.startswith("income"))
    assert box.value == "Income (k)"
    assert "Not in the data, so left out: shade" in words(app)
    box.set_value("not in the file").run()
    assert "model learns from columns that the file has not: income" in app.error[0].value
    box = next(each for each in app.selectbox if each.label.startswith("income"))
    box.set_value("Income (k)").run()
    app = quiet(wait(app, turned))
    quiet(app.button(key="batch-add").click().run())
    (batch,) = kept_batches(Project.open(turned.folder))
    assert batch.report.renamed == {"income": "Income (k)"}
    assert batch.report.strange == ("shade",)


def test_rows_of_other_data_are_refused_with_the_columns_that_lack(bring, turned):
    app = bring(turned, pd.DataFrame({"a": [1, 3], "b": [2, 4]}))
    assert not app.exception
    assert "income" in app.error[0].value


def test_drift_is_told_before_anything_is_added_and_the_batch_can_be_refused(bring, quiet, turned, new):
    version = turned.dataset.version
    app = quiet(bring(turned, new.assign(income=new["income"] * 3), "odd.csv"))
    assert "Columns have drifted" in words(app)
    app.radio(key="batch-what").set_value("Refuse it").run()
    assert app.button(key="batch-refuse").disabled
    app.text_input(key="batch-why").set_value("another currency").run()
    quiet(app.button(key="batch-refuse").click().run())
    opened = Project.open(turned.folder)
    assert opened.dataset.version == version
    assert [(batch.fate, batch.reason) for batch in kept_batches(opened)] == [("refused", "another currency")]


def test_labelled_rows_can_be_kept_as_a_dated_test_set(bring, quiet, start, turned, new):
    version = turned.dataset.version
    app = quiet(bring(turned, new, "june.csv"))
    app.radio(key="batch-what").set_value("Keep it as a dated test set").run()
    assert app.button(key="batch-judge").label == "Keep 55 labelled rows as a test set"
    quiet(app.button(key="batch-judge").click().run())
    jobs.registry().wait(turned.id, "dated", 60)
    opened = Project.open(turned.folder)
    assert opened.dataset.version == version
    assert [(test.name, len(test.labels)) for test in dated_tests(opened)] == [("june.csv", 55)]
    assert unscored(opened) == []
    app = quiet(start("evaluate", project=turned.id))
    table = next(each.value for each in app.dataframe if "judged on" in each.value)
    assert list(table["judged on"]) == ["the project's test set", "june.csv"]
    assert list(table["examples"]) == [str(len(opened.dataset.ids("test"))), "55"]


def test_an_unlabelled_batch_can_not_judge(bring, quiet, turned, new):
    app = quiet(bring(turned, new.drop(columns="label")))
    assert app.radio(key="batch-what").options == ["Add it to the data", "Refuse it"]
    assert "Not in the file, so missing in the new rows: label" in words(app)


def test_labels_that_are_not_trusted_go_to_the_pool(bring, quiet, turned, new):
    app = quiet(bring(turned, new))
    app.checkbox(key="batch-pool").check().run()
    quiet(app.button(key="batch-add").click().run())
    assert len(Project.open(turned.folder).dataset.ids("pool")) == 60


def test_before_the_first_turn_a_batch_can_be_added_too(bring, quiet, project):
    frame = project.dataset.frame.head(30).reset_index(drop=True)
    frame["income"] += 0.01
    app = quiet(bring(project, frame))
    assert "told once turn 0 was run" in words(app)
    quiet(app.button(key="batch-add").click().run())
    assert len(Project.open(project.folder).dataset) == 273


def test_text_of_the_file_is_never_markup(bring, quiet, turned, new):
    app = quiet(bring(turned, new.rename(columns={"city": "<b>City</b>"}), "<b>odd</b>.csv"))
    assert "<b>City" not in words(app)


def test_another_table_of_the_same_archive_is_looked_at_anew(start, quiet, turned, new):
    """Two tables of equal columns: what is said, and what would be added, is of the one that is chosen."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("may.csv", csv(new.head(40)))
        archive.writestr("june.csv", csv(new.tail(20)))
    app = start("collect", project=turned.id)
    app.session_state["collect-view"] = "Add rows"
    app.run()
    app.file_uploader[0].upload("both.zip", packed.getvalue()).run()
    for name, rows in (("may.csv", 40), ("june.csv", 20)):
        tables = next(box for box in app.selectbox if box.label.startswith("Table in"))
        tables.set_value(name).run()
        wait(app, turned)
        assert f"{rows} rows read" in words(quiet(app))


def test_predictions_of_an_exported_model_are_read_back(bring, quiet, turned, new):
    said = turned.fitted().predict_proba(turned.dataset.fit_rows(new)[list(turned.dataset.schema.inputs)])
    columns = {f"flywheel_probability: {name}": said[:, place] for place, name in enumerate(turned.dataset.classes)}
    away = new.assign(**columns, flywheel_predicted="", flywheel_model=stamp(turned, turned.turns[0]))
    app = quiet(bring(turned, away))
    assert "exported model of turn 0" in words(app)
    assert "Predicted otherwise elsewhere" not in words(app)
