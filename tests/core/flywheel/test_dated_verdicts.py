from __future__ import annotations

import json

import pandas as pd
import pytest

from core.evaluate import compare, together
from core.flywheel import Exclude
from core.flywheel.batch_report import examine_batch
from core.flywheel.batches import hold_out_batch, merge_batch
from core.flywheel.dated import dated_tests, score_dated
from core.flywheel.dated_verdicts import dated_table, judge_dated
from core.flywheel.fits import kept_predictions


@pytest.fixture
def moved(released, make_people):
    """The border between the classes has moved; turn 1 has learned from the new world, turn 2 is much like it."""
    report, new = examine_batch(released, make_people(150, 1, shift=12, turn=12))
    hold_out_batch(released, report, new, name="june.csv")
    score_dated(released)
    report, new = examine_batch(released, make_people(1500, 2, shift=12, turn=12))
    merge_batch(released, report, new, name="labelled.csv")
    released.turn()
    released.apply(Exclude(list(released.dataset.ids("train")[:3])))
    released.turn()
    return released


def test_a_gain_on_the_new_world_can_be_harm_on_the_old_one_and_both_are_said(moved):
    table = dated_table(moved).set_index(["turn", "test"])
    assert table.loc[(1, 1), "verdict"] == "gain"
    assert table.loc[(1, 0), "verdict"] == "harm"
    assert pd.isna(table.loc[(0, 1), "verdict"])
    assert table.loc[(1, 0), "delta"] == moved.turns[1].verdict.delta
    assert table.loc[(1, 1), "size"] == len(dated_tests(moved)[0].labels)


def test_verdicts_of_a_turn_on_dated_sets_are_corrected_together(moved):
    (test,) = dated_tests(moved)
    labels = test.labels.sort_index()
    said = [
        kept_predictions(moved.store, turn.version, turn.fingerprint, test.blob).loc[labels.index]
        for turn in moved.turns
    ]
    expected = together([compare(labels, said[place], said[2]) for place in (1, 0)])
    found = judge_dated(moved)[2]
    assert (found.turn, found.verdict.claims) == (2, 2)
    assert [found.verdict.low, found.against_first.low] == [pytest.approx(each.low) for each in expected]


def test_the_verdict_on_the_first_test_set_is_what_it_was(moved, make_people):
    before = moved.turns[1].verdict
    report, new = examine_batch(moved, make_people(60, 9))
    hold_out_batch(moved, report, new, name="july.csv")
    score_dated(moved)
    assert moved.turns[1].verdict == before
    assert len(judge_dated(moved)) == 6


def test_it_is_computed_once_for_each_state(moved):
    assert judge_dated(moved) is judge_dated(moved)


def test_the_export_tells_every_batch_and_every_turn_on_every_set(moved, tmp_path):
    folder = moved.export(tmp_path / "out")
    kept = json.loads((folder / "batches.json").read_text(encoding="utf-8"))
    assert [(each["name"], each["what_became_of_it"]) for each in kept] == [
        ("june.csv", "dated test set"),
        ("labelled.csv", "added"),
    ]
    assert kept[0]["alarms"]
    table = pd.read_csv(folder / "test_sets.csv")
    assert list(zip(table["turn"], table["test"], strict=True)) == [
        (turn, test) for turn in (0, 1, 2) for test in (0, 1)
    ]
    assert table["score"].to_numpy() == pytest.approx(dated_table(moved)["score"].to_numpy())
