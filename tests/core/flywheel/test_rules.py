from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.annotate import Rule, RuleError
from core.annotate.conditions import Compares, Contains, Matches
from core.dataset import Dataset
from core.flywheel import Collect, Decide, Project, ProjectError, Relabel, SetRules, decide
from core.flywheel.rules import (
    apply_rule_band,
    review_rule_band,
    rule_band_cards,
    rule_bands,
    rule_conflicts,
    rule_disagreements,
    settled_labels,
    weigh,
)

WIN = Rule("win", "spam", Contains("message", ("win", "cash")))
MEET = Rule("meet", "ham", Contains("message", ("meet", "lunch")))
FREE = Rule("free", "spam", Contains("message", ("free", "당첨")))


@pytest.fixture
def project(tmp_path, make_texts):
    """Messages with a pool of 60; nearly every one holds a telling word."""
    frame = make_texts(240)
    frame.loc[frame.index[:60], "label"] = None
    dataset = Dataset.from_frame(frame, label="label", text="message", id="key")
    project = Project.create(tmp_path / "messages", dataset)
    yield project
    project.close()


def review(project, ids, *, right: int | None = None):
    """Give the first ``right`` (None: all) examples their true label, the others the wrong one."""
    truth = project.dataset.frame["true_label"]
    other = {"spam": "ham", "ham": "spam"}
    for place, example in enumerate(ids):
        label = truth[example] if right is None or place < right else other[truth[example]]
        project.apply(Decide({example: ("other", label)}, by="ann"))


def test_rules_are_part_of_the_project_and_change_no_data(project):
    version = project.dataset.version
    entry = project.apply(SetRules([WIN, MEET], said="added the rule 'meet'", by="ann"))
    assert entry.summary == "added the rule 'meet'"
    assert project.rules == (WIN, MEET)
    assert project.dataset.version == version
    assert Project.open(project.folder).rules == (WIN, MEET)
    assert project.pending == ("1 change of rules",)


def test_a_change_of_rules_is_undone_and_redone(project):
    project.apply(SetRules([WIN]))
    project.apply(SetRules([WIN, MEET]))
    project.undo()
    assert project.rules == (WIN,)
    project.undo()
    assert project.rules == ()
    project.redo()
    project.redo()
    assert project.rules == (WIN, MEET)


def test_a_rule_that_does_not_fit_is_not_written(project):
    with pytest.raises(RuleError, match="'eggs'"):
        project.apply(SetRules([WIN, Rule("r", "eggs", WIN.condition)]))
    assert project.rules == ()
    # One that did not fit before does not stop a change to another.
    project.apply(SetRules([Rule("r", "eggs", WIN.condition), MEET], changed=["meet"]))
    found = weigh(project)
    assert list(found.votes.columns) == ["meet"]
    assert "votes for 'eggs'" in found.broken["r"]


def test_an_export_carries_the_rules_and_still_replays(project, tmp_path):
    project.apply(SetRules([WIN, MEET]))
    project.turn()
    project.export(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "rules.json").read_text(encoding="utf-8"))
    assert [Rule.from_dict(value) for value in written] == [WIN, MEET]
    kinds = [edit["kind"] for edit in json.loads((tmp_path / "out" / "edits.json").read_text(encoding="utf-8"))]
    assert kinds == ["rules"]


def test_the_rules_never_see_the_test_set(project):
    project.apply(SetRules([WIN, MEET]))
    assert not set(weigh(project).votes.index) & set(project.dataset.ids("test"))


def test_settled_are_kept_and_given_labels_of_decisions_in_force(project):
    one, two, three, four = project.dataset.ids("train")[:4]
    given = project.dataset.labels[one]
    project.apply(
        Decide({one: ("keep", None), two: ("other", "spam"), three: ("skip", None), four: ("ambiguous", None)})
    )
    assert settled_labels(project).to_dict() == {one: given, two: "spam"}
    project.undo()
    assert settled_labels(project).empty


def test_a_rule_against_the_labels_makes_a_queue_of_them(project):
    project.apply(SetRules([WIN, MEET]))
    cards = rule_disagreements(project, weigh(project), "win")
    labels = project.dataset.labels
    texts = project.dataset.frame["message"]
    expected = [
        example
        for example in project.dataset.ids("train")
        if labels[example] == "ham" and ("win" in texts[example] or "cash" in texts[example])
    ]
    assert sorted(cards.index) == sorted(expected)
    assert list(cards.columns) == ["given", "suggested", "score", "flagged", "reasons"]
    assert set(cards["suggested"]) == {"spam"}
    assert cards["score"].is_monotonic_decreasing
    assert cards["score"].between(0, 1).all()
    assert cards["reasons"].str.contains("votes? 'spam' \\('win'").all()
    review(project, cards.index[:1])
    assert cards.index[0] not in rule_disagreements(project, weigh(project), "win").index


def test_a_rule_that_does_not_vote_contradicts_nothing(project):
    project.apply(SetRules([WIN]))
    with pytest.raises(ProjectError, match="no rule 'gone' that votes"):
        rule_disagreements(project, weigh(project), "gone")


def test_rules_that_contradict_each_other_make_a_queue(project):
    project.apply(SetRules([WIN, Rule("all", "ham", Matches("message", "."))]))
    cards = rule_conflicts(project, weigh(project))
    texts = project.dataset.frame["message"]
    expected = [each for each in project.dataset.ids("train") if "win" in texts[each] or "cash" in texts[each]]
    assert sorted(cards.index) == sorted(expected)
    assert (cards["suggested"] != cards["given"]).all()


def test_without_rules_there_is_nothing_to_weigh(project):
    found = weigh(project)
    assert found.table.empty
    assert found.proposals.empty
    assert rule_conflicts(project, found).empty
    assert rule_bands(project, found)["proposed"].sum() == 0


