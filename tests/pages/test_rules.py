from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.annotate import Rule
from core.annotate.combinations import AllOf, AnyOf, Not
from core.annotate.conditions import Compares, Contains, Matches, Missing
from core.dataset import Dataset
from core.flywheel import Decide, Project, SetRules, current_queue
from core.flywheel.rules import rule_bands, weigh
from pages.parts import rule_form

WIN = Rule("win", "spam", Contains("text", ("win",), whole_words=True))
LUNCH = Rule("lunch", "ham", Contains("text", ("lunch", "meet")))


def make_messages(folder: Path) -> Project:
    """Short texts, a third of them without a label, after turn 0."""
    rng = np.random.default_rng(0)
    rows = 240
    spam = rng.random(rows) < 0.4
    filler = ["please", "today", "my", "the", "it", "<b>order</b>"]
    words_of = {True: ["win", "cash"], False: ["lunch", "meet"]}
    text = [" ".join([*rng.choice(filler, 4), *rng.choice(words_of[bool(it)], 2), str(n)]) for n, it in enumerate(spam)]
    label = pd.Series(np.where(spam, "spam", "ham"), dtype="str")
    truth = label.copy()
    label[rng.random(rows) < 0.1] = "ham"
    label[:80] = None
    frame = pd.DataFrame(
        {"text": text, "links": rng.poisson(2, rows).astype(float), "label": label, "true_label": truth}
    )
    frame.loc[::7, "links"] = np.nan
    dataset = Dataset.from_frame(frame, label="label", text="text", features=["links"])
    project = Project.create(folder / "messages", dataset)
    project.turn()
    return project


@pytest.fixture
def messages(ready) -> Project:
    return ready(make_messages)


@pytest.fixture
def opened(start):
    def go(project: Project):
        app = start("annotate", project=project.id)
        app.session_state["annotate-view"] = "Rules"
        return app.run()

    return go


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.subheader, *app.warning, *app.info, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto.body) for element in shown).replace("\\", "")


def keyed(elements, start: str):
    return next(each for each in elements if each.key and each.key.startswith(start))


def typed(app, start: str, value: str):
    return keyed(app.text_input, start).set_value(value).run()


def test_without_rules_the_page_says_what_they_are_and_has_ideas(opened, messages, quiet):
    app = quiet(opened(messages))
    assert "A rule says what you know" in words(app)
    assert [each for each in app.button if each.key and each.key.startswith("rule-idea-")]
    assert keyed(app.button, "rule-save").disabled


def test_an_idea_is_one_click_away_from_a_rule(opened, messages, quiet):
    app = quiet(opened(messages))
    app = quiet(keyed(app.button, "rule-idea-0").click().run())
    assert not keyed(app.button, "rule-save").disabled
    quiet(keyed(app.button, "rule-save").click().run())
    (rule,) = Project.open(messages.folder).rules
    assert rule.label in ("spam", "ham")
    assert rule.name.endswith(f"→ {rule.label}")


def test_a_rule_is_tried_before_it_is_saved(opened, messages, quiet):
    app = quiet(typed(opened(messages), "rule-words", "win"))
    app = quiet(keyed(app.selectbox, "rule-class").set_value("spam").run())
    train = messages.dataset.part("train")
    hits = train["text"].str.contains(r"\bwin\b")
    agreed = (train["label"][hits] == "spam").sum()
    assert f"Hits **{hits.sum()}** of {len(train)} train examples" in words(app)
    assert f"{agreed} of {hits.sum()}" in words(app)
    assert ">win</mark>" in words(app)
    assert "<b>order" not in words(app)
    assert not messages.log
    app = quiet(keyed(app.button, "rule-save").click().run())
    assert messages.rules == (Rule("text contains 'win' → spam", "spam", WIN.condition),)
    assert messages.log[-1].summary == "added the rule 'text contains 'win' → spam'"
    assert "win" in app.dataframe[0].value["rule"].iloc[0]


def test_two_conditions_are_joined(opened, messages, quiet):
    app = quiet(typed(opened(messages), "rule-words", "win, cash"))
    app = quiet(keyed(app.button, "rule-further").click().run())
    columns = [each for each in app.selectbox if each.key.startswith("rule-column-")]
    app = quiet(columns[1].set_value("links").run())
    app = quiet(typed(app, "rule-value-number-0", "2"))
    app = quiet(keyed(app.segmented_control, "rule-join").set_value("or").run())
    app = typed(app, "rule-name", "mine")
    quiet(keyed(app.button, "rule-save").click().run())
    (rule,) = messages.rules
    assert rule.name == "mine"
    assert rule.condition == AnyOf(
        (Contains("text", ("win", "cash"), whole_words=True), Compares("links", ">=", ("2",)))
    )


def test_what_can_not_be_is_said_and_not_saved(opened, messages):
    app = opened(messages)
    app = keyed(app.selectbox, "rule-verb").set_value("matches").run()
    app = typed(app, "rule-words", "(?<=a)b")
    assert "Look-behind is not supported" in words(app)
    assert keyed(app.button, "rule-save").disabled
    app = keyed(app.selectbox, "rule-column").set_value("links").run()
    app = typed(app, "rule-value-number", "many")
    assert "must be compared with one. Got 'many'" in words(app)
    assert keyed(app.button, "rule-save").disabled
    assert not app.exception


