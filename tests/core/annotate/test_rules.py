from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.annotate import Rule, RuleError, check_rules, read_rules, rule_table, seen_by_rules, try_rules, votes
from core.annotate.conditions import Compares, Contains, Matches, Missing
from core.annotate.rules import vote_reasons
from core.dataset import Dataset
from core.statistics import wilson_interval


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"text": ["win cash", "meet for lunch", "win lunch", None], "n": [1.0, 2.0, 3.0, 4.0]},
        index=["a", "b", "c", "d"],
    )


RULES = (
    Rule("wins", "spam", Contains("text", ("win",))),
    Rule("lunch", "ham", Contains("text", ("lunch",))),
    Rule("large", "spam", Compares("n", ">", (2.5,))),
    Rule("idle", "ham", Missing("text"), on=False),
)


def test_each_rule_votes_where_its_condition_is_met(frame):
    cast = votes(RULES, frame)
    assert list(cast.columns) == ["wins", "lunch", "large"]
    assert cast.index.tolist() == ["a", "b", "c", "d"]
    assert cast.fillna("").to_numpy().tolist() == [
        ["spam", "", ""],
        ["", "ham", ""],
        ["spam", "ham", "spam"],
        ["", "", "spam"],
    ]


def test_a_mask_is_computed_once_for_a_version_and_a_condition(frame, monkeypatch):
    asked = []
    search = Contains.mask
    monkeypatch.setattr(Contains, "mask", lambda self, columns: asked.append(self) or search(self, columns))
    first = votes(RULES[:1], frame, version="one of this test")
    again = votes([Rule("renamed", "ham", RULES[0].condition)], frame, version="one of this test")
    assert len(asked) == 1
    assert (first["wins"].notna() == again["renamed"].notna()).all()
    votes(RULES[:1], frame, version="another of this test")
    votes(RULES[:1], frame)
    assert len(asked) == 3


def test_one_broken_rule_does_not_silence_the_others(frame):
    broken = Rule("lost", "spam", Contains("nowhere", ("x",)))
    cast, wrong = try_rules([broken, *RULES], frame)
    assert list(cast.columns) == ["wins", "lunch", "large"]
    assert list(wrong) == ["lost"]
    with pytest.raises(RuleError, match="Rule 'lost': A rule must name a column"):
        votes([broken, *RULES], frame)


def test_the_table_counts_what_snorkel_counts():
    """Brute force over the examples, one by one."""
    rng = np.random.default_rng(0)
    rows = 300
    cast = pd.DataFrame(
        {f"r{rule}": np.where(rng.random(rows) < 0.3, rng.choice(["a", "b"], rows), None) for rule in range(4)},
        index=[f"e{number}" for number in range(rows)],
        dtype="str",
    )
    labels = pd.Series(rng.choice(["a", "b", None], rows), index=cast.index, dtype="str")
    decided = pd.Series(rng.choice(["a", "b"], 40), index=rng.permutation(cast.index)[:40], dtype="str")
    table = rule_table(cast, labels, decided)
    for name in cast.columns:
        counts = dict.fromkeys(["covered", "overlapped", "conflicted", "labelled", "agreed", "reviewed", "right"], 0)
        for example in cast.index:
            vote = cast.at[example, name]
            if pd.isna(vote):
                continue
            others = [cast.at[example, other] for other in cast.columns if other != name]
            others = [other for other in others if not pd.isna(other)]
            counts["covered"] += 1
            counts["overlapped"] += bool(others)
            counts["conflicted"] += any(other != vote for other in others)
            if not pd.isna(labels[example]):
                counts["labelled"] += 1
                counts["agreed"] += labels[example] == vote
            if example in decided.index:
                counts["reviewed"] += 1
                counts["right"] += decided[example] == vote
        row = table.loc[name]
        for what in ("covered", "overlapped", "conflicted", "labelled", "reviewed"):
            assert row[what] == counts[what], what
        assert row["coverage"] == counts["covered"] / rows
        assert row["conflict"] == counts["conflicted"] / rows
        assert row["accuracy"] == pytest.approx(counts["right"] / counts["reviewed"])
        assert row["agreement"] == pytest.approx(counts["agreed"] / counts["labelled"])
        low, high = wilson_interval(counts["right"], counts["reviewed"])
        assert (row["accuracy_low"], row["accuracy_high"]) == (pytest.approx(low), pytest.approx(high))


