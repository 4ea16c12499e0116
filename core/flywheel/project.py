"""A project: one data set, one locked model, the log of edits and the ledger of turns, in one folder on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from core.annotate import Rule
from core.collect import Check, Finding
from core.dataset import Dataset
from core.evaluate import METRICS
from core.flywheel import family, history, log, places, stale
from core.flywheel.actions import Action, suggest
from core.flywheel.annotators import gathered
from core.flywheel.blind import refuse_undrawn
from core.flywheel.claim import Claim, read_claim, with_claim
from core.flywheel.dated import dated_rows, fenced, score_dated
from core.flywheel.decided import Decided
from core.flywheel.edits import Collect, Decide, Edit
from core.flywheel.effort import with_effort
from core.flywheel.errors import LockError, ProjectError, StaleError
from core.flywheel.export import export
from core.flywheel.findings import Findings, checks_in_force, open_findings, ready_findings
from core.flywheel.ledger import Ledger, changes, part_of
from core.flywheel.log import Entry
from core.flywheel.notes import with_notes
from core.flywheel.refits import REFITTING
from core.flywheel.rules import rules_in_force
from core.flywheel.sealed import open_sealed
from core.flywheel.slice_verdicts import with_watched
from core.flywheel.store import FORMAT, Store, StoreError, now
from core.flywheel.turn import Turn
from core.flywheel.versions import Versions
from core.progress import Cancel, Progress
from core.train import Fitted, LockedModel, Recipe, moved_versions

__all__ = ["Project"]


class Project:
    """One project. Make one with `Project.create`, open one with `Project.open`.

    Safe to share between threads. Two processes may hold the same folder: each sees what the other wrote.

    Examples
    --------
    >>> import tempfile
    >>> from core.flywheel import Relabel
    >>> frame = pd.DataFrame({"age": range(200), "label": ["young"] * 100 + ["old"] * 100})
    >>> folder = tempfile.mkdtemp() + "/ages"
    >>> project = Project.create(folder, Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    >>> project.turn().verdict is None
    True
    >>> entry = project.apply(Relabel({project.dataset.ids("train")[0]: "old"}, by="Ada", reason="asked them"))
    >>> entry.summary, project.turn().verdict.verdict
    ('relabelled 1 example', 'no evidence')
    >>> project.undo(by="Ada").kind
    'undo'
    >>> project.close()
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # The lock of the store: a second one could be taken in the other order.
        self._lock = store.lock
        self._entries: list[Entry] = []
        self._decided = Decided()
        self.versions = Versions(store)
        written = store.get("format", 0)
        if written != FORMAT:
            raise StoreError(
                f"The project '{self.id}' was written in format {written}, this app reads {FORMAT}. "
                "Open it with the version of the app that wrote it."
            )
        self.name: str = store.get("name")
        self.headline: str = store.get("headline")
        self.created: str = store.get("created")
        self._ledger = Ledger(store, self.headline)
        self._claim: Claim | None = None
        self.audits = Findings(store.folder)

    # --- making and opening ----------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        dataset: Dataset,
        *,
        recipe: Recipe | str | None = None,
        headline: str = "macro_f1",
        name: str | None = None,
        decision: str = "argmax",
    ) -> Project:
        """Make a project of a data set in a new folder.

        Parameters
        ----------
        folder : path
        dataset : Dataset
            With a test set.
        recipe : Recipe or str, optional
            The recipe to lock; by default the first that suits the data.
        headline : str
            The metric by which turns are judged, from then on fixed.
        name : str, optional
            How to call it; by default the folder's name.
        decision : str
            ``"argmax"`` (largest probability) or ``"threshold"`` (chosen out of fold, two classes).

        Raises
        ------
        ProjectError
            If there is nothing to judge by, or the headline metric is unknown.
        StoreError
            If the folder holds a project already or can't be written.
        """
        if headline not in METRICS:
            raise ProjectError(f"The headline metric must be one of {', '.join(METRICS)}. Got '{headline}' instead.")
        if len(dataset.ids("test")) == 0:
            raise ProjectError(
                "A project must have test examples to judge by. This data has none: no class has enough different "
                "examples to set some aside. Choose a larger share, bring a test set, or add examples."
            )
        model = LockedModel.for_dataset(dataset, recipe, decision=decision)
        store = Store(Path(folder), create=True)
        try:
            with store.writing():
                for key, value in {
                    "format": FORMAT,
                    "name": name or Path(folder).name,
                    "headline": headline,
                    "created": now(),
                    "recipe": model.recipe.to_json(),
                    "schema": dataset.schema.to_json(),
                    "baseline": 0,
                    "frame": store.write_frame(dataset.frame),
                    "memberships": store.write_frame(dataset.memberships),
                    "parents": store.write_frame(dataset.parents),
                    "excluded": dataset.excluded.to_dict(),
                }.items():
                    store.put(key, value)
        except BaseException:
            store.discard()
            raise
        project = cls(store)
        project.versions.keep((), dataset)
        return project

    @classmethod
    def open(cls, folder: str | Path) -> Project:
        """Open the project in a folder.

        Raises
        ------
        StoreError
            If there is none, or it can't be read.
        """
        return cls(Store(Path(folder)))

    def close(self) -> None:
        """Close the project's file."""
        self._store.close()

    @property
    def folder(self) -> Path:
        """Where the project lies."""
        return self._store.folder

    @property
    def id(self) -> str:
        """The name of the folder."""
        return self._store.folder.name

    @property
    def said(self) -> tuple[str, ...]:
        """What was found on opening, in sentences: what was dropped, and that nothing can be written."""
        return tuple(self._store.said)

    @property
    def store(self) -> Store:
        """The files behind the project."""
        return self._store

    # --- the data ----------------------------------------------------------------------------------------

    @property
    def log(self) -> list[Entry]:
        """All entries, oldest first."""
        with self._lock:
            last = self._entries[-1].seq if self._entries else 0
            self._entries.extend(log.read_since(self._store, last))
            return list(self._entries)

    @property
    def revision(self) -> int:
        """The number of the last entry; 0 before the first edit."""
        entries = self.log
        return entries[-1].seq if entries else 0

    @property
    def decided(self) -> Decided:
        """What was said of each example, as it is in force."""
        return self._decided.follow(self.log)

    @property
    def dataset(self) -> Dataset:
        """The data as it is now."""
        return self.versions.at(log.active(self.log))

    @property
    def annotations(self) -> pd.DataFrame:
        """What several annotators said, rows ids, columns annotators: columns of the data, then what was added."""
        return gathered(self)

    def dataset_at(self, revision: int) -> Dataset:
        """The data as it was after one entry of the log."""
        return self.versions.at(log.active(self.log, until=revision))

    def apply(self, edit: Edit, *, revision: int | None = None) -> Entry:
        """Apply one edit. When this returns, the edit is on disk.

        Parameters
        ----------
        edit : Edit
        revision : int, optional
            What the caller has seen; the edit is refused if what it is about has changed since, see `stale.check`.

        Raises
        ------
        StaleError
            If it has.
        FlywheelError
            If the edit does not fit the data; nothing was changed then.
        """
        with self._lock, self._store.writing():
            entries = self.log
            if revision is not None:
                stale.check(entries, edit, revision)
            force = log.active(entries)
            before = self.versions.at(force)
            edit = fenced(self._store, before, edit)
            after = edit.apply(before)
            if isinstance(edit, Decide) and edit.blind:
                refuse_undrawn(self._store, edit)
            if isinstance(edit, Collect):
                edit = replace(edit, count=len(after) - len(before))
            rows = edit.rows()
            blob = None if rows is None else self._store.write_frame(rows)
            seq = log.append(self._store, edit, blob=blob)
            if isinstance(edit, Decide) and edit.queue is not None:
                places.put(self._store, edit.queue[0], edit.by if edit.walker is None else edit.walker, edit.queue[2])
        with self._lock:
            # Only once it is on disk may anything be derived from it.
            self.versions.keep((*(entry.seq for entry in force), seq), after)
            return next(entry for entry in reversed(self.log) if entry.seq == seq)

    def undoable(self, by: str | None = None) -> Entry | None:
        """The edit that `undo` would take back."""
        return log.undoable(self.log, by)

    def redoable(self, by: str | None = None) -> Entry | None:
        """The edit that `redo` would bring back."""
        return log.redoable(self.log, by)

    def undo(self, by: str | None = None, *, shown: int | None = None) -> Entry:
        """Take back the last act in force (of one author, if named), as a new entry of the log; see `history.undo`."""
        return history.undo(self, by, shown=shown)

    def redo(self, by: str | None = None, *, shown: int | None = None) -> Entry:
        """Bring back the act that was taken back last, as a new entry of the log; see `history.redo`."""
        return history.redo(self, by, shown=shown)

    def go_back(self, revision: int, *, by: str = "", reason: str = "") -> Entry:
        """Go back to the data as it was after one entry of the log, as a new entry; see `history.go_back`."""
        return history.go_back(self, revision, by=by, reason=reason)

    # --- the lock ----------------------------------------------------------------------------------------

    @property
    def model(self) -> LockedModel:
        """The locked model."""
        return LockedModel(Recipe.from_json(self._store.get("recipe")))

    @property
    def moved_versions(self) -> dict[str, tuple[str, str]]:
        """Libraries whose version is not the locked one: name to (locked, installed)."""
        return moved_versions(self.model.recipe)

    def change_recipe(self, recipe: Recipe | str, *, decision: str = "argmax") -> None:
        """Lock another recipe, before the first turn.

        Raises
        ------
        LockError
            Once a turn was run: turns under two models can't be compared.
        """
        with self._lock, self._store.writing():
            if self._ledger.rows():
                raise LockError(
                    "The model is locked since turn 0: a gain could not be told from a better model otherwise. "
                    "Make another project of the same data to use another recipe."
                )
            model = LockedModel.for_dataset(self.dataset, recipe, decision=decision)
            self._store.put("recipe", model.recipe.to_json())

    def rebaseline(self, progress: Progress | None = None, cancel: Cancel | None = None) -> list[Turn]:
        """Rerun every turn under the same recipe with the library versions installed now.

        The earlier numbers stay in the store. Nothing is changed if it is cancelled or fails.
        """
        model = LockedModel(self.model.recipe.with_installed_versions())
        old = self._ledger.rows()
        planned = [row | {"fingerprint": model.fingerprint} for row in old]
        # Dated test sets are predicted anew by `score_dated`.
        refitted = self._ledger.unrefitted(planned, range(len(old)), self.dataset_at, {})
        work = len(old) + REFITTING * len(refitted)
        new = [
            self._run(model, row["revision"], part_of(progress, number, work, said=f"turn {number}: "), cancel)
            for number, row in enumerate(old)
        ]
        rest = part_of(progress, len(old), work, work - len(old))
        rows = [(new[place], names) for place, names in refitted.items()]
        self._ledger.refit(model, rows, self.dataset_at, {}, rest, cancel)
        with self._lock, self._store.writing():
            if len(self._ledger.rows()) != len(old):
                raise StaleError("A turn was run meanwhile. Nothing was written. Re-baseline again to take it in.")
            family.note_look(self, *(row["at"] for row in new))
            self._ledger.replace(new)
            self._store.put("recipe", model.recipe.to_json())
        return self.turns

    # --- turns ----------------------------------------------------------------------------------------

    def turn(self, progress: Progress | None = None, cancel: Cancel | None = None) -> Turn:
        """Train the locked model on the data as it is, evaluate it, and add the turn to the ledger.

        Raises
        ------
        LockError
            If a library's version has moved since the model was locked: `rebaseline` first.
        Cancelled
            If it was cancelled; the ledger is as before.
        """
        if self.moved_versions:
            moved = ", ".join(f"{name} {old} to {new}" for name, (old, new) in self.moved_versions.items())
            raise LockError(
                f"The model is locked with its library versions, and these have moved: {moved}. "
                "Rerun every turn with the new versions (re-baseline) before the next turn."
            )
        revision = self.revision
        model, known, dated = self.model, self._ledger.rows(), dated_rows(self._store)
        version = self.dataset_at(revision).version
        planned = [*known, {"revision": revision, "version": version, "fingerprint": model.fingerprint}]
        refitted = self._ledger.unrefitted(planned, [len(known)], self.dataset_at, dated)
        work = 1 + REFITTING * len(refitted)
        row = self._run(model, revision, part_of(progress, 0, work), cancel)
        rest = part_of(progress, 1, work, work - 1)
        rows = [([*known, row][place], names) for place, names in refitted.items()]
        self._ledger.refit(model, rows, self.dataset_at, dated, rest, cancel)
        # Before it is seen: a look that was had must not be forgotten.
        family.note_look(self, row["at"])
        # Another session may have finished a turn meanwhile: this one comes behind it.
        number = self._ledger.add(row)
        score_dated(self, only_last=True)
        return self.turns[number]

    def _run(
        self, model: LockedModel, revision: int, progress: Progress | None, cancel: Cancel | None
    ) -> dict[str, Any]:
        dataset = self.dataset_at(revision)
        brought = self.dataset_at(0) if dataset.excluded.eq("test").any() else dataset
        return self._ledger.run(model, dataset, revision, progress, cancel, brought=brought)

    @property
    def turns(self) -> list[Turn]:
        """The ledger: every turn, scored on the test set as it is now."""
        return self._ledger.turns(self.model, self.dataset, self.log, self.dataset_at)

    def ledger(self) -> pd.DataFrame:
        """The turns as a table: headline with its interval, verdicts with theirs, what changed, what was harmed."""
        table = with_watched(self, self._ledger.table(self.turns))
        return with_notes(self, with_effort(self, with_claim(self, table)))

    def fitted(
        self, progress: Progress | None = None, cancel: Cancel | None = None, *, turn: int | None = None
    ) -> Fitted:
        """The locked model fitted on the data of a turn, by default the last, which is kept until a restart."""
        rows = self._ledger.rows()
        if not rows:
            raise ProjectError("There is no fitted model yet. Run the first turn.")
        row = rows[-1 if turn is None else turn]
        dataset = self.dataset_at(row["revision"])
        if row is not rows[-1]:
            return self.model.fit(dataset, progress, cancel)
        return self._ledger.fitted(self.model, row["version"], dataset, progress, cancel)

    @property
    def looks(self) -> int:
        """How often the test set was looked at: once a turn, in this project and its branches."""
        return len(family.looks(self))

    @property
    def claim(self) -> Claim | None:
        """What the sealed examples said when they were opened; None while they are sealed, or if there are none."""
        if self._claim is None:
            self._claim = read_claim(self._store)
        return self._claim

    def open_sealed(self, *, by: str = "", progress: Progress | None = None, cancel: Cancel | None = None) -> Claim:
        """Judge the last turn by the sealed examples, once in the life of the project; see `sealed.open_sealed`."""
        return open_sealed(self, by=by, progress=progress, cancel=cancel)

    @property
    def pending(self) -> tuple[str, ...]:
        """What was done to the data since the last turn, in few phrases."""
        rows = self._ledger.rows()
        return changes(self.log, rows[-1]["revision"] if rows else 0, self.revision)

    # --- what next, and out ----------------------------------------------------------------------------------------

    def findings(self, progress: Progress | None = None, cancel: Cancel | None = None) -> list[Finding]:
        """What the audit says of the data as it is, worst first, without what was dismissed; once for a version.

        A page asks `ready_findings`, which never takes long.
        """
        return open_findings(self, self.audits.look(self.dataset, self.checks, progress, cancel))

    def actions(self, by: str = "") -> list[Action]:
        """What is worth doing next, most pressing first, at the speed of ``by``; with forecasts once `forecast` ran."""
        return suggest(self, ready_findings(self) or (), by=by)

    def export(self, path: str | Path) -> Path:
        """Write data, log, metrics and ``replay.py`` to a folder, or to a zip file if the path ends in ``.zip``."""
        return export(self, path)

    # --- rules and guidelines ----------------------------------------------------------------------------------------

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules as they stand now, those that are off included; changed by `SetRules`."""
        return rules_in_force(log.active(self.log))

    @property
    def checks(self) -> tuple[Check, ...]:
        """What must hold of the data, as its analyst says; changed by `SetChecks`."""
        return checks_in_force(log.active(self.log))

    @property
    def guidelines(self) -> dict[str, str]:
        """The definition of each class that has one, as it stands now."""
        return dict(self._store.execute("SELECT label, text FROM guidelines ORDER BY number"))

    @property
    def guideline_version(self) -> str:
        """Which state of the guidelines a decision follows."""
        return str(self._store.execute("SELECT COALESCE(MAX(number), 0) FROM guidelines")[0][0])

    def define(self, label: str, text: str, *, by: str = "") -> None:
        """Write what a class means; earlier definitions stay in the store."""
        with self._store.writing():
            self._store.insert("guidelines", {"at": now(), "by": by, "label": label, "text": text})
