"""The ledger: every turn that was run, scored on the test set as it is now, with its verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from core import wording
from core.dataset import Dataset
from core.evaluate import Evaluation, Verdict, compare, evaluate, together
from core.evaluate.scores import CELL_METRICS
from core.flywheel import log
from core.flywheel.changes_by_reason import worded_change
from core.flywheel.errors import LockError
from core.flywheel.fits import class_probabilities, test_inputs
from core.flywheel.log import Entry
from core.flywheel.ranking import first_suspects, kept_ranking
from core.flywheel.refits import OWN, Compared, Refits, kept_refits, luck_of, make_refits, unrefitted
from core.flywheel.store import Store, now
from core.flywheel.turn import Turn, Verdicts, test_version
from core.ids import looked_up
from core.progress import Cancel, Progress
from core.train import Fitted, LockedModel, Training

__all__ = ["Ledger", "changes", "entry_size", "part_of"]

_FIELDS = (
    "baseline",
    "number",
    "at",
    "revision",
    "version",
    "fingerprint",
    "test_version",
    "threshold",
    "seconds",
    "evaluation",
    "out_of_fold",
    "test_probabilities",
    "suspects",
)
_FITTED = ("threshold", "seconds", "evaluation", "out_of_fold", "test_probabilities", "suspects")


class Ledger:
    """The turns of one project, in its store.

    Parameters
    ----------
    store : Store
    headline : str
        The metric of the verdicts.
    """

    def __init__(self, store: Store, headline: str) -> None:
        self._store = store
        self._headline = headline
        self._lock = store.lock
        # The turns as scored on one state of the test set, by baseline and number.
        self._turns: tuple[str, dict[tuple[int, int], Turn]] = ("", {})
        # What was said of them when they ran, which no correction of test labels changes.
        self._then: dict[tuple[int, int], Verdicts] = {}
        self._test: tuple[Dataset | None, str, pd.Series | None] = (None, "", None)
        self._fitted: tuple[str, str, Fitted] | None = None
        # Train and test examples after an entry of the log, of which turns were run.
        self._sizes: dict[int, tuple[int, int]] = {}

    # --- writing ----------------------------------------------------------------------------------------

    def run(
        self,
        model: LockedModel,
        dataset: Dataset,
        revision: int,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        *,
        brought: Dataset,
    ) -> dict[str, Any]:
        """Fit and score one version of the data; equal data under an equal model is not fitted twice.

        Test examples that are excluded now, but were ``brought``, are predicted too: their exclusion may be undone.

        Returns
        -------
        dict
            A row for `add`, without its number. Nothing is in the ledger yet.
        """
        start = time.monotonic()
        row = {
            "at": now(),
            "revision": revision,
            "version": dataset.version,
            "fingerprint": model.fingerprint,
            "test_version": test_version(dataset),
        }
        for known in self.rows(every=True):
            if (known["version"], known["fingerprint"]) == (row["version"], row["fingerprint"]):
                if progress is not None:
                    progress(1.0, "known")
                return row | {key: known[key] for key in _FITTED}
        if model.recipe.decision == "threshold" and len(dataset.classes) != 2:
            raise LockError(
                "The decision rule of this project is a threshold between two classes. "
                f"The data has {len(dataset.classes)} now: {', '.join(dataset.classes)}. "
                "Relabel or exclude the examples of the others."
            )
        training = model.train(dataset, progress, cancel)
        with ThreadPoolExecutor(1) as beside:
            # What train's labels are worth and how the test examples are judged: neither waits for the other.
            of_train = beside.submit(self._keep_train, dataset, training.out_of_fold)
            of_test = self._keep_test(model, training, dataset, brought)
        self._fitted = (dataset.version, model.fingerprint, training.fitted)
        return (
            row | of_train.result() | of_test | {"threshold": training.threshold, "seconds": time.monotonic() - start}
        )

    def unrefitted(
        self,
        rows: Sequence[dict[str, Any]],
        new: Iterable[int],
        dataset_at: Callable[[int], Dataset],
        dated: Mapping[str, pd.DataFrame],
    ) -> dict[int, tuple[str, ...]]:
        """Which turns are to be refitted before some new ones are compared with the one before and with the first.

        See `refits.unrefitted`; rows are all turns, with ``revision``, ``version`` and ``fingerprint``, and ``dated``
        has the rows of the dated test sets by their blobs.
        """
        pairs = [pair for place in new if place for pair in ((place - 1, place), (0, place))]
        compared = {place: self._compared(rows[place], dataset_at) for pair in pairs for place in pair}
        return unrefitted(self._store, compared, pairs, {name: len(frame) for name, frame in dated.items()})

    def _compared(self, row: dict[str, Any], dataset_at: Callable[[int], Dataset]) -> Compared:
        if row["revision"] not in self._sizes:
            dataset = dataset_at(row["revision"])
            self._sizes[row["revision"]] = len(dataset.ids("train")), len(dataset.ids("test"))
        return Compared(row["version"], row["fingerprint"], *self._sizes[row["revision"]])

    def refit(
        self,
        model: LockedModel,
        rows: Sequence[tuple[dict[str, Any], Sequence[str]]],
        dataset_at: Callable[[int], Dataset],
        dated: Mapping[str, pd.DataFrame],
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Refit some turns, so that verdicts between them cover the luck of the training sample on some test sets."""
        for number, (row, names) in enumerate(rows):
            dataset = dataset_at(row["revision"])
            inputs = list(dataset.schema.inputs)
            sets = {name: test_inputs(dataset, dataset_at(0)) if name == OWN else dated[name][inputs] for name in names}
            said = part_of(progress, number, len(rows), said=f"refits {number + 1} of {len(rows)}: ")
            make_refits(self._store, model, dataset, self._store.read_frame(row["out_of_fold"]), sets, said, cancel)
        if rows:
            with self._lock:
                # Verdicts of earlier turns may cover more now.
                self._turns = ("", {})
                self._then.clear()

    def _keep_train(self, dataset: Dataset, out_of_fold: pd.DataFrame) -> dict[str, Any]:
        """Find suspects, and write them and the out-of-fold probabilities."""
        suspects = first_suspects(dataset, out_of_fold)
        return {
            "out_of_fold": self._store.write_frame(out_of_fold),
            "suspects": self._store.write_frame(suspects),
        }

    def _keep_test(self, model: LockedModel, training: Training, dataset: Dataset, brought: Dataset) -> dict[str, Any]:
        """Predict and evaluate the test examples, and write their probabilities."""
        test = class_probabilities(training.fitted, dataset, test_inputs(dataset, brought))
        judged = _Judged(dataset, model, self._headline)
        evaluation = judged.evaluate((looked_up(test, judged.ids), training.threshold))
        return {"evaluation": evaluation.to_json(), "test_probabilities": self._store.write_frame(test)}

    def add(self, row: dict[str, Any]) -> int:
        """Put one row of `run` behind the last turn and return its number."""
        with self._store.writing():
            number = len(self.rows())
            self._store.insert("turns", row | {"number": number, "baseline": self._store.get("baseline")})
        return number

    def replace(self, rows: Sequence[dict[str, Any]]) -> None:
        """Put rows in the place of all turns; the earlier ones stay in the store under their baseline."""
        with self._store.writing():
            self._store.put("baseline", self._store.get("baseline") + 1)
            for row in rows:
                self.add(row)

    # --- reading ----------------------------------------------------------------------------------------

    def rows(self, *, every: bool = False) -> list[dict[str, Any]]:
        """The turns as they were written; with ``every``, those of earlier baselines as well."""
        where = "1" if every else "baseline = (SELECT value FROM meta WHERE key = 'baseline')"
        rows = self._store.execute(f"SELECT {', '.join(_FIELDS)} FROM turns WHERE {where} ORDER BY baseline, number")
        return [dict(zip(_FIELDS, row, strict=True)) for row in rows]

    def turns(
        self,
        model: LockedModel,
        dataset: Dataset,
        entries: Sequence[Entry],
        dataset_at: Callable[[int], Dataset],
    ) -> list[Turn]:
        """Every turn, scored on the test set of ``dataset``; what changed is read from the log's entries."""
        rows = self.rows()
        if not rows:
            return []
        with self._lock:
            if self._test[0] is not dataset:
                labels = dataset.labels_of("test")
                # Most edits leave the test set alone: comparing it is quicker than hashing it.
                same = self._test[2] is not None and labels.equals(self._test[2])
                self._test = (dataset, self._test[1] if same else test_version(dataset), labels)
            if self._turns[0] != self._test[1]:
                self._turns = (self._test[1], {})
            known = self._turns[1]
            turns: list[Turn] = []
            for row in rows:
                key = (row["baseline"], row["number"])
                ranking = kept_ranking(self._store, row["version"], row["fingerprint"])
                at = None if ranking is None else ranking[0]
                if key not in known:
                    known[key] = self._turn(row, rows[: len(turns)], model, dataset, entries, dataset_at)
                if known[key].ranked_at != at:
                    known[key] = replace(known[key], ranked_at=at)
                turns.append(known[key])
            return turns

    def _turn(
        self,
        row: dict[str, Any],
        earlier: Sequence[dict[str, Any]],
        model: LockedModel,
        dataset: Dataset,
        entries: Sequence[Entry],
        dataset_at: Callable[[int], Dataset],
    ) -> Turn:
        rescored = row["test_version"] != self._test[1]
        then = _read_evaluation(row["evaluation"])

        def read(what: str) -> pd.DataFrame:
            better = kept_ranking(self._store, row["version"], row["fingerprint"]) if what == "suspects" else None
            frame = self._store.read_frame(row[what] if better is None else better[1])
            if what == "suspects":
                return frame
            ids = dataset.ids("test" if what == "test_probabilities" else "train")
            if frame.index.equals(ids):
                # One index, so that ids are looked up in one table rather than one for each of these frames.
                return frame.set_axis(ids.rename(frame.index.name))
            # Predictions are kept for every test example there was; those excluded by now count no longer.
            return looked_up(frame, ids) if what == "test_probabilities" else frame

        # Computed when somebody asks: a correction of a test label changes what every turn is worth.
        @cache
        def judged() -> _Judged:
            return _Judged(dataset, model, self._headline)

        @cache
        def evaluated(*, ranking: bool = True) -> Evaluation:
            return judged().evaluate(self._predicted(row, judged()), ranking=ranking) if rescored else then

        def headline() -> tuple[float, float, float]:
            found = evaluated(ranking=False) if self._headline in CELL_METRICS else evaluated()
            return found.metrics[self._headline]

        @cache
        def verdicts_now() -> Verdicts:
            return self._verdicts(row, earlier, judged())

        def verdicts_then() -> Verdicts:
            key = (row["baseline"], row["number"])
            if key not in self._then:
                of_then = _Judged(dataset_at(row["revision"]), model, self._headline)
                self._then[key] = self._verdicts(row, earlier, of_then)
            return self._then[key]

        return Turn(
            number=row["number"],
            at=row["at"],
            revision=row["revision"],
            version=row["version"],
            fingerprint=row["fingerprint"],
            threshold=row["threshold"],
            seconds=row["seconds"],
            evaluation_then=then,
            rescored=rescored,
            changes=changes(entries, earlier[-1]["revision"] if earlier else 0, row["revision"]),
            _read=read,
            _evaluate=evaluated,
            _headline=headline,
            _now=verdicts_now,
            _then=verdicts_then if rescored else verdicts_now,
        )

    def _predicted(self, row: dict[str, Any], judged: _Judged) -> tuple[pd.DataFrame, float | None]:
        """What a turn says of the test examples that are judged, and its threshold."""
        return looked_up(self._store.read_frame(row["test_probabilities"]), judged.ids), row["threshold"]

    def _verdicts(self, row: dict[str, Any], earlier: Sequence[dict[str, Any]], judged: _Judged) -> Verdicts:
        """What a turn did against the turn before and the first, on one state of the test set."""

        def against(other: dict[str, Any]) -> Verdict:
            refits = [kept_refits(self._store, of["version"], of["fingerprint"]) for of in (other, row)]
            return judged.compare(self._predicted(other, judged), self._predicted(row, judged), *refits)

        # Turn 1 has one verdict, later ones two that are read side by side.
        said = together([against(other) for other in [*earlier[-1:], *earlier[:1]][: len(earlier)]])
        return Verdicts(said[0] if said else None, said[-1] if said else None)

    def fitted(
        self, model: LockedModel, version: str, dataset: Dataset, progress: Progress | None, cancel: Cancel | None
    ) -> Fitted:
        """The model fitted on one version of the data; fitted again after a restart."""
        if self._fitted is None or self._fitted[:2] != (version, model.fingerprint):
            self._fitted = (version, model.fingerprint, model.fit(dataset, progress, cancel))
        return self._fitted[2]

    def table(self, turns: Sequence[Turn]) -> pd.DataFrame:
        """The turns as a table: headline with its interval, verdicts with theirs, what changed.

        Columns that end in ``_then`` say what was said on the test set as it was when the turn ran.
        """
        rows = []
        for turn in turns:
            value, low, high = turn.headline
            then, low_then, high_then = turn.evaluation_then.metrics[self._headline]
            rows.append(
                {"turn": turn.number, "at": turn.at, "score": value, "low": low, "high": high}
                | _said("", turn.verdict)
                | _said("since_first_", turn.verdict_against_first)
                | {"score_then": then, "low_then": low_then, "high_then": high_then}
                | _said("", turn.verdict_then, "_then")
                | _said("since_first_", turn.verdict_against_first_then, "_then")
                | {
                    "changes": "; ".join(turn.changes),
                    "version": turn.version,
                    "fingerprint": turn.fingerprint,
                    "seconds": turn.seconds,
                    "rescored": turn.rescored,
                }
            )
        return pd.DataFrame(rows)


