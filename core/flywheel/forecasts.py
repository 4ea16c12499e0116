"""Forecasts of a project: made once for a turn, kept, and later held against what came."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.flywheel.action import Action, Estimate, Forecast
from core.flywheel.belief import answers_of, believe
from core.flywheel.candidates import Candidate, find_candidates
from core.flywheel.errors import ProjectError
from core.flywheel.forecast import Start, estimates
from core.flywheel.ledger import part_of
from core.flywheel.store import now
from core.flywheel.usual import believed
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["MOST_ROWS", "Kept", "forecast_actions", "kept_forecasts", "starting_point"]

# Of larger sets a part of train of about this size is looked at.
MOST_ROWS = 10_000
_DIVISION = 12


@dataclass(frozen=True, eq=False)
class Kept:
    """Forecasts that were made after one turn.

    Attributes
    ----------
    number : int
    at, by : str
        When, and for whose speed.
    turn : int
    actions : tuple of Action
        As they were found, with their forecasts.
    ids : DataFrame
        ``action`` (place in ``actions``) and ``id``: the train examples that each is about, but for `collect`.
    """

    number: int
    at: str
    by: str
    turn: int
    actions: tuple[Action, ...]
    ids: pd.DataFrame

    def ids_of(self, place: int) -> pd.Index:
        """The examples of one action, in their order."""
        ids: pd.Index = pd.Index(self.ids["id"])[(self.ids["action"] == place).to_numpy()]
        return ids


def forecast_actions(
    project: Project, *, by: str = "", seed: int = 0, progress: Progress | None = None, cancel: Cancel | None = None
) -> Kept:
    """Forecast what each action that can be done now would bring, and keep it; once for a turn's version of the data.

    Parameters
    ----------
    project : Project
        Whose data has not been changed since its last turn.
    by : str
        Whose speed counts for the effort.
    seed : int
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Kept

    Raises
    ------
    ProjectError
        If there is no turn yet.
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    turns = project.turns
    if not turns:
        raise ProjectError("A forecast starts from what the model says of the data. Run the first turn.")
    turn = turns[-1]
    dataset = project.dataset_at(turn.revision)
    if progress is not None:
        progress(0.0, "looking for what can be done")
    findings = project.audits.look(dataset, project.checks, cancel=cancel)
    candidates = find_candidates(project, turn, findings, by=by, cancel=cancel)
    start = starting_point(project, turn, seed=seed, progress=part_of(progress, 0.0, 20.0), cancel=cancel)
    found = estimates(start, candidates, part_of(progress, 1.0, 20.0, 19.0), cancel)
    made = believed(found, rows=len(start.out_of_fold), part=start.share < 1)
    actions = [replace(each.action, forecast=own) for each, own in zip(candidates, made, strict=True)]
    return _keep(project, turn, by, actions, candidates)


def starting_point(
    project: Project, turn: Turn, *, seed: int = 0, progress: Progress | None = None, cancel: Cancel | None = None
) -> Start:
    """What all forecasts of a turn share: the data or a part of it, and what is known of its labels."""
    dataset = project.dataset_at(turn.revision)
    belief = believe(answers_of(project, project.turns))
    model, out_of_fold, share = project.model, turn.out_of_fold, 1.0
    if len(out_of_fold) > 1.5 * MOST_ROWS:
        parts = math.ceil(len(out_of_fold) / MOST_ROWS)
        # Whole units: what belongs together stays together.
        part = dataset.folds(parts, _DIVISION)
        left = part.index[(part != 0).to_numpy()]
        share = 1 - len(left) / len(part)
        dataset = dataset.without(left)
        out_of_fold = model.out_of_fold(dataset, progress=progress, cancel=cancel)
    return Start(
        dataset, model, out_of_fold, belief, turn.suspects, project.headline, share, len(dataset.ids("test")), seed
    )


# --- on disk --------------------------------------------------------------------------------------------------------


def _keep(project: Project, turn: Turn, by: str, actions: Sequence[Action], candidates: Sequence[Candidate]) -> Kept:
    # Whom more examples are to be like is said by the action; all of train need not be kept for it.
    about = [each.ids if each.action.kind != "collect" else each.ids[:0] for each in candidates]
    ids = pd.DataFrame(
        {
            "action": [place for place, own in enumerate(about) for _ in own],
            "id": pd.array([str(name) for own in about for name in own], dtype="str"),
        }
    )
    store = project.store
    row: dict[str, Any] = {
        "at": now(),
        "by": by,
        "turn": turn.number,
        "version": turn.version,
        "fingerprint": turn.fingerprint,
        "actions": json.dumps([asdict(action) for action in actions], ensure_ascii=False),
        "blob": store.write_frame(ids),
    }
    with store.writing():
        number = store.insert("forecasts", row)
    return Kept(number, row["at"], by, turn.number, tuple(actions), ids)


def kept_forecasts(project: Project, turn: Turn) -> Kept | None:
    """The forecasts that were made last from a turn's data under its model; None if there are none."""
    store = project.store
    found = store.execute(
        "SELECT number, at, by, turn, actions, blob FROM forecasts WHERE version = ? AND fingerprint = ? "
        "ORDER BY number DESC LIMIT 1",
        (turn.version, turn.fingerprint),
    )
    if not found:
        return None
    number, at, by, _, written, blob = found[0]
    return Kept(number, at, by, turn.number, tuple(map(_read, json.loads(written))), store.read_frame(blob))


def _read(written: dict[str, Any]) -> Action:
    forecast = written["forecast"]
    if forecast is not None:
        forecast = Forecast(**forecast | {"estimate": Estimate(**forecast["estimate"])})
    return Action(**written | {"forecast": forecast})
