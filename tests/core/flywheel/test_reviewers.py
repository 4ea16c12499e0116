"""Two reviewers on one queue, in random histories with undo: no decision is lost, nobody is handed another's card."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import (
    Exclude,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    arrive,
    current_queue,
    decide,
    decisions,
    log,
    members,
    move,
    next_place,
    others,
    start_queue,
)

REVIEWERS = ("ann", "bob")
WHO = st.sampled_from(REVIEWERS)
DECISIONS = st.sampled_from(["keep", "suggested", "other", "ambiguous", "exclude", "skip"])


def small_frame() -> pd.DataFrame:
    """28 rows, some of which are equal and labelled differently."""
    rng = np.random.default_rng(5)
    x = [*range(12), 1, 1, 2, 5, 5, 7, 8, 8, *range(20, 28)]
    label = rng.choice(["no", "yes"], len(x))
    label[[1, 2, 5, 8]], label[[12, 14, 15, 18]] = "no", "yes"
    return pd.DataFrame({"key": [f"r{n}" for n in range(len(x))], "x": x, "label": label})


class Reviewers(RuleBasedStateMachine):
    """One project and one queue of all labels, walked by two."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        dataset = Dataset.from_frame(small_frame(), label="label", id="key", test=["r20", "r21", "r22"])
        self.project = Project.create(self.folder / "p", dataset)
        given = dataset.labels_of("train")
        cards = pd.DataFrame({"given": given, "suggested": given.map({"yes": "no", "no": "yes"})})
        start_queue(self.project, cards.assign(score=0.5, flagged=True, reasons=""), source="all", turn=0, by="ann")

    def teardown(self):
        if hasattr(self, "folder"):
            version, said = self.project.dataset.version, decisions(self.project)
            self.project.close()
            again = Project.open(self.folder / "p")
            assert again.dataset.version == version
            pd.testing.assert_frame_equal(decisions(again).sort_index(), said.sort_index())
            again.close()
            shutil.rmtree(self.folder)

    def _card(self, by):
        """What the page does when it is drawn."""
        return arrive(self.project, current_queue(self.project, by))

    @rule(by=WHO, decision=DECISIONS)
    def settle(self, by, decision):
        queue = self._card(by)
        if queue.place == len(queue.cards):
            return
        covered = members(self.project, queue, queue.place)
        before = self.project.dataset.labels
        try:
            decide(self.project, queue, queue.place, decision, "maybe", by=by, revision=self.project.revision)
        except FlywheelError:
            # The last example of train can't be excluded.
            assert decision == "exclude"
            return
        entry = self.project.log[-1]
        assert set(entry.content["decisions"]) == set(covered)
        if decision in ("keep", "suggested", "other"):
            wanted = {
                "keep": before[covered[0]],
                "suggested": queue.cards["suggested"].iloc[queue.place],
                "other": "maybe",
            }
            assert set(self.project.dataset.labels[covered]) == {wanted[decision]}
            for example, (kind, label) in entry.content["decisions"].items():
                assert (kind == "keep") == (before[example] == wanted[decision]) or len(covered) == 1
                assert (label is None) == (kind == "keep")
        elif decision == "exclude":
            assert self.project.dataset.frame.index.intersection(covered).empty
        else:
            assert self.project.dataset.labels.equals(before)
        assert self._card(by).place > queue.place

    @rule(by=WHO, decision=DECISIONS)
    def settle_too_late(self, by, decision):
        """The other one settles the card that this one looks at, by asking for it; then this one's press is refused."""
        queue, seen = self._card(by), self.project.revision
        other = next(each for each in REVIEWERS if each != by)
        theirs = self._card(other)
        if queue.place == len(queue.cards):
            return
        move(self.project, theirs, queue.place)
        decide(self.project, self._card(other), queue.place, "keep", by=other)
        with pytest.raises(StaleError, match=f"{other} "):
            decide(self.project, queue, queue.place, decision, "maybe", by=by, revision=seen)

    @rule(by=WHO)
    def back(self, by):
        queue = self._card(by)
        move(self.project, queue, next_place(self.project, queue, step=-1))

    @rule(by=WHO, place=st.integers(0, 27))
    def open(self, by, place):
        move(self.project, self._card(by), place)

    @rule(by=WHO, place=st.integers(0, 60), label=st.sampled_from(["yes", "no", None]))
    def elsewhere(self, by, place, label):
        """Somebody excludes or relabels on another page."""
        ids = self.project.dataset.ids("train")
        example = str(ids[place % len(ids)])
        try:
            self.project.apply(Relabel({example: label}, by=by) if label else Exclude([example], by=by))
        except FlywheelError:
            assert label is None

    @rule(by=WHO)
    def undo(self, by):
        try:
            entry = self.project.undo(by)
        except ProjectError:
            assert self.project.undoable(by) is None
            return
        target = next(each for each in self.project.log if each.seq == entry.target)
        assert target.by == by
        if target.kind == "decide":
            queue = current_queue(self.project, by)
            place = target.content["queue"][1]
            example = queue.cards.index[place]
            if self.project.dataset.split.get(example) == "train":
                assert queue.place == place

    @rule(by=WHO)
    def redo(self, by):
        if self.project.redoable(by) is not None:
            try:
                self.project.redo(by)
            except FlywheelError:
                return

    @invariant()
    def what_was_said_is_what_the_log_says(self):
        if not hasattr(self, "project"):
            return
        last, from_queue = {}, {}
        for entry in log.active(self.project.log):
            if entry.kind == "decide":
                for example, (decision, label) in entry.content["decisions"].items():
                    last[example] = (decision, label, entry.by, entry.at)
                    if decision != "skip":
                        from_queue[example] = entry.by
        found = decisions(self.project)
        assert {
            example: (said.decision, None if pd.isna(said.label) else said.label, said.by, said.at)
            for example, said in zip(found.index, found.itertuples(index=False), strict=True)
        } == last
        for by in REVIEWERS:
            theirs = [name for name in from_queue.values() if name != by]
            assert others(self.project, current_queue(self.project, by)) == (
                {name: theirs.count(name) for name in set(theirs)}
            )

    @invariant()
    def everybody_has_a_card_of_their_own_that_is_open(self):
        if not hasattr(self, "project"):
            return
        at_hand = {by: self._card(by) for by in REVIEWERS}
        at_hand = {by: queue for by, queue in at_hand.items() if queue.place < len(queue.cards)}
        active = log.active(self.project.log)
        for by, queue in at_hand.items():
            example = queue.cards.index[queue.place]
            assert self.project.dataset.split[example] == "train"
            if queue.asked:
                continue
            # Nobody else has settled it, nor did they themselves elsewhere.
            said = [
                (entry.by, entry.content["queue"][1])
                for entry in active
                if entry.kind == "decide"
                and example in entry.content["decisions"]
                and (entry.content["decisions"][example][0] != "skip" or entry.by == by)
            ]
            assert not said or said[-1] == (by, queue.place)
            for other, theirs in at_hand.items():
                if other != by and not theirs.asked:
                    assert queue.place != theirs.place


Reviewers.TestCase.settings = settings(
    max_examples=effort(6, 40), stateful_step_count=14, suppress_health_check=list(HealthCheck)
)
TestReviewers = Reviewers.TestCase
