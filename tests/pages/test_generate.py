from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Generate, Project, Relabel
from core.generate import Attempt, GenerateError, explicit_counts, focus_on, propose
from core.generate.bench import attempt
from pages.parts import jobs, search_table
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
    # A row between two that are near may be one of them again, once it has as few decimals as they.
    assert bool(re.search(r"\d values? changed", said)) == (method == "smote")
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
    verdict = tried.result.found.verdict
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


def test_a_trial_says_what_each_class_gets_and_what_a_threshold_would(start, turned, quiet):
    app = start("generate", project=turned.id)
    app.button(key="try").click().run()
    found = jobs.registry().wait(turned.id, "trial", 120).result.found
    app = quiet(app.run())
    table = app.dataframe[-1].value.set_index("on")
    assert table.index.tolist() == [f"F1 of {name}" for name in turned.dataset.classes]
    assert table["verdict"].tolist() == [each.verdict for each in found.classes.values()]
    assert "with another decision threshold, chosen out of fold" in words(app)
    assert ("without any new data" in words(app)) == found.threshold_as_good


def test_all_methods_are_tried_for_one_target(start, turned, quiet):
    app = start("generate", project=turned.id)
    app.number_input[0].set_value(20).run()
    app.button(key="try-all").click().run()
    job = jobs.registry().wait(turned.id, "search", 300)
    assert job.state == "done", job.message
    app = quiet(app.run())
    table = app.dataframe[-1].value
    found = job.result.found
    assert len(table) == len(found.table)
    assert table["verdict"].iloc[0] == found.trials[0].verdict.verdict
    assert found.says.split(":")[0] in words(app)
    assert "corrected for all" in words(app)
    assert len(Project.open(turned.folder).log) == 0


def filled(app, project: Project, asked: Attempt):
    """The page once an attempt was taken over from the table of trials (a click there: see the browser test)."""
    state: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.session_state", state)
        search_table.fill(project, asked)
    (target,) = [key for key in state if key.startswith("target-")]
    # AppTest sets a widget only to what it offers already.
    for key in state.keys() - {target}:
        app.session_state[key] = state[key]
    return app.run().selectbox(key=target).set_value(state[target]).run()


def test_a_row_of_the_table_fills_the_form(start, turned, quiet):
    app = start("generate", project=turned.id)
    strong = attempt(turned.dataset, method="jitter", target="stays", n=7, settings={"strength": 0.2})
    app = quiet(filled(app, turned, strong))
    assert app.selectbox(key="method").value == "jitter"
    assert app.slider(key="strength-jitter").value == 20
    assert app.selectbox(key="target-False").value == "tried"
    assert "As it was tried: 7 of stays" in app.selectbox(key="target-False").options
    assert app.button(key="apply").label == "Add 7 examples"
    app.button(key="try").click().run()
    tried = jobs.registry().wait(turned.id, "trial", 120).result
    assert (tried.ask.given, tried.ask.target) == ({"strength": 0.2}, {"stays": 7})
    thinned = attempt(turned.dataset, method="random_undersample", target={"leaves": 9})
    app = quiet(filled(app, turned, thinned))
    assert app.button(key="apply").label == "Exclude 9 examples"


def test_whom_a_row_of_the_table_was_aimed_at_comes_along(start, turned, quiet):
    aimed = focus_on(turned.dataset, turned.dataset.ids("train")[:30], words="some", found_on_errors=True)
    for method in ("smote", "edited_neighbours"):
        asked = attempt(turned.dataset, method=method, target=aimed)
        app = quiet(filled(start("generate", project=turned.id), turned, asked))
        app.button(key="try").click().run()
        tried = jobs.registry().wait(turned.id, "trial", 120).result
        assert (tried.ask.ids, tried.ask.found_on_errors) == (aimed.ids, True)
        assert dict(tried.ask.counts) == dict(asked.counts)


@pytest.mark.parametrize("target", ["hard", "confused"])
def test_rows_are_made_of_the_examples_that_are_aimed_at(start, turned, quiet, target):
    app = start("generate", project=turned.id)
    app = quiet(app.selectbox(key="target-False").set_value(target).run())
    out_of_fold = turned.turns[-1].out_of_fold
    labels = turned.dataset.labels.loc[out_of_fold.index]
    if target == "hard":
        own = out_of_fold.to_numpy()[range(len(labels)), out_of_fold.columns.get_indexer(labels)]
        aimed = set(labels.index[own.argsort()[: round(0.1 * len(labels))]])
    else:
        aimed = set(labels.index[out_of_fold.idxmax(axis=1) != labels])
    assert f"Made of {len(aimed)} examples of train" in words(app)
    quiet(settled(app.button(key="apply").click().run(), turned))
    on_disk = Project.open(turned.folder).dataset
    assert len(on_disk.generated) == len(aimed)
    assert set(on_disk.parents["parent"]) <= aimed


def test_targets_that_need_a_turn_wait_for_one(start, project, quiet):
    app = quiet(start("generate", project=project.id))
    assert "hard" not in app.selectbox(key="target-False").options
    assert not any("hardest" in option for option in app.selectbox(key="target-False").options)
    app = quiet(app.selectbox(key="method").set_value("tomek_links").run())
    assert not [each for each in app.button if each.key == "try-all"]


