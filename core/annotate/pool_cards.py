"""Cards of the pool: what the model thinks of examples without a label, in the shape that suspects have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from core.annotate.next_to_label import uncertainty
from core.ids import positions
from core.neighbours import nearest

__all__ = ["chances", "pool_cards"]

Floats = npt.NDArray[np.float64]

# From this uncertainty on the model wavers; below it, it leans to one class.
_WAVERS = 0.5
# An example is unlike the labelled ones if its nearest is further than that of all but so many of them.
_USUAL = 0.95
_JUDGED_BY = 1_000
_CHANCE = "chance of "


def pool_cards(
    probabilities: pd.DataFrame,
    chosen: pd.Index,
    *,
    given: pd.Series | None = None,
    features: Any = None,
    labelled: Any = None,
) -> pd.DataFrame:
    """Say of chosen examples of the pool what the model thinks of them and why they are worth a label.

    Parameters
    ----------
    probabilities : DataFrame of shape (m, classes)
        Of the pool, by id.
    chosen : Index of shape (n,)
        Among them, in the order in which they are to be labelled.
    given : Series, optional
        Label by id, of those that have one and are worth another.
    features, labelled : array or sparse matrix of shape (n, columns) and (any, columns), optional
        The chosen examples and the labelled ones in one space: says which of the chosen are like none that is labelled.

    Returns
    -------
    DataFrame of shape (n, 5 + classes)
        Indexed by id, in the order of `chosen`: ``given`` (missing in the pool), ``suggested`` (the most probable
        class), ``score`` (uncertainty in [0, 1]), ``flagged`` (whether the model wavers), ``reasons``; and the
        probability of each class, see `chances`.
    """
    values = probabilities.to_numpy(dtype=np.float64)
    rows = positions(chosen, probabilities.index)
    can_tell = bool(values.size) and bool((np.ptp(values, axis=0) > 1e-9).any())
    of_chosen = values[rows]
    doubt = uncertainty(of_chosen)
    ranked = np.argsort(-of_chosen, axis=1, kind="stable")
    names = probabilities.columns.astype("str").to_numpy(dtype=object)
    first = names[ranked[:, 0]]
    wavers = can_tell & (doubt >= _WAVERS)
    reasons = np.array(
        ["the model can't tell the pool apart yet, and this is a typical part of it"] * len(rows), object
    )
    if can_tell and len(names) > 1:
        second = names[ranked[:, 1]]
        shares = [
            [f"{100 * share:.0f}%" for share in of_chosen[np.arange(len(rows)), ranked[:, place]]] for place in (0, 1)
        ]
        reasons = np.array(
            [
                f"the model wavers between '{one}' ({share}) and '{other}' ({rest})"
                if doubts
                else f"the model leans to '{one}' ({share}), then '{other}' ({rest})"
                for one, share, other, rest, doubts in zip(first, shares[0], second, shares[1], wavers, strict=True)
            ],
            dtype=object,
        )
    if features is not None and labelled is not None:
        reasons = np.where(_unlike(features, labelled), reasons + "; unlike anything labelled so far", reasons)
    has = pd.Series(None, index=chosen, dtype="str") if given is None else given.reindex(chosen).astype("str")
    reasons = np.where(has.notna(), reasons + "; another label would settle it", reasons)
    cards = pd.DataFrame(
        {
            "given": has.to_numpy(),
            "suggested": pd.Series(first, dtype="str"),
            "score": doubt,
            "flagged": wavers,
            "reasons": pd.Series(reasons, dtype="str"),
        }
    )
    by_class = pd.DataFrame(of_chosen, columns=[_CHANCE + str(name) for name in names])
    return pd.concat([cards, by_class], axis="columns").set_axis(chosen, axis="index")


def chances(card: pd.Series) -> pd.Series:
    """The probability of each class that a card of the pool carries, largest first; empty for any other card."""
    found = {name.removeprefix(_CHANCE): card[name] for name in card.index.astype("str") if name.startswith(_CHANCE)}
    return pd.Series(found, dtype=float).sort_values(ascending=False, kind="stable")


def _unlike(features: Any, labelled: Any) -> npt.NDArray[np.bool_]:
    """Whether the nearest labelled example is further away than is usual among the labelled themselves."""
    if labelled.shape[0] < 3:
        return np.ones(features.shape[0], dtype=bool)
    some = np.linspace(0, labelled.shape[0] - 1, min(labelled.shape[0], _JUDGED_BY)).astype(np.int64)
    _, among = nearest(labelled[some], 1, metric="euclidean")
    distances, _ = NearestNeighbors(n_neighbors=1).fit(labelled).kneighbors(features)
    unlike: npt.NDArray[np.bool_] = distances[:, 0] > np.quantile(among[:, 0], _USUAL)
    return unlike
