from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotate.column_reader import RuleError
from core.annotate.label_model import combine, rule_evidence

YOUTUBE = Path(os.environ.get("FLYWHEEL_DATA", "../shared/data")) / "text" / "wrench_youtube" / "all_rules.csv"


def accuracy(probabilities: pd.DataFrame, truth: pd.Series) -> float:
    """Share of right answers where a rule fires; a tie between classes is right as often as a coin would be."""
    some = probabilities.notna().all(axis=1)
    values = probabilities[some].to_numpy()
    of_truth = values[np.arange(len(values)), probabilities.columns.get_indexer(pd.Index(truth[some]))]
    best = values.max(axis=1)
    ties = (values >= best[:, None] - 1e-9).sum(axis=1)
    return float(np.where(of_truth >= best - 1e-9, 1 / ties, 0).mean())


def majority(votes: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The share of the votes that each class has; missing where no rule votes."""
    said = votes.notna().sum(axis=1)
    return pd.DataFrame({name: votes.eq(name).fillna(False).sum(axis=1) / said.where(said > 0) for name in classes})


def world(seed: int, rows: int = 3_000):
    """Rules of known quality that fire independently, given the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["a", "b"], rows)
    cast = {}
    for rule in range(8):
        label, right = "ab"[rule % 2], rng.uniform(0.6, 0.95)
        fires = rng.random(rows) < 0.4 * np.where(truth == label, right, 1 - right)
        cast[f"r{rule}"] = pd.Series(label, index=range(rows), dtype="str").where(fires)
    return pd.DataFrame(cast), pd.Series(truth)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_better_than_the_majority_where_rules_differ(seed):
    cast, truth = world(seed)
    assert accuracy(combine(cast, ["a", "b"]), truth) > accuracy(majority(cast, ["a", "b"]), truth)


@pytest.mark.skipif(not YOUTUBE.is_file(), reason="the votes of WRENCH's rules are not here; set FLYWHEEL_DATA")
@pytest.mark.parametrize("part", ["train", "all"])
def test_on_real_rules_it_is_at_least_as_good_as_the_majority(part):
    frame = pd.read_csv(YOUTUBE)
    frame = frame[frame["split"] == "train"] if part == "train" else frame
    cast = frame[[f"rule{number:02}" for number in range(10)]]
    classes = sorted(frame["gold"].unique())
    assert accuracy(combine(cast, classes), frame["gold"]) >= accuracy(majority(cast, classes), frame["gold"])


def test_known_labels_tell_which_rules_to_follow():
    """Two rules against one that is always right: only labels can tell."""
    rng = np.random.default_rng(0)
    truth = pd.Series(rng.choice(["a", "b"], 2_000))
    wrong = pd.Series(np.where(truth == "a", "b", "a"))
    noise = rng.random((2, 2_000)) < 0.3
    cast = pd.DataFrame({"right": truth, "one": wrong.mask(noise[0], truth), "two": wrong.mask(noise[1], truth)})
    assert accuracy(majority(cast, ["a", "b"]), truth) < 0.6
    assert accuracy(combine(cast, ["a", "b"], labels=truth.head(400)), truth) > 0.95


@given(
    st.integers(1, 4).flatmap(
        lambda rules: st.lists(
            st.lists(st.sampled_from(["a", "b", "c", None]), min_size=rules, max_size=rules), max_size=12
        ).map(lambda rows: pd.DataFrame(rows, columns=[f"r{rule}" for rule in range(rules)], dtype="str"))
    )
)
def test_what_comes_out_are_probabilities_where_a_rule_votes(cast):
    found = combine(cast, ["a", "b", "c"])
    voted = cast.notna().any(axis=1)
    assert found[~voted].isna().all(axis=None)
    assert np.allclose(found[voted].sum(axis=1), 1)
    assert (found[voted] > 0).all(axis=None)
    # The order of rows and of rules says nothing.
    turned = combine(cast.iloc[::-1, ::-1], ["a", "b", "c"]).reindex(cast.index)
    assert np.allclose(found, turned, equal_nan=True)


def test_a_lone_vote_is_believed_but_not_for_certain():
    cast = pd.DataFrame({"r": pd.Series(["a", None, "a", None], dtype="str"), "s": pd.Series([None, "b", None, None])})
    found = combine(cast, ["a", "b"])
    assert 0.5 < found.loc[0, "a"] < 0.95
    assert 0.5 < found.loc[1, "b"] < 0.95


def test_a_vote_for_no_class_is_refused():
    with pytest.raises(RuleError, match="'r' votes for 'z'"):
        combine(pd.DataFrame({"r": ["z"]}), ["a", "b"])


def test_evidence_is_strong_against_a_label_that_good_rules_contradict():
    cast, truth = world(1)
    labels = truth.mask(np.arange(len(truth)) % 10 == 0, truth.map({"a": "b", "b": "a"}))
    found = rule_evidence(labels.rename("given"), cast)
    assert found.index.equals(labels.index)
    assert found.isna().equals(~cast.notna().any(axis=1))
    assert found.dropna().between(0, 1).all()
    wrong = labels != truth
    assert found[wrong].mean() > found[~wrong].mean() + 0.3


def test_evidence_has_the_order_of_the_labels_and_passes_over_what_has_none():
    cast = pd.DataFrame({"r": ["a", "a", None]}, index=["x", "y", "z"], dtype="str")
    found = rule_evidence(pd.Series(["b", None, "a", "a"], index=["y", "x", "z", "unknown"]), cast)
    assert found.index.tolist() == ["y", "x", "z", "unknown"]
    assert found.notna().tolist() == [True, False, False, False]
    assert rule_evidence(pd.Series(["b"], index=["y"]), pd.DataFrame(index=["y"])).isna().all()