class _Judged:
    """Scores predictions on the test examples that are in force in one data set: their rows are those of `ids`."""

    def __init__(self, dataset: Dataset, model: LockedModel, headline: str) -> None:
        self.ids = dataset.ids("test")
        # By id: resamples and sums must not depend on the order in which the rows came.
        self._order = self.ids.argsort()
        self._labels = dataset.labels_of("test").iloc[self._order]
        self._model = model
        self._headline = headline

    def _read(self, prediction: tuple[pd.DataFrame, float | None]) -> tuple[pd.DataFrame, pd.Series]:
        probabilities = prediction[0].iloc[self._order].set_axis(self._labels.index)
        return probabilities, self._model.decide(probabilities, prediction[1])

    def evaluate(self, prediction: tuple[pd.DataFrame, float | None], *, ranking: bool = True) -> Evaluation:
        probabilities, predicted = self._read(prediction)
        return evaluate(self._labels, probabilities, predicted=predicted, ranking=ranking)

    def compare(
        self,
        before: tuple[pd.DataFrame, float | None],
        after: tuple[pd.DataFrame, float | None],
        refits_before: Refits | None = None,
        refits_after: Refits | None = None,
    ) -> Verdict:
        old, old_labels = self._read(before)
        new, new_labels = self._read(after)
        return compare(
            self._labels,
            old,
            new,
            metric=self._headline,
            predicted_before=old_labels,
            predicted_after=new_labels,
            luck=luck_of(self._model, self._labels, refits_before, refits_after, metric=self._headline),
        )


