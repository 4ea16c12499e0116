from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel import (
    Decide,
    Exclude,
    GuidelineError,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    current_queue,
    decide,
    define_class,
    guideline_history,
    guidelines_markdown,
    judgements,
    pin_example,
    pin_history,
    pins,
    second_look,
    start_queue,
    touched,
    unpin_example,
)
from core.flywheel.guidelines import _changes

OTHER = {"yes": "no", "no": "yes"}


@pytest.fixture
def queue(project, dataset, train):
    given = dataset.labels.loc[train[:10]]
    cards = pd.DataFrame(
        {"given": given, "suggested": given.map(OTHER), "score": 0.9, "flagged": True, "reasons": "why"}
    )
    return start_queue(project, cards, source="suspects", turn=0)


# --- definitions ----------------------------------------------------------------------------------------------------


def test_a_definition_is_kept_with_who_when_and_what_changed(project):
    assert define_class(project, "yes", " Pays every month ", by="ann")
    assert define_class(project, "no", "Does not", by="ann")
    assert define_class(project, "yes", "Pays every year", by="bo")
    again = Project.open(project.folder)
    assert again.guidelines == {"yes": "Pays every year", "no": "Does not"}
    assert again.guideline_version == "3"
    newest, first = guideline_history(again, "yes")
    assert (newest.number, newest.by, newest.text) == (3, "bo", "Pays every year")
    assert newest.changes == (("same", "Pays every "), ("removed", "month"), ("added", "year"))
    assert first.changes == (("added", "Pays every month"),)
    assert newest.at >= first.at


def test_the_same_words_again_are_no_new_version(project):
    assert define_class(project, "yes", "Pays")
    assert not define_class(project, "yes", "Pays ")
    assert not define_class(project, "never", "")
    assert project.guideline_version == "1"


def test_a_definition_on_top_of_one_that_was_not_seen_is_refused(project):
    define_class(project, "yes", "Pays", by="ann", seen=0)
    with pytest.raises(StaleError, match="ann has defined 'yes' anew"):
        define_class(project, "yes", "Pays often", by="bo", seen=0)
    assert project.guidelines == {"yes": "Pays"}
    define_class(project, "no", "Does not", by="bo", seen=0)
    define_class(project, "yes", "Pays often", by="bo", seen=1)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_changes_hold_both_states_to_the_letter(before, after):
    changes = _changes(before, after)
    assert "".join(words for kind, words in changes if kind != "added") == before
    assert "".join(words for kind, words in changes if kind != "removed") == after


# --- examples -------------------------------------------------------------------------------------------------------


def test_a_pinned_example_outlives_its_exclusion(project, dataset, train):
    pin = pin_example(project, train[0], "yes", "border", by="ann", note="young")
    project.apply(Exclude([train[0]]))
    (kept,) = pins(Project.open(project.folder), "yes")
    assert kept == pin
    assert kept.shown["x"] == dataset.frame.at[train[0], "x"]
    assert "true_label" not in kept.shown
    assert "label" not in kept.shown
    assert (kept.kind, kept.by, kept.note, kept.version) == ("border", "ann", "young", 0)


def test_pinning_again_changes_the_kind_and_the_history_keeps_both(project, train):
    pin_example(project, train[0], "yes", "positive", by="ann")
    pin_example(project, train[1], "yes", "positive", by="ann")
    define_class(project, "yes", "Pays")
    pin_example(project, train[0], "yes", "negative", by="bo")
    pin_example(project, train[0], "no", "positive", by="bo")
    assert [(pin.example, pin.kind) for pin in pins(project, "yes")] == [
        (train[1], "positive"),
        (train[0], "negative"),
    ]
    assert [pin.version for pin in pin_history(project, "yes")] == [0, 0, 1]
    assert len(pins(project)) == 3


def test_taking_an_example_off_is_history_too(project, train):
    pin_example(project, train[0], "yes", "positive", by="ann")
    unpin_example(project, train[0], "yes", by="bo")
    assert pins(project, "yes") == []
    assert [(pin.kind, pin.by) for pin in pin_history(project, "yes")] == [("positive", "ann"), ("removed", "bo")]
    with pytest.raises(GuidelineError, match="not pinned to 'yes' any more"):
        unpin_example(project, train[0], "yes")


def test_what_cannot_be_pinned_is_refused(project, dataset, train):
    with pytest.raises(GuidelineError, match="one of positive, negative, border"):
        pin_example(project, train[0], "yes", "good")
    with pytest.raises(GuidelineError, match="'nobody' is not"):
        pin_example(project, "nobody", "yes", "positive")
    with pytest.raises(GuidelineError, match="no examples of the test set"):
        pin_example(project, dataset.ids("test")[0], "yes", "positive")
    assert pin_history(project) == []


# --- judgements -----------------------------------------------------------------------------------------------------


