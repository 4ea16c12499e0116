"""Races of a project: run from its data as it was brought, and kept, so that one can be shown again at any time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.evaluate import Verdict, compare, evaluate, together
from core.flywheel import log
from core.flywheel.actions import SECONDS_PER_DECISION
from core.flywheel.edits import Decide
from core.flywheel.effort import efforts
from core.flywheel.errors import ProjectError
from core.flywheel.race import ARMS, SECONDS_PER_FIT, Rules, run_race
from core.flywheel.store import now
from core.progress import Cancel, Progress
from core.train import FOLDS

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["Race", "kept_races", "ledger_arm", "race_project"]


@dataclass(frozen=True)
class Race:
    """A race that was run to its end.

    Attributes
    ----------
    number : int
    at : str
        When it ended.
    settings : dict
        Its `Rules`, ``simulated``: whether the reviewer was, and ``seconds``: how long each arm took by the clock; of
        a ledger its turns, and the time that people put in. Races of before there was one have no ``seconds``.
    verdict : Verdict
        How much better the end of the data's side is than that of the model's side, paired on the test examples.
    gains : dict of str to Verdict
        By arm, how much better its end is than the common start; corrected for one another. A race that was kept
        before there were any has none.
    table : DataFrame
        As `race` returns it.
    """

    number: int
    at: str
    settings: dict[str, Any]
    verdict: Verdict
    gains: dict[str, Verdict]
    table: pd.DataFrame


def race_project(
    project: Project,
    *,
    budget: float | None = None,
    reviews_per_turn: int = 50,
    accuracy: float = 0.95,
    seconds_per_fit: float = SECONDS_PER_FIT,
    seconds_per_decision: float = SECONDS_PER_DECISION,
    seed: int = 0,
    heard: Callable[[pd.DataFrame], None] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Race:
    """Run a race from the data as it was brought, under the project's recipe and headline metric, and keep it.

    Where the truth is known, a simulated reviewer runs for the data's side. Otherwise the data's side is the ledger
    itself, and the model's side has what that has cost; both are scored on the test labels as they are now.

    Parameters
    ----------
    project : Project
    budget : float, optional
        Seconds an arm may spend, see `race`. Needed where the truth is known; otherwise what the ledger has cost.
    reviews_per_turn, accuracy, seconds_per_fit, seconds_per_decision, seed, heard, progress, cancel
        As for `race`.

    Returns
    -------
    Race

    Raises
    ------
    ProjectError
        If there is neither a truth nor a second turn to race with.
    RaceError
        As `race`.
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    brought = project.dataset_at(0)
    truth = brought.schema.truth
    prices = {"seconds_per_fit": seconds_per_fit, "seconds_per_decision": seconds_per_decision}
    ours = ledger_arm(project, **prices) if truth is None else pd.DataFrame()
    if truth is None:
        budget = float(ours["cost"].iloc[-1]) if len(ours) else 0.0
        if not budget:
            raise ProjectError(
                "The ledger races for the data's side, and there is no turn after turn 0 yet. Change the data, run a "
                "turn, and race then; or open a demo, where the truth is known and a simulated reviewer runs."
            )
    rules = Rules(
        budget=budget or 0.0,
        reviews_per_turn=reviews_per_turn,
        accuracy=accuracy,
        seed=seed,
        metric=project.headline,
        **prices,
    )

    def hear(table: pd.DataFrame) -> None:
        if heard is not None:
            heard(pd.concat([ours, table], ignore_index=True))

    labels = project.dataset.labels_of("test")
    finish = run_race(
        brought,
        labels if truth is None else truth,
        rules,
        recipe=project.model.recipe,
        arms=("model",) if truth is None else ARMS,
        heard=hear,
        progress=progress,
        cancel=cancel,
    )
    start, ends = finish.start, finish.ends
    if truth is None:
        start = project.turns[0].test_probabilities
        ends = {"model": ends["model"], "data": project.turns[-1].test_probabilities}
    else:
        labels = brought.frame.loc[start.index, truth].astype("str")
    verdict = compare(labels, ends["model"], ends["data"], metric=rules.metric)
    gained = together([compare(labels, start, end, metric=rules.metric) for end in ends.values()])
    gains = dict(zip(ends, gained, strict=True))
    table = pd.concat([ours, finish.table], ignore_index=True)
    seconds = finish.table.attrs["seconds"] | ({"data": _by_the_clock(project)} if truth is None else {})
    settings = asdict(rules) | {"simulated": truth is not None, "seconds": seconds}
    store = project.store
    row = {
        "at": now(),
        "settings": json.dumps(settings | {"gains": {arm: gain.to_json() for arm, gain in gains.items()}}),
        "verdict": verdict.to_json(),
        "blob": store.write_frame(table),
    }
    with store.writing():
        number = store.insert("races", row)
    return Race(number, row["at"], settings, verdict, gains, table)


def _by_the_clock(project: Project) -> float:
    """Seconds that a ledger took since turn 0: its turns, and the people who worked on the data."""
    turns = project.turns
    people = efforts(project.log, [turn.revision for turn in turns])
    return sum(turn.seconds for turn in turns[1:]) + 60 * sum(each.minutes for each in people[1:])


def ledger_arm(
    project: Project,
    *,
    seconds_per_fit: float = SECONDS_PER_FIT,
    seconds_per_decision: float = SECONDS_PER_DECISION,
) -> pd.DataFrame:
    """The turns of a project as the data's side of a race: what each had cost until then, and its score.

    A decision costs what one costs in a race whoever made it, edits in bulk and mended findings cost nothing beside
    the fits of their turn.

    Parameters
    ----------
    project : Project
    seconds_per_fit, seconds_per_decision : float
        The prices, as for `race`.
    """
    rows = []
    entries = project.log
    labels = project.dataset.labels_of("test")
    by_largest = project.model.recipe.decision != "threshold"
    for turn in project.turns:
        force = log.active(entries, until=turn.revision)
        decided = [log.to_edit(project.store, entry) for entry in force if entry.kind == "decide"]
        decisions = sum(len(edit.decisions) for edit in decided if isinstance(edit, Decide) and not edit.bulk)
        decisions = decisions if turn.number else 0
        fits = float((FOLDS + 1) * turn.number)
        # Sides of a race decide by the largest probability; a turn may have a threshold.
        scored = turn.evaluation if by_largest else evaluate(labels, turn.test_probabilities)
        value, low, high = scored.metrics[project.headline]
        rows.append(
            {
                "arm": "data",
                "step": f"turn {turn.number}: {'; '.join(turn.changes)}" if turn.number else "start",
                "detail": "",
                "fits": fits,
                "decisions": decisions,
                "cost": fits * seconds_per_fit + decisions * seconds_per_decision,
                "score": value,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def kept_races(project: Project) -> list[Race]:
    """The races that were run, the newest first."""
    store = project.store
    found = store.execute("SELECT number, at, settings, verdict, blob FROM races ORDER BY number DESC")
    races = []
    for number, at, written, verdict, blob in found:
        settings = json.loads(written)
        gains = {arm: Verdict.from_json(gain) for arm, gain in settings.pop("gains", {}).items()}
        races.append(Race(number, at, settings, Verdict.from_json(verdict), gains, store.read_frame(blob)))
    return races
