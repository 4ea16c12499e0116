"""Forecasts are written by hand here, so that nothing has to be fitted for them: what is tested is what a turn did."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.flywheel import Collect, Correct, Decide, DropColumn, Exclude, Generate, Project, Relabel, foretold
from core.flywheel.action import Action, Estimate, Forecast
from core.flywheel.candidates import Candidate
from core.flywheel.forecasts import _keep, kept_forecasts
from core.flywheel.foretold import _done, _same

NEAR = {"predicates": [{"column": "side", "is": "near", "values": ["near"], "missing": False}]}
CARDS = 10


def rows(count: int, seed: int = 0, prefix: str = "r") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    return pd.DataFrame(
        {
            "key": [f"{prefix}{number}" for number in range(count)],
            "x": x,
            "z": rng.normal(size=count),
            "side": np.where(np.arange(count) % 2, "near", "far"),
            "label": np.where(x + 0.5 * rng.normal(size=count) > 0, "yes", "no"),
        }
    )


def expect(gain: float, low: float = -0.01, high: float = 0.01) -> Forecast:
    return Forecast(gain, gain + low, gain + high, 0.02, 100, False, Estimate(gain, 0.0, 0.0, 0.0, 5))


def action(kind: str, key: str, count: int = CARDS, **setup) -> Action:
    return Action(kind, key, "why", "annotate", count, key=key, setup=setup, forecast=expect(0.02))


@pytest.fixture
def foreseen(tmp_path):
    """A project after turn 0, with a forecast of each kind of action."""
    dataset = Dataset.from_frame(rows(120), label="label", id="key", features=["x", "z", "side"])
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression")
    turn = project.turn()
    train = project.dataset.ids("train")
    near = train[(project.dataset.frame.loc[train, "side"] == "near").to_numpy()]
    planned = [
        (action("review", "review"), train[:CARDS]),
        (action("review", "review slice", **NEAR), near[-CARDS:]),
        (action("settle", "settle"), train[30:36]),
        (action("collect", "collect", 30), train),
        (action("collect", "collect class", 30, label="yes"), train),
        (action("collect", "collect slice", 30, **NEAR), near),
        (action("generate", "generate", 20, label="yes", method="m"), train[40:60]),
        (action("drop", "drop z", 1, column="z"), train[:0]),
        (action("mend", "mend"), train[60:64]),
    ]
    candidates = [Candidate(each, ids) for each, ids in planned]
    _keep(project, turn, "ann", [each for each, _ in planned], candidates)
    yield project
    project.close()


def done(project: Project) -> str | None:
    """Which action the edits since turn 0 are, without running a turn."""
    before = project.turns[0]
    found = _done(project, kept_forecasts(project, before), before, SimpleNamespace(revision=project.revision))
    return None if found is None else found.key


def train_of(project: Project) -> pd.Index:
    return project.dataset_at(0).ids("train")


def keeping(ids) -> Decide:
    return Decide(dict.fromkeys(ids, ("keep", None)), by="ann")


def test_without_an_edit_nothing_was_done(foreseen):
    assert done(foreseen) is None


def test_each_kind_of_action_is_known_by_what_it_did(foreseen, make_children):
    train = train_of(foreseen)
    children = make_children(foreseen.dataset, list(train[40:60]))
    yes = rows(30, 7, "c").assign(label="yes")
    edits = {
        "review": keeping(train[:CARDS]),
        "settle": keeping(train[30:36]),
        "collect": Collect(rows(30, 5, "n"), by="ann"),
        "collect class": Collect(yes.assign(side=["far", "near"] * 15), by="ann"),
        "collect slice": Collect(rows(30, 8, "s").assign(side="near"), by="ann"),
        "generate": Generate(children, by="ann"),
        "drop z": DropColumn("z", by="ann"),
        "mend": Exclude(tuple(train[60:64]), by="ann"),
    }
    for key, edit in edits.items():
        foreseen.apply(edit)
        assert done(foreseen) == key
        foreseen.undo(by="ann")
        assert done(foreseen) is None


@pytest.mark.parametrize("mended", ["cells", "labels", "exclusions"])
def test_a_finding_is_mended_in_cells_in_labels_or_by_exclusion(foreseen, mended):
    ids = train_of(foreseen)[60:64]
    edit = {
        "cells": Correct({(example, "x"): 0.0 for example in ids}, by="ann"),
        "labels": Relabel(dict.fromkeys(ids, "yes"), by="ann"),
        "exclusions": Exclude(tuple(ids), by="ann"),
    }[mended]
    foreseen.apply(edit)
    assert done(foreseen) == "mend"


@given(st.sets(st.integers(0, 30), max_size=20), st.sets(st.integers(0, 30), max_size=20))
def test_the_same_is_four_fifths_of_what_was_planned_and_of_what_was_done(planned, finished):
    shared = planned & finished
    as_planned = len(shared) / max(1, len(planned)) >= 0.8
    nothing_else = not finished or len(shared) / len(finished) >= 0.8
    found = _same(pd.Index(sorted(planned), dtype="int64"), pd.Index(sorted(finished), dtype="int64"))
    assert found == (as_planned and nothing_else)


@pytest.mark.parametrize(
    ("settled", "besides", "found"),
    [(10, 0, "review"), (8, 0, "review"), (7, 0, None), (8, 2, "review"), (10, 2, "review"), (10, 3, None)],
)
def test_a_review_counts_if_most_of_it_was_done_and_little_else(foreseen, settled, besides, found):
    train = train_of(foreseen)
    foreseen.apply(keeping([*train[:settled], *train[70 : 70 + besides]]))
    assert done(foreseen) == found


def test_examples_that_a_review_excludes_belong_to_it(foreseen):
    cards = train_of(foreseen)[:CARDS]
    decided = {each: ("exclude", None) if place % 2 else ("keep", None) for place, each in enumerate(cards)}
    foreseen.apply(Decide(decided, by="ann"))
    assert done(foreseen) == "review"


def test_whoever_does_two_things_at_once_learns_nothing_of_either(foreseen):
    train = train_of(foreseen)
    foreseen.apply(keeping(train[:CARDS]))
    for other in (
        Exclude(tuple(train[60:64]), by="ann"),
        DropColumn("z", by="ann"),
        Collect(rows(30, 5, "n"), by="ann"),
        Correct({(train[70], "x"): 0.0}, by="ann"),
    ):
        foreseen.apply(other)
        assert done(foreseen) is None
        foreseen.undo(by="ann")
    assert done(foreseen) == "review"


def test_cards_of_a_slice_are_the_more_special_action(foreseen):
    """Whose cards are those of a slice has reviewed the slice, though the review of all fits as well."""
    train = train_of(foreseen)
    turn = foreseen.turns[0]
    both = [action("review", "all"), action("review", "slice", **NEAR)]
    _keep(foreseen, turn, "ann", both, [Candidate(each, train[:CARDS]) for each in both])
    foreseen.apply(keeping(train[:CARDS]))
    assert done(foreseen) == "slice"


@pytest.mark.parametrize(("count", "found"), [(19, None), (20, "collect"), (45, "collect"), (46, None)])
def test_about_as_many_rows_as_were_forecast_are_within_a_factor_of_one_and_a_half(foreseen, count, found):
    foreseen.apply(Collect(rows(count, 5, "n"), by="ann"))
    assert done(foreseen) == found


def test_rows_of_a_slice_of_texts_are_known_by_what_is_derived_from_them(tmp_path, make_texts):
    texts = make_texts(120)
    dataset = Dataset.from_frame(texts, label="label", text="message", id="key")
    project = Project.create(tmp_path / "texts", dataset)
    turn = project.turn()
    long = {"predicates": [{"column": "words", "is": "7 or more", "low": 7.0, "missing": False}]}
    planned = action("collect", "collect long", 20, **long)
    _keep(project, turn, "ann", [planned], [Candidate(planned, dataset.ids("train"))])
    more = make_texts(20, seed=3).drop(columns="true_label").assign(key=lambda each: "n" + each["key"])
    project.apply(Collect(more, by="ann"))
    assert done(project) is None
    project.undo(by="ann")
    project.apply(Collect(more.assign(message=more["message"] + " and more of it"), by="ann"))
    assert done(project) == "collect long"


def test_it_is_held_against_the_verdict_of_the_next_turn_alone(foreseen):
    train = train_of(foreseen)
    foreseen.apply(keeping(train[:CARDS]))
    foreseen.apply(Relabel({train[0]: "yes" if foreseen.dataset.labels[train[0]] == "no" else "no"}, by="ann"))
    first = foreseen.turn()
    foreseen.apply(DropColumn("z", by="ann"))
    foreseen.turn()
    (found,) = foretold(foreseen)

    # After turn 1 nobody has made a forecast.
    assert (found.turn, found.action.key) == (1, "review")
    assert (found.measured, found.low, found.high) == (first.verdict.delta, first.verdict.low, first.verdict.high)
    assert found.inside == (found.forecast.low <= found.measured <= found.forecast.high)
