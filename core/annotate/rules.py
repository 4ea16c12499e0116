"""Rules (labelling functions): what an analyst knows of a class, written without code, and what each rule is worth."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.annotate.column_reader import ColumnReader, RuleError
from core.annotate.combinations import read_condition
from core.annotate.conditions import Condition, encodable, shown
from core.dataset import Dataset
from core.ids import aligned, present
from core.statistics import wilson_interval

__all__ = [
    "Rule",
    "check_rules",
    "read_rules",
    "readable_columns",
    "rule_table",
    "seen_by_rules",
    "try_rules",
    "vote_reasons",
    "votes",
]

Booleans = npt.NDArray[np.bool_]

MOST_RULES = 200
_LONGEST_NAME = 120
# Columns that hold what a rule is to find out.
_FORBIDDEN = {"label": "the label itself", "truth": "the known truth"}
# Masks kept by (version of the data, condition): a bit an example.
_KEPT = 512
_masks: OrderedDict[tuple[str, str], npt.NDArray[np.uint8]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Rule:
    """One labelling function: where its condition is met, it votes for its class; elsewhere it says nothing.

    Parameters
    ----------
    name : str
        Unique in the project.
    label : str
        The class it votes for.
    condition : Condition
    on : bool
        One that is switched off stays in the list and votes for nothing.
    """

    name: str
    label: str
    condition: Condition
    on: bool = True

    def __post_init__(self) -> None:
        texts: tuple[tuple[str, Any], ...] = (("name", self.name), ("class", self.label))
        for what, value in texts:
            if not isinstance(value, str) or not value.strip() or (what == "name" and len(value) > _LONGEST_NAME):
                raise RuleError(
                    f"The {what} of a rule must be a text of 1 to {_LONGEST_NAME} characters. "
                    f"Got {shown(value)} instead."
                )
            encodable(value)
        if not isinstance(self.condition, Condition):
            raise RuleError(f"A rule must have a condition. Got {shown(self.condition)} instead.")
        if not isinstance(self.on, bool):
            raise RuleError(f"A rule is on or off (true or false). Got {shown(self.on)} instead.")

    def __str__(self) -> str:
        return f"{self.condition} → {self.label}"

    @property
    def hash(self) -> str:
        """What its condition says, as a hash."""
        return hashlib.sha256(json.dumps(self.condition.to_dict(), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Write the rule as JSON can hold it."""
        return {"name": self.name, "class": self.label, "when": self.condition.to_dict(), "on": self.on}

    @classmethod
    def from_dict(cls, value: Any) -> Rule:
        """Make a rule again of what `to_dict` wrote.

        Raises
        ------
        RuleError
            If it is none.
        """
        if not isinstance(value, Mapping):
            raise RuleError(f"A rule must be an object with name, class and when. Got {shown(value)}.")
        condition = read_condition(value.get("when"))
        return cls(value.get("name", ""), value.get("class", ""), condition, value.get("on", True))

    def to_json(self) -> str:
        """Write the rule as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Rule:
        """Read a rule from JSON.

        Raises
        ------
        RuleError
            If it is none.
        """
        try:
            value = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            raise RuleError(f"A rule must be JSON. Got {shown(text)} instead.") from None
        return cls.from_dict(value)


def read_rules(values: Any) -> tuple[Rule, ...]:
    """Read a list of rules, as their `to_dict` wrote them; names must differ.

    Raises
    ------
    RuleError
        If one of them is none, or two have one name.
    """
    if not isinstance(values, (list, tuple)):
        raise RuleError(f"Rules must come as a list. Got {shown(values)} instead.")
    return _distinct([Rule.from_dict(value) for value in values])


def _distinct(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    rules = tuple(rules)
    if len(rules) > MOST_RULES:
        raise RuleError(f"A project can have {MOST_RULES} rules. Got {len(rules):,}. Join some of them by 'or'.")
    seen: set[str] = set()
    for rule in rules:
        if rule.name in seen:
            raise RuleError(f"The names of rules must differ. Two are called '{rule.name}'. Rename one of them.")
        seen.add(rule.name)
    return rules


def check_rules(rules: Sequence[Rule], dataset: Dataset, *, only: Iterable[str] | None = None) -> None:
    """Refuse rules that don't fit the data.

    Parameters
    ----------
    rules : sequence of Rule
    dataset : Dataset
    only : iterable of str, optional
        The names of those to compare with the data; by default those that are on. What became of the others is none of
        the business of a change to these.

    Raises
    ------
    RuleError
        If two rules have one name, a class or column does not exist, a column holds another kind of value than the
        condition asks for, or it is the label or the truth.
    """
    _distinct(rules)
    chosen = None if only is None else set(only)
    head = dataset.frame.head(200)
    for rule in rules:
        if rule.name not in chosen if chosen is not None else not rule.on:
            continue
        if rule.label not in dataset.classes:
            raise RuleError(
                f"A rule must vote for a class of the data: {', '.join(dataset.classes[:12])}. "
                f"'{rule.name}' votes for '{rule.label}'."
            )
        for name in rule.condition.columns:
            role = dataset.schema.column(name).role if name in dataset.schema.names else ""
            if role in _FORBIDDEN:
                raise RuleError(
                    f"A rule may look at what an example is, not at {_FORBIDDEN[role]}. '{rule.name}' reads "
                    f"'{name}'. Choose another column."
                )
        _fires(rule, ColumnReader(head), None)


def readable_columns(dataset: Dataset) -> dict[str, str]:
    """The columns a rule may read, what the model learns from first, each with what it holds: number, date or text."""
    schema = dataset.schema
    named = [column.name for column in schema.columns if column.role not in {*_FORBIDDEN, "split", "id", "image"}]
    order = [*(name for name in schema.inputs if name in named), *(name for name in named if name not in schema.inputs)]
    reader = ColumnReader(dataset.frame.head(1)[order])
    return {name: reader.kind(name) for name in order}


def seen_by_rules(dataset: Dataset) -> npt.NDArray[np.intp]:
    """Where the rows stand that rules may see: train and pool. The test set takes no part."""
    return np.flatnonzero(dataset.split.isin(["train", "pool"]).to_numpy())


def votes(
    rules: Iterable[Rule],
    frame: pd.DataFrame,
    *,
    rows: npt.NDArray[np.intp] | None = None,
    version: str | None = None,
) -> pd.DataFrame:
    """Let rules vote on every row, or on some.

    Parameters
    ----------
    rules : iterable of Rule
        Those that are off are passed over.
    frame : DataFrame of shape (n, columns)
        By id.
    rows : ndarray of int, optional
        Positions of those to vote on, as `seen_by_rules` gives them; all by default.
    version : str, optional
        The version of the data; masks of the same version and condition are computed once.

    Returns
    -------
    DataFrame of shape (n, rules)
        By id and name: the class a rule votes for, missing where it says nothing.

    Raises
    ------
    RuleError
        If two rules have one name, or one can't be evaluated: an unknown column, another kind of value, or a search
        that takes longer than it may.
    """
    cast, broken = try_rules(rules, frame, rows=rows, version=version)
    if broken:
        raise RuleError(next(iter(broken.values())))
    return cast


def try_rules(
    rules: Iterable[Rule],
    frame: pd.DataFrame,
    *,
    rows: npt.NDArray[np.intp] | None = None,
    version: str | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Let rules vote as `votes` does, and go on past those that can't be evaluated.

    Returns
    -------
    votes : DataFrame
        Without the rules that can't be evaluated.
    broken : dict
        Name to what is wrong with a rule.
    """
    reader = ColumnReader(frame, rows=rows)
    ids = frame.index if rows is None else frame.index[rows]
    cast: dict[str, pd.Series] = {}
    broken: dict[str, str] = {}
    for rule in _distinct(rules):
        if not rule.on:
            continue
        try:
            mask = _fires(rule, reader, version)
        except RuleError as error:
            broken[rule.name] = str(error)
        else:
            said = pd.array([rule.label], dtype="str").take(np.where(mask, 0, -1), allow_fill=True)
            cast[rule.name] = pd.Series(said, index=ids)
    return pd.DataFrame(cast, index=ids), broken


