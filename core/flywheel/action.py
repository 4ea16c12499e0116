"""One thing that can be done next: what, why, where, how long it takes, and what it should bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["SECONDS_PER_DECISION", "Action", "Estimate", "Forecast"]

# What one decision takes when nothing is known of the reviewer's own speed.
SECONDS_PER_DECISION = 10


@dataclass(frozen=True)
class Estimate:
    """What the counterfactual fits say, before it is believed.

    Attributes
    ----------
    gain : float
        In the headline metric, positive is better; mean over the worlds.
    spread : float
        Standard deviation over the worlds.
    error : float
        Standard error of ``gain`` from having scored so many train examples.
    noise : float
        Standard error of the difference on a test set of the project's size.
    fits : int
        Fits behind it.
    """

    gain: float
    spread: float
    error: float
    noise: float
    fits: int


@dataclass(frozen=True)
class Forecast:
    """What an action should bring in the next turn.

    Attributes
    ----------
    gain : float
        In the headline metric (0.01 is a point), positive is better.
    low, high : float
        Ends of the interval for what the next turn measures: the luck of the test set is in it.
    noise : float
        The smallest gain that this test set would call one.
    rows : int
        Train examples it was made on.
    part : bool
        Whether these are a part of train.
    estimate : Estimate
    """

    gain: float
    low: float
    high: float
    noise: float
    rows: int
    part: bool
    estimate: Estimate


@dataclass(frozen=True)
class Action:
    """Something worth doing next.

    Attributes
    ----------
    kind : str
        "turn", "review", "mend", "generate", "collect" or "claim".
    title : str
        What to do, as one would say it.
    why : str
        One sentence with the numbers that speak for it.
    page : str
        The page where it is done.
    count : int
        How many examples it is about.
    minutes : float
        What it takes.
    key : str
        What it is, the same whenever it is offered again.
    setup : dict
        Where it is done, as JSON can hold it: ``label``, ``predicates``, ``column``, ``method``.
    forecast : Forecast or None
        What it should bring; None where none was made.
    """

    kind: str
    title: str
    why: str
    page: str
    count: int = 0
    minutes: float = 0.0
    key: str = ""
    setup: dict[str, Any] = field(default_factory=dict)
    forecast: Forecast | None = None
