"""Blind review of test labels: a random sample that nobody can pick, reviewed without sight of label or prediction.

Correcting test labels where the model disagrees turns its mistakes into hits and leaves those that it shares. So the
sample is drawn once, by a seed, before anybody looks; it can only grow, along the same permutation, so that it stays a
random sample; and decisions on any other test example are refused. It is a plain random one: its share of wrong labels
speaks for all of them without weights, whatever part of it is done, and its order tells nothing of a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import wording
from core.evaluate import Evaluation, LabelNoise, evaluate, label_noise
from core.flywheel import log, places
from core.flywheel.decision import Decide, Decision
from core.flywheel.edit import EditError
from core.flywheel.errors import ProjectError
from core.flywheel.review import Queue, decide, read_queue, start_queue
from core.flywheel.store import now
from core.ids import aligned, is_among, looked_up

if TYPE_CHECKING:
    from core.flywheel.log import Entry
    from core.flywheel.project import Project
    from core.flywheel.store import Store
    from core.flywheel.turn import Turn

__all__ = [
    "BlindError",
    "Reviewed",
    "Sample",
    "answer",
    "blind_queue",
    "draw",
    "last_answer",
    "on_reviewed",
    "refuse_undrawn",
    "reviewed",
    "reviewed_json",
    "sample",
    "skipped",
    "train_moved",
]

_KEPT = "blind"
# With fewer reviewed examples a score of them alone says next to nothing.
_FEWEST = 20
_WITHOUT_CLASS = (Decision.AMBIGUOUS, Decision.EXCLUDE, Decision.SKIP)


class BlindError(ProjectError):
    """A sample can't be drawn, or a card of it can't be answered, as asked."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The random sample of test examples that is reviewed blind.

    Attributes
    ----------
    queue : int
        The queue in which it is reviewed.
    ids : Index
        Who is in it, in the order of the review: random.
    size : int
        How many test examples it is drawn from.
    seed : int
    draws : tuple of (at, by, drawn)
        When it was drawn or extended, by whom, to how many.
    """

    queue: int
    ids: pd.Index
    size: int
    seed: int
    draws: tuple[tuple[str, str, int], ...]

    @property
    def everything(self) -> bool:
        """Whether it holds all test examples."""
        return len(self.ids) == self.size


@dataclass(frozen=True, eq=False)
class Reviewed:
    """What blind review has said of the test labels so far.

    Attributes
    ----------
    sample : Sample
    noise : LabelNoise
    ids : Index
        Of whom something was said.
    answers : DataFrame
        A row a pair that occurs: ``given`` (the label that the test set came with), ``said`` (the class that the
        reviewer named; None for an example that is none), ``examples``; the most frequent first.
    reviewers : dict
        Who said how many.
    """

    sample: Sample
    noise: LabelNoise
    ids: pd.Index
    answers: pd.DataFrame
    reviewers: dict[str, int]


def draw(project: Project, size: int | None = None, *, seed: int = 0, by: str = "") -> Sample:
    """Draw the sample of test examples that is reviewed blind, or let it grow.

    Parameters
    ----------
    project : Project
    size : int, optional
        How many it is to hold, all in all; by default every test example.
    seed : int
        With the test examples it fixes the order for good; nobody can pick. It is used at the first draw.
    by : str
        Who draws.

    Returns
    -------
    Sample

    Raises
    ------
    BlindError
        If there are not so many test examples, or the sample holds more already, or another order was drawn.
    """
    store = project.store
    with store.writing():
        known = store.get(_KEPT)
        if known is None:
            order = _permutation(project, seed)
        elif seed not in (0, known["seed"]):
            raise BlindError(
                f"The order of the test examples was drawn with seed {known['seed']}, once and for all: drawing again "
                f"until it pleases would be picking. Got seed {seed} instead. Extend the sample."
            )
        else:
            order = store.read_frame(known["order"])
        size = len(order) if size is None else size
        drawn = 0 if known is None else known["draws"][-1][2]
        if not max(1, drawn) <= size <= len(order):
            raise BlindError(
                f"The sample must hold {max(1, drawn):,} to {wording.count(len(order), 'test example')}"
                f"{', since it holds so many already' if drawn else ''}. Got {size:,} instead. Choose another size."
            )
        cards = pd.DataFrame({"blind": True}, index=order.index[:size])
        if known is None:
            # In nobody's name: who draws may leave the review to others.
            number = start_queue(project, cards, source="blind review of test labels", turn=0).number
            places.set_aside(store, number)
            known = {"queue": number, "seed": seed, "order": store.write_frame(order), "draws": []}
        elif size > drawn:
            # Longer by the next of the same order: it is the queue that reviewers are in.
            store.execute("UPDATE queue SET blob = ? WHERE number = ?", (store.write_frame(cards), known["queue"]))
        if size > drawn:
            store.put(_KEPT, known | {"draws": [*known["draws"], [now(), by, size]]})
    found = sample(project)
    assert found is not None
    return found


def _permutation(project: Project, seed: int) -> pd.DataFrame:
    """All test examples in random order, with the labels that they came with."""
    labels = project.dataset.labels_of("test")
    if labels.empty:
        raise BlindError("A sample needs test examples. All of them are excluded. Undo some of the exclusions.")
    # Sorted first: the order must not depend on that of the rows.
    labels = labels.sort_index()
    return labels.iloc[np.random.default_rng(seed).permutation(len(labels))].rename("given").to_frame()


def sample(project: Project) -> Sample | None:
    """The sample that was drawn; None before that."""
    known = project.store.get(_KEPT)
    if known is None:
        return None
    order = project.store.read_frame(known["order"])
    draws = tuple((str(at), str(by), int(drawn)) for at, by, drawn in known["draws"])
    return Sample(known["queue"], order.index[: draws[-1][2]], len(order), known["seed"], draws)


def refuse_undrawn(store: Store, edit: Decide) -> None:
    """Refuse a blind decision on an example that is not in the sample.

    Raises
    ------
    EditError
        If one is not.
    """
    known: dict[str, Any] | None = store.get(_KEPT)
    ids = pd.Index(list(edit.decisions))
    drawn = store.read_frame(known["order"]).index[: known["draws"][-1][2]] if known else pd.Index([])
    outside = ids[~is_among(ids, drawn)]
    if len(outside):
        raise EditError(
            f"A blind decision is about a test example of the sample that was drawn. '{outside[0]}' is not in it: who "
            "picks the examples corrects where the model disagrees. Draw a sample, or let it grow, and review that."
        )


def blind_queue(project: Project, by: str = "") -> Queue | None:
    """The sample as a queue with the card that a reviewer has come to; None before it is drawn."""
    known = project.store.get(_KEPT)
    return None if known is None else read_queue(project, known["queue"], by)


def answer(
    project: Project,
    queue: Queue,
    place: int,
    label: str | None = None,
    *,
    decision: str | None = None,
    by: str = "",
    revision: int | None = None,
) -> None:
    """Say what the example of a card is, and go on behind it: one entry in the log, on disk when this returns.

    Whether that keeps its label or changes it is found by comparing; the reviewer needs to know neither.

    Parameters
    ----------
    project : Project
    queue : Queue
        As `blind_queue` returns it.
    place : int
    label : str, optional
        The class.
    decision : str, optional
        Instead of a class: ``"ambiguous"`` (the label stays), ``"exclude"`` (it is of no class), ``"skip"``.
    by : str
    revision : int, optional
        What the reviewer has seen.

    Raises
    ------
    BlindError
        If the answer is no class and none of these, or the card has an answer already.
    StaleError
        If the example was changed since ``revision``.
    """
    classes = project.dataset.classes
    if (label is None) == (decision is None) or (decision is not None and decision not in _WITHOUT_CLASS):
        raise BlindError(
            f"An answer is a class, or one of {', '.join(_WITHOUT_CLASS)}. Got {label!r} and {decision!r} instead."
        )
    if label is not None and label not in classes:
        raise BlindError(f"The answer must be one of the classes {', '.join(classes)}. Got '{label}' instead.")
    example = str(queue.cards.index[place]) if 0 <= place < len(queue.cards) else ""
    revision = project.revision if revision is None else revision
    told = next((said for said in reversed(project.decided.of(example)) if said.settles), None)
    if told is not None and told.seq <= revision:
        raise BlindError(
            f"An example is answered once. '{example}' was answered by {told.by or 'somebody'}. Undo that answer first."
        )
    if label is not None:
        decision = Decision.KEEP if project.dataset.labels.get(example) == label else Decision.OTHER
    decide(project, queue, place, str(decision), label, by=by, revision=revision)


def last_answer(project: Project, queue: Queue, by: str) -> Entry | None:
    """The reviewer's last edit, if it is an answer in this queue: what going back a card takes back."""
    entry = project.undoable(by)
    mine = entry is not None and entry.kind == "decide" and (entry.content.get("queue") or [0])[0] == queue.number
    return entry if mine else None