def _fires(rule: Rule, reader: ColumnReader, version: str | None) -> Booleans:
    """Where the condition of a rule is met; an error says which rule it is of."""
    key = (f"{version}/{len(reader)}", rule.hash)
    if version is not None:
        with _lock:
            if key in _masks:
                _masks.move_to_end(key)
                return np.unpackbits(_masks[key], count=len(reader)).astype(bool)
    reader.restart()
    try:
        mask = rule.condition.mask(reader)
    except RuleError as error:
        raise RuleError(f"Rule '{rule.name}': {error}") from None
    if version is not None:
        with _lock:
            _masks[key] = np.packbits(mask)
            while len(_masks) > _KEPT:
                _masks.popitem(last=False)
    return mask


def rule_table(cast: pd.DataFrame, labels: pd.Series, decided: pd.Series) -> pd.DataFrame:
    """What each rule is worth, in the words of Snorkel's analysis.

    Parameters
    ----------
    cast : DataFrame of shape (n, rules)
        As `votes` returns it.
    labels : Series of str
        The given labels by id; missing, or not there, where there is none.
    decided : Series of str
        By id, the label that a reviewer's decision settled; ids without one missing or not there.

    Returns
    -------
    DataFrame of shape (rules, 16)
        By name: ``votes`` (the class), then shares of all n examples with their counts: ``coverage`` and ``covered``
        (it fires), ``overlap`` and ``overlapped`` (another fires as well), ``conflict`` and ``conflicted`` (another
        fires for another class); ``accuracy`` with ``accuracy_low``, ``accuracy_high`` on the ``reviewed`` examples it
        fires on; ``agreement`` with ``agreement_low``, ``agreement_high`` with the given labels of the ``labelled``
        examples it fires on. Intervals are Wilson's; a share of nothing is missing.
    """
    examples = max(1, len(cast))
    fires = cast.notna().to_numpy(dtype=bool)
    codes = np.full(cast.shape, -1, dtype=np.int64)
    for place, name in enumerate(cast.columns):
        codes[:, place] = pd.Categorical(cast[name].astype("str"), categories=_voted(cast)).codes
    others = fires.sum(axis=1, keepdims=True) > 1
    overlapped = (fires & others).sum(axis=0)
    highest = codes.max(axis=1, initial=-1)
    lowest = np.where(fires, codes, np.iinfo(np.int64).max).min(axis=1, initial=np.iinfo(np.int64).max)
    conflicted = (fires & (lowest < highest)[:, None]).sum(axis=0)
    table = pd.DataFrame(
        {
            "votes": [next(iter(cast[name].dropna()), None) for name in cast.columns],
            "coverage": fires.sum(axis=0) / examples,
            "covered": fires.sum(axis=0),
            "overlap": overlapped / examples,
            "overlapped": overlapped,
            "conflict": conflicted / examples,
            "conflicted": conflicted,
        },
        index=pd.Index(cast.columns, dtype="str", name="rule"),
    )
    for what, base, known in (("accuracy", "reviewed", decided), ("agreement", "labelled", labels)):
        said = aligned(known, cast.index).astype("str")
        both = fires & said.notna().to_numpy()[:, None]
        right = (cast.eq(said, axis=0).fillna(False).to_numpy(dtype=bool) & both).sum(axis=0)
        asked = both.sum(axis=0)
        low, high = wilson_interval(right, asked)
        table[what] = np.divide(right, asked, out=np.full(len(asked), np.nan), where=asked > 0)
        table[f"{what}_low"] = np.where(asked > 0, low, np.nan)
        table[f"{what}_high"] = np.where(asked > 0, high, np.nan)
        table[base] = asked
    return table


