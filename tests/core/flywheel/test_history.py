"""Random histories by two authors: the state is the replay of the log, now, step by step, and after reopening."""

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

from core.annotate import Rule
from core.annotate.conditions import Missing
from core.collect.checks import InRange
from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import (
    Annotations,
    Collect,
    Correct,
    Decide,
    Dismiss,
    DropColumn,
    Exclude,
    Generate,
    Project,
    ProjectError,
    Relabel,
    SetChecks,
    SetRules,
    StaleError,
    answer,
    blind_queue,
    decisions,
    draw,
    log,
)
from core.flywheel.edits import replay
from core.flywheel.findings import dismissals

AUTHORS = st.sampled_from(["ann", "bob"])
PLACES = st.integers(0, 200)
BESIDE_THE_DATA = Annotations | SetRules | SetChecks | Dismiss
LABELS = st.sampled_from(["no", "yes", "maybe"])
CELLS = st.sampled_from(
    [("x", 1), ("x", 2.5), ("x", None), ("n", 3), ("n", 0.5), ("colour", "red"), ("colour", 5), ("colour", None)]
)


def small_frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    label = pd.Series(rng.choice(["no", "yes"], 24), dtype="str")
    label[[3, 11]] = None
    return pd.DataFrame(
        {
            "key": [f"r{number}" for number in range(24)],
            "x": rng.normal(size=24),
            "n": rng.integers(0, 4, 24),
            "colour": rng.choice(["red", "green"], 24),
            "label": label,
        }
    )


