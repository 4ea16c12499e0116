"""The sealed examples: set aside when the project was made, opened once, for a claim that stays as it is.

Whoever decides by the test set, turn after turn, fits the data to it: the score of the turn that was chosen is a little
too good. The sealed examples took no part in any choice. Opened once, for one turn, they say how good it is; opened
again after more choices, they would be another test set. See decision 23.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from core.evaluate import Evaluation, Refit, Verdict, compare, evaluate, training_luck
from core.flywheel.backup import restored_from
from core.flywheel.blind import train_moved
from core.flywheel.claim import Claim, read_claim, worded
from core.flywheel.errors import LockError, ProjectError, SealError, StaleError
from core.flywheel.family import opened_elsewhere, take_seal
from core.flywheel.fits import class_probabilities
from core.flywheel.ledger import part_of
from core.flywheel.refits import DIVISIONS, FOLDS, LARGE, REFITTING
from core.flywheel.store import Store, now
from core.ids import is_among, present
from core.progress import Cancel, Progress, Steps

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn
    from core.train import Fitted

__all__ = ["in_sight", "is_sealed", "open_sealed", "refusal", "sealed_predictions"]

# Probabilities, and the threshold by which they are read.
Said = tuple[pd.DataFrame, float | None]


def is_sealed(project: Project) -> bool:
    """Whether there are sealed examples that nobody may look at yet."""
    return len(project.dataset.ids("sealed")) > 0 and project.claim is None


def in_sight(project: Project, ids: pd.Index) -> pd.Index:
    """Those of some examples that a person may look at: all but the sealed ones, and these once they were opened."""
    if not is_sealed(project):
        return ids
    dataset = project.dataset
    if ids is dataset.frame.index:
        return ids[(dataset.split != "sealed").to_numpy()]
    return ids[~is_among(ids, dataset.ids("sealed"))]


def refusal(project: Project) -> ProjectError | None:
    """Why the sealed examples can't be opened now, with what to do; None if they can."""
    claim = project.claim
    if claim is not None:
        return _opened(claim)
    elsewhere = opened_elsewhere(project)
    if elsewhere is not None:
        return SealError(
            f"The sealed examples are those of the project '{elsewhere.name}', too, and were opened there"
            f"{_when(elsewhere.at, elsewhere.by)}. They can be opened once for all branches and restored copies. "
            "To judge another turn, bring examples that were never used to a new project."
        )
    dataset, turns = project.dataset, project.turns
    if not dataset.labels_of("sealed").notna().any():
        return SealError(
            "Sealed examples are set aside when a project is made. This project has none. "
            "Make a project of the same data with a sealed share to have some."
        )
    if not turns:
        return SealError("The sealed examples judge the last turn. There is none yet. Run turn 0 first.")
    if train_moved(project, turns[-1]):
        return SealError(
            f"The sealed examples judge the last turn, turn {turns[-1].number}. The data was changed since. "
            f"Run turn {len(turns)} first, or undo the changes."
        )
    if project.moved_versions:
        moved = ", ".join(f"{name} {old} to {new}" for name, (old, new) in project.moved_versions.items())
        return LockError(
            f"The model of turn {turns[-1].number} can't be made again with other library versions, and these have "
            f"moved: {moved}. Rerun every turn with the new versions (re-baseline) first."
        )
    return None


def open_sealed(
    project: Project, *, by: str = "", progress: Progress | None = None, cancel: Cancel | None = None
) -> Claim:
    """Judge the last turn, and turn 0 beside it, by the sealed examples. It can be done once in the life of a project.

    The claim is on disk before it is returned, in one transaction with the predictions it rests on.

    Parameters
    ----------
    project : Project
    by : str
        Who opens them.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Claim

    Raises
    ------
    SealError
        If there are no sealed examples or no turn, if the data has changed since the last turn, or if they were opened
        before: by whomever, in whichever process, and whatever was undone since.
    LockError
        If a library's version has moved since the model was locked.
    StaleError
        If a turn was run meanwhile; they stay sealed then.
    Cancelled
        If the caller asked to stop; they stay sealed then.
    """
    refused = refusal(project)
    if refused is not None:
        raise refused
    turns = project.turns
    first, last = turns[0], turns[-1]
    dataset, brought = (project.dataset_at(turn.revision) for turn in (last, first))
    labels = present(dataset.labels_of("sealed"))
    compared = first.number != last.number
    same = first.version == last.version
    least = min(len(each.ids("train")) for each in (dataset, brought))
    refitted = compared and not same and len(labels) > LARGE * least
    work = 1 + compared + 2 * REFITTING * refitted
    judge = _Judge(project, labels)
    after = judge.predict(last, dataset, project.fitted(part_of(progress, 0, work), cancel))
    before: Said | None = None
    verdict = None
    if compared:
        model = project.model
        fitted = None if same else model.fit(brought, part_of(progress, 1, work, said="turn 0: "), cancel)
        before = after if fitted is None else judge.predict(first, brought, fitted)
        refits = None
        if refitted:
            parts = [part_of(progress, 2 + REFITTING * place, work, REFITTING) for place in (0, 1)]
            refits = [
                judge.refit(*each, part, cancel)
                for each, part in zip(((first, brought), (last, dataset)), parts, strict=True)
            ]
        verdict = judge.compare(before, after, refits)
    evaluation, looks = judge.evaluate(after), project.looks
    claim = Claim(
        at=now(),
        by=by,
        turn=last.number,
        version=last.version,
        fingerprint=last.fingerprint,
        looks=looks,
        size=len(labels),
        headline=project.headline,
        evaluation=evaluation,
        first=None if before is None else judge.evaluate(before),
        verdict=verdict,
        on_test=last.evaluation,
        test_verdict=last.verdict_against_first,
        sentence=worded(
            last.number, looks, len(labels), project.headline, evaluation.metrics[project.headline], verdict
        ),
    )
    if (copy := restored_from(project)) is not None:
        claim = replace(claim, sentence=f"{claim.sentence} {copy.sentence}")
    Steps(1, cancel=cancel).check()
    _write(project.store, claim, last, judge.predictions(after, before), after, before)
    if progress is not None:
        progress(1.0, "done")
    return claim