def test_an_ask_reads_as_one_would_say_it():
    ask = Ask("smote", (("stays", 1200), ("leaves", 3)))
    assert str(ask) == "SMOTE: 1,200 of 'stays', 3 of 'leaves'"
    assert (ask.total, ask.target) == (1203, {"stays": 1200, "leaves": 3})


def test_an_ask_says_what_the_method_was_told():
    ask = Ask("keyboard_slips", (("refund", 3),), '{"protect": 30, "share": 0.3}')
    assert str(ask) == "Keyboard slips (protect 30, share 0.3): 3 of 'refund'"
    asked = Ask("templates", (("refund", 3),), '{"fillers": {"a": ["b"]}, "templates": ["x {a}", "y"]}')
    assert str(asked) == "Templates (1 filler, 2 templates): 3 of 'refund'"


def test_the_words_that_differ_are_marked_and_nothing_is_read_as_html():
    before, after = "<i>one</i> two three", "<i>one</i> three vier"
    gone, new = (
        '<mark class="rc-for-given" title="not in the generated text">',
        '<mark class="rc-for-suggested" title="new">',
    )
    assert parent_text(before, after) == f"&lt;i&gt;one&lt;/i&gt; {gone}two</mark> three"
    assert made_of(after, [before]) == f"&lt;i&gt;one&lt;/i&gt; three {new}vier</mark>"
    assert made_of("a b", ["a x", "y b"]) == 'a <mark class="rc-of-second" title="of the other parent">b</mark>'


@pytest.fixture
def tickets(workspace) -> Project:
    """Texts, a few of one class."""
    rng = np.random.default_rng(0)
    kind = np.where(np.arange(160) % 5 == 0, "refund", "delivery")
    things = rng.choice(["kettle", "lamp", "router", "desk"], 160)
    texts = [
        f"{'I want money back for' if each == 'refund' else 'where is'} the {thing} of order {number}, please"
        for number, (each, thing) in enumerate(zip(kind, things, strict=True))
    ]
    dataset = Dataset.from_frame(pd.DataFrame({"text": texts, "kind": kind}), label="kind", text="text", test=0.25)
    return Project.create(workspace / "tickets", dataset, name="Tickets")


def checked(app, project: Project):
    app.button(key="check").click().run()
    job = jobs.registry().wait(project.id, "check", 120)
    assert job.state == "done", job.message
    return app.run()


def test_generated_rows_are_checked_against_the_data(start, project, quiet):
    app = start("generate", project=project.id)
    app.selectbox(key="method").set_value("random_oversample").run()
    app = quiet(checked(preview(app, project), project))
    shown = {metric.label: metric.value for metric in app.metric}
    number = int(app.number_input[0].value)
    assert shown["copies"] == f"{number} (100%)"
    assert shown["far off"] == "0 (0%)"
    assert "next to a copy of a real example" in words(app)
    assert "columns before and after" in " ".join(box.label for box in app.expander)


def test_rows_that_are_struck_are_not_added(start, project, quiet):
    app = start("generate", project=project.id)
    app.number_input[0].set_value(12).run()
    app = preview(app, project)
    struck = [box for box in app.checkbox if box.label == "Strike"][:2]
    gone = [box.key for box in struck]
    app = quiet(struck[0].check().run())
    app = quiet(next(box for box in app.checkbox if box.key == gone[1]).check().run())
    assert app.button(key="apply").label == "Add 10 examples"
    wanted = jobs.registry().snapshot(project.id, "proposal").result[2]
    app = quiet(app.button(key="apply").click().run())
    on_disk = Project.open(project.folder)
    assert on_disk.dataset.generated.tolist() == wanted.index[2:].tolist()
    entry = on_disk.log[0]
    assert (entry.content["method"], entry.content["seed"]) == (app.selectbox(key="method").value, 0)
    quiet(app.button(key="undo").click().run())
    assert not len(Project.open(project.folder).dataset.generated)


def test_what_is_struck_can_be_taken_back(start, project, quiet):
    app = preview(start("generate", project=project.id), project)
    before = app.button(key="apply").label
    app = quiet(next(box for box in app.checkbox if box.label == "Strike").check().run())
    assert app.button(key="apply").label != before
    app = quiet(next(box for box in app.checkbox if box.value).uncheck().run())
    assert app.button(key="apply").label == before


def test_a_row_next_to_a_test_example_is_never_added(start, project, quiet, monkeypatch):
    judged = project.dataset.part("test").iloc[0]

    def leaking(dataset, **_):
        rows = propose(dataset, method="random_oversample", target="stays", n=3)
        return rows.assign(income=judged["income"], age=judged["age"], city=judged["city"])

    monkeypatch.setattr("pages.parts.proposal.propose", leaking)
    app = checked(preview(start("generate", project=project.id), project), project)
    assert "next to a copy of a test example" in words(app)
    assert all(box.disabled for box in app.checkbox if box.label == "Strike")
    assert app.button(key="apply").label == "Add 0 examples"
    assert app.button(key="apply").disabled


