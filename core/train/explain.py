"""Why the locked model says what it says of one example: what changes when a column or a word is taken away."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.content import draw_by_hash
from core.dataset import Dataset
from core.ids import looked_up, positions
from core.progress import Cancel, Progress
from core.train.encoder import TOKEN, Encoded, Encoder, tokenise
from core.train.fit import Fitted, TrainError

__all__ = ["Explainer", "explain", "explainer", "telling", "weighed"]

if TYPE_CHECKING:
    from core.train.lock import LockedModel

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Log-odds below which a part says next to nothing: 1.1 to 1.
_SAYS_NOTHING = 0.1
# Nearer to 0 or 1 than this, probabilities are not told apart.
_CERTAIN = 1e-6
# Of a half that is larger so many are learnt from, and of a class at least so many: what a column or a word weighs
# hardly changes with more, time and memory do.
_ENOUGH, _FEWEST = 100_000, 1_000


@dataclass(frozen=True)
class Explainer:
    """Models that explain train examples which they have not seen; made by `explainer`.

    A model that learned an example with its label finds something in it that speaks for that label, however wrong.

    Attributes
    ----------
    fitted : tuple of Fitted
    fold : Series
        Train id to the place of the model that did not see it.
    """

    fitted: tuple[Fitted, ...]
    fold: pd.Series

    def of(self, example: str) -> Fitted:
        """The model that explains an example."""
        place = int(positions(pd.Index([example]), self.fold.index)[0])
        return self.fitted[0 if place < 0 else int(self.fold.iloc[place])]


def explainer(
    model: LockedModel, dataset: Dataset, progress: Progress | None = None, cancel: Cancel | None = None
) -> Explainer:
    """Fit the locked model on either half of the train examples, to explain the examples of the other half.

    Of a half of more than 100,000 examples so many are learnt from, each class by its share and with 1,000 at least.

    Raises
    ------
    TrainError
        If train holds fewer than two classes.
    Cancelled
        If the caller asked to stop.
    """
    fold = dataset.folds(2)
    fitted: list[Fitted] = []
    for number in (0, 1):
        there = (fold == number).to_numpy()
        half = fold.index[there]
        known = looked_up(dataset.labels, fold.index[~there])
        learnt = draw_by_hash(known.index, known, most=_ENOUGH, fewest=_FEWEST)
        spared = half.append(known.index[~np.isin(np.arange(len(known)), learnt)]) if len(learnt) < len(known) else half
        # Too little to learn from on the other side (one large group, say): then from everything.
        part = dataset.without(spared) if len(half) and known.nunique() > 1 else dataset
        said = None if progress is None else lambda share, message, at=number: progress((at + share) / 2, message)
        fitted.append(model.fit(part, said, cancel))
    return Explainer(tuple(fitted), fold)


def explain(
    fitted: Fitted,
    frame: pd.DataFrame,
    top: int = 8,
    *,
    label: str | pd.Series | None = None,
    against: str | pd.Series | None = None,
) -> pd.DataFrame:
    """Say what speaks for and against a class, example by example.

    A column is taken away by putting what is typical of it in its place (the median or the most frequent value of the
    train examples), a word by leaving it out of the text. That is the model's answer to one change at a time: where
    columns stand in for each other, none of them may weigh much.

    Parameters
    ----------
    fitted : Fitted
    frame : DataFrame of shape (n, columns)
        A few examples, indexed by id.
    top : int
        The most parts to list for an example.
    label : str or Series by id, optional
        The class to speak for or against; without it the most probable one.
    against : str or Series by id, optional
        Another class to weigh it against; without it all others together.

    Returns
    -------
    DataFrame
        A row for each example and part, in the order of the examples, the heaviest part first. Columns ``id``,
        ``label``, ``kind`` (``"column"`` or ``"word"``), ``what`` (the column, or the word in lower case), ``value``
        (the cell, or how often the word occurs) and ``weight``: the log-odds of the class (against the other) as it is
        minus those without this part. 0.7 is about twice the odds; a negative weight speaks against the class.

    Raises
    ------
    TrainError
        If a column is missing, or a label is no class of the model.
    """
    probabilities = fitted.predict_proba(frame)
    target = _targets(fitted, frame, probabilities, label)
    other = None if against is None else _targets(fitted, frame, probabilities, against)
    rows = fitted.model.encoder.encode(frame)
    columns, without_columns = _without_columns(fitted, frame, rows)
    words, without_words = _without_words(fitted, frame, rows)
    parts = pd.concat([columns, words], ignore_index=True)
    owner = parts["owner"].to_numpy(dtype=np.int64)
    without = fitted.model.fit.predict_proba(without_columns.append(without_words))
    place = np.arange(len(parts))
    parts["weight"] = _log_odds(
        probabilities[owner, target[owner]], None if other is None else probabilities[owner, other[owner]]
    ) - _log_odds(without[place, target[owner]], None if other is None else without[place, other[owner]])
    parts.insert(0, "id", frame.index[owner])
    parts.insert(1, "label", np.asarray(fitted.classes, dtype=object)[target[owner]])
    heaviest = parts[parts["weight"] != 0].sort_values(
        ["owner", "weight"], key=lambda column: -column.abs() if column.name == "weight" else column, kind="stable"
    )
    return heaviest[heaviest.groupby("owner").cumcount() < top].drop(columns="owner").reset_index(drop=True)


def telling(weights: pd.Series) -> pd.Series:
    """The parts of one example that are worth pointing at, of those that `explain` lists.

    Parameters
    ----------
    weights : Series
        Part to weight.

    Returns
    -------
    Series
        Those that weigh a quarter of the heaviest or more, and the two heaviest on either side; none of less than 0.1.
    """
    sizes = weights.abs()
    place = sizes.groupby(weights > 0).rank(method="first", ascending=False)
    says = (sizes >= _SAYS_NOTHING) & ((sizes >= sizes.max() / 4) | (place <= 2))
    found: pd.Series = weights[says]
    return found


def weighed(text: str, weights: Mapping[str, float]) -> list[tuple[str, float]]:
    """Cut a text where its words weigh something, to be read as it was written.

    Parameters
    ----------
    text : str
    weights : mapping
        Word, as `explain` lists it, to its weight.

    Returns
    -------
    list of (str, float)
        Piece after piece; what is no such word weighs 0. Joined they are the text in its composed Unicode form.

    Examples
    --------
    >>> weighed("Hold on, Refund!", {"refund": 1.5})
    [('Hold on, ', 0.0), ('Refund', 1.5), ('!', 0.0)]
    """
    composed = unicodedata.normalize("NFC", text)
    pieces: list[tuple[str, float]] = []
    end = 0
    for token in TOKEN.finditer(composed):
        weight = weights.get(unicodedata.normalize("NFKC", token.group()).lower(), 0.0)
        if weight:
            if token.start() > end:
                pieces.append((composed[end : token.start()], 0.0))
            pieces.append((token.group(), weight))
            end = token.end()
    return [*pieces, (composed[end:], 0.0)] if end < len(composed) else pieces


def _targets(fitted: Fitted, frame: pd.DataFrame, probabilities: Floats, label: str | pd.Series | None) -> Integers:
    """The place of the class to explain, by example."""
    if label is None:
        return np.asarray(probabilities.argmax(axis=1))
    names = label.reindex(frame.index) if isinstance(label, pd.Series) else pd.Series(label, index=frame.index)
    places = pd.Index(fitted.classes).get_indexer(pd.Index(names))
    if (places < 0).any():
        raise TrainError(
            f"The label to explain must be a class of the model ({', '.join(fitted.classes[:12])}). "
            f"Got '{names[places < 0].iloc[0]}'."
        )
    return np.asarray(places, dtype=np.int64)


def _without_columns(fitted: Fitted, frame: pd.DataFrame, rows: Any) -> tuple[pd.DataFrame, Any]:
    """Each example as often as there are columns, another column typical each time."""
    encoder = fitted.model.encoder
    names = encoder.columns
    owner = np.repeat(np.arange(len(frame)), len(names))
    variants = rows.take(owner)
    each = {name: np.arange(place, len(owner), len(names)) for place, name in enumerate(names)}
    if isinstance(encoder, Encoder):
        _put_typical(fitted, encoder, variants, each)
    elif isinstance(fitted.typical, dict):
        variants = variants.with_cells(each, fitted.typical)
    cells = frame[names].astype("str").where(frame[names].notna(), "missing")
    parts = pd.DataFrame(
        {
            "owner": owner,
            "kind": "column",
            "what": np.tile(np.array(names, dtype=object), len(frame)),
            "value": cells.to_numpy(dtype=object).ravel(),
        }
    )
    return parts, variants


def _put_typical(fitted: Fitted, encoder: Encoder, variants: Encoded, each: Mapping[str, Integers]) -> None:
    """Put what is typical of a column into the rows that stand for its absence."""
    behind = np.array(encoder.number_columns + encoder.categorical, dtype=object)
    assert isinstance(fitted.typical, tuple)
    numbers, codes = fitted.typical
    for name, mine in each.items():
        for column in np.flatnonzero(behind == name):
            if column < len(numbers):
                variants.numbers[mine, column] = numbers[column]
            else:
                variants.codes[mine, column - len(numbers)] = codes[column - len(numbers)]


def _without_words(fitted: Fitted, frame: pd.DataFrame, rows: Any) -> tuple[pd.DataFrame, Any]:
    """Each example as often as it has different words, another word left out each time."""
    encoder = fitted.model.encoder
    found: list[tuple[int, str, str, str]] = []
    shortened: list[str] = []
    if encoder.text is not None:
        codes, ends, names = tokenise(frame[encoder.text])
        for number in range(len(frame)):
            words = [names[code] for code in codes[ends[number] : ends[number + 1]]]
            for word, times in Counter(words).items():
                found.append((number, "word", word, str(times)))
                shortened.append(" ".join(other for other in words if other != word))
    parts = pd.DataFrame(found, columns=["owner", "kind", "what", "value"])
    owner = parts["owner"].to_numpy(dtype=np.int64)
    variants = rows.take(owner)
    if encoder.text is None:
        return parts, variants
    if not isinstance(encoder, Encoder):
        return parts, encoder.encode(frame.iloc[owner].assign(**{encoder.text: shortened}))
    terms = encoder.terms.encode(pd.Series(shortened, dtype="str"))
    return parts, Encoded(variants.numbers, variants.codes, terms)


def _log_odds(probabilities: Floats, others: Floats | None = None) -> Floats:
    """Against the probabilities of another class, or of all other classes."""
    inside = np.clip(probabilities, _CERTAIN, 1 - _CERTAIN)
    rest = 1 - inside if others is None else np.clip(others, _CERTAIN, 1 - _CERTAIN)
    odds: Floats = np.log(inside / rest)
    return odds
