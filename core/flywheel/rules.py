"""Rules at work in a project: what they say of train and pool, whom to look at, and what may be done in bulk.

Nothing here writes a label without a decision, except `apply_rule_band`, and that only where decisions on a sample say
how often the rules were right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import wording
from core.annotate import (
    Rule,
    audit_table,
    combine,
    read_rules,
    rule_table,
    seen_by_rules,
    try_rules,
    vote_reasons,
)
from core.dataset import Dataset
from core.flywheel import log
from core.flywheel.edits import Decision, Relabel, replay
from core.flywheel.errors import ProjectError
from core.flywheel.judgements import judgements
from core.flywheel.log import Entry
from core.flywheel.review import Queue, decisions
from core.flywheel.samples import begin_sample, in_samples
from core.ids import aligned, is_among, looked_up, positions, present

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = [
    "FEWEST_REVIEWED",
    "Weighed",
    "apply_rule_band",
    "review_rule_band",
    "rule_band_cards",
    "rule_bands",
    "rule_conflicts",
    "rule_disagreements",
    "rules_in_force",
    "settled_labels",
    "trusted_labels",
    "weigh",
]

# Reviewed examples a band needs before it may be labelled in bulk.
FEWEST_REVIEWED = 20
_BANDS = ((0.95, 1.0), (0.9, 0.95), (0.8, 0.9), (0.6, 0.8), (0.0, 0.6))
_SAMPLES = "rule_samples"


def rules_in_force(entries: Sequence[Entry]) -> tuple[Rule, ...]:
    """The rules that the last change of them in force left."""
    last = next((entry for entry in reversed(entries) if entry.kind == "rules"), None)
    return () if last is None else read_rules(last.content["rules"])


def settled_labels(project: Project) -> pd.Series:
    """The label that a reviewer's decision in force settled, by id: kept, suggested or another one.

    What was decided in bulk is left out: nobody looked at each.
    """
    return present(judgements(project, bulk=False)["after"]).astype("str").rename("settled")


def trusted_labels(project: Project, turn: Turn) -> pd.Series:
    """The train labels that a reviewer settled, and those that the turn's model does not suspect."""
    suspects = turn.suspects
    labels = project.dataset.labels_of("train")
    trusted = np.zeros(len(labels), dtype=bool)
    for ids in (suspects.index[~suspects["flagged"].to_numpy(dtype=bool)], settled_labels(project).index):
        places = positions(ids, labels.index)
        trusted[places[places >= 0]] = True
    return labels[trusted]


@dataclass(frozen=True)
class Weighed:
    """What the rules say of train and pool at one state of a project.

    Attributes
    ----------
    version : str
        Of the data.
    votes : DataFrame
        By id of train, pool and what was reviewed and excluded since, as `core.annotate.votes` returns them.
    broken : dict
        Rule to why it can't be evaluated.
    table : DataFrame
        `core.annotate.rule_table` over train and pool.
    probabilities : DataFrame
        The votes combined, as `core.annotate.combine` returns them.
    labels : Series
        The label each example has; missing in the pool.
    came : Series
        The label each example came with.
    proposals : DataFrame
        Indexed by every id whose votes name one class: ``suggested``, ``confidence``.
    """

    version: str
    votes: pd.DataFrame
    broken: Mapping[str, str]
    table: pd.DataFrame
    probabilities: pd.DataFrame
    labels: pd.Series
    came: pd.Series
    proposals: pd.DataFrame


def weigh(project: Project) -> Weighed:
    """Let the rules that are on vote on train and pool, and combine what they say.

    The labels that the data came with say how often each rule fires on each class; they are noisy, but one label weighs
    little there. Decisions take no part, so that they can say how often the rules are right. Nor does the test set.
    """
    dataset = project.dataset
    rows = seen_by_rules(dataset)
    usable = [rule for rule in project.rules if rule.label in dataset.classes]
    cast, broken = try_rules(usable, dataset.frame, rows=rows, version=dataset.version)
    broken |= {
        rule.name: f"Rule '{rule.name}' votes for '{rule.label}', which no example is labelled any more. "
        "Give it another class, or switch it off."
        for rule in project.rules
        if rule.on and rule.label not in dataset.classes
    }
    labels = dataset.labels.iloc[rows].set_axis(cast.index)
    table = rule_table(cast, labels, settled_labels(project))
    brought = _brought(project)
    gone = _excluded_from_pool(project, brought)
    if len(gone):
        cast = pd.concat([cast, try_rules(usable, gone)[0].reindex(columns=cast.columns)])
    # Decisions must not move the bands that they audit.
    came = aligned(brought.labels, cast.index)
    probabilities = combine(cast, dataset.classes, labels=came)
    return Weighed(
        dataset.version,
        cast,
        broken,
        table,
        probabilities,
        aligned(labels, cast.index),
        came,
        _named(cast, probabilities),
    )