def skipped(project: Project, queue: Queue) -> list[int]:
    """The places of the cards that have no answer, though the reviewer may have been at them."""
    ids = queue.cards.index
    there = aligned(project.dataset.split, ids).eq("test").to_numpy(dtype=bool)
    unanswered = ~is_among(ids, _answers(project, ids).index)
    return [int(place) for place in np.flatnonzero(there & unanswered)]


def reviewed(project: Project) -> Reviewed | None:
    """What blind review has said so far; None before a sample is drawn.

    A label is wrong if the reviewer named another class, or said that the example is of none. Who skips an example says
    nothing of it; that others answered it is what counts then.
    """
    drawn = sample(project)
    if drawn is None:
        return None
    known = project.store.get(_KEPT)
    given = project.store.read_frame(known["order"])["given"]
    said = _answers(project, drawn.ids)
    given = looked_up(given, said.index)
    none, unclear = said["decision"] == Decision.EXCLUDE, said["decision"] == Decision.AMBIGUOUS
    # Who keeps the label without naming it means the one that the example has.
    named = said["label"].astype("object").where(said["label"].notna(), aligned(project.dataset.labels, said.index))
    other = (named != given) & ~none & ~unclear
    noise = label_noise(int((other | none).sum()), len(said), drawn.size, ambiguous=int(unclear.sum()))
    pairs = pd.DataFrame({"given": given, "said": named.where(~none, None)})[~unclear]
    counts = pairs.value_counts(dropna=False).rename("examples").reset_index()
    reviewers = {str(by): int(held) for by, held in said["by"].value_counts().items()}
    return Reviewed(drawn, noise, said.index, counts, reviewers)


