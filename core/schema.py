"""What the columns of a data set are for: roles, kinds, and a reasoned first guess at both."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import FlywheelError

__all__ = ["KINDS", "ROLES", "Column", "Modality", "Schema", "SchemaError", "infer_schema", "is_class_label"]

ROLES = {
    "label": "the class to learn",
    "text": "the text the model reads",
    "image": "the image the model sees",
    "feature": "a column the model learns from",
    "id": "names the example",
    "group": "examples that belong together stay on one side of the split",
    "time": "the latest examples become the test set",
    "split": "says train, test, pool or sealed for each example",
    "annotator": "the label one annotator gave",
    "truth": "the known true label: for demonstrations, never a feature",
    "ignored": "kept with the data, not used",
}
_SINGLE_ROLES = ("label", "text", "image", "id", "group", "time", "split")
KINDS = ("numeric", "categorical", "datetime", "text")

MAX_FLOAT_CLASSES = 20
MAX_INTEGER_CLASSES = 50
_SAMPLE = 20_000


class SchemaError(FlywheelError):
    """The columns can't play the roles they were given."""


class Modality(StrEnum):
    """What one example is."""

    TABLE = "table"
    TEXT = "text"
    IMAGE = "image"


@dataclass(frozen=True)
class Column:
    """One column: its role (see `ROLES`), its kind (see `KINDS`) and why it was given that role."""

    name: str
    role: str
    kind: str
    reason: str = ""


@dataclass(frozen=True)
class Schema:
    """The columns of a data set in their order.

    Raises
    ------
    SchemaError
        If a role is unknown, or one that exists once is given twice.
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        for column in self.columns:
            if column.role not in ROLES:
                raise SchemaError(
                    f"The role of column '{column.name}' must be one of {', '.join(ROLES)}. "
                    f"Got '{column.role}' instead."
                )
        for role in _SINGLE_ROLES:
            names = self._with_role(role)
            if len(names) > 1:
                raise SchemaError(
                    f"Only one column can have the role '{role}'. Got {_listed(names)}. "
                    "Give all but one of them another role."
                )

    def _with_role(self, role: str) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.role == role)

    def _one(self, role: str) -> str | None:
        return next(iter(self._with_role(role)), None)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return tuple(column.name for column in self.columns)

    @property
    def label(self) -> str:
        """The label column.

        Raises
        ------
        SchemaError
            If no column has that role.
        """
        name = self._one("label")
        if name is None:
            raise SchemaError("No column has the role 'label'. Say which column holds the class to learn.")
        return name

    @property
    def has_label(self) -> bool:
        """Whether a column has the role of the label."""
        return self._one("label") is not None

    @property
    def text(self) -> str | None:
        """The text column, if the examples are texts."""
        return self._one("text")

    @property
    def image(self) -> str | None:
        """The image column, if the examples are images."""
        return self._one("image")

    @property
    def id(self) -> str | None:
        """The column the ids came from; None if ids were made from content."""
        return self._one("id")

    @property
    def group(self) -> str | None:
        """The column that says which examples belong together."""
        return self._one("group")

    @property
    def time(self) -> str | None:
        """The column that orders the examples in time."""
        return self._one("time")

    @property
    def split_column(self) -> str | None:
        """The column in which the analyst brought the split."""
        return self._one("split")

    @property
    def truth(self) -> str | None:
        """The known true label of a demonstration set."""
        return self._one("truth")

    @property
    def annotators(self) -> tuple[str, ...]:
        """The columns that hold one annotator's labels each."""
        return self._with_role("annotator")

    @property
    def features(self) -> tuple[str, ...]:
        """The columns the model learns from, without text and image."""
        return self._with_role("feature")

    @property
    def inputs(self) -> tuple[str, ...]:
        """All the model sees: features, text and image, in the order of the columns."""
        return tuple(column.name for column in self.columns if column.role in {"feature", "text", "image"})

    @property
    def kinds(self) -> dict[str, str]:
        """Kind by feature."""
        return {column.name: column.kind for column in self.columns if column.role == "feature"}

    def _of_kind(self, kind: str) -> tuple[str, ...]:
        return tuple(name for name, own in self.kinds.items() if own == kind)

    @property
    def numeric(self) -> tuple[str, ...]:
        """The numeric features."""
        return self._of_kind("numeric")

    @property
    def categorical(self) -> tuple[str, ...]:
        """The categorical features."""
        return self._of_kind("categorical")

    @property
    def datetime(self) -> tuple[str, ...]:
        """The features that are dates."""
        return self._of_kind("datetime")

    @property
    def modality(self) -> Modality:
        """What one example is: an image or a text if there is such a column, else a table row."""
        if self.image is not None:
            return Modality.IMAGE
        return Modality.TEXT if self.text is not None else Modality.TABLE

    def column(self, name: str) -> Column:
        """Return one column.

        Raises
        ------
        SchemaError
            If there is no column of that name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"The data has no column '{name}'. Its columns are {_listed(self.names)}.")

    def with_role(self, name: str, role: str, reason: str = "chosen by the analyst") -> Schema:
        """Return the schema with another role for one column; a role that exists once leaves the column it had."""
        self.column(name)
        columns = []
        for column in self.columns:
            if column.name == name:
                columns.append(replace(column, role=role, reason=reason))
            elif column.role == role and role in _SINGLE_ROLES:
                columns.append(replace(column, role="ignored", reason=f"'{name}' is the {role} instead"))
            else:
                columns.append(column)
        return Schema(tuple(columns))

    def with_kind(self, name: str, kind: str) -> Schema:
        """Return the schema with another kind for one column; its role stays.

        Raises
        ------
        SchemaError
            If there is no such column or kind.
        """
        self.column(name)
        if kind not in KINDS:
            raise SchemaError(f"The kind of column '{name}' must be one of {', '.join(KINDS)}. Got '{kind}' instead.")
        return Schema(tuple(replace(each, kind=kind) if each.name == name else each for each in self.columns))

    def to_json(self) -> str:
        """Write the schema as JSON text."""
        rows = [[column.name, column.role, column.kind, column.reason] for column in self.columns]
        return json.dumps(rows, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Read what `to_json` wrote."""
        return cls(tuple(Column(*row) for row in json.loads(text)))


