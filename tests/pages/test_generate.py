from __future__ import annotations

import pytest

from core.flywheel import Project
from core.generate import explicit_counts, propose
from pages.parts import jobs
from pages.parts.proposal import Ask


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.success)
    return " ".join(element.value for element in shown)


def labels_of(project: Project):
    return project.dataset.labels.loc[project.dataset.ids("train")]


def test_the_counts_stand_there_before_anything_happens(start, project, quiet):
    app = quiet(start("generate", project=project.id))
    counts = labels_of(project).value_counts()
    missing = counts.max() - counts.min()
    table = app.dataframe[-1].value.set_index("class")
    assert table.loc[counts.index[1], "change"] == f"+{missing}"
    assert table.loc[counts.index[0], "change"] == "–"
    assert app.button(key="apply").label == f"Add {missing} examples"
    assert len(project.log) == 0


def test_the_amount_can_be_chosen(start, project, quiet):
    app = start("generate", project=project.id)
    next(iter(app.number_input)).set_value(5).run()
    app = quiet(app.button(key="apply").click().run())
    on_disk = Project.open(project.folder)
    assert len(on_disk.dataset.generated) == 5
    assert [entry.kind for entry in on_disk.log] == ["generate"]
    assert "5 are generated" in words(app)
    quiet(app.button(key="undo").click().run())
    assert Project.open(project.folder).dataset.version == project.dataset_at(0).version


@pytest.mark.parametrize("method", ["random_oversample", "smote"])
def test_the_preview_is_what_is_applied(start, project, quiet, method):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value(method).run()
    app.session_state["preview"] = True
    app = quiet(app.run())
    said = words(app)
    assert "made from" in said
    assert ("an exact copy" in said) == (method == "random_oversample")
    before = project.dataset
    quiet(app.button(key="apply").click().run())
    counts = explicit_counts(labels_of(project).loc[before.ids("train")], "minority")
    wanted = propose(before, method=method, target=counts)
    assert Project.open(project.folder).dataset.generated.tolist() == wanted.index.tolist()


def test_changed_values_are_marked_with_those_of_the_parent(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value("smote").run()
    app.session_state["preview"] = True
    app = quiet(app.run())
    assert "parent: " in " ".join(element.proto.body for element in app.get("html"))


def test_undersampling_excludes_and_comes_back(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value("random_undersample").run()
    app.session_state["preview"] = True
    app = quiet(app.run())
    before = len(project.dataset.ids("train"))
    gone = int(app.number_input[0].value)
    assert app.button(key="apply").label == f"Exclude {gone} examples"
    app = quiet(app.button(key="apply").click().run())
    on_disk = Project.open(project.folder)
    assert len(on_disk.dataset.ids("train")) == before - gone
    assert [entry.kind for entry in on_disk.log] == ["exclude"]


def test_a_share_grows_the_smaller_classes(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="target-False").set_value("share").run()
    app = quiet(app.slider(key="share").set_value(100).run())
    counts = labels_of(project).value_counts()
    assert app.button(key="apply").label == f"Add {counts.max() - counts.min()} examples"


def test_nothing_to_do_is_said(start, project, quiet):
    largest = labels_of(project).value_counts().index[0]
    app = start("generate", project=project.id)
    app = quiet(app.selectbox(key="target-False").set_value(f"class {largest}").run())
    assert "there is nothing to make" in words(app)
    assert not [each for each in app.button if each.key == "apply"]


def test_a_trial_never_claims_more_than_its_interval_and_leaves_the_data_alone(start, turned, quiet):
    app = start("generate", project=turned.id)
    app.button(key="try").click().run()
    tried = jobs.registry().wait(turned.id, "trial", 120)
    assert tried.state == "done", tried.message
    app = quiet(app.run())
    verdict = tried.result.verdict
    said = words(app)
    assert verdict.verdict in said
    assert ("worth applying" in said) == (verdict.low > 0)
    assert ("can't be told from chance" in said) == (verdict.low <= 0 <= verdict.high)
    assert "inside the folds of train" in said
    assert "not what is chosen now" not in said
    assert len(Project.open(turned.folder).log) == 0
    app.number_input[0].set_value(3).run()
    assert "not what is chosen now" in words(app)
    app.button(key="apply").click().run()
    assert "The data was changed since this trial" in words(app)


def test_an_ask_reads_as_one_would_say_it():
    ask = Ask("smote", (("stays", 1200), ("leaves", 3)))
    assert str(ask) == "SMOTE: 1,200 of 'stays', 3 of 'leaves'"
    assert (ask.total, ask.target) == (1203, {"stays": 1200, "leaves": 3})
