from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from effort import effort

from core.dataset import Dataset
from core.evaluate import compare, together
from core.flywheel import Exclude, Project
from core.flywheel.batch_report import examine_batch
from core.flywheel.batches import hold_out_batch, merge_batch
from core.flywheel.dated import dated_tests, keep_dated_test, score_dated, unscored
from core.flywheel.dated_verdicts import dated_table, judge_dated
from core.flywheel.fits import kept_predictions
from core.flywheel.refits import DIVISIONS, FOLDS, OWN, kept_refits
from core.train import LockedModel


@pytest.fixture(scope="module")
def moved_once(released_once, make_people, tmp_path_factory):
    """The border between the classes has moved; turn 1 has learned from the new world, turn 2 is much like it."""
    released = Project.open(shutil.copytree(released_once, tmp_path_factory.mktemp("moved") / "released"))
    report, new = examine_batch(released, make_people(150, 1, shift=12, turn=12))
    hold_out_batch(released, report, new, name="june.csv")
    score_dated(released)
    report, new = examine_batch(released, make_people(1500, 2, shift=12, turn=12))
    merge_batch(released, report, new, name="labelled.csv")
    released.turn()
    released.apply(Exclude(list(released.dataset.ids("train")[:3])))
    released.turn()
    released.close()
    return released.folder


@pytest.fixture
def moved(moved_once, tmp_path):
    project = Project.open(shutil.copytree(moved_once, tmp_path / "moved"))
    yield project
    project.close()


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


# --- the luck of the training sample --------------------------------------------------------------------------------

ROWS, NOISE = 60, 20


def doubtful(rows: int, seed: list[int], prefix: str) -> pd.DataFrame:
    """One column that tells, and many that don't: who happens to be in train settles what is made of those."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, NOISE)), columns=[f"noise {number}" for number in range(NOISE)])
    tells = rng.normal(size=rows)
    label = np.where(tells + rng.normal(0, 0.5, rows) > 0, "yes", "no")
    return frame.assign(tells=tells, label=label, key=[f"{prefix}{number}" for number in range(rows)])


@pytest.fixture
def make_halves(tmp_path):
    """Turn 0 learns from one half of the data, turn 1 from the other: no better and no worse but by chance."""

    def make(seed: int, *, dated: int, test: int) -> Project:
        frame = doubtful(2 * ROWS + test, [seed, 0], "r")
        dataset = Dataset.from_frame(frame, label="label", id="key", test=frame["key"].iloc[-test:].tolist())
        project = Project.create(tmp_path / f"{seed}-{dated}", dataset, recipe="logistic_regression")
        train = dataset.ids("train")
        project.apply(Exclude(list(train[:ROWS])))
        project.turn()
        if dated:
            rows = dataset.admit(doubtful(dated, [seed, 1], "d"))
            keep_dated_test(project.store, rows, label="label", name="later", batch=1)
        project.undo()
        project.apply(Exclude(list(train[ROWS:])))
        project.turn()
        return project

    return make


def test_between_equally_good_samples_a_large_dated_set_claims_as_seldom_as_it_says(make_halves):
    claims = {"with the luck of training": 0, "without it": 0}
    worlds = effort(4, 12)
    for seed in range(worlds):
        project = make_halves(seed, dated=3_000, test=20)
        score_dated(project)
        found = judge_dated(project)[-1].verdict
        assert found.refits == FOLDS * DIVISIONS
        (test,) = dated_tests(project)
        labels = test.labels.sort_index()
        said = [
            kept_predictions(project.store, turn.version, turn.fingerprint, test.blob).loc[labels.index]
            for turn in project.turns
        ]
        alone = compare(labels, *said)
        claims["with the luck of training"] += found.verdict != "no evidence"
        claims["without it"] += alone.verdict != "no evidence"
        assert found.delta == pytest.approx(alone.delta)
        project.close()
    assert claims["without it"] >= 2, claims
    assert claims["with the luck of training"] <= 1, claims


def test_a_turn_makes_its_refits_for_every_large_set_at_once_and_a_set_that_comes_later_gets_its_own(
    make_halves, monkeypatch
):
    asked = []
    refits = LockedModel.refits

    def noted(self, dataset, frames, *rest, **options):
        asked.append(sorted(frames))
        return refits(self, dataset, frames, *rest, **options)

    monkeypatch.setattr(LockedModel, "refits", noted)
    project = make_halves(0, dated=300, test=40)
    (test,) = dated_tests(project)
    # The test set of the project is large against train as well: both sets by the same refits, of either turn.
    assert asked == [[OWN, test.blob]] * 2
    assert project.turns[1].verdict.refits == FOLDS * DIVISIONS
    assert [turn.number for turn in unscored(project)] == [0]
    score_dated(project)
    assert unscored(project) == []
    assert judge_dated(project)[-1].verdict.refits == FOLDS * DIVISIONS

    again = project.dataset.admit(doubtful(200, [9], "e"))
    second = keep_dated_test(project.store, again, label="label", name="latest", batch=2)
    small = keep_dated_test(project.store, again.iloc[:20].rename("s{}".format), label="label", name="few", batch=3)
    own = project.turns[1].verdict
    score_dated(project)
    assert asked[2:] == [[second.blob]] * 2
    assert {each.test.name: each.verdict.refits for each in judge_dated(project) if each.verdict} == {
        "later": FOLDS * DIVISIONS,
        "latest": FOLDS * DIVISIONS,
        small.name: 0,
    }
    assert project.turns[1].verdict == own
    project.close()


def test_refits_of_one_set_are_the_same_whichever_others_are_predicted_with_it(make_halves):
    alone, both = make_halves(1, dated=0, test=40), make_halves(1, dated=300, test=40)
    found = [kept_refits(each.store, each.turns[1].version, each.turns[1].fingerprint) for each in (alone, both)]
    for one, other in zip(*found, strict=True):
        for (probabilities, _), (others, _) in zip(one, other, strict=True):
            pd.testing.assert_frame_equal(probabilities, others, check_exact=True)