def _listed(names: Iterable[str], most: int = 12) -> str:
    names = list(names)
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


# Words by which people name such columns, in the order of trust.
_LABEL_EXACT = ("label", "class", "target", "y", "category", "outcome", "intent", "sentiment", "species")
_LABEL_PART = re.compile(
    r"label|class$|target|categor|churn|default|surviv|outcome|quality|income|diagnos|disposition|"
    r"credit.?risk|라벨|레이블|분류|정답",
    re.IGNORECASE,
)
_TRUTH = re.compile(
    r"^(true|truth|gold|golden|ground|settled|clean)[_ ]?(truth|label|class|standard)?$|^is_error$|"
    r"^(정답|참)_?라벨$",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"text|message|content|sentence|review|comment|body|tweet|sms|utterance|question|document|abstract|"
    r"subject|본문|내용|문장|텍스트|메시지|질문|리뷰",
    re.IGNORECASE,
)
_ID = re.compile(
    r"(^|[_ ])(id|uuid|guid|key|index|rowid)$|[a-z]I[dD]$|^ID$|^unnamed|^row_?(number|no)|번호$", re.IGNORECASE
)
_GROUP = re.compile(
    r"group|patient|user|customer|client|author|session|household|speaker|family|worker|환자|고객|사용자", re.IGNORECASE
)
_TIME = re.compile(r"date|time|created|stamp|(^|_)(at|on|day|month|year)$|날짜|일시|시각|일자", re.IGNORECASE)
_ANNOTATOR = re.compile(
    r"^(annotator|rater|labell?er|coder|worker|judge|reviewer|radiologist)[_ \-]?\w{0,12}$", re.IGNORECASE
)
_SPLIT = re.compile(r"^(split_*|fold_?set|subset|partition|set)$", re.IGNORECASE)
_SPLIT_WORDS = {"train", "training", "test", "testing", "pool", "unlabelled", "unlabeled", "sealed"}


@dataclass(frozen=True)
class _Look:
    """What one column looks like, from a sample."""

    name: str
    kind: str
    rows: int
    present: int
    distinct: int
    words: float
    characters: float

    @property
    def unique(self) -> bool:
        return self.rows > 1 and self.present == self.rows == self.distinct