def test_a_rule_is_changed_copied_switched_off_and_removed(opened, messages, quiet):
    messages.apply(SetRules([WIN, LUNCH]))
    app = quiet(opened(messages))
    app = quiet(keyed(app.button, "rule-edit").click().run())
    app = quiet(typed(app, "rule-words", "win, cash"))
    app = quiet(keyed(app.button, "rule-save").click().run())
    assert messages.rules[0] == Rule("win", "spam", Contains("text", ("win", "cash"), whole_words=True))
    app = quiet(keyed(app.button, "rule-copy").click().run())
    app = quiet(keyed(app.button, "rule-save").click().run())
    first = messages.rules[0].condition
    assert [rule.condition for rule in messages.rules] == [first, LUNCH.condition, first]
    app = quiet(keyed(app.button, "rule-switch").click().run())
    assert not messages.rules[0].on
    assert "win (off)" in app.dataframe[0].value["rule"].tolist()
    app = quiet(keyed(app.button, "rule-remove").click().run())
    assert messages.rules[0].name == "lunch"
    messages.undo()
    assert messages.rules[0].name == "win"


def test_what_a_rule_contradicts_becomes_the_queue(opened, messages, quiet):
    messages.apply(SetRules([WIN, LUNCH]))
    app = quiet(opened(messages))
    labels, texts = messages.dataset.labels_of("train"), messages.dataset.part("train")["text"]
    against = labels.index[(labels == "ham") & texts.str.contains(r"\bwin\b")]
    assert keyed(app.button, "rule-disagreements").label == f"Review {len(against)} disagreements"
    app = quiet(keyed(app.button, "rule-disagreements").click().run())
    queue = current_queue(messages)
    assert sorted(queue.cards.index) == sorted(against)
    assert queue.source == "labels that the rule 'win' contradicts"
    assert queue.started_by, "others would be pulled out of their own queues"
    # The card is on screen.
    assert keyed(app.button, "keep-")


def test_a_band_of_the_pool_is_labelled_only_after_it_was_audited(opened, messages, quiet):
    messages.apply(SetRules([WIN, LUNCH]))
    app = quiet(opened(messages))
    bands = rule_bands(messages, weigh(messages))
    above = bands.loc[bands["proposed"].idxmax(), "above"]
    key = f"{round(100 * above)}"
    assert "Not reviewed yet" in words(app)
    app = quiet(keyed(app.button, f"rule-band-review-{key}").click().run())
    cards = current_queue(messages).cards
    assert cards["given"].isna().all()
    truth = messages.dataset.frame["true_label"]
    messages.apply(Decide({each: ("other", truth[each]) for each in cards.index[:25]}, by="ann"))
    audited = rule_bands(messages, weigh(messages))
    band = audited[audited["reviewed"] >= 20].iloc[0]
    app = quiet(opened(messages))
    assert f"{band['right']} of {band['reviewed']} reviewed, not at random, were right" in words(app)
    before = len(messages.dataset.ids("pool"))
    quiet(keyed(app.button, f"rule-band-apply-{round(100 * band['above'])}").click().run())
    assert len(messages.dataset.ids("pool")) == before - band["proposed"]
    assert messages.log[-1].kind == "relabel"
    messages.undo()
    assert len(messages.dataset.ids("pool")) == before


def test_a_rule_that_stopped_working_is_named_and_the_others_go_on(opened, messages, quiet):
    messages.apply(SetRules([WIN, Rule("eggs", "eggs", LUNCH.condition)], changed=["win"]))
    app = quiet(opened(messages))
    assert "votes for 'eggs', which no example is labelled any more" in words(app)
    assert "of" in app.dataframe[0].value["agrees with labels"].iloc[0]


def test_a_table_has_rules_as_well(opened, turned, quiet):
    app = quiet(opened(turned))
    app = quiet(keyed(app.selectbox, "rule-column").set_value("city").run())
    app = quiet(keyed(app.selectbox, "rule-verb").set_value("is one of").run())
    app = quiet(keyed(app.multiselect, "rule-values").set_value(["<b>Oslo</b>"]).run())
    quiet(keyed(app.button, "rule-save").click().run())
    assert turned.rules[0].condition == Compares("city", "one of", ("<b>Oslo</b>",))


@pytest.mark.parametrize(
    "condition",
    [
        Contains("text", ("a", "b"), every=True, match_case=True),
        Not(Contains("text", ("a",))),
        AllOf((Matches("text", "a+"), Not(Matches("text", "b", True)))),
        AnyOf((Missing("links"), Not(Missing("text")))),
        Compares("links", "between", ("1", "2")),
        Not(Compares("text", "one of", ("x",))),
    ],
)
def test_the_form_shows_what_it_can_make(condition):
    joined, parts = rule_form._parts(condition)
    made = [rule_form._asked(part) for part in parts]
    assert rule_form.fits(Rule("r", "a", condition))
    assert condition == (made[0] if len(made) == 1 else AllOf(tuple(made)) if joined == "and" else AnyOf(tuple(made)))


@pytest.mark.parametrize("number", [5180.0, 0.123456789, -12345.25, 1234567, 1e-7])
def test_the_form_writes_a_number_so_that_it_is_read_back(number):
    assert float(rule_form._exactly(number)) == number


def test_what_the_form_can_not_show_is_not_edited_in_it():
    assert not rule_form.fits(Rule("r", "a", AllOf((AnyOf((Missing("x"), Missing("y"))), Missing("z")))))
    assert not rule_form.fits(Rule("r", "a", Not(AnyOf((Missing("x"), Missing("y"))))))
