"""How long a decision takes a reviewer, from their own decisions in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice, pairwise
from statistics import median

from core.flywheel.log import Entry

__all__ = ["AWAY", "seconds_per_decision"]

# Who takes longer was away.
AWAY = 120
_FEWEST = 5
# Only the latest: people become faster.
_LATEST = 200


def seconds_per_decision(entries: Sequence[Entry], by: str) -> float | None:
    """Return the median time between two decisions of a reviewer in a row, at the cards of one queue.

    Parameters
    ----------
    entries : sequence of Entry
        The whole log. What was taken back took its time, too.
    by : str

    Returns
    -------
    float or None
        Seconds, at least 1; None if there are fewer than five gaps of under two minutes among their latest decisions.
    """
    own = (entry for entry in reversed(entries) if entry.kind == "decide" and entry.by == by)
    pairs = (pair for pair in islice(pairwise(own), _LATEST) if _same_queue(*pair))
    seconds = [
        (datetime.fromisoformat(later.at) - datetime.fromisoformat(earlier.at)).total_seconds()
        for later, earlier in pairs
    ]
    # A clock that was set back makes a gap that was none.
    gaps = [each for each in seconds if 0 <= each < AWAY]
    return max(1.0, median(gaps)) if len(gaps) >= _FEWEST else None


def _same_queue(later: Entry, earlier: Entry) -> bool:
    number, before = (((entry.content.get("queue") or [None])[0]) for entry in (later, earlier))
    return number is not None and bool(number == before)
