"""Which suspects make a review queue, and in which words it is named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from core.flywheel import Decision, decisions

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["named", "ranking"]


def ranking(
    project: Project,
    turn: Turn,
    *,
    flagged: bool = True,
    label: str | None = None,
    ids: Iterable[str] | None = None,
    again: bool = False,
) -> pd.DataFrame:
    """The suspects of a turn that are still to be reviewed, worst first.

    Parameters
    ----------
    project : Project
    turn : Turn
    flagged : bool
        Only those that are suspects; otherwise every train example in the order of its score.
    label : str, optional
        Only those that were given this class.
    ids : iterable of str, optional
        Only those among these examples.
    again : bool
        With those that were decided on already. Skipped ones always come again.

    Returns
    -------
    DataFrame
        Rows of ``turn.suspects``.
    """
    cards = turn.suspects
    if flagged:
        cards = cards[cards["flagged"]]
    if label is not None:
        cards = cards[cards["given"] == label]
    if ids is not None:
        cards = _among(cards, pd.Index(list(ids)))
    if not again:
        known = decisions(project)
        cards = _among(cards, known.index[known["decision"] != Decision.SKIP], keep=False)
    return _among(cards, project.dataset.ids("train"))


def named(turn: Turn, *, flagged: bool = True, label: str | None = None, where: str | None = None) -> str:
    """Say what a queue holds: ``suspects of turn 0 labelled 'yes'``."""
    said = f"{'suspects' if flagged else 'all labels'} of turn {turn.number}"
    if label is not None:
        said += f" labelled '{label}'"
    return said if where is None else f"{said} where {where}"


def _among(cards: pd.DataFrame, ids: pd.Index, *, keep: bool = True) -> pd.DataFrame:
    return cards[(ids.get_indexer(cards.index) >= 0) == keep]
