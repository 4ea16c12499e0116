"""One label from several annotators: by majority, by Dawid-Skene, by CROWDLAB, side by side, and the one to go by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.annotate.crowd import AnnotationsError, Crowd, read_crowd
from core.annotate.crowdlab import crowdlab
from core.annotate.dawid_skene import Estimate, dawid_skene, model_weight, vote_shares, with_model
from core.ids import positions

__all__ = ["annotator_evidence", "consensus", "disputes"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class _Settled:
    """A crowd with the probability of each class of each example, as far as annotators and model tell."""

    crowd: Crowd
    posterior: Floats
    # Probabilities of the model for the crowd's classes, and whether there are any, by example.
    model: pd.DataFrame | None

    @property
    def somebody(self) -> Booleans:
        return np.asarray(self.crowd.counts > 0)

    def names(self, shares: Floats) -> pd.Series:
        """The class with the largest share (of equal ones the first by name); missing where nobody labelled."""
        ids = self.crowd.ids
        if not len(self.crowd.classes):
            return pd.Series(np.nan, index=ids, dtype="str")
        names = self.crowd.classes.take(shares.argmax(axis=1))
        return pd.Series(np.asarray(names, dtype=object), index=ids, dtype="str").where(self.somebody)


def consensus(annotations: pd.DataFrame, probabilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """Settle one label for each example from what several annotators gave it.

    The label to go by is Dawid-Skene's, anchored at the majority, which it leaves only as far as held-out labels bear
    it out. Where a model's probabilities are given they join in, weighed in the same way. CROWDLAB stands beside it.

    Parameters
    ----------
    annotations : DataFrame of shape (n, annotators)
        Rows examples, columns annotators, missing = not labelled. Labels of any dtype; they become str.
    probabilities : DataFrame of shape (any, classes), optional
        Out-of-fold probabilities by id. Examples without any are settled by their annotators alone.

    Returns
    -------
    DataFrame of shape (n, 7)
        Indexed as `annotations`: ``label``, ``confidence`` (probability of the label, 0 to 1), ``majority`` (a tie goes
        to the class that is more frequent in all, then to the first by name), ``dawid_skene``, ``crowdlab`` (missing
        where there are no probabilities, or nobody labelled an example twice), ``agreement`` (share of the example's
        annotators who gave the label), ``annotations`` (how many labelled it). All but the last are missing for an
        example that nobody labelled.

    Raises
    ------
    AnnotationsError
        If ids or annotators repeat, labels are no classes, or a probability is outside [0, 1].

    References
    ----------
    A. P. Dawid, A. M. Skene (1979), see `core.annotate.dawid_skene`. H. W. Goh, U. Tkachenko, J. Mueller: CROWDLAB:
    Supervised learning to infer consensus labels and quality scores for data with multiple annotators. NeurIPS 2022
    Human in the Loop Learning Workshop.
    """
    crowd = read_crowd(annotations)
    estimate = dawid_skene(crowd)
    settled = _settle(crowd, estimate, probabilities)
    label = settled.names(settled.posterior)
    rows, somebody = np.arange(len(crowd.ids)), settled.somebody
    place = settled.posterior.argmax(axis=1) if len(crowd.classes) else np.zeros(len(rows), dtype=np.int64)
    confidence = settled.posterior[rows, place] if len(crowd.classes) else np.full(len(rows), np.nan)
    agreeing = crowd.votes[rows, place] if len(crowd.classes) else np.zeros(len(rows))
    return pd.DataFrame(
        {
            "label": label,
            "confidence": np.where(somebody, confidence, np.nan),
            "majority": settled.names(vote_shares(crowd)),
            "dawid_skene": settled.names(estimate.posterior),
            "crowdlab": _crowdlab(settled),
            "agreement": np.where(somebody, agreeing / np.maximum(crowd.counts, 1), np.nan),
            "annotations": crowd.counts,
        },
        index=annotations.index,
    )


def annotator_evidence(labels: pd.Series, annotations: pd.DataFrame) -> pd.Series:
    """Say how surely the annotators contradict each given label.

    Parameters
    ----------
    labels : Series of shape (n,)
        The given labels by example id.
    annotations : DataFrame of shape (any, annotators)
        As for `consensus`; the ids need not be the same.

    Returns
    -------
    Series of shape (n,)
        One minus the probability of the given label in the light of all annotators, 0 to 1; missing where nobody
        labelled the example, or it has no label.

    Raises
    ------
    AnnotationsError
        As `consensus`.
    """
    crowd = read_crowd(annotations)
    return _doubt(_settle(crowd, dawid_skene(crowd), None), labels)


def _doubt(settled: _Settled, labels: pd.Series) -> pd.Series:
    crowd = settled.crowd
    doubt = np.full(len(labels), np.nan)
    rows = positions(labels.index, crowd.ids)
    known = (rows >= 0) & labels.notna().to_numpy(dtype=bool)
    known[known] = settled.somebody[rows[known]]
    given = crowd.classes.get_indexer(pd.Index(labels[known].astype("str"), dtype="str"))
    chance = np.zeros(len(given))
    chance[given >= 0] = settled.posterior[rows[known][given >= 0], given[given >= 0]]
    doubt[known] = 1.0 - chance
    return pd.Series(doubt, index=labels.index, name="annotators")


def disputes(labels: pd.Series, annotations: pd.DataFrame, probabilities: pd.DataFrame | None = None) -> pd.DataFrame:
    """List the examples whose given label is not the consensus, or on which the annotators are split.

    Parameters
    ----------
    labels : Series of shape (n,)
        The given labels by example id; those without one are left out.
    annotations, probabilities
        As for `consensus`.

    Returns
    -------
    DataFrame
        Indexed by id, in the shape of `find_suspects`: ``given``, ``suggested`` (the consensus; where that is the given
        label, the most probable other class), ``score`` (one minus the probability of the given label), ``flagged``
        (the consensus is another class), ``reasons``; the most doubtful first.

    Raises
    ------
    AnnotationsError
        As `consensus`.
    """
    crowd = read_crowd(annotations)
    settled = _settle(crowd, dawid_skene(crowd), probabilities)
    given = labels[labels.notna()].astype("str")
    score = _doubt(settled, given)
    known = score.notna().to_numpy()
    score, given = score[known], given[known]
    rows = positions(score.index, crowd.ids)
    frame = pd.DataFrame({"given": given, "suggested": given, "score": score})
    if not len(frame):
        return frame.assign(flagged=pd.Series(dtype=bool), reasons=pd.Series(dtype="str"))
    posterior, votes = settled.posterior[rows].copy(), crowd.votes[rows]
    place = crowd.classes.get_indexer(pd.Index(given, dtype="str")).astype(np.int64)
    best = posterior.argmax(axis=1).astype(np.int64)
    flagged = place != best
    split = (votes > 0).sum(axis=1) > 1
    own = np.flatnonzero(~flagged)
    posterior[own, place[own]] = -1.0
    other = posterior.argmax(axis=1)
    some = posterior.max(axis=1) >= 0
    frame["suggested"] = pd.Series(crowd.classes.take(other).to_numpy(), frame.index, dtype="str").where(some)
    frame["flagged"] = flagged
    frame["reasons"] = _reasons(settled, votes, best, place, rows).to_numpy()
    order = np.lexsort((~flagged, -frame["score"].to_numpy()))
    worst_first: pd.DataFrame = frame.iloc[order[(flagged | split)[order]]]
    return worst_first


def _reasons(settled: _Settled, votes: Floats, best: Integers, given: Integers, places: Integers) -> pd.Series:
    """Say of each example who said what; missing classes of the given label count no votes."""
    crowd, confidence = settled.crowd, settled.posterior[places].max(axis=1)
    rows, model = np.arange(len(votes)), "" if settled.model is None else ", with the model"
    # Weighed by how reliable each annotator is; never 100% for what is only nearly so.
    sure = np.clip(np.floor(100 * confidence), 0, 99).astype(int)
    total, agree = votes.sum(axis=1).astype(int), votes[rows, best].astype(int)
    mine = np.where(given == best, -1, np.where(given >= 0, votes[rows, np.maximum(given, 0)], 0)).astype(int)
    # A sentence that many share is made once.
    keys, again = np.unique(np.column_stack([best, total, agree, mine, sure]), axis=0, return_inverse=True)
    sentences = [
        f"{one} of {all_} annotator{'' if all_ == 1 else 's'} {'says' if one == 1 else 'say'} '{crowd.classes[named]}'"
        + (f", {own} the given label" if own >= 0 else "")
        + f"; weighed by their reliability{model}, '{crowd.classes[named]}' with {percent}%"
        for named, all_, one, own, percent in keys.tolist()
    ]
    return pd.Series(np.array(sentences, dtype=object)[again.ravel()], dtype="str")


def _settle(crowd: Crowd, estimate: Estimate, probabilities: pd.DataFrame | None) -> _Settled:
    if probabilities is None or len(crowd.classes) < 2:
        return _Settled(crowd, estimate.posterior, None)
    model = _aligned(probabilities, crowd.ids)
    own = model.reindex(columns=crowd.classes, fill_value=0.0).to_numpy(dtype=np.float64)
    weight = model_weight(crowd, estimate.setting, own)
    return _Settled(crowd, with_model(estimate.posterior, own, weight), model)


def _aligned(probabilities: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """The probabilities of the examples, missing where there are none, with the classes as str."""
    model = probabilities.set_axis(probabilities.columns.astype("str"), axis="columns")
    if model.index.has_duplicates or model.columns.has_duplicates:
        raise AnnotationsError("The ids and the classes of the probabilities must each occur once. Some repeat.")
    model = model.reindex(ids)
    values = model.to_numpy(dtype=np.float64)
    present = ~np.isnan(values).all(axis=1)
    inside = values[present]
    if inside.size and not (inside.min() >= -_TOLERANCE and inside.max() <= 1 + _TOLERANCE):
        raise AnnotationsError(
            f"Probabilities must lie between 0 and 1. They reach from {inside.min():.3g} to {inside.max():.3g}; "
            "nan means that some are missing."
        )
    return pd.DataFrame(values.clip(0.0, 1.0), index=ids, columns=model.columns)


def _crowdlab(settled: _Settled) -> pd.Series:
    """CROWDLAB's label; missing where it can say nothing: no probabilities, or nobody labelled an example twice."""
    crowd = settled.crowd
    nothing = pd.Series(np.nan, index=crowd.ids, dtype="str")
    if settled.model is None:
        return nothing
    classes = crowd.classes.union(settled.model.columns)
    model = settled.model.reindex(columns=classes, fill_value=0.0)
    judged = settled.somebody & settled.model.notna().all(axis=1).to_numpy(dtype=bool)
    part = crowd.some(judged)
    if part.counts.max(initial=0) < 2:
        return nothing
    label = classes.get_indexer(crowd.classes)[part.label].astype(np.int64)
    both = Crowd(part.ids, part.annotators, classes, part.example, part.annotator, label)
    posterior = crowdlab(both, model.to_numpy(dtype=np.float64)[judged])
    said = classes.take(posterior.argmax(axis=1)).to_numpy()
    return pd.Series(said, index=part.ids, dtype="str").reindex(crowd.ids)