def _voted(cast: pd.DataFrame) -> list[str]:
    return sorted({str(name) for column in cast.columns for name in present(cast[column]).unique()})


def vote_reasons(cast: pd.DataFrame) -> pd.Series:
    """Say of each row which rules vote for what: ``2 rules vote 'SPAM' ('links', 'caps'), 1 votes 'HAM' ('song')``.

    Returns
    -------
    Series of shape (n,), str
        Empty where no rule fires. A sentence that many rows share is made once.
    """
    numbers = np.zeros(len(cast), dtype=np.int64)
    for name in cast.columns:
        which, values = pd.factorize(cast[name])
        numbers = pd.factorize(numbers * (len(values) + 1) + which + 1)[0]
    _, first, again = np.unique(numbers, return_index=True, return_inverse=True)
    sentences = [_sentence(cast.iloc[row]) for row in first]
    return pd.Series(np.asarray(sentences, dtype=object)[again], index=cast.index, dtype="str")


def _sentence(row: pd.Series) -> str:
    by_class: dict[str, list[str]] = {}
    for name, label in row.dropna().items():
        by_class.setdefault(str(label), []).append(f"'{name}'")
    parts = [
        f"{len(names)} {'rule votes' if len(names) == 1 else 'rules vote'} '{label}' ({', '.join(names)})"
        for label, names in sorted(by_class.items(), key=lambda pair: -len(pair[1]))
    ]
    return "; ".join(parts)