def sealed_predictions(project: Project) -> pd.DataFrame | None:
    """What the claim rests on; None while there is no claim.

    Returns
    -------
    DataFrame
        Indexed by the ids of the sealed examples: ``label``, ``predicted``, and ``predicted_by_turn_0`` where another
        turn was judged.
    """
    rows = project.store.execute("SELECT predictions FROM claims")
    return project.store.read_frame(rows[0][0]) if rows else None


class _Judge:
    """Judges what turns say of the sealed examples, as the ledger judges what they say of test."""

    def __init__(self, project: Project, labels: pd.Series) -> None:
        self._model = project.model
        self._metric = project.headline
        # By id: resamples and sums must not depend on the order in which the rows came.
        self._labels = labels.iloc[labels.index.argsort()]

    def _inputs(self, dataset: Dataset) -> pd.DataFrame:
        """The sealed examples as they were in the data of a turn: so every turn has predicted test, too."""
        return dataset.frame.loc[self._labels.index, list(dataset.schema.inputs)]

    def predict(self, turn: Turn, dataset: Dataset, fitted: Fitted) -> Said:
        return class_probabilities(fitted, dataset, self._inputs(dataset)), turn.threshold

    def refit(
        self, turn: Turn, dataset: Dataset, progress: Progress | None, cancel: Cancel | None
    ) -> list[list[Refit]]:
        """What the turn says when it is fitted without one fold each: the luck of the training sample."""
        found = self._model.refits(
            dataset,
            {"sealed": self._inputs(dataset)},
            turn.out_of_fold,
            folds=FOLDS,
            divisions=DIVISIONS,
            progress=progress,
            cancel=cancel,
        )
        return [[Refit(said[0], self._decide(said)) for said in folds] for folds in found["sealed"]]

    def evaluate(self, said: Said) -> Evaluation:
        return evaluate(self._labels, said[0], predicted=self._decide(said))

    def compare(self, before: Said, after: Said, refits: list[list[list[Refit]]] | None) -> Verdict:
        return compare(
            self._labels,
            before[0],
            after[0],
            metric=self._metric,
            predicted_before=self._decide(before),
            predicted_after=self._decide(after),
            luck=None if refits is None else training_luck(self._labels, *refits, metric=self._metric),
        )

    def predictions(self, after: Said, before: Said | None) -> pd.DataFrame:
        found = pd.DataFrame({"label": self._labels, "predicted": self._decide(after)})
        return found if before is None else found.assign(predicted_by_turn_0=self._decide(before))

    def _decide(self, said: Said) -> pd.Series:
        return self._model.decide(*said)


def _write(store: Store, claim: Claim, turn: Turn, predictions: pd.DataFrame, after: Said, before: Said | None) -> None:
    """Open the seal: the claim and what it rests on are on disk together, or not at all."""
    with store.writing():
        opened = read_claim(store)
        if opened is not None:
            raise _opened(opened)
        ((number, at),) = store.execute(
            "SELECT number, at FROM turns WHERE baseline = (SELECT value FROM meta WHERE key = 'baseline') "
            "ORDER BY number DESC LIMIT 1"
        )
        if (number, at) != (turn.number, turn.at):
            raise StaleError("A turn was run meanwhile. The sealed examples stay sealed. Look at it, then open them.")
        blobs = {
            "predictions": store.write_frame(predictions),
            "probabilities": store.write_frame(after[0]),
            "first_probabilities": None if before is None else store.write_frame(before[0]),
        }
        take_seal(store, claim)
        store.insert("claims", {"seal": 1} | claim.row() | blobs)


def _opened(claim: Claim) -> SealError:
    return SealError(
        f"The sealed examples can be opened once, and they were{_when(claim.at, claim.by)}, for turn {claim.turn}. "
        "That claim stays. To judge another turn, bring examples that were never used to a new project."
    )


def _when(at: str, by: str) -> str:
    """When and by whom, as far as it is known."""
    return (f": {at[:16].replace('T', ' ')} UTC" if at else "") + (f" by {by}" if by else "")
