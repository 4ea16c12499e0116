"""Data sets with a truth, in which every kind of action has an outcome that can be measured; for `forecast.py`.

Natural ones have labels that people or rules got wrong. The others are clean sets into which trouble is put: wrong
labels (anywhere, in one class, in one slice, or none), copies with other labels, a column of noise. From each a supply
is held back for whoever collects, and the test labels are the true ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.evaluate import Predicate

__all__ = ["World", "worlds"]

TRAIN, TEST, SUPPLY = 1000, 2000, 0.3
DEAD = "meter_reading"
QUICK = {"german", "wine", "music"}


@dataclass(frozen=True, eq=False)
class World:
    """One data set to forecast on.

    Attributes
    ----------
    set : str
        The set it is made of; constants are chosen without it.
    name : str
        The set and the trouble.
    dataset : Dataset
        Test labels are true, train labels as given.
    truth : Series
        True label by id, supply included.
    supply : DataFrame
        Rows by id that may be collected, with the labels an annotator of this world gives.
    where : Predicate or None
        A slice that is watched.
    """

    set: str
    name: str
    dataset: Dataset
    truth: pd.Series
    supply: pd.DataFrame
    where: tuple[Predicate, ...] = ()

    @property
    def recipe(self) -> str | None:
        """The default, but for sets on which boosting would take most of the run."""
        return "logistic_regression" if self.set.split()[0] in QUICK else None


@dataclass(frozen=True)
class _Natural:
    name: str
    data: str
    truth: str
    column: str
    text: str | None = None
    single: bool = False
    drop: tuple[str, ...] = ()


_MUSIC = "tabular/music_genre_crowd"
_NATURAL = (
    _Natural("noisy_ag_news", "text/noisy_ag_news/data.csv", "text/noisy_ag_news/truth.csv", "true_label", text="text"),
    _Natural("wrench_youtube", "text/wrench_youtube/train_weak.csv", "text/wrench_youtube/truth.csv", "gold", "text"),
    _Natural(
        "vader_raters",
        "text/vader_sentiment_raters/data_single_rater.csv",
        "text/vader_sentiment_raters/truth.csv",
        "consensus",
        text="text",
        drop=("source",),
    ),
    _Natural("music majority", f"{_MUSIC}/train_majority.csv", f"{_MUSIC}/truth.csv", "gold"),
    _Natural("music one worker", f"{_MUSIC}/train_majority.csv", f"{_MUSIC}/truth.csv", "gold", single=True),
    _Natural("kepler_koi", "tabular/kepler_koi/data.csv", "tabular/kepler_koi/truth.csv", "settled_truth"),
)
# The file, the label, the text, and the column whose values make the slice.
_CLEAN = {
    "adult": ("tabular/adult/adult_train_12000.csv", "income", None, "sex"),
    "telco": ("tabular/telco_churn/telco_churn_7043.csv", "Churn", None, "InternetService"),
    "german": ("tabular/german_credit/german_credit_1000.csv", "risk", None, "housing"),
    "wine": ("tabular/wine_quality/wine_quality_6497.csv", "quality", None, "color"),
    "sms": ("text/sms_spam/data.csv", "label", "text", None),
}
TROUBLES = ("uniform", "by class", "in a slice", "clean")


def worlds(folder: Path, *, seed: int = 0, names: set[str] | None = None) -> Iterator[World]:
    """Make every world there is data for."""
    for source in _NATURAL:
        if (names is None or source.name in names) and (folder / source.data).exists():
            yield _natural(source, folder, seed)
    for name, (file, label, text, column) in _CLEAN.items():
        if (names is None or name in names) and (folder / file).exists():
            for trouble in TROUBLES:
                yield _troubled(name, trouble, pd.read_csv(folder / file), label, text, column, seed)


def _natural(source: _Natural, folder: Path, seed: int) -> World:
    rows = pd.read_csv(folder / source.data, dtype={"id": "str"}).drop(columns=list(source.drop)).set_index("id")
    known = pd.read_csv(folder / source.truth, dtype={"id": "str"}).set_index("id")
    if source.single:
        rows["label"] = known["single"].reindex(rows.index)
    truth = known[source.column].reindex(rows.index)
    settled = truth.notna() & (truth != "undecided") & rows["label"].notna()
    rows, truth = rows[settled], truth[settled].astype("str")
    given = rows["label"].astype("str")
    return _world(source.name, source.name, rows, "label", source.text, given, truth, seed)


def _troubled(
    name: str, trouble: str, rows: pd.DataFrame, label: str, text: str | None, column: str | None, seed: int
) -> World:
    if name == "wine":
        # Seven grades, some with five wines: three that each occur.
        rows["quality"] = pd.cut(rows["quality"], [0, 5, 6, 10], labels=["low", "middle", "high"]).astype("str")
    if name == "telco":
        rows = rows.drop(columns="customerID").assign(TotalCharges=pd.to_numeric(rows["TotalCharges"], errors="coerce"))
    if name == "sms":
        rows = rows.drop(columns="id")
    rows.index = pd.Index([f"r{n}" for n in range(len(rows))], dtype="str")
    rng = np.random.default_rng([seed, *name.encode(), *trouble.encode()])
    rows = rows.iloc[rng.permutation(len(rows))]
    truth = rows[label].astype("str")
    # A text has its length for a column.
    value = "" if column is None else str(rows[column].mode()[0])
    where = rows[column] == value if column is not None else rows[text].str.len() > 80
    wrong = _wrong(trouble, truth, where, rng)
    if text is None:
        rows[DEAD] = rng.normal(size=len(rows)).round(3)
    classes = np.array(sorted(truth.unique()))
    shift = rng.integers(1, len(classes), len(truth))
    other = pd.Series(classes[(np.searchsorted(classes, truth) + shift) % len(classes)], index=truth.index)
    given = truth.where(~wrong, other)
    watched = () if column is None else (Predicate(column, value, values=(value,)),)
    return _world(name, f"{name}, {trouble}", rows, label, text, given, truth, seed, watched, copies=trouble != "clean")


def _wrong(trouble: str, truth: pd.Series, where: pd.Series, rng: np.random.Generator) -> pd.Series:
    rate = pd.Series(0.0, index=truth.index)
    if trouble == "uniform":
        rate[:] = 0.15
    elif trouble == "by class":
        rate[truth == truth.value_counts().index[-1]] = 0.3
    elif trouble == "in a slice":
        rate[where] = 0.3
    return pd.Series(rng.random(len(truth)), index=truth.index) < rate


def _world(
    set_: str,
    name: str,
    rows: pd.DataFrame,
    label: str,
    text: str | None,
    given: pd.Series,
    truth: pd.Series,
    seed: int,
    where: tuple[Predicate, ...] = (),
    *,
    copies: bool = False,
) -> World:
    rng = np.random.default_rng([seed, len(rows)])
    order = rng.permutation(len(rows))
    test = rows.index[order[: min(TEST, int(0.3 * len(rows)))]]
    rest = rows.index[order[len(test) :]]
    supply = rest[: min(int(SUPPLY * len(rest)), 800)]
    train = rest[len(supply) :][:TRAIN]
    frame = rows.loc[[*train, *test]].assign(**{label: given.loc[[*train, *test]]})
    frame.loc[test, label] = truth.loc[test]
    if copies:
        chosen = frame.loc[rng.choice(train, max(10, len(train) // 30), replace=False)]
        names = pd.Index("c" + chosen.index, dtype="str")
        classes = np.array(sorted(truth.unique()))
        own = truth.loc[chosen.index].to_numpy()
        twin = np.array([rng.choice(classes[classes != each]) for each in own])
        frame = pd.concat([frame, chosen.set_axis(names).assign(**{label: twin})])
        truth = pd.concat([truth, pd.Series(own, index=names)])
    frame = frame.copy().rename_axis("row").reset_index()
    dataset = Dataset.from_frame(frame, label=label, text=text, id="row", test=set(test), seed=seed)
    more = rows.loc[supply].assign(**{label: given.loc[supply]})
    return World(set_, name, dataset, truth, more, where)
