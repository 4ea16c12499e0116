"""What to do next: the actions that the state of the project suggests, most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core import wording
from core.collect import Finding
from core.evaluate import imbalance
from core.flywheel import log
from core.flywheel.action import SECONDS_PER_DECISION, Action, Estimate, Forecast
from core.flywheel.blind import sample, train_moved
from core.flywheel.candidates import MINUTES_TO_MEND, MINUTES_TO_TRY, settled_ids
from core.flywheel.family import opened_elsewhere
from core.flywheel.forecasts import Kept, kept_forecasts
from core.flywheel.pace import seconds_per_decision
from core.flywheel.review import current_queue, decisions, next_place
from core.flywheel.sealed import is_sealed
from core.ids import is_among

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["SECONDS_PER_DECISION", "Action", "ranked", "suggest"]

_LARGEST_TO_RAREST = 5
# What takes a decision an example; collecting rows takes at least labelling them.
_DECIDED = {"review", "settle", "collect", "test"}
_BLIND_SAMPLE = 200
_GO_ON = "Go on reviewing"


def suggest(project: Project, findings: Sequence[Finding] = (), *, by: str = "") -> list[Action]:
    """Return the actions that the state of a project suggests, the most pressing first.

    What has a forecast is ranked by it; without forecasts, by rules of thumb.

    Parameters
    ----------
    project : Project
    findings : sequence of Finding
        What the audit of the data said.
    by : str
        Whose speed counts for the effort; by default 10 s a decision.
    """
    turns = project.turns
    if not turns:
        return [_first_turn(project), *_mend(findings)]
    pace = seconds_per_decision(project.log, by) or SECONDS_PER_DECISION
    kept = kept_forecasts(project, turns[-1])
    actions = _unforecast(project, findings) if kept is None else _forecast(project, findings, kept)
    return [_at(each, pace) for each in actions]


def ranked(actions: Sequence[Action]) -> list[Action]:
    """Bring actions into the order of their forecasts; those without one come last, as they were."""
    return sorted(actions, key=lambda each: -each.forecast.gain if each.forecast is not None else float("inf"))


def _forecast(project: Project, findings: Sequence[Finding], kept: Kept) -> list[Action]:
    """The actions with forecasts, as far as they are still to be done."""
    offered = _still_open(project, kept)
    known = {each.key: each.forecast for each in kept.actions}
    columns = {each.setup["column"] for each in offered if each.kind == "drop"}
    mends = [
        replace(action, key=finding.title, forecast=known.get(finding.title))
        for finding, action in zip(_mendable(findings), _mend(findings), strict=True)
        if not (finding.fix == "drop_column" and finding.columns[0] in columns)
    ]
    best = ranked([*offered, *mends])
    pending = _next_turn(project)
    under_way = [each for each in _review(project) if each.title.startswith(_GO_ON)]
    stop = [] if pending else _stop(project, best)
    return [*pending, *stop, *under_way, *best, *_test_labels(project), *(_claim(project) if stop else [])]


def _still_open(project: Project, kept: Kept) -> list[Action]:
    settled, train = settled_ids(project), project.dataset.ids("train")
    features = set(project.dataset.schema.features)
    found = []
    for place, action in enumerate(kept.actions):
        if action.kind == "drop" and action.setup["column"] not in features:
            continue
        if action.kind in {"review", "settle"}:
            ids = kept.ids_of(place)
            left = int((~is_among(ids, settled) & (is_among(ids, train))).sum())
            # Once half of it is done the forecast is of something else.
            if 2 * left <= len(ids):
                continue
        if action.kind != "mend":
            found.append(action)
    return found


def _stop(project: Project, best: Sequence[Action]) -> list[Action]:
    """Say so if the best that can be done within an hour is less than the test set can tell from nothing."""
    first = next((each.forecast for each in best if each.forecast is not None), None)
    if first is None or first.gain >= first.noise:
        return []
    test = len(project.dataset.ids("test"))
    return [
        Action(
            "stop",
            "Stop here, unless the test set grows",
            f"The best that an hour can do should bring {wording.signed(100 * first.gain, 1)} points, and a test set "
            f"of {test:,} can't tell less than {100 * first.noise:.1f} from nothing.",
            "evaluate",
            key="stop",
        )
    ]


def _test_labels(project: Project) -> list[Action]:
    """Blind review of the test labels: to be begun, or gone on with."""
    test, drawn = len(project.dataset.ids("test")), sample(project)
    count = min(_BLIND_SAMPLE, test) if drawn is None else len(drawn.ids.difference(settled_ids(project)))
    if not count:
        return []
    nothing = Forecast(0.0, 0.0, 0.0, 0.0, 0, False, Estimate(0.0, 0.0, 0.0, 0.0, 0))
    return [
        Action(
            "test",
            f"Review {wording.count(count, 'test label')} blind"
            if drawn is None
            else f"{_GO_ON} blind: {wording.count(count, 'card')} left",
            "It does not move the model, so it brings no points. It says how many test labels are wrong, and takes "
            "what they hide out of every verdict.",
            "annotate",
            count,
            key="test",
            forecast=nothing,
        )
    ]


def _unforecast(project: Project, findings: Sequence[Finding]) -> list[Action]:
    turns = project.turns
    actions = [*_next_turn(project), *_review(project), *_mend(findings), *_balance(project)]
    recent = [turn.verdict.verdict for turn in turns[-2:] if turn.verdict is not None]
    if recent == ["no evidence", "no evidence"]:
        actions.append(
            Action(
                "collect",
                "Collect more data, or stop here",
                "The last two turns brought no evidence of a gain: what is left may be within the noise of "
                "the test set.",
                "collect",
            )
        )
        actions += _claim(project)
    if not actions:
        actions.append(Action("collect", "Collect more data", "Nothing is left to review or mend.", "collect"))
    return [*actions, *(replace(each, forecast=None) for each in _test_labels(project))]


def _claim(project: Project) -> list[Action]:
    if not is_sealed(project) or opened_elsewhere(project) is not None:
        return []
    sealed = len(project.dataset.ids("sealed"))
    return [
        Action(
            "claim",
            "Open the sealed examples, if you are done",
            f"{sealed:,} took no part in any choice: once, they say what the project claims in the end.",
            "evaluate",
            sealed,
        )
    ]


def _first_turn(project: Project) -> Action:
    rows = len(project.dataset.ids("train"))
    return Action(
        "turn",
        "Run turn 0",
        f"The locked model has not met the data yet: {rows:,} examples to train on. Mend what the audit finds after "
        "it: then a verdict says what that brought.",
        "train",
        rows,
    )


def _next_turn(project: Project) -> list[Action]:
    last = project.turns[-1]
    if not train_moved(project, last):
        return []
    old = {entry.seq for entry in log.active(project.log, until=last.revision)}
    new = {entry.seq for entry in log.active(project.log)}
    count = len(old ^ new)
    return [
        Action(
            "turn",
            f"Run turn {last.number + 1}",
            f"The data was changed since turn {last.number} ({wording.count(count, 'edit')}): see what that was worth.",
            "train",
            count,
        )
    ]


def _review(project: Project) -> list[Action]:
    turn = project.turns[-1]
    queue = current_queue(project)
    if queue is not None and queue.place > 0:
        left = len(queue.cards) - next_place(project, queue)
        if left > 0 and queue.turn == turn.number:
            return [
                Action(
                    "review",
                    f"{_GO_ON}: {wording.count(left, 'card')} left",
                    f"You are in the {queue.source}.",
                    "annotate",
                    left,
                    left * SECONDS_PER_DECISION / 60,
                )
            ]
    suspects = turn.suspects[turn.suspects["flagged"]]
    settled = decisions(project).index
    train = project.dataset.ids("train")
    open_ones = suspects[is_among(suspects.index, train) & ~is_among(suspects.index, settled)]
    count, collected = len(open_ones), len(train.difference(project.dataset.generated))
    if count == 0:
        return []
    return [
        Action(
            "review",
            f"Review {wording.count(count, 'suspect')}",
            f"{count / collected:.1%} of the labels in train are probably wrong, judged by turn {turn.number}.",
            "annotate",
            count,
            count * SECONDS_PER_DECISION / 60,
        )
    ]


def _mendable(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.fix and finding.severity >= 0.3][:3]


def _mend(findings: Sequence[Finding]) -> list[Action]:
    return [
        Action("mend", finding.title, finding.message, "collect", len(finding.ids), MINUTES_TO_MEND)
        for finding in _mendable(findings)
    ]


def _balance(project: Project) -> list[Action]:
    dataset = project.dataset
    counts = imbalance(dataset.labels_of("train"))
    rarest = counts.iloc[-1]
    if rarest["ratio"] < _LARGEST_TO_RAREST or len(dataset.generated):
        return []
    return [
        Action(
            "generate",
            f"Try more examples of '{counts.index[-1]}'",
            f"Only {wording.count(rarest['count'], 'train example')}, {rarest['share']:.1%}: the model sees little of "
            "it.",
            "generate",
            int(rarest["count"]),
            MINUTES_TO_TRY,
        )
    ]


def _at(action: Action, pace: float) -> Action:
    """The same action with its effort at so many seconds a decision."""
    return replace(action, minutes=action.count * pace / 60) if action.kind in _DECIDED else action
