from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import FEWEST, Predicate
from core.flywheel import (
    Project,
    Relabel,
    harmed,
    judge_watched,
    region_of,
    unwatch,
    watch,
    watched_slices,
    watched_trend,
)
from core.flywheel.slice_verdicts import TOO_FEW

BASIC = Predicate("plan", "basic", values=("basic",))
PLUS = Predicate("plan", "plus", values=("plus",))


def customers(rows: int = 1600, seed: int = 0) -> pd.DataFrame:
    """Two plans with rules of their own; of the plan plus most labels are flipped at first."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, rows).round(1),
            "age": rng.integers(18, 80, rows),
            "plan": rng.choice(["basic", "plus"], rows, p=[0.25, 0.75]),
        }
    )
    truth = np.where(frame["income"] > 50, "stays", "leaves")
    return frame.assign(label=truth, truth=truth)


def flipped(labels: pd.Series) -> dict[str, str]:
    return {example: "leaves" if label == "stays" else "stays" for example, label in labels.items()}


@pytest.fixture(scope="module")
def harming(tmp_path_factory):
    """A project whose turn 1 mends a large part of the labels and spoils those of a small slice."""
    frame = customers()
    dataset = Dataset.from_frame(frame, label="label", features=["income", "age", "plan"])
    project = Project.create(
        tmp_path_factory.mktemp("harming") / "project", dataset, recipe="hist_gradient_boosting", headline="accuracy"
    )
    train = dataset.part("train")
    large = train[(train["plan"] == "plus") & (train["age"] < 60)]
    project.apply(Relabel(flipped(large["label"])))
    project.turn()
    small = train[train["plan"] == "basic"]
    project.apply(Relabel(dict(large["label"])))
    project.apply(Relabel(flipped(small["label"])))
    watch(project, [BASIC], turn=0, by="ann")
    project.turn()
    yield project
    project.close()


def test_a_turn_that_harms_a_pinned_slice_is_marked_though_the_headline_gains(harming):
    assert harming.turns[1].verdict.verdict == "gain"
    (found,) = harmed(harming)
    assert (str(found.watched), found.turn, found.word) == ("plan is basic", 1, "harm")
    assert found.verdict.metric == "accuracy"
    assert found.verdict.high < 0
    assert found.p_adjusted < 0.001
    test = harming.dataset.part("test")
    assert found.size == (test["plan"] == "basic").sum()
    assert harmed(harming, harming.turns[0]) == []
    assert harmed(harming, harming.turns[1]) == [found]


def test_the_ledger_names_the_pinned_slices_that_a_turn_harmed(harming):
    assert harming.ledger()["watched"].tolist() == ["", "harms 'plan is basic'"]


def test_the_change_is_the_paired_one_of_the_test_examples_in_the_slice(harming):
    (found,) = judge_watched(harming)
    labels = harming.dataset.labels_of("test")
    ids = labels.index[(harming.dataset.part("test")["plan"] == "basic").to_numpy()]
    right = [
        (harming.model.decide(turn.test_probabilities.loc[ids], turn.threshold) == labels[ids]).mean()
        for turn in harming.turns
    ]
    assert (found.verdict.before, found.verdict.after) == pytest.approx(tuple(right))


def test_the_trend_counts_what_is_wrong_in_the_slice(harming):
    trend = watched_trend(harming).set_index(["part", "turn"])
    assert list(trend.index) == [("test", 0), ("test", 1), ("train", 1)]
    (found,) = judge_watched(harming)
    assert trend.loc[("test", 0), "error"] == pytest.approx(1 - found.verdict.before)
    assert trend.loc[("test", 1), "error"] == pytest.approx(1 - found.verdict.after)
    (pinned,) = watched_slices(harming)
    region = region_of(harming, pinned, harming.turns[1], "train")
    assert tuple(trend.loc[("train", 1), ["size", "error"]]) == (region.size, region.error)
    test = region_of(harming, pinned, harming.turns[1], "test")
    assert tuple(trend.loc[("test", 1), ["error", "low", "high"]]) == pytest.approx((test.error, test.low, test.high))


def test_what_was_judged_is_not_judged_again_until_something_changes(harming, monkeypatch):
    first = judge_watched(harming)
    with monkeypatch.context() as patch:
        patch.setattr("core.flywheel.slice_verdicts.compare", None)
        assert judge_watched(harming) is first
    watch(harming, [PLUS], turn=1, by="ben")
    both = judge_watched(harming)
    assert [str(each.watched) for each in both] == ["plan is basic", "plan is plus"]
    # Holm: the smaller of two p-values is doubled.
    assert [each.word for each in both] == ["harm", "gain"]
    unwatch(harming, [PLUS], by="ben")
    assert [str(each.watched) for each in judge_watched(harming)] == ["plan is basic"]


def test_too_few_test_examples_give_no_verdict(harming):
    rare = Predicate("age", "18", values=(18.0,))
    watch(harming, [rare, BASIC], turn=1)
    found = judge_watched(harming)[-1]
    assert found.size < FEWEST
    assert (found.verdict, found.word) == (None, TOO_FEW)
    unwatch(harming, [BASIC, rare])