def test_a_method_can_be_told_what_to_do(start, tickets, quiet):
    app = start("generate", project=tickets.id)
    app.selectbox(key="method").set_value("keyboard_slips").run()
    app.slider(key="share-keyboard_slips").set_value(30).run()
    app = quiet(preview(app.toggle(key="protect-keyboard_slips").set_value(True).run(), tickets))
    quiet(settled(app.button(key="apply").click().run(), tickets))
    content = Project.open(tickets.folder).log[0].content
    assert content["method"] == "keyboard_slips"
    assert content["settings"] == {"share": 0.3, "protect": 30}


def test_the_words_that_stay_are_listed(start, tickets, quiet):
    app = start("generate", project=tickets.id)
    app.selectbox(key="method").set_value("keyboard_slips").run()
    assert not [box for box in app.expander if "left as they are" in box.label]
    app.toggle(key="protect-keyboard_slips").set_value(True).run()
    job = jobs.registry().wait(tickets.id, "words", 60)
    assert job.state == "done", job.message
    app = quiet(app.run())
    (box,) = [box for box in app.expander if "left as they are" in box.label]
    lines = [each.value.replace("\\", "") for each in box.markdown]
    words = {line.split("**")[1]: line.split(": ")[1] for line in lines}
    assert list(words) == ["delivery", "refund"]
    assert "money" in words["refund"].split(", ")
    assert "where" in words["delivery"].split(", ")
    rows = propose(
        tickets.dataset, method="keyboard_slips", target="refund", n=40, settings={"protect": 30}, model=tickets.model
    )
    assert rows["text"].str.contains("money").all()


def test_templates_are_written_on_the_screen(start, tickets, quiet):
    app = start("generate", project=tickets.id)
    app = quiet(app.selectbox(key="method").set_value("templates").run())
    assert "Write a template" in words(app)
    app = quiet(app.text_area(key="templates-templates").set_value("The {thing} is {").run())
    assert "must have its partner" in words(app)
    app.text_area(key="templates-templates").set_value("My {thing} is *broken*").run()
    app.text_area(key="fillers-templates").set_value("thing: kettle, lamp, phone").run()
    app = quiet(preview(app, tickets))
    assert "3 of 72 were made" in words(app)
    assert app.button(key="apply").label == "Add 3 examples"
    quiet(settled(app.button(key="apply").click().run(), tickets))
    made = Project.open(tickets.folder).dataset
    assert sorted(made.frame.loc[made.generated, "text"]) == [
        f"My {thing} is *broken*" for thing in ("kettle", "lamp", "phone")
    ]


def test_a_trial_of_texts_takes_the_settings_along(start, tickets, quiet):
    app = start("generate", project=tickets.id)
    app.selectbox(key="method").set_value("insert_words").run()
    app.slider(key="share-insert_words").set_value(40).run()
    app.button(key="try").click().run()
    tried = jobs.registry().wait(tickets.id, "trial", 120)
    assert tried.state == "done", tried.message
    assert tried.result.ask.given == {"share": 0.4}
    quiet(app.run())


@pytest.mark.parametrize("slug", ["generate", "annotate", "collect"])
def test_children_of_an_excluded_parent_are_offered(start, turned, quiet, slug):
    rows = propose(turned.dataset, method="random_oversample", target="stays", n=6)
    turned.apply(Generate(rows))
    turned.apply(Exclude([rows["parent"].iloc[0]]))
    app = quiet(start(slug, project=turned.id))
    assert "a parent that was excluded" in words(app)
    quiet(app.button(key="exclude-strayed").click().run())
    left = Project.open(turned.folder).dataset
    assert rows["parent"].iloc[0] not in set(left.parents["parent"])
    assert "a parent that was excluded" not in words(app)


def test_children_of_a_relabelled_parent_are_offered(start, project, quiet):
    rows = propose(project.dataset, method="random_oversample", target="stays", n=6)
    project.apply(Generate(rows))
    project.apply(Relabel({rows["parent"].iloc[0]: "leaves"}))
    app = quiet(start("generate", project=project.id))
    quiet(app.button(key="relabel-strayed").click().run())
    left = Project.open(project.folder).dataset
    children = rows.index[rows["parent"] == rows["parent"].iloc[0]]
    assert set(left.labels[children]) == {"leaves"}


def test_generated_examples_can_be_told_from_collected_ones(start, project, quiet):
    rows = propose(project.dataset, method="random_oversample", target="stays", n=6)
    project.apply(Generate(rows))
    app = start("collect", project=project.id)
    app.session_state["collect-view"] = "Data"
    app = quiet(app.run())
    app = quiet(app.selectbox(key="data-origin").set_value("generated").run())
    assert len(app.dataframe[0].value) == 6
    assert app.dataframe[0].value["generated from"].tolist() == rows["parent"].tolist()
    app = quiet(app.selectbox(key="data-origin").set_value("collected").run())
    assert "generated from" not in app.dataframe[0].value
