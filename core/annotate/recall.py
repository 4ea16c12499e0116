"""What a review mixed with random cards says: how many labels are wrong, and how many of those the suspects hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.ids import aligned, is_among, looked_up
from core.statistics import wilson_interval

__all__ = ["RANDOM", "RANKED", "Estimate", "Share", "estimate", "mixed"]

RANKED, RANDOM = "ranked", "random"
# From so many judged cards on a share is told, and from so many wrong ones on the recall.
_JUDGED = 30
_WRONG = 10


@dataclass(frozen=True)
class Share:
    """``found`` of ``of``, with the 95% interval (Wilson) of the share."""

    found: int
    of: int

    @property
    def value(self) -> float:
        """The share; NaN of none."""
        return self.found / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """0 to 1 if there are none."""
        low, high = wilson_interval(self.found, self.of)
        return float(low), float(high)


@dataclass(frozen=True)
class Estimate:
    """What the settled cards of a mixed queue say.

    Attributes
    ----------
    wrong : Share
        Wrong labels among the random cards: those of all labels that the cards were drawn from.
    recall : Share
        Suspects among the random cards whose label was found wrong.
    precision : Share
        Labels found wrong among the suspects that were ranked and settled. They are the most doubtful ones: further
        down it falls.
    waiting : int
        Random cards that were settled before one in front of them; they count once that one is.
    more : int
        About so many more random cards until the recall can be told; 0 if it can.
    cards : int
        About so many cards of the queue hold these.
    """

    wrong: Share
    recall: Share
    precision: Share
    waiting: int
    more: int
    cards: int


def mixed(ranking: pd.DataFrame, labels: pd.DataFrame, *, every: int = 5, seed: int = 0) -> pd.DataFrame:
    """Mix a ranking with cards drawn at random from all labels.

    One card in ``every`` is drawn at random without replacement, at a random place among them: nobody can tell by
    counting which. A card that is drawn stands where it was drawn only, so that each label is shown once; those that
    the ranking loses to the draw are a random part of it.

    Parameters
    ----------
    ranking : DataFrame
        Cards by id, first to last.
    labels : DataFrame
        All cards that may be drawn, with the columns of `ranking`; their order plays no part.
    every : int
        At least 2.
    seed : int

    Returns
    -------
    DataFrame
        The cards with a column ``drawn``: "ranked" or "random".
    """
    rng = np.random.default_rng(seed)
    # Drawn in the order of the ids: the ranking must not decide who is.
    order = labels.index.argsort()
    drawn = labels.index[order[rng.permutation(len(labels))[: len(ranking) // (every - 1)]]]
    left = ranking[~is_among(ranking.index, drawn)]
    # The ranked cards that the draw took make room for as many fewer random ones.
    drawn = drawn[: len(left) // (every - 1)]
    left = ranking[~is_among(ranking.index, drawn)]
    blocks = np.arange(len(drawn))
    at = blocks * every + rng.integers(0, every, len(drawn))
    random = np.zeros(len(left) + len(drawn), dtype=bool)
    random[at] = True
    place = np.empty(len(random), dtype=np.int64)
    place[~random] = np.arange(len(left))
    place[random] = len(left) + np.arange(len(drawn))
    cards = pd.concat([left, looked_up(labels, drawn)]).iloc[place]
    return cards.assign(drawn=pd.Series(np.where(random, RANDOM, RANKED), index=cards.index, dtype="str"))


def estimate(cards: pd.DataFrame, said: pd.DataFrame, *, there: npt.ArrayLike, more: int = 0) -> Estimate:
    """Estimate from the settled cards of a mixed queue what its labels are worth.

    A label is wrong if another one was given or the example was excluded; kept and ambiguous ones are not. Random cards
    count in their order up to the first that is open: what is settled ahead of its turn, as a suspect in bulk or with
    its case, was not chosen at random.

    Parameters
    ----------
    cards : DataFrame
        In their order: ``given``, ``flagged``, ``drawn``; indexed by id.
    said : DataFrame
        By id, of those examples of which something was said since the queue began: ``decision``, ``label``.
    there : array-like of bool, shape (cards,)
        Whether the example is still in train.
    more : int
        How many cards follow of which nothing was said.

    Returns
    -------
    Estimate
    """
    said = aligned(said, cards.index)
    decision = said["decision"]
    none = decision.isna().to_numpy(dtype=bool)
    judged = ~none & decision.ne("skip").to_numpy(dtype=bool)
    other = said["label"].notna() & (said["label"] != cards["given"])
    wrong = judged & (other | decision.eq("exclude")).to_numpy(dtype=bool)
    flagged = cards["flagged"].to_numpy(dtype=bool)
    random = (cards["drawn"] == RANDOM).to_numpy(dtype=bool)

    # What somebody took out of train without a word is no card any more.
    still_open = random & none & np.asarray(there, dtype=bool)
    first = int(still_open.argmax()) if still_open.any() else len(cards)
    counted = random & judged & (np.arange(len(cards)) < first)
    settled_ranked = ~random & judged & flagged
    found = counted & wrong
    share = Share(int(found.sum()), int(counted.sum()))
    every = len(cards) / max(1, int(random.sum()))
    wanted = min(_more(share), int(still_open.sum()) + int(more / every))
    return Estimate(
        wrong=share,
        recall=Share(int((found & flagged).sum()), share.found),
        precision=Share(int((settled_ranked & wrong).sum()), int(settled_ranked.sum())),
        waiting=int((random & judged).sum()) - share.of,
        more=wanted,
        cards=round(wanted * every),
    )


def _more(wrong: Share) -> int:
    """How many more random cards it takes until there are enough wrong ones among them, at the rate so far."""
    if wrong.of >= _JUDGED and wrong.found >= _WRONG:
        return 0
    # Before anything is known one label in ten is expected to be wrong.
    rate = (wrong.found + 0.5) / (wrong.of + 5)
    return max(_JUDGED - wrong.of, math.ceil((_WRONG - wrong.found) / rate), 1)