def _look(name: str, column: pd.Series) -> _Look:
    present = column.dropna()
    distinct = _count_distinct(name, present)
    words = characters = 0.0
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        kind = "datetime"
    elif pd.api.types.is_numeric_dtype(column.dtype):
        kind = "numeric"
    else:
        sample = present.head(_SAMPLE).astype("str")
        if len(sample):
            characters = float(sample.str.len().mean())
            words = float(pc.mean(pc.count_substring_regex(pa.array(sample), r"\S+")).as_py())
        long = words >= 4 or characters >= 60
        kind = "text" if long and distinct > max(50, 0.3 * len(present)) else "categorical"
        if kind == "categorical" and _TEXT.search(name) and words >= 2 and distinct > max(20, 0.5 * len(present)):
            kind = "text"
    return _Look(name, kind, len(column), len(present), distinct, words, characters)


def _count_distinct(name: str, present: pd.Series) -> int:
    """Count the different values; numbers that hardly repeat in a sample are not all looked at, unless named as ids."""
    if pd.api.types.is_float_dtype(present.dtype) and len(present) > _SAMPLE and not _ID.search(name):
        sampled = int(present.head(_SAMPLE).nunique())
        if sampled > _SAMPLE / 2:
            return len(present) * sampled // _SAMPLE
    return int(present.nunique())


def is_class_label(column: pd.Series) -> bool:
    """Say whether the values of a column can be classes: few enough values if they are numbers."""
    distinct = column.nunique()
    if pd.api.types.is_bool_dtype(column.dtype):
        return True
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        whole = bool((column.dropna() % 1 == 0).all())
        return bool(distinct <= (MAX_INTEGER_CLASSES if whole else MAX_FLOAT_CLASSES))
    return True


def infer_schema(frame: pd.DataFrame) -> Schema:
    """Propose a role and a kind for each column, with a reason.

    Parameters
    ----------
    frame : DataFrame of shape (n, columns)
        As `core.content.canonicalise` or ``read_table`` returns it.

    Returns
    -------
    Schema
        A proposal: names and values decide, and nothing is certain. The label may be missing from it.
    """
    looks = [_look(str(name), frame.iloc[:, position]) for position, name in enumerate(frame.columns)]
    roles: dict[str, tuple[str, str]] = {}
    _propose_names(looks, frame, roles)
    _propose_label(looks, frame, roles)
    _propose_text(looks, roles)
    columns = [Column(look.name, *_split_reason(look, roles)) for look in looks]
    return Schema(tuple(columns))


def _split_reason(look: _Look, roles: dict[str, tuple[str, str]]) -> tuple[str, str, str]:
    role, reason = roles.get(look.name) or _feature(look)
    kind = "categorical" if role in {"label", "truth", "annotator"} else look.kind
    if role == "feature" and kind == "text":
        kind = "categorical"
    return role, kind, reason


def _feature(look: _Look) -> tuple[str, str]:
    if look.present == 0:
        return "ignored", "all values are missing"
    if look.kind == "text":
        return "ignored", "free text beside the text that the model reads"
    if look.kind == "categorical" and look.distinct > 50 and look.distinct > 0.3 * look.present:
        return "ignored", f"{look.distinct:,} different values in {look.present:,} rows: nothing to learn from"
    if _ID.search(look.name) and look.distinct > 0.95 * look.present and look.kind == "categorical":
        return "ignored", "named like an identifier, but some values repeat"
    if look.distinct == 1:
        return "feature", "the same value everywhere"
    if look.kind == "numeric":
        return "feature", "numbers"
    if look.kind == "datetime":
        return "feature", "dates"
    return "feature", f"{look.distinct:,} different values"