def test_the_pool_is_proposed_in_bands_and_written_only_after_an_audit(project):
    project.apply(SetRules([WIN, MEET, FREE]))
    found = weigh(project)
    bands = rule_bands(project, found)
    pool = project.dataset.ids("pool")
    fires = found.votes.reindex(pool).notna().any(axis=1)
    assert 0 < bands["proposed"].sum() <= fires.sum()
    band = bands.loc[bands["proposed"].idxmax()]
    assert band["reviewed"] == 0
    with pytest.raises(ProjectError, match=r"once 20 of its examples were reviewed\. 0 were"):
        apply_rule_band(project, found, band["above"])
    assert set(project.dataset.ids("pool")) == set(pool)

    cards = rule_band_cards(project, found, band["above"])
    assert cards["given"].isna().all()
    assert len(cards) == band["proposed"]
    review(project, cards.index[:24], right=22)
    found = weigh(project)
    audited = rule_bands(project, found)
    ready = audited[audited["reviewed"] >= 20]
    assert audited["reviewed"].sum() == 24
    assert len(ready) == 1
    assert ready["low"].iloc[0] < ready["share"].iloc[0] < ready["high"].iloc[0]
    proposed = int(ready["proposed"].iloc[0])
    before = len(project.log)
    assert apply_rule_band(project, found, ready["above"].iloc[0], by="ann") == proposed
    assert len(project.log) == before + 1
    assert (
        f"{ready['right'].iloc[0]} of {ready['reviewed'].iloc[0]} reviewed, not at random, were right"
        in project.log[-1].reason
    )
    assert len(project.dataset.ids("pool")) == 60 - 24 - proposed
    project.undo()
    assert len(project.dataset.ids("pool")) == 60 - 24


def test_who_labels_elsewhere_meanwhile_is_not_overwritten(project):
    project.apply(SetRules([WIN, MEET]))
    found = weigh(project)
    project.apply(Relabel({project.dataset.ids("pool")[0]: "spam"}))
    with pytest.raises(ProjectError, match="changed since the rules were weighed"):
        apply_rule_band(project, found, 0.9)


def test_ambiguous_and_excluded_examples_count_against_the_rules_and_stay_alone(project):
    project.apply(SetRules([WIN, MEET, FREE]))
    bands = rule_bands(project, weigh(project))
    above = bands.loc[bands["proposed"].idxmax(), "above"]
    one, two = rule_band_cards(project, weigh(project), above).index[:2]
    project.apply(Decide({one: ("ambiguous", None)}))
    project.apply(Decide({two: ("exclude", None)}))
    found = weigh(project)
    audited = rule_bands(project, found)
    assert audited["reviewed"].sum() == 2
    assert audited["right"].sum() == 0
    assert audited["proposed"].sum() == bands["proposed"].sum() - 2
    assert not {one, two} & set(rule_band_cards(project, found, above).index)


def test_what_was_collected_without_a_label_counts_as_pool(project, make_texts):
    rows = make_texts(30, seed=5).assign(key=[f"new{number}" for number in range(30)], label=None)
    project.apply(Collect(rows))
    project.apply(SetRules([WIN, MEET, FREE]))
    new = [example for example in project.dataset.ids("pool") if example.startswith("new")]
    review(project, new[:10])
    found = weigh(project)
    fires = found.proposals.index.intersection(new[:10])
    assert rule_bands(project, found)["reviewed"].sum() == len(fires) > 0


def test_reviewed_examples_that_came_with_a_label_audit_nothing(project):
    project.apply(SetRules([WIN, MEET, FREE]))
    review(project, project.dataset.ids("train")[:30])
    found = weigh(project)
    assert rule_bands(project, found)["reviewed"].sum() == 0
    assert found.table["reviewed"].sum() > 0


def test_numbers_work_as_well_as_texts(tmp_path, make_table):
    dataset = Dataset.from_frame(make_table(pool=20), label="label", id="key")
    project = Project.create(tmp_path / "table", dataset)
    project.apply(
        SetRules([Rule("high", "yes", Compares("x", ">", (0.5,))), Rule("low", "no", Compares("x", "<", (-0.5,)))])
    )
    found = weigh(project)
    assert found.table.loc["high", "agreement"] > 0.7
    assert np.isfinite(found.proposals["confidence"]).all()
    assert isinstance(rule_bands(project, found), pd.DataFrame)


def test_only_what_was_drawn_at_random_from_these_bands_is_a_random_sample(project):
    project.apply(SetRules([WIN, MEET, FREE]))
    bands = rule_bands(project, weigh(project))
    above = bands.loc[bands["proposed"].idxmax(), "above"]
    queue = review_rule_band(project, weigh(project), above, source="a band", turn=0, by="ann")
    assert queue.started_by == "ann"
    truth = project.dataset.frame["true_label"]
    for place, example in enumerate(queue.cards.index[:20]):
        decide(project, queue, place, "other", truth[example], by="ann")
    audited = rule_bands(project, weigh(project)).set_index("above").loc[above]
    assert audited["random"]
    assert audited["used"] == 20
    apply_rule_band(project, weigh(project), above)
    assert "of 20 reviewed at random were right" in project.log[-1].reason
    project.undo()
    project.apply(SetRules([WIN, MEET]))
    assert not rule_bands(project, weigh(project))["random"].any()


def test_bulk_decisions_audit_no_band(project):
    project.apply(SetRules([WIN, MEET, FREE]))
    pool = project.dataset.ids("pool")
    project.apply(Decide(dict.fromkeys(pool[:40], ("other", "spam")), by="ann", bulk=True))
    found = weigh(project)
    assert rule_bands(project, found)["reviewed"].sum() == 0
    assert found.table["reviewed"].sum() == 0
