from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Annotations, Decide, Project, current_queue


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.metric)
    html = [element.proto.body for element in app.get("html")]
    return " ".join([f"{getattr(element, 'label', '')} {element.value}" for element in shown] + html)


def open_tab(start, project):
    app = start("annotate", project=project.id)
    app.session_state["annotate-view"] = "Annotators"
    return app.run()


def said(ids, annotators=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["leaves", "stays"], len(ids))
    given = np.where(
        rng.random((len(ids), annotators)) < 0.8,
        truth[:, None],
        rng.choice(["leaves", "stays"], (len(ids), annotators)),
    )
    return pd.DataFrame(given, index=ids, columns=[f"rater *{who}*" for who in range(annotators)], dtype="object")


@pytest.fixture
def rated(turned):
    turned.apply(Annotations(said(turned.dataset.frame.index), by="ann"))
    return turned


def test_without_annotators_the_tab_says_how_to_bring_them(start, turned, quiet):
    app = quiet(open_tab(start, turned))

    assert "Where several people labelled the same examples" in words(app)
    assert turned.dataset.frame.index[0][:6] in words(app)
    assert [each.label for each in app.file_uploader] == ["What annotators said"]


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_a_file_is_looked_at_then_added_as_one_edit(start, turned, quiet, layout):
    table = said(turned.dataset.frame.index[:40]).rename_axis("id")
    if layout == "long":
        table = table.stack().rename("label").rename_axis(["id", "annotator"])
    content = table.reset_index().to_csv(index=False) + (
        "zz,somebody,leaves\n" if layout == "long" else "zz,leaves,,\n"
    )
    app = open_tab(start, turned)
    app.file_uploader[0].upload("said.csv", content.encode(), "text/csv")
    app = quiet(app.run())
    assert "120 labels of 3 annotators on 40 examples" in words(app)
    assert "1 id is not in the data" in words(app)
    quiet(app.button(key="save-annotations").click().run())
    on_disk = Project.open(turned.folder)
    assert on_disk.annotations.shape == (40, 3)
    assert on_disk.log[-1].reason == "said.csv"


def test_a_file_that_is_none_of_annotations_is_refused_with_a_sentence(start, turned):
    app = open_tab(start, turned)
    app.file_uploader[0].upload("said.csv", b"id,label\nq1,leaves\nq2,stays\n", "text/csv")
    app = app.run()

    assert not app.exception
    assert "no column holds ids of examples" in app.error[0].value


def test_agreement_annotators_and_methods_are_on_screen(start, rated, quiet):
    app = quiet(open_tab(start, rated))

    assert "Krippendorff's alpha 0." in words(app)
    assert "95% interval" in words(app)
    each, methods = (
        app.dataframe[0].value,
        next(frame.value for frame in app.dataframe if "method" in frame.value.columns),
    )
    assert sorted(each["annotator"]) == [f"rater *{who}*" for who in range(3)]
    assert methods["method"].tolist() == ["Majority", "Dawid-Skene", "CROWDLAB", "Consensus"]


def test_disputes_become_a_queue_that_is_settled_on_the_card(start, rated, quiet):
    app = quiet(open_tab(start, rated))
    app = quiet(app.button(key="review-disputes").click().run())
    queue = current_queue(Project.open(rated.folder))

    assert queue.source == "labels that annotators dispute"
    assert queue.started_by, "others would be pulled out of their own queues"
    assert set(queue.cards.index) <= set(rated.dataset.ids("train"))
    card = " ".join(each.proto.body for each in app.get("html"))
    assert "of 3 annotators say" in card.replace("says", "say")


def test_reviewers_who_decided_on_the_same_examples_are_compared(start, rated, quiet):
    ids = rated.dataset.ids("train")[:6]
    for by, label in (("ann", "leaves"), ("bob", "stays")):
        rated.apply(Decide({each: ("other", label if place else "leaves") for place, each in enumerate(ids)}, by=by))
    app = quiet(open_tab(start, rated))

    assert "Reviewers of this project" in words(app)
    assert "6 same examples" in words(app)


def test_columns_of_annotators_are_shown_without_a_file(start, workspace, quiet):
    frame = pd.DataFrame(
        {"x": np.arange(80.0), "label": ["a", "b"] * 40, "rater_1": ["a", "b"] * 40, "rater_2": ["a"] * 80}
    )
    dataset = Dataset.from_frame(frame, label="label", annotators=["rater_1", "rater_2"])
    project = Project.create(workspace / "p", dataset, recipe="logistic_regression")
    project.turn()

    assert "Annotators 2" in words(quiet(open_tab(start, project)))


def upload(start, table: pd.DataFrame):
    app = start("collect")
    app.file_uploader(key="upload").upload("data.csv", table.to_csv(index=False).encode(), "text/csv")
    return app.run()


def test_a_new_project_gets_its_label_by_consensus_of_its_annotators(start, workspace, quiet):
    table = said([f"e{number}" for number in range(80)]).set_axis(["rater_1", "rater_2", "rater_3"], axis="columns")
    table.insert(0, "height", np.random.default_rng(0).normal(size=80))
    app = quiet(upload(start, table))
    assert "3 columns hold what one annotator said each" in words(app)
    app = quiet(app.button(key="label-consensus").click().run())
    roles = app.get("data_editor")[0].value if app.get("data_editor") else app.dataframe[0].value
    by_name = dict(zip(roles["column"], roles["role"], strict=True))
    assert by_name["label"] == "label"
    assert {by_name[f"rater_{who}"] for who in (1, 2, 3)} == {"annotator"}
    create = next(each for each in app.button if each.label == "Create the project")
    quiet(create.click().run())


def test_a_new_file_with_a_row_a_label_is_gathered_to_a_row_an_example(start, workspace, quiet):
    wide = (
        said([f"e{number}" for number in range(80)]).set_axis(["ann", "bob", "eve"], axis="columns").rename_axis("id")
    )
    long = wide.stack().rename("label").rename_axis(["id", "annotator"]).reset_index()
    long["height"] = long["id"].str[1:].astype(float)
    app = quiet(upload(start, long))
    assert "one row per label" in words(app)
    app = quiet(app.button(key="gather").click().run())
    assert "80 rows, 6 columns" in words(app)
    assert "240 labels of 3 annotators became 80 rows" in words(app)


def test_labels_without_anything_to_learn_from_are_sent_to_where_they_belong(start, workspace, quiet):
    long = said(["e1", "e2"]).stack().rename("label").rename_axis(["id", "annotator"]).reset_index()
    app = quiet(upload(start, long))

    assert "nothing that a model could learn from" in words(app)
    assert not [each for each in app.button if each.key == "gather"]