def _propose_names(looks: Sequence[_Look], frame: pd.DataFrame, roles: dict[str, tuple[str, str]]) -> None:
    """Roles that a name and a check of the values settle: truth, split, annotators, id, time, group."""
    annotators = [look for look in looks if _ANNOTATOR.match(look.name) and 1 <= look.distinct <= 200]
    if len(annotators) >= 2:
        for look in annotators:
            roles[look.name] = ("annotator", "one of several columns named after annotators")
    for position, look in enumerate(looks):
        if look.name in roles or look.present == 0:
            continue
        taken = {role for role, _ in roles.values()}
        if _TRUTH.match(look.name) and len(looks) > 2 and "truth" not in taken:
            roles[look.name] = ("truth", "named like a known true label: never a feature")
        elif _TRUTH.match(look.name) and len(looks) > 2:
            roles[look.name] = ("ignored", "tells about the true label: never a feature")
        elif _SPLIT.match(look.name) and "split" not in taken and _holds_split(frame.iloc[:, position]):
            roles[look.name] = ("split", "its values say train and test")
        elif "id" not in taken and look.unique and _ID.search(look.name) and look.kind != "datetime":
            roles[look.name] = ("id", "named like an identifier, and each value occurs once")
        elif look.kind == "datetime" and "time" not in taken and (_TIME.search(look.name) or look.distinct > 10):
            roles[look.name] = ("time", "dates: the split can follow them")
        elif (
            _GROUP.search(look.name)
            and "group" not in taken
            and look.kind != "datetime"
            and not look.unique
            and 10 <= look.distinct <= 0.5 * look.present
            and (look.kind == "categorical" or _ID.search(look.name))
        ):
            roles[look.name] = ("group", f"named like a group, {look.present / look.distinct:.1f} rows for each value")


def _holds_split(column: pd.Series) -> bool:
    values = {str(value).strip().lower() for value in column.dropna().unique()[:10]}
    return {"train", "test"} <= {value.removesuffix("ing") for value in values} and values <= _SPLIT_WORDS


def _propose_label(looks: Sequence[_Look], frame: pd.DataFrame, roles: dict[str, tuple[str, str]]) -> None:
    scores: dict[str, tuple[float, str]] = {}
    lone = next((look for look in looks if look.name not in roles and look.distinct == 1 and _named_label(look)), None)
    for position, look in enumerate(looks):
        possible = (
            look.name not in roles
            and look.kind not in {"text", "datetime"}
            and look.distinct >= 2
            and look.distinct <= max(2, 0.3 * look.present)
            and look.distinct <= 1_000
            and is_class_label(frame.iloc[:, position])
        )
        if not possible:
            continue
        score, reason = 0.0, f"{look.distinct} classes"
        if look.name.strip().lower() in _LABEL_EXACT:
            score, reason = 4 - 0.1 * _LABEL_EXACT.index(look.name.strip().lower()), "named like a label"
        elif _named_label(look):
            score, reason = 2.5, "named like a label"
        if position == len(looks) - 1:
            score += 1.5
            reason += ", the last column"
        elif position == 0:
            score += 0.5
        score += 0.5 if look.kind == "categorical" or look.distinct <= 10 else 0.0
        scores[look.name] = (score, reason)
    if lone is not None:
        # What is plainly meant can't be learned: another column is not put in its place unless it is named like one.
        roles[lone.name] = ("ignored", f"named like a label, but has one class only ({lone.present:,} examples)")
        scores = {name: said for name, said in scores.items() if "named like a label" in said[1]}
    if not scores:
        return _truth_as_label(roles)
    best = max(scores, key=lambda name: scores[name][0])
    roles[best] = ("label", scores[best][1])
    return None


def _named_label(look: _Look) -> bool:
    return look.name.strip().lower() in _LABEL_EXACT or bool(_LABEL_PART.search(look.name))


def _truth_as_label(roles: dict[str, tuple[str, str]]) -> None:
    """With nothing else to learn, a column named like the truth is the label."""
    for name, (role, _) in roles.items():
        if role == "truth":
            roles[name] = ("label", "named like a true label, and no other column looks like one")
            return


def _propose_text(looks: Sequence[_Look], roles: dict[str, tuple[str, str]]) -> None:
    texts = [look for look in looks if look.kind == "text" and look.name not in roles]
    # A name or an address beside many columns is not what such a table is about.
    columns = sum(look.name not in roles and look.kind != "text" for look in looks)
    texts = [look for look in texts if _TEXT.search(look.name) or columns < 4 or look.words >= 8]
    if texts:
        best = max(texts, key=lambda look: (bool(_TEXT.search(look.name)), look.characters))
        roles[best.name] = ("text", f"free text of {best.words:.0f} words on average")