class History(RuleBasedStateMachine):
    """One project, and beside it a plain list of the edits in force."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.start = Dataset.from_frame(small_frame(), label="label", id="key")
        self.project = Project.create(self.folder / "p", self.start)
        self.edits = {}  # number of the entry -> edit
        self.force = set()
        self.made = 0
        # What each way back took and brought, and what was in force after each entry.
        self.ways = {}
        self.gone = set()
        self.states = {0: set()}
        self.steps = {(): self.start}

    def teardown(self):
        if hasattr(self, "folder"):
            self.project.close()
            shutil.rmtree(self.folder)

    # what is drawn is a number: which example it stands for depends on the state

    def _pick(self, places, *parts):
        split = self.project.dataset.split
        ids = split.index[split.isin(parts).to_numpy()]
        return [str(ids[place % len(ids)]) for place in places]

    def _apply(self, edit):
        before = self.project.dataset
        try:
            expected = edit.apply(before).version
        except FlywheelError:
            expected = None
        try:
            entry = self.project.apply(edit)
        except FlywheelError:
            assert expected is None
            assert self.project.dataset is before
            return
        assert self.project.dataset.version == expected
        self.edits[entry.seq] = edit
        self.force.add(entry.seq)

    def _step_by_step(self, seqs):
        if seqs not in self.steps:
            self.steps[seqs] = replay(self._step_by_step(seqs[:-1]), [self.edits[seqs[-1]]])
        return self.steps[seqs]

    @rule(places=st.lists(PLACES, min_size=1, max_size=3), label=LABELS, by=AUTHORS)
    def relabel(self, places, label, by):
        self._apply(Relabel(dict.fromkeys(self._pick(places, "train", "pool", "test"), label), by=by))

    @rule(places=st.lists(PLACES, min_size=1, max_size=4), by=AUTHORS)
    def exclude(self, places, by):
        self._apply(Exclude(self._pick(places, "train", "pool", "test"), by=by))

    @rule(place=PLACES, cell=CELLS, by=AUTHORS)
    def correct(self, place, cell, by):
        (example,) = self._pick([place], "train", "pool")
        self._apply(Correct({(example, cell[0]): cell[1]}, by=by))

    @rule(column=st.sampled_from(["x", "n", "colour"]), by=AUTHORS)
    def drop(self, column, by):
        self._apply(DropColumn(column, by=by))

    @rule(by=AUTHORS, size=st.integers(1, 2), again=st.booleans())
    def collect(self, by, size, again):
        """New rows, or some that were collected before."""
        first = max(0, self.made - size) if again else self.made
        self.made = max(self.made, first + size)
        rows = small_frame().iloc[:size].assign(key=[f"n{number}" for number in range(first, first + size)])
        self._apply(Collect(rows, by=by))

    @rule(places=st.lists(PLACES, min_size=1, max_size=2), label=LABELS, by=AUTHORS)
    def generate(self, places, label, by):
        parents = self._pick(places, "train")
        rows = self.project.dataset.frame.loc[parents, ["x", "n", "colour"]]
        rows.index = pd.Index([f"g{self.project.revision}-{number}" for number in range(len(rows))], dtype="str")
        self._apply(Generate(rows.assign(label=label, parent=parents, other_parent=parents[-1]), by=by))

    @rule(places=st.lists(PLACES, min_size=1, max_size=3), label=LABELS, by=AUTHORS)
    def annotate(self, places, label, by):
        ids = dict.fromkeys(self._pick(places, "train", "pool", "test"))
        self._apply(Annotations(pd.DataFrame({f"rater {by}": label}, index=list(ids)), by=by))

    @rule(place=PLACES, decision=st.sampled_from(["keep", "other", "exclude", "skip"]), label=LABELS, by=AUTHORS)
    def decide(self, place, decision, label, by):
        (example,) = self._pick([place], "train", "pool")
        self._apply(Decide({example: (decision, label if decision == "other" else None)}, by=by))

    @rule(names=st.lists(st.sampled_from("abc"), max_size=3), label=LABELS, by=AUTHORS)
    def set_rules(self, names, label, by):
        self._apply(SetRules([Rule(name, label, Missing("x")) for name in names], by=by))

    @rule(ends=st.lists(st.integers(0, 9), max_size=2), by=AUTHORS)
    def set_checks(self, ends, by):
        self._apply(SetChecks([InRange("n", low=end) for end in ends], by=by))

    @rule(name=st.sampled_from("ab"), back=st.booleans(), by=AUTHORS)
    def dismiss(self, name, back, by):
        self._apply(Dismiss(name, title=name, size=1, back=back, by=by))

    @rule(by=st.sampled_from(["ann", "bob", None]))
    def undo(self, by):
        try:
            entry = self.project.undo(by)
        except ProjectError:
            assert not [seq for seq in self.force if by in (None, self.edits[seq].by)]
            return
        except FlywheelError:
            return
        self._turned(entry.target, back=True)

    @rule(by=st.sampled_from(["ann", "bob", None]))
    def redo(self, by):
        try:
            entry = self.project.redo(by)
        except FlywheelError:
            return
        self._turned(entry.target, back=False)

    def _turned(self, act, *, back):
        """An edit was taken back or brought back, or a way back was: then what it moved moves the other way."""
        if act not in self.ways:
            (self.force.remove if back else self.force.add)(act)
            self.ways |= {seq: tuple(moved - {act} for moved in self.ways[seq]) for seq in self.gone}
            return
        (self.gone.discard if back else self.gone.add)(act)
        left, came = self.ways[act]
        self.ways[act] = came & self.force, left - self.force
        self.force = self.force - came | left

    @rule(place=PLACES, by=AUTHORS)
    def go_back(self, place, by):
        to = place % (self.project.revision + 1)
        before, then = set(self.force), self.states[to]
        stay = {seq for seq in before ^ then if isinstance(self.edits[seq], BESIDE_THE_DATA)}
        goal = then - stay | before & stay
        try:
            entry = self.project.go_back(to, by=by)
        except ProjectError:
            assert goal == before
            return
        self.force = set(goal)
        self.ways[entry.seq] = before - goal, goal - before
        self.gone.add(entry.seq)
        if not {seq for seq in before if isinstance(self.edits[seq], BESIDE_THE_DATA)} - then:
            assert self.project.dataset.version == self.project.dataset_at(to).version

    @rule(by=AUTHORS)
    def there_and_back(self, by):
        """Undo and redo are inverse."""
        if self.project.undoable(by) is None:
            return
        before = self.project.dataset.version
        try:
            entry = self.project.undo(by)
        except FlywheelError:
            return
        self._turned(entry.target, back=True)
        # One can go back to what is between them, too.
        self.states[self.project.revision] = set(self.force)
        self._turned(self.project.redo(by).target, back=False)
        assert self.project.dataset.version == before

    @rule()
    def reopen(self):
        version = self.project.dataset.version
        self.project.close()
        self.project = Project.open(self.folder / "p")
        assert self.project.dataset.version == version

    @invariant()
    def the_state_is_the_replay_of_the_log(self):
        if not hasattr(self, "project"):
            return
        dataset = self.project.dataset
        self.states[self.project.revision] = set(self.force)
        step_by_step = self._step_by_step(tuple(sorted(self.force)))

        assert dataset.version == step_by_step.version
        rules = [self.edits[seq].rules for seq in sorted(self.force) if isinstance(self.edits[seq], SetRules)]
        assert self.project.rules == (tuple(rules[-1]) if rules else ())
        checks = [self.edits[seq].checks for seq in sorted(self.force) if isinstance(self.edits[seq], SetChecks)]
        assert self.project.checks == (tuple(checks[-1]) if checks else ())
        said = {}
        for edit in [self.edits[seq] for seq in sorted(self.force)]:
            if isinstance(edit, Dismiss):
                said[edit.finding] = not edit.back
        assert set(dismissals(log.active(self.project.log))) == {name for name, away in said.items() if away}
        assert dataset.split.equals(step_by_step.split)
        assert dict(dataset.excluded) == dict(step_by_step.excluded)
        assert set(self.start.ids("test")) >= set(dataset.ids("test"))
        assert dataset.parents["parent"].isin(dataset.split.index.append(dataset.excluded.index)).all()
        folds = self.start.folds()
        shared = folds.index.intersection(dataset.ids("train"))
        assert dataset.folds().loc[shared].equals(folds.loc[shared])


History.TestCase.settings = settings(
    max_examples=effort(6, 40), stateful_step_count=14, suppress_health_check=list(HealthCheck)
)
TestHistory = History.TestCase


# going back


def test_going_back_is_an_entry_that_undo_takes_back(project, train):
    project.apply(Relabel({train[0]: "maybe"}, by="ann"))
    then = project.dataset.version
    project.apply(Exclude(train[1:3], by="bob"))
    project.undo("ann")
    before = project.dataset.version

    entry = project.go_back(1, by="ann", reason="bob was too quick")

    assert (entry.kind, entry.target, entry.by, entry.reason) == (log.BACK, 1, "ann", "bob was too quick")
    assert entry.summary == "went back to the data after entry 1"
    assert project.dataset.version == then
    assert project.undoable("bob") is None
    again = Project.open(project.folder)
    assert again.dataset.version == then
    assert again.undo("ann").summary == f"undo: {entry.summary}"
    assert project.dataset.version == before
    project.redo("ann")
    assert project.dataset.version == then
    assert project.go_back(0).summary == "went back to the data as it was brought"


@pytest.mark.parametrize("revision", [-1, 3])
def test_there_is_no_way_back_to_what_never_was(project, train, revision):
    project.apply(Exclude(train[:1]))
    project.apply(Exclude(train[1:2]))

    with pytest.raises(ProjectError, match=rf"0 \(the data as it was brought\) to 2\. Got {revision} instead"):
        project.go_back(revision)
    with pytest.raises(ProjectError, match=r"It is the data after entry 2 already\. There is nothing to go back to"):
        project.go_back(2)

    assert project.revision == 2


def test_what_is_no_part_of_the_data_stays_on_the_way_back(project, train):
    project.apply(Exclude(train[:1]))
    draw(project, 4, by="ann")
    queue = blind_queue(project, "ann")
    other = {"yes": "no", "no": "yes"}[project.dataset.labels[queue.cards.index[0]]]
    answer(project, queue, 0, other, by="ann")
    project.apply(SetRules([Rule("a", "yes", Missing("x"))]))
    project.apply(Relabel({train[5]: "maybe"}))

    project.go_back(0)

    assert project.dataset.labels[queue.cards.index[0]] == other
    assert len(project.rules) == 1
    assert len(project.dataset.excluded) == 0
    assert "maybe" not in project.dataset.classes


def test_decisions_leave_and_come_with_the_way_back(project, train):
    project.apply(Decide({train[0]: ("keep", None), train[1]: ("other", "no")}, by="ann"))
    revision = project.revision
    project.go_back(0, by="bob")

    assert len(decisions(project)) == 0
    with pytest.raises(StaleError, match="bob took back: decided on 2 examples"):
        project.apply(Decide({train[0]: ("keep", None), train[1]: ("keep", None)}, by="ann"), revision=revision)
    project.undo("bob")
    assert list(decisions(project).index) == train[:2]


def test_a_turn_after_going_back_says_what_the_turn_then_said(project, train):
    first = project.turn()
    project.apply(Relabel(dict.fromkeys(train[:20], "maybe")))
    project.turn()
    entry = project.go_back(first.revision)
    again = project.turn()

    assert entry.summary == "went back to the data of turn 0"
    assert again.version == first.version
    assert again.test_probabilities.equals(first.test_probabilities)
    assert again.changes == ("1 earlier edit taken back",)