def test_without_reviewed_examples_there_is_no_accuracy_and_without_rules_no_row(frame):
    nobody = pd.Series(dtype="str")
    table = rule_table(votes(RULES, frame), pd.Series(["spam"], index=["a"]), nobody)
    assert table["accuracy"].isna().all()
    assert table.loc["wins", "agreement"] == 1
    assert rule_table(votes([], frame), nobody, nobody).empty


def test_the_votes_are_said_in_words(frame):
    said = vote_reasons(votes(RULES, frame))
    assert said["c"] == "2 rules vote 'spam' ('wins', 'large'); 1 rule votes 'ham' ('lunch')"
    assert said["d"] == "1 rule votes 'spam' ('large')"


def test_a_rule_is_written_and_read():
    for rule in RULES:
        assert Rule.from_json(rule.to_json()) == rule
    assert read_rules(json.loads(json.dumps([rule.to_dict() for rule in RULES]))) == RULES


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no list", "must come as a list"),
        (["no rule"], "must be an object"),
        ([{"name": "", "class": "a", "when": {"kind": "missing", "column": "n"}}], "name of a rule"),
        ([{"name": "x", "class": 5, "when": {"kind": "missing", "column": "n"}}], "class of a rule"),
        ([{"name": "x", "class": "a", "when": {"kind": "missing", "column": "n"}, "on": 2}], "on or off"),
        ([RULES[0].to_dict(), RULES[0].to_dict()], "Two are called 'wins'"),
    ],
)
def test_what_is_no_list_of_rules_is_refused(value, said):
    with pytest.raises(RuleError, match=said):
        read_rules(value)


def test_json_that_is_none_is_refused():
    for text in ("", "{", "[" * 100_000, "null", '"x"'):
        with pytest.raises(RuleError):
            Rule.from_json(text)


@pytest.fixture(scope="module")
def dataset():
    rows = 60
    rng = np.random.default_rng(0)
    label = pd.Series(rng.choice(["ham", "spam"], rows), dtype="str")
    truth = label.copy()
    label[:6] = None
    return Dataset.from_frame(
        pd.DataFrame(
            {
                "text": [f"message number {number}" for number in range(rows)],
                "n": rng.normal(size=rows),
                "label": label,
                "true_label": truth,
            }
        ),
        label="label",
        text="text",
    )


def test_rules_see_train_and_pool_only(dataset):
    seen = seen_by_rules(dataset)
    assert set(dataset.frame.index[seen]) == set(dataset.ids("train")) | set(dataset.ids("pool"))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule("r", "eggs", Missing("n")), "class of the data: ham, spam. 'r' votes for 'eggs'"),
        (Rule("r", "ham", Missing("gone")), "Rule 'r': A rule must name a column"),
        (Rule("r", "ham", Contains("n", ("1",))), "Rule 'r': Words and regular expressions are sought in texts"),
        (Rule("r", "ham", Compares("label", "equals", ("ham",))), "not at the label itself"),
        (Rule("r", "ham", Compares("true_label", "equals", ("ham",))), "not at the known truth"),
    ],
)
def test_a_rule_that_does_not_fit_the_data_is_refused(dataset, rule, said):
    with pytest.raises(RuleError, match=said):
        check_rules([rule], dataset)
    check_rules([rule], dataset, only=["another"])
    check_rules([Rule("r", "ham", Matches("text", "number 1"))], dataset)


@settings(suppress_health_check=list(HealthCheck))
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.fixed_dictionaries(
                {"name": inner, "class": inner, "when": inner | st.just({"kind": "missing", "column": "n"})},
                optional={"on": inner},
            )
        ),
        max_leaves=8,
    )
)
def test_no_json_ends_in_anything_but_rules_or_a_sentence(value):
    try:
        rules = read_rules(value)
    except RuleError as error:
        str(error).encode("utf-8")
        return
    assert read_rules([rule.to_dict() for rule in rules]) == rules