def test_a_decision_is_read_as_the_label_before_and_after_it(project, dataset, train, queue):
    first = train[0]
    given = dataset.labels[first]
    decide(project, queue, 0, "keep", by="ann")
    assert judgements(project).loc[first, ["before", "after"]].tolist() == [given, given]
    decide(project, queue, 0, "suggested", by="ann")
    assert judgements(project).loc[first, ["before", "after"]].tolist() == [given, OTHER[given]]
    decide(project, queue, 0, "other", "maybe", by="bo")
    row = judgements(project).loc[first]
    assert row[["before", "after", "by", "queue"]].tolist() == [OTHER[given], "maybe", "bo", queue.number]
    project.apply(Relabel({first: " yes "}))
    decide(project, queue, 0, "ambiguous")
    row = judgements(project).loc[first]
    assert row["before"] == "yes"
    assert row["after"] is None
    assert len(judgements(project)) == 1


def test_a_strange_guideline_version_counts_as_none(project, train):
    project.apply(Decide({train[0]: ("keep", None)}, guideline="draft"))
    assert judgements(project).at[train[0], "guideline"] == 0


# --- a second look --------------------------------------------------------------------------------------------------


def test_nothing_is_touched_before_a_definition_changes(project, queue):
    define_class(project, "yes", "Pays")
    decide(project, queue, 0, "keep", by="ann")
    define_class(project, "other class", "Nobody has it")
    assert touched(project).empty
    with pytest.raises(ProjectError):
        second_look(project)


def test_a_change_touches_the_decisions_made_before_it_that_concern_the_class(project, dataset, train, queue):
    define_class(project, "maybe", "Can't say")
    decide(project, queue, 0, "keep", by="ann")
    decide(project, queue, 1, "suggested", by="ann")
    decide(project, queue, 2, "skip", by="ann")
    decide(project, queue, 3, "other", "maybe", by="ann")
    define_class(project, "maybe", "Could be both", by="bo")
    found = touched(project)
    assert list(found.index) == [train[3]]
    assert found.at[train[3], "changed"] == ("maybe",)
    # Given and suggested are the two other classes: their first definition concerns the rest too, but not the skip.
    define_class(project, "yes", "Pays", by="bo")
    assert list(touched(project).index) == [train[0], train[1], train[3]]
    assert touched(project).at[train[3], "changed"] == ("maybe", "yes")
    decide(project, queue, 4, "keep", by="ann")
    assert train[4] not in touched(project).index


def test_a_change_that_was_taken_back_touches_nothing(project, queue):
    define_class(project, "yes", "Pays")
    decide(project, queue, 0, "keep")
    define_class(project, "yes", "Pays often")
    assert len(touched(project)) == 1
    define_class(project, "yes", "Pays")
    assert touched(project).empty


def test_a_decision_without_a_queue_takes_the_suggestion_from_the_turn_before_it(project, train):
    project.change_recipe("logistic_regression")
    turn = project.turn()
    example = train[0]
    suggested = turn.suspects.at[example, "suggested"]
    project.apply(Decide({example: ("ambiguous", None)}, guideline=project.guideline_version))
    define_class(project, suggested, "New words")
    assert touched(project).at[example, "suggested"] == suggested


def test_the_second_look_is_a_queue_of_them_and_settles_them(project, dataset, train, queue):
    given = dataset.labels.loc[train[:4]]
    decide(project, queue, 0, "keep", by="ann")
    decide(project, queue, 1, "suggested", by="ann")
    decide(project, queue, 2, "exclude", by="ann")
    decide(project, queue, 3, "other", "maybe", by="ann")
    define_class(project, "yes", "Pays")
    look = second_look(project)
    assert look.source == "second look after a change of guidelines"
    assert list(look.cards.index) == [train[0], train[1], train[3]]
    assert look.cards["given"].tolist() == [given.iloc[0], OTHER[given.iloc[1]], "maybe"]
    assert look.cards["suggested"].tolist() == [OTHER[given.iloc[0]], given.iloc[1], OTHER[given.iloc[3]]]
    assert (
        "decided by ann (kept) under version 0 of the guidelines; since then 'yes' was defined anew"
        in (look.cards["reasons"].iloc[0])
    )
    for place in range(3):
        decide(project, current_queue(project), place, "keep", by="bo")
    assert list(touched(project).index) == [train[2]]


# --- out ------------------------------------------------------------------------------------------------------------


def test_the_guidelines_can_be_read_outside(project, train, tmp_path):
    define_class(project, "yes", "Pays", by="ann")
    define_class(project, "yes", "Pays\nevery month", by="ann")
    pin_example(project, train[0], "yes", "negative", by="bo", note="late\nagain")
    text = guidelines_markdown(project)
    assert "## yes\n\nPays\nevery month\n" in text
    assert "## no\n\nNot defined." in text
    assert "### Negative examples (does not belong to it)" in text
    assert f"(late again) [example {train[0]}, pinned by bo, " in text
    assert "- version 1, " in text
    project.export(tmp_path / "out")
    assert (tmp_path / "out" / "guidelines.md").read_text(encoding="utf-8") == text
    assert "guidelines.md" in (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
