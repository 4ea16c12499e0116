from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.flywheel import SIMULATED, Effort, Exclude, efforts
from core.flywheel.log import Entry

START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def entry(seq, seconds, by="ann", kind="decide", examples=1, *, target=None, **content):
    content |= {"decisions": {f"{seq}-{number}": ["keep", None] for number in range(examples)}}
    at = (START + timedelta(seconds=seconds)).isoformat(timespec="seconds")
    return Entry(seq, at, by, kind, "", "", json.dumps(content if kind == "decide" else {}), None, target)


def test_without_entries_nothing_was_put_in():
    assert efforts([], []) == []
    assert efforts([], [0, 0]) == [Effort(), Effort()]


def test_each_turn_has_what_came_since_the_one_before():
    entries = [entry(number, 10 * number) for number in range(1, 8)]

    assert [each.decisions for each in efforts(entries, [0, 3, 3, 5])] == [0, 3, 0, 2]


def test_idle_gaps_are_not_counted_and_the_first_entry_after_one_counts_as_usual():
    # Two sittings of four decisions, ten seconds each: eight times ten seconds.
    seconds = [0, 10, 20, 30, 4000, 4010, 4020, 4030]
    entries = [entry(number, at) for number, at in enumerate(seconds, 1)]

    assert efforts(entries, [8])[0].minutes == pytest.approx(80 / 60)


def test_two_who_work_at_the_same_time_both_spend_theirs():
    entries = [entry(1, 0), entry(2, 1, "bob"), entry(3, 10), entry(4, 21, "bob")]

    assert efforts(entries, [4])[0].minutes == pytest.approx((10 + 10 + 20 + 20) / 60)


def test_what_was_taken_back_took_its_time_and_other_edits_take_theirs():
    entries = [entry(1, 0), entry(2, 20), entry(3, 30, kind="undo", target=2), entry(4, 50, kind="correct")]
    (found,) = efforts(entries, [4])

    assert found.decisions == 2
    # Usually 20 seconds: that is what the first entry counts.
    assert found.minutes == pytest.approx((20 + 20 + 10 + 20) / 60)


def test_bulk_and_the_simulated_reviewer_are_told_apart():
    entries = [
        entry(1, 0, examples=40, bulk=True),
        entry(2, 5),
        entry(3, 6, SIMULATED, examples=3),
        entry(4, 7, SIMULATED),
        entry(5, 15),
    ]
    (found,) = efforts(entries, [5])

    assert (found.decisions, found.bulk, found.simulated) == (2, 40, 4)
    assert found.minutes == pytest.approx((7.5 + 5 + 10) / 60)


def test_one_entry_alone_tells_no_time():
    assert efforts([entry(1, 0)], [1]) == [Effort(decisions=1)]


def test_the_ledger_has_effort_and_the_number_of_the_look(project, train):
    project.turn()
    project.apply(Exclude(train[:2], by="ann"))
    project.turn()
    ledger = project.ledger()

    assert ledger["look"].tolist() == [1, 2]
    assert ledger["decisions"].tolist() == [0, 0]
    assert set(Effort.__dataclass_fields__) <= set(ledger.columns)
