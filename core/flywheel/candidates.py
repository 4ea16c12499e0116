"""What could be done next that is worth a forecast: which examples it is about, and how much of it an hour holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from core import wording
from core.annotate import case_cards, conflicts
from core.collect import Finding, describe
from core.collect.distributions import Labels, distribution
from core.collect.relations import relations
from core.dataset import Dataset
from core.evaluate import Predicate, bins_of, find_slices, holds, joined, losses, sentence, slice_frame
from core.flywheel.action import SECONDS_PER_DECISION, Action
from core.flywheel.belief import Belief, answers_of, believe
from core.flywheel.edits import DropColumn, Edit
from core.flywheel.mend import edit_of
from core.flywheel.pace import seconds_per_decision
from core.flywheel.review import decisions
from core.flywheel.watched import inside, watched_slices
from core.generate import METHODS, methods_for
from core.ids import is_among, looked_up, positions
from core.progress import Cancel

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["HOUR", "MINUTES_TO_MEND", "MINUTES_TO_TRY", "Candidate", "find_candidates", "settled_ids"]

# All that is compared fits into an hour.
HOUR = 3600.0
_CLASSES = 2
_SLICES = 2
_COLUMNS = 2
_MENDS = 2
# Fewer are not worth an action of their own.
_FEWEST = 10
_FAILING = 0.05
# What takes no decision an example: to look at it and press a button, to look at rows that were made.
MINUTES_TO_MEND = 1.0
MINUTES_TO_TRY = 5.0
_FALLS = (
    "Without it the score falls, and rightly: if it is known only after the label, the model will not have it when it "
    "counts."
)


@dataclass(frozen=True, eq=False)
class Candidate:
    """An action, with what its counterfactual needs.

    Attributes
    ----------
    action : Action
    ids : Index
        Train examples: the cards of a review (of `settle`: all members of its cases), the class or slice to collect or
        generate for.
    edit : Edit or None
        What would be done to the data, where that is known to the letter.
    """

    action: Action
    ids: pd.Index
    edit: Edit | None = None


def settled_ids(project: Project) -> pd.Index:
    """The examples on which something was decided other than to skip them."""
    known = decisions(project)
    return known.index[(known["decision"] != "skip").to_numpy(dtype=bool)]


def find_candidates(
    project: Project, turn: Turn, findings: Sequence[Finding] = (), *, by: str = "", cancel: Cancel | None = None
) -> list[Candidate]:
    """List what can be done to the data of a turn within an hour.

    Parameters
    ----------
    project : Project
    turn : Turn
        The last one.
    findings : sequence of Finding
        What the audit said.
    by : str
        Whose speed counts; 10 s a decision where it is not known.
    cancel
        See `core.progress`.

    Returns
    -------
    list of Candidate
        Test is not looked at.

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    dataset = project.dataset_at(turn.revision)
    pace = seconds_per_decision(project.log, by) or SECONDS_PER_DECISION
    within = max(1, int(HOUR // pace))
    parts = _parts(project, turn, dataset, cancel)
    return [
        *_reviews(project, turn, dataset, parts, within, pace),
        *_settle(project, turn, dataset, within, pace),
        *_collects(turn, dataset, parts, within, pace),
        *_generates(turn, dataset, parts),
        *_drops(dataset, findings),
        *_mends(findings),
    ]


# --- the parts of the data that actions aim at -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Part:
    """Some examples of train, in words."""

    key: str
    words: str
    ids: pd.Index
    setup: dict[str, Any]
    watched: bool = False


def _parts(project: Project, turn: Turn, dataset: Dataset, cancel: Cancel | None) -> list[_Part]:
    """Slices that are watched, else that in which the turn failed most surely."""
    ids = turn.out_of_fold.index
    watched = watched_slices(project)[:_SLICES]
    found = [
        (each.predicates, met[positions(ids, dataset.frame.index)], True)
        for each, met in zip(watched, inside(project, watched, dataset) if watched else [], strict=True)
    ]
    if not found:
        found = _failing(project, turn, dataset, cancel)
    return [
        _Part(f"slice {sentence(predicates)}", sentence(predicates), ids[met], _written(predicates), pinned)
        for predicates, met, pinned in found
        if met.sum() >= _FEWEST
    ]


def _written(predicates: Sequence[Predicate]) -> dict[str, Any]:
    return {"predicates": [each.to_dict() for each in predicates]}


def _failing(
    project: Project, turn: Turn, dataset: Dataset, cancel: Cancel | None
) -> list[tuple[tuple[Predicate, ...], Any, bool]]:
    labels = looked_up(dataset.labels, turn.out_of_fold.index)
    real = ~is_among(labels.index, dataset.generated)
    labels = labels[real]
    loss = losses(labels, project.model.decide(looked_up(turn.out_of_fold, labels.index), turn.threshold))
    described = looked_up(describe(dataset), labels.index)
    categories, _ = slice_frame(described, loss)
    if not categories.shape[1] or not 0 < loss.mean() < 1:
        return []
    found = list(find_slices(categories, loss, top=1, max_predicates=2, cancel=cancel))
    bins = bins_of(described, categories) if found else {}
    sure = [joined(each.predicates, bins) for each in found if each.p_adjusted < _FAILING and each.lift > 1]
    columns = looked_up(describe(dataset), turn.out_of_fold.index) if sure else described
    return [(predicates, holds(predicates, columns), False) for predicates in sure]


# --- labels ---------------------------------------------------------------------------------------------------------


def _reviews(
    project: Project, turn: Turn, dataset: Dataset, parts: Sequence[_Part], within: int, pace: float
) -> list[Candidate]:
    suspects = turn.suspects[turn.suspects["flagged"]]
    suspects = suspects[~is_among(suspects.index, settled_ids(project))]
    suspects = suspects[is_among(suspects.index, project.dataset.ids("train"))]
    if suspects.empty:
        return []
    belief = believe(answers_of(project, project.turns))
    found = [_review(suspects.head(within), "review", "", {}, len(suspects), turn, belief, pace)]
    sizes = suspects["given"].value_counts()
    for label in sizes.index[:_CLASSES] if len(sizes) > 1 else []:
        cards = suspects[suspects["given"] == label]
        words = f" labelled '{label}'"
        found.append(
            _review(
                cards.head(within), f"review class {label}", words, {"label": label}, len(cards), turn, belief, pace
            )
        )
    for part in parts:
        cards = suspects[is_among(suspects.index, part.ids)]
        words = f" where {part.words}"
        found.append(
            _review(cards.head(within), f"review {part.key}", words, part.setup, len(cards), turn, belief, pace)
        )
    every = found[0]
    # A part that holds all that an hour can review is the same action again.
    return [every, *(each for each in found[1:] if len(each.ids) >= _FEWEST and set(each.ids) != set(every.ids))]


def _review(
    cards: pd.DataFrame, key: str, words: str, setup: dict[str, Any], of: int, turn: Turn, belief: Belief, pace: float
) -> Candidate:
    count = len(cards)
    wrong = belief.wrong(cards["score"])[0]
    first = f"The most doubtful of {of:,}. " if of > count else ""
    rests = f"turn {turn.number}" + (
        f" and {wording.count(belief.reviewed, 'label')} reviewed so far" * (belief.reviewed > 0)
    )
    action = Action(
        "review",
        f"Review {wording.count(count, 'suspect')}{words}",
        f"{first}About {max(1, round(wrong)):,} of them should have a wrong label, judged by {rests}.",
        "annotate",
        count,
        count * pace / 60,
        key=key,
        setup=setup,
    )
    return Candidate(action, cards.index)


def _settle(project: Project, turn: Turn, dataset: Dataset, within: int, pace: float) -> list[Candidate]:
    cases = conflicts(dataset)
    if cases.empty:
        return []
    cards = case_cards(dataset, turn.suspects)
    open_ = cases[~is_among(cases.index, settled_ids(project))]
    cards = cards[looked_up(cases, cards.index).isin(open_).to_numpy()].head(within)
    if cards.empty:
        return []
    members = cases.index[cases.isin(looked_up(cases, cards.index)).to_numpy()]
    action = Action(
        "settle",
        f"Settle {wording.count(len(cards), 'case')} of conflicting copies",
        f"{wording.count(len(members), 'train example')} of equal content have different labels: one is wrong "
        "each time.",
        "annotate",
        len(cards),
        len(cards) * pace / 60,
        key="settle",
    )
    return [Candidate(action, members)]


# --- more examples --------------------------------------------------------------------------------------------------


def _weak_classes(turn: Turn, dataset: Dataset) -> list[str]:
    """The classes that the model finds least often, out of fold; those with too few examples to tell are left out."""
    labels = looked_up(dataset.labels, turn.out_of_fold.index)
    named = turn.out_of_fold.columns.to_numpy()[turn.out_of_fold.to_numpy().argmax(axis=1)]
    found = pd.Series(named == labels.to_numpy(), index=labels.index).groupby(labels.to_numpy()).agg(["mean", "size"])
    found = found[found["size"] >= _FEWEST]
    return [str(name) for name in found.sort_values("mean", kind="stable").index[:1]]


def _of_class(dataset: Dataset, label: str) -> pd.Index:
    labels = dataset.labels_of("train")
    return labels.index[(labels == label).to_numpy() & ~is_among(labels.index, dataset.generated)]


def _collects(turn: Turn, dataset: Dataset, parts: Sequence[_Part], within: int, pace: float) -> list[Candidate]:
    real = dataset.ids("train")
    real = real[~is_among(real, dataset.generated)]
    aims: list[tuple[str, str, pd.Index, dict[str, Any]]] = [("collect", "", real, {})]
    aims += [
        (f"collect class {label}", f" of the class '{label}'", _of_class(dataset, label), {"label": label})
        for label in _weak_classes(turn, dataset)
    ]
    aims += [(f"collect {part.key}", f" where {part.words}", part.ids, part.setup) for part in parts]
    found = []
    for key, words, ids, setup in aims:
        # Nobody knows from far fewer examples what three times as many would bring.
        count = min(within, 2 * len(ids))
        if len(ids) < _FEWEST:
            continue
        action = Action(
            "collect",
            f"Collect {wording.count(count, 'more example')}{words}",
            f"Train has {len(ids):,}. The minutes are those of labelling them; bringing them comes on top.",
            "collect",
            count,
            count * pace / 60,
            key=key,
            setup=setup,
        )
        found.append(Candidate(action, ids))
    return found


def _generates(turn: Turn, dataset: Dataset, parts: Sequence[_Part]) -> list[Candidate]:
    method = next((each for each in methods_for(dataset) if not each.excludes), None)
    if method is None or method.key not in METHODS:
        return []
    aims = [
        (f"generate class {label}", f" of the class '{label}'", _of_class(dataset, label), {"label": label})
        for label in _weak_classes(turn, dataset)
    ]
    aims += [(f"generate {part.key}", f" where {part.words}", part.ids, part.setup) for part in parts]
    return [
        Candidate(
            Action(
                "generate",
                f"Generate {len(ids):,} examples{words}",
                f"As many again as train has, by '{method.title}'. They bring no new facts; a trial says more.",
                "generate",
                len(ids),
                MINUTES_TO_TRY,
                key=key,
                setup=setup | {"method": method.key},
            ),
            ids,
        )
        for key, words, ids, setup in aims
        if len(ids) >= _FEWEST
    ]


# --- columns and findings -------------------------------------------------------------------------------------------


def _drops(dataset: Dataset, findings: Sequence[Finding]) -> list[Candidate]:
    """Columns that the audit would drop, and those that have nothing to do with the label."""
    none = dataset.frame.index[:0]
    found = {
        finding.columns[0]: (
            f"{finding.message} {_FALLS}" if finding.kind == "leaking_column" else finding.message,
            finding.title,
        )
        for finding in findings
        if finding.fix == "drop_column" and finding.columns[0] in dataset.schema.features
    }
    for name in _dead(dataset)[:_COLUMNS]:
        found.setdefault(
            name,
            ("It has no relation to the label that chance would not explain. Dropping it saves collecting it.", ""),
        )
    if len(found) >= len(dataset.schema.features):
        return []
    return [
        Candidate(
            Action(
                "drop",
                f"Drop the column '{name}'",
                message,
                "collect",
                1,
                MINUTES_TO_MEND,
                key=f"drop {name}",
                setup={"column": name},
            ),
            none,
            DropColumn(name, reason=title),
        )
        for name, (message, title) in found.items()
    ]


def _dead(dataset: Dataset) -> list[str]:
    columns = [str(name) for name in dataset.schema.features if name != dataset.schema.text]
    if len(columns) < 2:
        return []
    train = dataset.part("train")
    labels = Labels.of(dataset.labels_of("train"))
    table = relations({name: distribution(train[name], labels) for name in columns})
    table = table[~table["related"].to_numpy(dtype=bool)]
    return [str(name) for name in table.sort_values("p", ascending=False, kind="stable").index]


def _mends(findings: Sequence[Finding]) -> list[Candidate]:
    found = []
    for finding in findings:
        edit = edit_of(finding) if finding.fix not in (None, "drop_column") and finding.severity >= 0.3 else None
        if edit is not None:
            action = Action(
                "mend", finding.title, finding.message, "collect", len(finding.ids), MINUTES_TO_MEND, key=finding.title
            )
            found.append(Candidate(action, pd.Index(edit.ids), edit))
    return found[:_MENDS]
