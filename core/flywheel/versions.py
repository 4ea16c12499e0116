"""The data of a project at any state of its log: what was brought, with the edits in force replayed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

import pandas as pd

from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import log
from core.flywheel.edit import Edit
from core.flywheel.edits import Decide, Relabel, replay
from core.flywheel.log import Entry
from core.flywheel.store import Store
from core.schema import Schema

__all__ = ["Versions"]

_KEPT = 4


class Versions:
    """Data sets by the edits that are in force in them. Safe to share between threads.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[int, ...], Dataset] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def at(self, force: Sequence[Entry]) -> Dataset:
        """The data with some edits in force, in their order.

        Raises
        ------
        FlywheelError
            If what they leave is no data set.
        """
        key = tuple(entry.seq for entry in force)
        with self._store.lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            # The longest stretch of edits that was replayed already is where to go on from.
            known = max((done for done in self._kept if key[: len(done)] == done), key=len, default=None)
            edits = [log.to_edit(self._store, entry) for entry in force[len(known or ()) :]]
            start = self._brought() if known is None else self._kept[known]
            if known is None and (labels := _last_labels(edits)):
                # What they leave alone is held once for this and for the state before them, the last turn's say.
                with suppress(FlywheelError):
                    start = self.keep(key[: -len(labels)], replay(start, edits[: -len(labels)]))
                    edits = labels
            return self.keep(key, replay(start, edits))

    def keep(self, key: tuple[int, ...], dataset: Dataset) -> Dataset:
        """Keep the data that some edits (their numbers, ascending) have made, until others were asked for."""
        with self._store.lock:
            self._kept[key] = dataset
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return dataset

    @property
    def schema(self) -> Schema:
        """What the columns are, as they were brought: read without the data."""
        return Schema.from_json(self._store.get("schema"))

    @property
    def split(self) -> pd.Series:
        """The part that each example was brought into, by id: read without the data."""
        return self._store.read_frame(self._store.get("memberships"))["split"]

    def _brought(self) -> Dataset:
        """The data as it was brought."""
        members = self._store.read_frame(self._store.get("memberships"))
        excluded = self._store.get("excluded", {})
        return Dataset(
            self._store.read_frame(self._store.get("frame")),
            members["split"],
            members["unit"],
            self.schema,
            parents=self._store.read_frame(self._store.get("parents")),
            excluded=pd.Series(list(excluded.values()), index=pd.Index(list(excluded), dtype="str"), dtype="str"),
        )


def _last_labels(edits: Sequence[Edit]) -> list[Edit]:
    """The run of edits at the end that say labels alone, in their order."""
    return list(takewhile(lambda edit: isinstance(edit, (Decide, Relabel)), reversed(edits)))[::-1]
