"""The audited fix: what the reviewed part of each confidence band says of the rest, and one edit that acts on it.

Nothing is changed in bulk without a figure from a review: how often the given label was wrong and the suggestion right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import wording
from core.annotate import audit_table, cut_bands, mixed_share
from core.flywheel.edits import Decision, Edit, Exclude, Relabel
from core.flywheel.errors import ProjectError
from core.flywheel.judgements import judgements
from core.flywheel.review import Queue
from core.flywheel.samples import begin_sample, in_samples
from core.ids import aligned, is_among, looked_up

if TYPE_CHECKING:
    from core.flywheel.log import Entry
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["MINIMUM", "Audit", "BandError", "Figure", "audit_bands", "fix_band", "review_answers", "review_sample"]

# Fewest answers for a figure.
MINIMUM = 20
_SAMPLES = "band_samples"


class BandError(ProjectError):
    """A band can't be fixed or sampled."""


@dataclass(frozen=True)
class Figure:
    """How often the suggestion is ``"right"``, or the given label ``"wrong"``, among so many reviewed."""

    of: str
    share: float
    low: float
    high: float
    reviewed: int
    random: bool

    def misses(self, count: int) -> tuple[float, float, float]:
        """Of so many examples, for how many it is expected not to hold, with the interval."""
        return (1 - self.share) * count, (1 - self.high) * count, (1 - self.low) * count

    def __str__(self) -> str:
        how = " at random" if self.random else ""
        claim = "the suggestion was right" if self.of == "right" else "the given label was wrong"
        ends = wording.percent_interval(self.low, self.high, 0)
        return f"of {self.reviewed:,} reviewed{how}, {claim} in {wording.percent(self.share, 0)} ({ends})"


@dataclass(frozen=True)
class Audit:
    """What is known of the bands of a turn's suspects.

    Attributes
    ----------
    turn : int
    suspects : DataFrame
        Those of the turn with a suggestion: given, suggested, score, …, and ``band``, ``open``.
    table : DataFrame
        A row a band, see `core.annotate.audit_table`.
    reviewers : dict
        Who gave how many of the answers.
    """

    turn: int
    suspects: pd.DataFrame
    table: pd.DataFrame
    reviewers: dict[str, int]

    def open_in(self, band: int) -> pd.DataFrame:
        """The suspects of a band that nobody has settled, the surest first."""
        self._check(band)
        return self.suspects[(self.suspects["band"] == band) & self.suspects["open"]]

    def figure(self, rows: pd.DataFrame, name: str = "right") -> Figure | None:
        """How often the suggestion is right (or the given label ``wrong``) among such examples, by their bands.

        Parameters
        ----------
        rows : DataFrame
            By id: given, suggested.
        name : str
            ``"right"`` or ``"wrong"``.

        Returns
        -------
        Figure or None
            None if one of them lies in a band without a figure, in none, or has other labels than the turn found.
        """
        known = aligned(self.suspects, rows.index)
        same = (known["given"] == rows["given"]) & (known["suggested"] == rows["suggested"])
        if rows.empty or not same.all():
            return None
        counts = known["band"].astype("int64").value_counts()
        used = self.table.loc[counts.index, ["used", "random"]]
        if (used["used"] == 0).any():
            return None
        share, low, high = mixed_share(self.table, counts, name)
        return Figure(name, share, low, high, int(used["used"].sum()), bool(used["random"].all()))

    def _check(self, band: int) -> None:
        if band not in self.table.index:
            raise BandError(
                f"The band must be one of {', '.join(map(str, self.table.index)) or 'none: there are no suspects'}. "
                f"Got {band} instead. Look at the bands again."
            )


def audit_bands(
    project: Project, turn: Turn, *, relabel_from: float = 0.9, exclude_from: float = 0.75, minimum: int = MINIMUM
) -> Audit:
    """Cut the suspects of a turn into confidence bands and say what their reviewed part tells of the rest.

    Only decisions made since the turn count, one by one at a card, of a person or of the simulated reviewer. The
    suggestion was right if they gave its class; it was wrong if they kept the given label, gave another class, excluded
    the example or called it ambiguous; the given label was wrong if they gave another class or excluded the example.
    What was skipped, or decided in bulk, does not count.

    Parameters
    ----------
    project : Project
    turn : Turn
        As a rule the last one.
    relabel_from, exclude_from : float
        Lower ends from which on a band is to be relabelled, or excluded.
    minimum : int
        Fewest answers for a figure.
    """
    suspects = turn.suspects
    suspects = suspects[(suspects["flagged"] & suspects["suggested"].notna()).to_numpy()]
    bands = cut_bands(suspects["score"])
    answers = review_answers(project, turn, suspects)
    said = judgements(project)
    settled = said.index[(said["decision"] != Decision.SKIP).to_numpy()]
    now = aligned(project.dataset.labels, suspects.index)
    split = aligned(project.dataset.split, suspects.index)
    open_ = (split == "train") & (now == suspects["given"]) & ~is_among(suspects.index, settled)
    table = audit_table(
        bands,
        answers,
        open_,
        suspects["score"],
        relabel_from=relabel_from,
        exclude_from=exclude_from,
        minimum=minimum,
    )
    reviewers = {str(name): int(held) for name, held in answers["by"].value_counts().items()}
    return Audit(turn.number, suspects.assign(band=bands, open=open_), table, reviewers)