@lru_cache(maxsize=64)
def _read_evaluation(text: str) -> Evaluation:
    return Evaluation.from_json(text)


def part_of(
    progress: Progress | None, done: float, total: float, weight: float = 1.0, said: str = ""
) -> Progress | None:
    """Progress of one of several pieces of work."""
    if progress is None:
        return None
    return lambda share, message: progress((done + share * weight) / total, f"{said}{message}")


def _said(prefix: str, verdict: Verdict | None, suffix: str = "") -> dict[str, Any]:
    names = [f"{prefix}{name}{suffix}" for name in ("verdict", "delta", "delta_low", "delta_high")]
    said = [None, *[np.nan] * 3] if verdict is None else [verdict.verdict, verdict.delta, verdict.low, verdict.high]
    return dict(zip(names, said, strict=True))


def changes(entries: Sequence[Entry], since: int, until: int) -> tuple[str, ...]:
    """What was in force at ``until`` and not at ``since``, in few phrases."""
    old = {entry.seq for entry in log.active(entries, until=since)}
    new = log.active(entries, until=until)
    counts: dict[str, int] = {}
    for entry in new:
        if entry.seq not in old:
            kind = "blind" if entry.content.get("blind", False) else entry.kind
            counts[kind] = counts.get(kind, 0) + entry_size(entry)
    phrases = [worded_change(count, kind) for kind, count in counts.items()]
    taken_back = len(old - {entry.seq for entry in new})
    return (*phrases, *([f"{wording.count(taken_back, 'earlier edit')} taken back"] if taken_back else []))


def entry_size(entry: Entry) -> int:
    """How many examples (cells, columns) one entry touched."""
    content = entry.content
    for key in ("labels", "examples", "cells", "decisions"):
        if key in content:
            return len(content[key])
    return int(content.get("count", 1))
