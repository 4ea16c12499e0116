from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cleanlab.multiannotator import get_label_quality_multiannotator
from hypothesis import given
from hypothesis import strategies as st

from core.annotate import AnnotationsError, annotator_evidence, consensus, disputes
from core.errors import FlywheelError

COLUMNS = ["label", "confidence", "majority", "dawid_skene", "crowdlab", "agreement", "annotations"]


def raters(examples=200, annotators=5, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    truth = rng.choice(["no", "yes", "maybe"], examples)
    skill = np.linspace(0.95, 0.45, annotators)
    said = {
        f"r{who}": np.where(rng.random(examples) < skill[who], truth, rng.choice(["no", "yes", "maybe"], examples))
        for who in range(annotators)
    }
    table = pd.DataFrame(said, index=[f"e{number}" for number in range(examples)], dtype="object")
    return table.mask(rng.random(table.shape) < missing), pd.Series(truth, table.index)


def model_of(truth, seed=0, sure=0.6):
    rng = np.random.default_rng(seed)
    classes = sorted(set(truth))
    chances = rng.dirichlet(np.ones(len(classes)), len(truth))
    chances[np.arange(len(truth)), [classes.index(name) for name in truth]] += sure
    return pd.DataFrame(chances / chances.sum(axis=1, keepdims=True), truth.index, classes)


def test_the_answer_has_one_shape_and_is_at_least_the_majoritys():
    table, truth = raters()
    made = consensus(table)

    assert made.columns.tolist() == COLUMNS
    assert made.index.equals(table.index)
    assert (made["label"] == truth).mean() >= (made["majority"] == truth).mean()
    assert made["confidence"].dropna().between(0, 1).all()
    assert made["crowdlab"].isna().all()
    assert made["annotations"].tolist() == table.notna().sum(axis=1).tolist()


def test_agreement_is_the_share_of_annotators_who_gave_the_label():
    table, _ = raters()
    made = consensus(table)
    share = table.eq(made["label"], axis="index").sum(axis=1) / table.notna().sum(axis=1)

    assert np.allclose(made["agreement"].dropna(), share[made["agreement"].notna()])


def test_crowdlab_is_cleanlabs():
    table, truth = raters(seed=1)
    chances = model_of(truth)
    table = table[table.notna().any(axis=1)]
    codes = table.apply(lambda column: column.map({name: n for n, name in enumerate(chances.columns)}))
    known = get_label_quality_multiannotator(codes.astype(float), chances.loc[table.index].to_numpy(), verbose=False)[
        "label_quality"
    ]["consensus_label"]

    assert (consensus(table, chances)["crowdlab"] == chances.columns.take(known)).all()


def test_a_good_model_helps_where_annotators_are_few():
    table, truth = raters(examples=400, annotators=3, missing=0.4, seed=2)
    alone, joined = consensus(table), consensus(table, model_of(truth, sure=1.0))
    known = alone["label"].notna()

    assert (joined["label"] == truth)[known].mean() > (alone["label"] == truth)[known].mean()


def test_examples_without_probabilities_are_settled_by_their_annotators():
    table, truth = raters(seed=3)
    made = consensus(table, model_of(truth).head(50))

    assert made["label"].notna().sum() == table.notna().any(axis=1).sum()
    assert made["crowdlab"].iloc[50:].isna().all()
    assert made["crowdlab"].iloc[:50].notna().any()


def test_nobody_one_annotator_one_class_and_ties():
    table = pd.DataFrame({"ann": [None, "a", "a", "b"], "bob": [None, None, "b", "b"]}, dtype="object")
    made = consensus(table)

    assert pd.isna(made.loc[0, ["label", "confidence", "majority", "agreement"]]).all()
    assert made.loc[0, "annotations"] == 0
    # Of equal votes the class that is more frequent in all.
    assert made["majority"].tolist()[1:] == ["a", "b", "b"]
    assert consensus(table[["ann"]])["label"].tolist()[1:] == ["a", "a", "b"]
    assert consensus(table.replace("b", "a"))["label"].tolist()[1:] == ["a", "a", "a"]
    assert consensus(table[[]])["label"].isna().all()
    assert consensus(table.head(0)).empty


def test_probabilities_outside_their_range_are_refused():
    table, truth = raters(examples=20)
    with pytest.raises(AnnotationsError, match="between 0 and 1"):
        consensus(table, model_of(truth) * 3)


def test_evidence_is_high_where_annotators_contradict_the_label():
    table, truth = raters(missing=0.0)
    labels = truth.copy()
    labels.iloc[:20] = labels.iloc[:20].map({"no": "yes", "yes": "maybe", "maybe": "no"})
    labels["unseen"] = "no"
    labels.iloc[30] = None
    found = annotator_evidence(labels, table)

    assert found.index.equals(labels.index)
    assert found.iloc[:20].mean() > 0.8
    assert found.iloc[40:200].mean() < 0.2
    assert np.isnan(found["unseen"])
    assert np.isnan(found.iloc[30])


def test_a_label_that_no_annotator_gave_is_surely_contradicted():
    table = pd.DataFrame({"ann": ["a", "b"], "bob": ["a", "b"]}, index=["x", "y"])

    assert annotator_evidence(pd.Series({"x": "c", "y": "b"}), table)["x"] == 1.0


def test_disputes_are_cards_with_the_consensus_as_suggestion():
    table, truth = raters(missing=0.0, seed=4)
    labels = truth.copy()
    labels.iloc[:10] = labels.iloc[:10].map({"no": "yes", "yes": "maybe", "maybe": "no"})
    cards, made = disputes(labels, table), consensus(table)

    assert cards.columns.tolist() == ["given", "suggested", "score", "flagged", "reasons"]
    assert cards["score"].is_monotonic_decreasing
    assert (cards["given"] == labels.loc[cards.index]).all()
    flagged = cards[cards["flagged"]]
    assert (flagged["suggested"] == made.loc[flagged.index, "label"]).all()
    assert (cards["suggested"] != cards["given"]).all()
    united = table.nunique(axis=1) == 1
    assert set(cards.index) == set(labels.index[(made["label"] != labels) | ~united])
    assert cards["reasons"].str.contains("of 5 annotators says?").all()


def test_disputes_of_nothing_are_none():
    table = pd.DataFrame({"ann": ["a"], "bob": ["a"]}, index=["x"])

    assert disputes(pd.Series({"x": "a"}), table).empty
    assert disputes(pd.Series({"y": "a"}), table).empty


VALUES = st.one_of(
    st.none(), st.sampled_from(["a", "b", " ", "é", "1", ""]), st.integers(-2, 2), st.floats(), st.booleans()
)


@given(
    st.integers(0, 6).flatmap(lambda n: st.lists(st.lists(VALUES, min_size=n, max_size=n), max_size=6)), st.booleans()
)
def test_any_table_gives_a_result_or_a_sentence(rows, with_model):
    table = pd.DataFrame(rows)
    chances = pd.DataFrame({"a": 0.7, "b": 0.3}, index=table.index) if with_model else None
    try:
        made = consensus(table, chances)
        disputes(made["label"], table, chances)
        annotator_evidence(made["majority"], table)
    except FlywheelError:
        return
    assert made.index.equals(table.index)
    assert made["label"].isna().equals(made["annotations"] == 0)
