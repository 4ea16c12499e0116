from __future__ import annotations

import pytest

from core.flywheel import Project
from core.generate import GenerateError, explicit_counts, propose
from pages.parts import jobs
from pages.parts.proposal import Ask
from pages.parts.proposed_row import made_of, parent_text


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.success)
    return " ".join(element.value for element in shown)


def settled(app, project: Project):
    """The page once the proposal that it makes in the background is there."""
    job = jobs.registry().wait(project.id, "proposal", 60)
    assert job is None or job.state == "done", job.message
    return app.run()


def preview(app, project: Project):
    app.session_state["preview"] = True
    return settled(app.run(), project)


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
    app = quiet(settled(app.button(key="apply").click().run(), project))
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
    app = quiet(preview(app, project))
    said = words(app)
    assert "made from" in said
    assert ("an exact copy" in said) == (method == "random_oversample")
    before = project.dataset
    quiet(settled(app.button(key="apply").click().run(), project))
    counts = explicit_counts(labels_of(project).loc[before.ids("train")], "minority")
    wanted = propose(before, method=method, target=counts)
    assert Project.open(project.folder).dataset.generated.tolist() == wanted.index.tolist()


def test_changed_values_are_marked_with_those_of_the_parent(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value("smote").run()
    app = quiet(preview(app, project))
    assert "parent: " in " ".join(element.proto.body for element in app.get("html"))


def test_a_proposal_that_fails_is_said_once_and_changes_nothing(start, project, monkeypatch):
    def refused(*_, **__):
        raise GenerateError("Class 'leaves' has too few examples.")

    monkeypatch.setattr("pages.parts.proposal.propose", refused)
    app = start("generate", project=project.id)
    app.session_state["preview"] = True
    app.run()
    first = jobs.registry().wait(project.id, "proposal", 60)
    for _ in range(2):
        app.run()
        assert "too few examples" in app.error[0].value
    assert jobs.registry().snapshot(project.id, "proposal") is first
    app.button(key="apply").click().run()
    jobs.registry().wait(project.id, "proposal", 60)
    assert "too few examples" in app.run().error[0].value
    assert len(Project.open(project.folder).log) == 0


def test_undersampling_excludes_and_comes_back(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value("random_undersample").run()
    app = quiet(preview(app, project))
    before = len(project.dataset.ids("train"))
    gone = int(app.number_input[0].value)
    assert app.button(key="apply").label == f"Exclude {gone} examples"
    app = quiet(settled(app.button(key="apply").click().run(), project))
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
    settled(app.button(key="apply").click().run(), turned)
    assert "The data was changed since this trial" in words(app)


def test_an_ask_reads_as_one_would_say_it():
    ask = Ask("smote", (("stays", 1200), ("leaves", 3)))
    assert str(ask) == "SMOTE: 1,200 of 'stays', 3 of 'leaves'"
    assert (ask.total, ask.target) == (1203, {"stays": 1200, "leaves": 3})


def test_the_words_that_differ_are_marked_and_nothing_is_read_as_html():
    before, after = "<i>one</i> two three", "<i>one</i> three vier"
    gone, new = (
        '<mark class="rc-for-given" title="not in the generated text">',
        '<mark class="rc-for-suggested" title="new">',
    )
    assert parent_text(before, after) == f"&lt;i&gt;one&lt;/i&gt; {gone}two</mark> three"
    assert made_of(after, [before]) == f"&lt;i&gt;one&lt;/i&gt; three {new}vier</mark>"
    assert made_of("a b", ["a x", "y b"]) == 'a <mark class="rc-of-second" title="of the other parent">b</mark>'
