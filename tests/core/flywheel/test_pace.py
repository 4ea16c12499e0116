from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from core.flywheel import seconds_per_decision
from core.flywheel.log import Entry

START = datetime(2026, 1, 1, tzinfo=UTC)


def decided(*seconds: int, by: str = "ann", queue: int | None = 1) -> list[Entry]:
    """Decisions so many seconds after the start."""
    payload = json.dumps({"decisions": {}, "queue": None if queue is None else [queue, 0, 1]})
    return [
        Entry(
            n, (START + timedelta(seconds=at)).isoformat(timespec="seconds"), by, "decide", "", "", payload, None, None
        )
        for n, at in enumerate(seconds, start=1)
    ]


def test_the_pace_is_the_median_time_between_two_decisions():
    assert seconds_per_decision(decided(0, 4, 8, 10, 20, 24), "ann") == 4


def test_who_was_away_was_not_slow():
    assert seconds_per_decision(decided(0, 3, 6, 1000, 1003, 1006, 1009, 5000), "ann") == 3


def test_too_few_decisions_tell_no_pace():
    assert seconds_per_decision(decided(0, 4, 8, 12, 16), "ann") is None
    assert seconds_per_decision([], "ann") is None


def test_only_ones_own_decisions_at_cards_count():
    assert seconds_per_decision(decided(*range(0, 60, 4), by="bob"), "ann") is None
    assert seconds_per_decision(decided(*range(0, 60, 4), queue=None), "ann") is None


def test_keys_held_down_are_no_pace_of_nothing():
    assert seconds_per_decision(decided(*[0] * 10), "ann") == 1