def on_reviewed(project: Project, turn: Turn) -> Evaluation | None:
    """What a turn is worth on the reviewed examples alone: their labels are right, and they were not picked.

    While only a part of the test labels is corrected, the score on all of them still pays for the wrong ones among the
    others, if every turn alike. This one does not; it has fewer examples.

    Returns
    -------
    Evaluation or None
        None where fewer than 20 were reviewed, or all: then it is the evaluation of the turn.
    """
    found = reviewed(project)
    if found is None or found.noise.complete:
        return None
    ids = project.dataset.ids("test").intersection(found.ids).sort_values()
    if len(ids) < _FEWEST:
        return None
    probabilities = looked_up(turn.test_probabilities, ids)
    predicted = project.model.decide(probabilities, turn.threshold)
    return evaluate(looked_up(project.dataset.labels, ids), probabilities, predicted=predicted)


def reviewed_json(project: Project) -> dict[str, Any] | None:
    """The blind review as the export has it; None before a sample is drawn."""
    found = reviewed(project)
    if found is None:
        return None
    noise, drawn = found.noise, found.sample
    return {
        "test_examples": drawn.size,
        "seed": drawn.seed,
        "draws": [{"at": at, "by": by, "drawn": held} for at, by, held in drawn.draws],
        "sample": list(drawn.ids),
        "reviewed": noise.reviewed,
        "wrong": noise.wrong,
        "ambiguous": noise.ambiguous,
        "share": noise.share if noise.reviewed else None,
        "interval": [noise.low, noise.high],
        "left": list(noise.left) if noise.reviewed else None,
        "reviewers": found.reviewers,
    }


def _answers(project: Project, ids: pd.Index) -> pd.DataFrame:
    """What was said of some examples, but for those that everybody skipped."""
    told = project.decided.since(0)
    told = told[is_among(told.index, ids)]
    return told[(told["decision"] != Decision.SKIP).to_numpy()]


def train_moved(project: Project, turn: Turn) -> bool:
    """Whether more than test labels has changed since a turn: only then another one has something new to learn."""
    if project.dataset.version == turn.version:
        return False
    then, force = log.active(project.log, until=turn.revision), log.active(project.log)
    changed = {entry.seq for entry in then} ^ {entry.seq for entry in force}
    return any(entry.seq in changed and not entry.content.get("blind", False) for entry in (*then, *force))