def _named(cast: pd.DataFrame, probabilities: pd.DataFrame) -> pd.DataFrame:
    """The most probable class of each example, where it is one and a rule voted for it."""
    values = np.nan_to_num(probabilities.to_numpy(), nan=-1.0)
    if not values.shape[1]:
        return pd.DataFrame({"suggested": pd.Series(dtype="str"), "confidence": pd.Series(dtype="float64")})
    best = values.argmax(axis=1)
    confidence = values.max(axis=1)
    single = (values >= confidence[:, None] - 1e-12).sum(axis=1) == 1
    suggested = pd.Series(probabilities.columns.to_numpy()[best], index=cast.index, dtype="str")
    voted = cast.eq(suggested, axis=0).fillna(False).to_numpy(dtype=bool).any(axis=1)
    found = pd.DataFrame({"suggested": suggested, "confidence": confidence})
    named: pd.DataFrame = found.loc[single & voted & (confidence >= 0)]
    return named


def rule_disagreements(project: Project, weighed: Weighed, rule: str) -> pd.DataFrame:
    """The train examples on which one rule votes for another class than they are labelled, for a review queue.

    Returns
    -------
    DataFrame
        Columns as `core.annotate.find_suspects`; those the rules together speak against most come first. What was
        decided on already is left out, skipped ones excepted.

    Raises
    ------
    ProjectError
        If there is no such rule among those that vote.
    """
    if rule not in weighed.votes:
        raise ProjectError(
            f"There is no rule '{rule}' that votes. It was removed, switched off, or can't be evaluated."
        )
    vote = weighed.votes[rule]
    labels = weighed.labels
    against = vote.notna() & labels.notna() & (vote != labels)
    return _cards(project, weighed, against[against].index, vote, "")


def rule_conflicts(project: Project, weighed: Weighed) -> pd.DataFrame:
    """The train examples on which rules vote for different classes; columns as `rule_disagreements`.

    The suggestion is the most probable class that is not the given one.
    """
    cast = weighed.votes
    lowest, highest = _extremes(cast)
    torn = (lowest != highest) & weighed.labels.notna()
    given = weighed.probabilities.columns.get_indexer(pd.Index(weighed.labels.astype("str")))
    values = weighed.probabilities.fillna(0.0).to_numpy().copy()
    rows = np.flatnonzero(given >= 0)
    values[rows, given[rows]] = -1.0
    other = pd.Series(weighed.probabilities.columns.to_numpy()[values.argmax(axis=1)], index=cast.index, dtype="str")
    return _cards(project, weighed, torn[torn].index, other, "")