def review_answers(project: Project, turn: Turn, suspects: pd.DataFrame) -> pd.DataFrame:
    """What was said of suspects of a turn since it ran, one by one at a card.

    Parameters
    ----------
    project : Project
    turn : Turn
    suspects : DataFrame
        Those of the turn that are asked about: given, suggested, ….

    Returns
    -------
    DataFrame
        By id: ``wrong`` (the given label was), ``right`` (the suggestion was), ``random`` (reviewed in a random sample
        of a band), ``by``, ``seq`` (its entry of the log).
    """
    said = judgements(project, bulk=False)
    counts = (said["seq"] > turn.revision) & (said["decision"] != Decision.SKIP)
    said = said[counts.to_numpy() & is_among(said.index, suspects.index)]
    labels = looked_up(suspects[["given", "suggested"]], said.index)
    named = said["after"].notna()
    return pd.DataFrame(
        {
            "wrong": (named & (said["after"] != labels["given"])) | (said["decision"] == Decision.EXCLUDE),
            "right": named & (said["after"] == labels["suggested"]),
            "random": in_samples(project, said, kind=_SAMPLES, of=_ranking(turn), since=turn.revision),
            "by": said["by"],
            "seq": said["seq"],
        }
    )


def _ranking(turn: Turn) -> str:
    """What the bands are cut from: what was drawn at random from a band of another ranking is no sample of these."""
    return f"turn {turn.number}, ranked {turn.ranked_at or 'first'}"


def review_sample(project: Project, turn: Turn, band: int, count: int, *, seed: int = 0, by: str = "") -> Queue:
    """Start a queue of a random sample of a band's open suspects, in random order.

    Parameters
    ----------
    project : Project
    turn : Turn
    band : int
    count : int
        How many; all that are open if there are fewer.
    seed : int
        Together with the turn, the band and the open suspects it fixes the sample.
    by : str
        Whose queue it is.

    Raises
    ------
    BandError
        If there is no such band, or nothing in it is open.
    """
    audit = audit_bands(project, turn)
    cards = audit.open_in(band)
    if cards.empty or count < 1:
        raise BandError(
            f"A sample needs open suspects. Band {band} has {len(cards):,}, asked for were {count:,}. Take another one."
        )
    rng = np.random.default_rng([seed, turn.number, band, len(cards)])
    # Sorted by id first, so that the order of the ranking plays no part.
    drawn = rng.permutation(np.sort(cards.index.to_numpy(dtype=object)))[:count]
    cards = looked_up(cards, pd.Index(drawn, dtype="str")).drop(columns=["band", "open"])
    source = f"a random sample of {len(cards):,} from band {band} of turn {turn.number}"
    return begin_sample(project, cards, kind=_SAMPLES, of=_ranking(turn), source=source, turn=turn.number, by=by)


def fix_band(
    project: Project,
    turn: Turn,
    band: int,
    action: str,
    *,
    by: str = "",
    minimum: int = MINIMUM,
    revision: int | None = None,
) -> Entry:
    """Relabel or exclude all open suspects of a band: one edit, one undo, whose reason names band and figure.

    Parameters
    ----------
    project : Project
    turn : Turn
    band : int
    action : str
        ``"relabel"`` (to the suggestions) or ``"exclude"``.
    by : str
    minimum : int
        Fewest answers for a figure.
    revision : int, optional
        What the caller has seen.

    Raises
    ------
    BandError
        If the band has no figure, or nothing in it is open.
    StaleError
        If the project has moved on from ``revision``.
    """
    if action not in {"relabel", "exclude"}:
        raise BandError(f"A band is fixed by 'relabel' or 'exclude'. Got '{action}' instead.")
    audit = audit_bands(project, turn, minimum=minimum)
    cards = audit.open_in(band)
    if cards.empty:
        raise BandError(f"Nothing in band {band} is open. Take another one, or run the next turn.")
    figure = audit.figure(cards, "right" if action == "relabel" else "wrong")
    if figure is None:
        raise BandError(
            f"A bulk fix needs a figure: at least {minimum} suspects of the band reviewed. Band {band} has "
            f"{audit.table['reviewed'].loc[band]}. Review a random sample of it first."
        )
    surest, least = looked_up(audit.suspects["score"], cards.index).agg(["max", "min"])
    reason = f"audited fix of band {band} of turn {turn.number} (score {least:.2f} to {surest:.2f}): {figure}"
    edit: Edit = (
        Relabel(dict(zip(cards.index, cards["suggested"], strict=True)), by=by, reason=reason)
        if action == "relabel"
        else Exclude(tuple(cards.index), by=by, reason=reason)
    )
    return project.apply(edit, revision=revision)
