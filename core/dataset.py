"""The data set: immutable examples with stable ids, a schema, a fixed split, folds that belong to the id, a version."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.content import Hashes, canonicalise, hash_names, hash_rows, mix
from core.ids import aligned, differ, is_among, looked_up, positions, present
from core.roles import DatasetError, check_label, corrected, index_by_id, of_kind, settle_roles, units, with_label
from core.schema import Schema
from core.split import assign_split, brought_split

__all__ = ["PARTS", "Dataset", "DatasetError"]

PARTS = ("train", "test", "pool", "sealed")
# The hashes of the ids lie beside those of the columns, under a name that no file can bring.
_IDS = "\0ids"


class Dataset:
    """An immutable set of examples. Make one with `Dataset.from_frame`; the ``with_…`` methods return a changed copy.

    Attributes
    ----------
    frame : DataFrame of shape (n, columns)
        All columns, indexed by example id (str). Missing values are NaN or NaT, labels are str.
    split : Series of shape (n,)
        Id to ``"train"``, ``"test"``, ``"pool"`` (no label yet) or ``"sealed"``.
    schema : Schema
        Role and kind of each column.
    parents : DataFrame with columns ``parent``, ``other_parent``
        Indexed by the ids of generated examples; ``other_parent`` is missing for methods with one parent.
    excluded : Series
        Id to the split from which an example was excluded.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        split: pd.Series,
        unit: pd.Series,
        schema: Schema,
        *,
        parents: pd.DataFrame | None = None,
        excluded: pd.Series | None = None,
        hashes: dict[str, Hashes] | None = None,
        members: dict[str, tuple[npt.NDArray[np.bool_], pd.Index]] | None = None,
    ) -> None:
        self.frame = frame
        # One index for all three: its hash table is made once.
        self.split = split if split.index is frame.index else split.set_axis(frame.index)
        self.schema = schema
        self.parents = _no_parents() if parents is None else parents
        self.excluded = pd.Series(dtype="str", index=pd.Index([], dtype="str")) if excluded is None else excluded
        self._unit = unit if unit.index is frame.index else unit.set_axis(frame.index)
        # By column, valid for this frame: copies that change one column hand the others on.
        self._hashes = {} if hashes is None else hashes
        # By part, valid for this split.
        self._parts = {} if members is None else members
        self._labels_of: dict[str, pd.Series] = {}

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        label: str,
        text: str | None = None,
        image: str | None = None,
        features: Iterable[str] | None = None,
        id: str | None = None,
        group: str | None = None,
        time: str | None = None,
        annotators: Iterable[str] = (),
        test: float | Collection[str] = 0.25,
        sealed: float = 0.0,
        seed: int = 0,
        schema: Schema | None = None,
    ) -> Dataset:
        """Make a data set of a frame.

        Parameters
        ----------
        frame : DataFrame of shape (n, columns)
        label : str
            The column with the class. A missing label sends its example to the pool.
        text, image, id, group, time : str, optional
            Columns with that role. Text, id, features and a split column that are not named are inferred; group and
            time are used only when named, since they change the split.
        features : iterable of str, optional
            The columns the model learns from.
        annotators : iterable of str
            Columns with one annotator's labels each.
        test : float or ids
            A share of the labelled examples, or the ids that are the test set. A split column that the data brings
            stands before a share.
        sealed : float
            A share to be opened once.
        seed : int
            Chooses the split.
        schema : Schema, optional
            Roles as the analyst settled them; stands in for the inferred ones.

        Returns
        -------
        Dataset

        Raises
        ------
        DatasetError
            If the label can't be learned (missing column, one class, numbers of many values), ids repeat, or the split
            can't be made.

        Examples
        --------
        >>> frame = pd.DataFrame({"age": range(40), "label": ["young"] * 20 + ["old"] * 19 + [None]})
        >>> dataset = Dataset.from_frame(frame, label="label", test=0.25)
        >>> dataset.split.value_counts().to_dict()
        {'train': 29, 'test': 10, 'pool': 1}
        >>> dataset.schema.features, dataset.classes
        (('age',), ('old', 'young'))

        A changed copy has another version; equal data has an equal one.

        >>> first = dataset.ids("train")[0]
        >>> dataset.with_labels({first: "old"}).version == dataset.version
        False
        """
        if len(set(map(str, frame.columns))) < frame.shape[1]:
            raise DatasetError("Column names must differ. Two columns have one name. Rename one of them.")
        frame = canonicalise(frame)
        settled = settle_roles(
            frame,
            schema,
            label=label,
            text=text,
            image=image,
            features=features,
            id=id,
            group=group,
            time=time,
            annotators=tuple(annotators),
        )
        frame = with_label(frame, label)
        check_label(frame, label)
        hashes: dict[str, Hashes] = {}
        frame, settled = index_by_id(frame, settled, cache=hashes)
        hashes[_IDS] = hash_names(frame.index)
        unit = units(frame, settled, ids=hashes[_IDS], cache=hashes)
        labelled = frame[label].notna()
        brought = brought_split(frame, settled, test, labelled)
        split = (
            brought
            if brought is not None
            else assign_split(
                frame[label],
                unit,
                labelled=labelled,
                test=_share("test", test),
                sealed=_share("sealed", sealed),
                seed=seed,
                time=None if settled.time is None else frame[settled.time],
                mixed=settled.group is not None,
            )
        )
        dataset = cls(frame, split, unit, settled, hashes=hashes)
        if not (split == "train").any():
            raise DatasetError("Train must have labelled examples. It has none. Make the test set smaller.")
        return dataset

    # --- looking ----------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.ids(part)):,} {part}" for part in PARTS if len(self.ids(part)))
        return f"Dataset({self.schema.modality.value}, {counts}, version {self.version[:8]})"

    @property
    def labels(self) -> pd.Series:
        """Label by id; missing in the pool."""
        return self.frame[self.schema.label]

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that occur, sorted."""
        return tuple(sorted(present(self.labels).unique()))

    @property
    def generated(self) -> pd.Index:
        """The ids of generated examples."""
        return self.parents.index

    def ids(self, part: str) -> pd.Index:
        """The ids of one part of the split."""
        return self._members(part)[1]

    def _members(self, part: str) -> tuple[npt.NDArray[np.bool_], pd.Index]:
        """Who is in one part, as a mask and as ids."""
        if part not in PARTS:
            raise DatasetError(f"The part must be one of {', '.join(PARTS)}. Got '{part}' instead.")
        if part not in self._parts:
            mask = (self.split == part).to_numpy()
            self._parts[part] = mask, self.split.index[mask]
        return self._parts[part]

    def example(self, id: str) -> pd.Series:
        """The values of one example.

        Raises
        ------
        DatasetError
            If the id is unknown.
        """
        self._check_known([id])
        return self.frame.iloc[int(positions(pd.Index([id], dtype="str"), self.frame.index)[0])]

    def part(self, part: str) -> pd.DataFrame:
        """The rows of one part of the split."""
        return self.frame[self._members(part)[0]]

    def inputs(self, part: str) -> pd.DataFrame:
        """What the model sees of one part of the split."""
        return self.frame[list(self.schema.inputs)][self._members(part)[0]]

    def labels_of(self, part: str) -> pd.Series:
        """The labels of one part of the split."""
        if part not in self._labels_of:
            mask, ids = self._members(part)
            self._labels_of[part] = self.labels.set_axis(pd.RangeIndex(len(self)))[mask].set_axis(ids)
        return self._labels_of[part].copy(deep=False)

    def folds(self, k: int = 5, division: int = 0) -> pd.Series:
        """Assign the train examples to folds.

        The fold is a hash of the id (of the group, or of the first of equal examples), so that an edit moves nobody
        else to another fold. Generated examples are in the fold of their first parent.

        Parameters
        ----------
        k : int
            Number of folds, at least 2.
        division : int
            Another number divides the examples anew. Turns are folded by division 0.

        Returns
        -------
        Series of shape (train,)
            Train id to fold, 0 to k - 1. Folds are of nearly, not exactly, equal size; a tiny one can be empty.
        """
        if k < 2:
            raise DatasetError(f"The number of folds must be at least 2. Got {k} instead.")
        train = self._unit[self._members("train")[0]]
        salt = np.uint64((0x5851F42D4C957F2D + division * 0x9E3779B97F4A7C15) % (1 << 64))
        hashes = mix(train.to_numpy(dtype=np.uint64) ^ salt)
        return pd.Series((hashes % np.uint64(k)).astype(np.int64), index=train.index, name="fold")

    @cached_property
    def version(self) -> str:
        """Hash of all content: values, labels, split, roles and parents. Dtypes and the order of rows play no part."""
        if _IDS not in self._hashes:
            self._hashes[_IDS] = hash_names(self.frame.index)
        ids = self._hashes[_IDS]
        rows = hash_rows(self.frame, cache=self._hashes)
        parts = sum(
            (number * self._members(part)[0].astype(np.uint64) for number, part in enumerate(PARTS)),
            start=np.zeros(len(self.frame), dtype=np.uint64),
        )
        unit = self._unit.to_numpy(dtype=np.uint64)
        content = np.column_stack([ids, rows, parts, unit])[np.argsort(ids)]
        digest = hashlib.sha256(np.ascontiguousarray(content).tobytes())
        # Kinds and roles decide what the model sees; the reasons given for them do not.
        digest.update(repr([(column.name, column.role, column.kind) for column in self.schema.columns]).encode())
        if len(self.parents):
            digest.update(np.sort(hash_rows(canonicalise(self.parents.reset_index(names="id")))).tobytes())
        return digest.hexdigest()

    @property
    def memberships(self) -> pd.DataFrame:
        """Split and unit by id: what a stored frame needs to become this data set again."""
        return pd.DataFrame({"split": self.split, "unit": self._unit})

    # --- changing ----------------------------------------------------------------------------------------

    def _derive(self, *, frame: pd.DataFrame | None = None, changed: Iterable[str] = (), **parts: Any) -> Dataset:
        hashes = {name: values for name, values in self._hashes.items() if name not in set(changed)}
        given: dict[str, Any] = {
            "split": self.split,
            "unit": self._unit,
            "schema": self.schema,
            "parents": self.parents,
            "excluded": self.excluded,
            "hashes": hashes,
            "members": self._parts if parts.get("split", self.split) is self.split else None,
        } | parts
        return Dataset(self.frame if frame is None else frame, **given)

    def with_labels(self, labels: Mapping[str, str]) -> Dataset:
        """Return the data set with other labels; a labelled pool example moves to train.

        Raises
        ------
        DatasetError
            If an id is unknown or a label is missing.
        """
        labels = dict(labels)
        new = pd.Series(list(labels.values()), index=pd.Index(list(labels), dtype="str"), dtype="object")
        self._check_known(new.index)
        if new.isna().any() or (new.astype(str).str.strip() == "").any():
            raise DatasetError("A label must not be empty. Exclude the example instead.")
        column = self.labels.copy()
        column.iloc[positions(new.index, column.index)] = new.astype("str").str.strip()
        from_pool = new.index[(looked_up(self.split, new.index) == "pool").to_numpy()]
        split = self.split
        if len(from_pool):
            split = split.copy()
            split.iloc[positions(from_pool, split.index)] = "train"
        return self._derive(
            frame=self.frame.assign(**{self.schema.label: column}), changed=[self.schema.label], split=split
        )

    def without(self, ids: Iterable[str]) -> Dataset:
        """Return the data set without some examples. They stay listed in `excluded`, with the split they were in.

        Raises
        ------
        DatasetError
            If an id is unknown, or no example of train or of the test set would be left.
        """
        gone = _index(ids)
        gone = gone if differ(gone) else gone.unique()
        self._check_known(gone)
        keep = np.ones(len(self.frame), dtype=bool)
        keep[positions(gone, self.frame.index)] = False
        for part in ("train", "test"):
            members = (self.split == part).to_numpy()
            if members.any() and not (keep & members).any():
                raise DatasetError(f"At least one {part} example must stay. This would exclude them all.")
        return self._derive(
            frame=self.frame[keep],
            split=self.split[keep],
            unit=self._unit[keep],
            parents=self.parents[~is_among(self.parents.index, gone)],
            excluded=pd.concat([self.excluded, looked_up(self.split, gone)]),
            hashes={name: values[keep] for name, values in self._hashes.items()},
        )

    def with_cells(self, cells: Mapping[tuple[str, str], Any]) -> Dataset:
        """Return the data set with other values in some cells.

        Raises
        ------
        DatasetError
            If an id or a column is unknown, the column is the label, or a value does not fit the column's kind.
        """
        frame = self.frame.copy(deep=False)
        by_column: dict[str, dict[str, Any]] = {}
        for (example, name), value in cells.items():
            by_column.setdefault(name, {})[example] = value
        for name, values in by_column.items():
            column = self.schema.column(name)
            if column.role == "label":
                raise DatasetError(f"'{name}' is the label. Relabel the example instead of correcting a cell.")
            if column.role in {"id", "group", "split"}:
                raise DatasetError(
                    f"'{name}' is the {column.role}, which settled ids, split and folds when the data came in. "
                    "Correct it in the file and make a new project."
                )
            self._check_known(values)
            frame[name] = corrected(frame[name], values, column)
        return self._derive(frame=frame, changed=list(by_column))

    def without_column(self, name: str) -> Dataset:
        """Return the data set with one feature that the model no longer sees; its values stay with the data.

        Raises
        ------
        DatasetError
            If the column is no feature, or the only one.
        """
        if self.schema.column(name).role != "feature":
            raise DatasetError(f"Only a feature can be dropped. '{name}' is {self.schema.column(name).role}.")
        if len(self.schema.inputs) == 1:
            raise DatasetError(f"The model must see at least one column. '{name}' is the only one.")
        return self._derive(schema=self.schema.with_role(name, "ignored", "dropped by the analyst"))

    def admit(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Fit new rows to the data set: its columns, its kind of ids, without the rows it already knows.

        A row is known if its id is there (or was excluded), or if an example of test or sealed has the same content:
        nothing of the test data comes back as training data. Neither does a row of a group that only test or sealed
        hold.

        Returns
        -------
        DataFrame
            Indexed by id, with the columns of `frame`; may be empty.

        Raises
        ------
        DatasetError
            If a column the model needs is missing, or holds other values than before.
        """
        new = self.fit_rows(frame)
        known = is_among(new.index, self.frame.index) | is_among(new.index, self.excluded.index)
        judged = self.frame[self.split.isin(["test", "sealed"]).to_numpy()]
        inputs = list(self.schema.inputs)
        known |= np.isin(hash_rows(new[inputs]), hash_rows(judged[inputs]))
        if self.schema.group is not None:
            group = self.schema.group
            # A split that was brought may have a group on both sides: it is told of, and more of it may come.
            theirs = set(judged[group].dropna()) - set(self.frame.loc[~is_among(self.frame.index, judged.index), group])
            known |= new[group].isin(theirs).to_numpy(dtype=bool)
        return new[~known]

    def fit_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Fit rows to the data set, as `admit`, those that it knows included: row by row in the order of `frame`."""
        if len(set(map(str, frame.columns))) < frame.shape[1]:
            raise DatasetError("Column names must differ. Two columns have one name. Rename one of them.")
        lacking = [name for name in self.schema.inputs if name not in set(map(str, frame.columns))]
        if lacking:
            raise DatasetError(
                f"New rows must have the columns the model learns from. Missing: {', '.join(lacking)}. "
                "Add or rename these columns in the file."
            )
        new = canonicalise(frame)
        label = self.schema.label
        new = (
            with_label(new, label)
            if label in new.columns
            else new.assign(**{label: pd.Series(pd.NA, new.index, "str")})
        )
        dtypes = self.frame.dtypes
        brought = [name for name in dtypes.index if name in new.columns]
        # Kinds first, then ids: a number that this file holds as text is the number we know.
        new = pd.DataFrame({name: of_kind(new[name], self.schema.column(name), dtypes[name]) for name in brought})
        new, _ = index_by_id(new, self.schema)
        for name in dtypes.index.difference(brought, sort=False):
            new[name] = pd.Series(np.nan, index=new.index).astype(
                "float64" if dtypes[name].kind in "iufb" else dtypes[name]
            )
        return new[list(dtypes.index)]

    def with_rows(self, rows: pd.DataFrame, parents: pd.DataFrame | None = None) -> Dataset:
        """Return the data set with more examples: labelled ones in train, the others in the pool.

        Parameters
        ----------
        rows : DataFrame
            Indexed by new ids, with the columns of `frame` (as `admit` returns it).
        parents : DataFrame with columns ``parent``, ``other_parent``, optional
            For generated rows: indexed like `rows`; the parents must be train examples.

        Raises
        ------
        DatasetError
            If ids repeat, or a parent is not in train.
        """
        if is_among(rows.index, self.frame.index).any() or rows.index.has_duplicates:
            raise DatasetError("New examples must have new ids. Some are in the data already.")
        frame = pd.concat([self.frame, rows[list(self.frame.columns)]])
        unit = self._rows_units(rows)
        if parents is not None:
            origin = pd.Index(parents["parent"])
            both = origin.append(pd.Index(parents["other_parent"].dropna()))
            if not (aligned(self.split, both) == "train").all():
                raise DatasetError("The parents of generated examples must be train examples. Some are not.")
            unit = pd.Series(looked_up(self._unit, origin).to_numpy(), index=parents.index).reindex(rows.index)
            parents = pd.concat([self.parents, parents[["parent", "other_parent"]].astype("str")])
        split = pd.Series(np.where(rows[self.schema.label].notna(), "train", "pool"), index=rows.index, dtype="str")
        return self._derive(
            frame=frame,
            split=pd.concat([self.split, split]),
            unit=pd.concat([self._unit, unit]),
            parents=self.parents if parents is None else parents,
            hashes={},
        )

    def _rows_units(self, rows: pd.DataFrame) -> pd.Series:
        """Give new rows the unit of an equal known example or of their group, so that they share its fold."""
        unit = units(rows, self.schema)
        if self.schema.group is not None:
            return unit
        inputs = list(self.schema.inputs)
        known = pd.Series(self._unit.to_numpy(), index=hash_rows(self.frame[inputs]))
        known = known[~known.index.duplicated()]
        found = known.reindex(hash_rows(rows[inputs])).to_numpy(dtype="object")
        return unit.where(pd.isna(found), pd.Series(found, index=unit.index)).astype(np.uint64)

    def _check_known(self, ids: Iterable[str]) -> None:
        ids = _index(ids)
        unknown = ids[~is_among(ids, self.frame.index)]
        if len(unknown):
            raise DatasetError(
                f"Every id must be in the data. Unknown: {', '.join(map(str, unknown[:5]))}"
                + (f" and {len(unknown) - 5} more." if len(unknown) > 5 else ".")
            )


def _index(ids: Iterable[str]) -> pd.Index:
    return ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype="str")


def _no_parents() -> pd.DataFrame:
    return pd.DataFrame({"parent": [], "other_parent": []}, index=pd.Index([], dtype="str"), dtype="str")


def _share(name: str, value: float | Collection[str]) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1:
        return float(value)
    raise DatasetError(f"The share '{name}' must be at least 0 and below 1. Got {value!r} instead.")