def _extremes(cast: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The lowest and the highest place of the classes that each row's votes are for; equal where no rule fires."""
    names = sorted({str(name) for column in cast.columns for name in present(cast[column]).unique()})
    codes = np.full(cast.shape, -1)
    for place, name in enumerate(cast.columns):
        codes[:, place] = pd.Categorical(cast[name].astype("str"), categories=names).codes
    highest = codes.max(axis=1, initial=-1)
    lowest = np.where(codes < 0, len(names), codes).min(axis=1, initial=len(names))
    return pd.Series(np.where(highest < 0, highest, lowest), index=cast.index), pd.Series(highest, index=cast.index)


def _cards(
    project: Project, weighed: Weighed, ids: pd.Index, suggested: pd.Series, why: str, *, ordered: bool = False
) -> pd.DataFrame:
    """Cards as the review queue takes them, the most doubtful first."""
    known = decisions(project)
    ids = ids[~ids.isin(known.index[known["decision"] != Decision.SKIP])]
    ids = ids[aligned(project.dataset.split, ids).isin(["train", "pool"]).to_numpy()]
    given = aligned(weighed.labels, ids)
    chances = aligned(weighed.probabilities, ids)
    place = chances.columns.get_indexer(pd.Index(given.astype("str")))
    score = np.full(len(ids), np.nan)
    labelled = place >= 0
    score[labelled] = 1.0 - chances.to_numpy()[labelled, place[labelled]]
    # Without a label there is nothing to doubt: the score is how sure the rules are.
    score[~labelled] = chances.max(axis=1).to_numpy()[~labelled]
    cards = pd.DataFrame(
        {
            "given": given.astype("str"),
            "suggested": aligned(suggested, ids).astype("str"),
            "score": np.nan_to_num(score, nan=0.5),
            "flagged": True,
            "reasons": why + vote_reasons(aligned(weighed.votes, ids)),
        },
        index=ids,
    )
    return cards if ordered else cards.sort_values("score", ascending=False, kind="stable")


# --- the pool ----------------------------------------------------------------------------------------


def rule_bands(project: Project, weighed: Weighed) -> pd.DataFrame:
    """What the rules propose for the pool, by how sure they are, and how often they were right on what was reviewed.

    Reviewed is every example that came without a label and was decided on, one by one: the label given is compared with
    what the rules say now. One that was called ambiguous or excluded counts as not right. The figures are those of
    `core.annotate.audit_table`: of the random sample of a band once that has 20 answers, otherwise of all answers, with
    Wilson intervals that hold for all bands together.

    Returns
    -------
    DataFrame of shape (bands, 11)
        The surest first: ``above``, ``up_to`` (confidence), ``proposed`` (pool examples), ``classes`` (their counts in
        words), ``reviewed`` (all answers), ``used`` (those in the figure; 0 if there is none), ``random`` (whether they
        are of a random sample), ``right`` (of those used), ``share``, ``low``, ``high`` (missing without a figure).
    """
    answers, open_ = _asked(project, weighed), _open(project, weighed)
    sure = weighed.proposals["confidence"].loc[answers.index.union(open_.index, sort=False)]
    bands = _numbered(sure)
    is_open = pd.Series(is_among(sure.index, open_.index), index=sure.index)
    table = audit_table(bands, answers, is_open, sure, minimum=FEWEST_REVIEWED).reindex(range(1, len(_BANDS) + 1))
    counts = table[["open", "reviewed", "used"]].fillna(0).astype("int64")
    classes = [open_["suggested"][(bands[open_.index] == band).to_numpy()].value_counts() for band in table.index]
    found = pd.DataFrame(
        {
            "above": [above for above, _ in _BANDS],
            "up_to": [up_to for _, up_to in _BANDS],
            "proposed": counts["open"],
            "classes": [", ".join(f"{n:,} {name}" for name, n in held.items()) for held in classes],
            "reviewed": counts["reviewed"],
            "used": counts["used"],
            "random": table["random"].eq(True),
            "right": (table["right"].astype(float) * counts["used"]).fillna(0).round().astype("int64"),
            "share": table["right"].astype(float),
            "low": table["right_low"].astype(float),
            "high": table["right_high"].astype(float),
        }
    )
    return found.reset_index(drop=True)


def rule_band_cards(project: Project, weighed: Weighed, above: float, *, seed: int = 0) -> pd.DataFrame:
    """The pool examples of one band as cards of a review queue, in random order.

    Whoever stops early has reviewed a random sample of the band, and its figure holds for the rest.
    """
    proposed = _within(_open(project, weighed), _band(above))
    order = np.random.default_rng(seed).permutation(len(proposed))
    return _cards(project, weighed, proposed.index[order], proposed["suggested"], "", ordered=True)


def review_rule_band(
    project: Project, weighed: Weighed, above: float, *, source: str, turn: int, by: str = ""
) -> Queue:
    """Start a queue of one band, in random order: what is said in it speaks for the rest, until rules or pool change.

    Parameters
    ----------
    project : Project
    weighed : Weighed
    above : float
        The lower end of the band.
    source, turn, by
        As `start_queue` takes them.

    Raises
    ------
    ProjectError
        If there is no such band, or nothing in it is open.
    """
    cards = rule_band_cards(project, weighed, above)
    return begin_sample(project, cards, kind=_SAMPLES, of=_state(project), source=source, turn=turn, by=by)


def apply_rule_band(project: Project, weighed: Weighed, above: float, *, by: str = "") -> int:
    """Label the pool examples of one band as the rules propose: one edit, one undo.

    Returns
    -------
    int
        How many were labelled.

    Raises
    ------
    ProjectError
        If fewer than 20 of the band were reviewed, nothing is left in it, or the data has moved on.
    """
    if weighed.version != project.dataset.version:
        raise ProjectError("The data has changed since the rules were weighed. Nothing was written. Look again.")
    found = rule_bands(project, weighed)
    band = found[found["above"] == _band(above)[0]].iloc[0]
    if not band["used"]:
        raise ProjectError(
            f"A band may be labelled in bulk once {FEWEST_REVIEWED} of its examples were reviewed. "
            f"{band['reviewed']} were. Review some more."
        )
    proposed = _within(_open(project, weighed), _band(above))
    if proposed.empty:
        raise ProjectError("There is no example without a label left in this band. Choose another one.")
    how = " at random" if band["random"] else ", not at random,"
    project.apply(
        Relabel(
            dict(zip(proposed.index, proposed["suggested"], strict=True)),
            by=by,
            reason=f"rules, confidence {band['above']:.0%} to {band['up_to']:.0%}: {band['right']} of {band['used']} "
            f"reviewed{how} {wording.verb(band['right'], 'was', 'were')} right ({band['low']:.0%} to "
            f"{band['high']:.0%})",
        )
    )
    return len(proposed)


def _band(above: float) -> tuple[float, float]:
    for band in _BANDS:
        if band[0] == above:
            return band
    raise ProjectError(f"A band begins at one of {', '.join(f'{low:g}' for low, _ in _BANDS)}. Got {above} instead.")


def _numbered(confidence: pd.Series) -> pd.Series:
    """The band of each proposal: 1 for the surest."""
    # Each band holds its lower end; the surest one its upper end as well.
    below = np.array([above for above, _ in _BANDS])
    return pd.Series((confidence.to_numpy()[:, None] < below).sum(axis=1) + 1, index=confidence.index, dtype="int64")


def _within(proposals: pd.DataFrame, band: tuple[float, float]) -> pd.DataFrame:
    inside: pd.DataFrame = proposals[_numbered(proposals["confidence"]).to_numpy() == _BANDS.index(band) + 1]
    return inside


def _state(project: Project) -> str:
    """What the bands rest on: other rules, or more examples, make other bands."""
    made = (entry.seq for entry in log.active(project.log) if entry.kind in {"rules", "collect"})
    return f"entry {max(made, default=0)}"


def _open(project: Project, weighed: Weighed) -> pd.DataFrame:
    """The proposals for the pool; who was called ambiguous is left alone."""
    known = decisions(project)
    aside = known.index[known["decision"] != Decision.SKIP]
    pool = project.dataset.ids("pool")
    pool = pool[~is_among(pool, aside)]
    return weighed.proposals[is_among(weighed.proposals.index, pool)]


def _asked(project: Project, weighed: Weighed) -> pd.DataFrame:
    """What was said, one by one, of examples that came without a label: ``wrong`` never, ``right``, ``random``."""
    said = judgements(project, bulk=False)
    said = said[(said["decision"] != Decision.SKIP).to_numpy()]
    # Few were asked about: they are sought among all, not all among them.
    came, proposals = (
        each[each.index.isin(list(said.index))] for each in (weighed.came, weighed.proposals["suggested"])
    )
    said = said[said.index.isin(came.index[came.isna()]) & said.index.isin(proposals.index)]
    proposed = aligned(proposals, said.index)
    drawn = in_samples(project, said, kind=_SAMPLES, of=_state(project))
    # There was no label that could be wrong.
    return pd.DataFrame({"wrong": False, "right": said["after"].eq(proposed), "random": drawn}, index=said.index)


def _brought(project: Project) -> Dataset:
    """The data as it came, with what was collected later."""
    collected = [log.to_edit(project.store, entry) for entry in log.active(project.log) if entry.kind == "collect"]
    start = project.dataset_at(0)
    return replay(start, collected) if collected else start


def _excluded_from_pool(project: Project, came: Dataset) -> pd.DataFrame:
    """The rows of pool examples that a reviewer excluded: what the rules said of them was not right."""
    known = decisions(project)
    gone = known.index[known["decision"] == Decision.EXCLUDE]
    gone = gone[is_among(gone, came.frame.index) & ~is_among(gone, project.dataset.frame.index)]
    rows = looked_up(came.frame, gone.sort_values())
    return rows[rows[came.schema.label].isna().to_numpy()]
