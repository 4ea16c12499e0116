"""Random histories of a blind review by two, with growth, undo and a second process, against a book kept by hand."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from effort import effort
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.dataset import Dataset
from core.flywheel import Project, ProjectError, answer, arrive, blind_queue, draw, log, reviewed, sample
from core.statistics import finite_interval

REVIEWERS = ("ann", "bob")
WHO = st.sampled_from(REVIEWERS)
TEST = [f"r{number}" for number in range(14)]
WITHOUT_CLASS = ("ambiguous", "exclude", "skip")


class BlindReview(RuleBasedStateMachine):
    """One project, opened twice as two processes would: Ann works in one, Bob in the other."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        frame = pd.DataFrame({"key": [f"r{n}" for n in range(24)], "x": range(24), "label": ["no", "yes", "maybe"] * 8})
        dataset = Dataset.from_frame(frame, label="label", id="key", test=TEST)
        Project.create(self.folder / "p", dataset).close()
        self.projects = {by: Project.open(self.folder / "p") for by in REVIEWERS}
        self.given = dataset.labels
        # What is in force, oldest first: who, which example, what was said.
        self.book: list[tuple[str, str, str]] = []
        self.drawn = 5
        draw(self.projects["ann"], 5)
        self.order = list(sample(self.projects["bob"]).ids)

    def teardown(self):
        if hasattr(self, "folder"):
            for project in self.projects.values():
                project.close()
            shutil.rmtree(self.folder)

    @rule(by=WHO, said=st.sampled_from(["no", "yes", "maybe", *WITHOUT_CLASS]))
    def settle(self, by, said):
        project = self.projects[by]
        queue = arrive(project, blind_queue(project, by))
        if queue.place == len(queue.cards):
            return
        example = str(queue.cards.index[queue.place])
        assert example in self.order
        assert not [said for _, known, said in self.book if known == example and said != "skip"]
        if said in WITHOUT_CLASS:
            answer(project, queue, queue.place, decision=said, by=by)
        else:
            answer(project, queue, queue.place, said, by=by)
        self.book.append((by, example, said))

    @rule(by=WHO)
    def undo(self, by):
        own = [place for place, (who, _, _) in enumerate(self.book) if who == by]
        if not own:
            with pytest.raises(ProjectError, match="nothing to undo"):
                self.projects[by].undo(by)
            return
        self.projects[by].undo(by)
        self.book.pop(own[-1])

    @rule(by=WHO, more=st.integers(1, 4))
    def grow(self, by, more):
        self.drawn = min(len(TEST), self.drawn + more)
        order = list(draw(self.projects[by], self.drawn, by=by).ids)
        assert order[: len(self.order)] == self.order
        self.order = order

    @invariant()
    def what_is_in_force_is_what_was_said(self):
        if not hasattr(self, "folder"):
            return
        told = {example: said for _, example, said in self.book if said != "skip"}
        excluded = {example for example, said in told.items() if said == "exclude"}
        wrong = [example for example, said in told.items() if said not in ("ambiguous", self.given[example])]
        for project in self.projects.values():
            labels = project.dataset.labels_of("test")
            assert set(labels.index) == set(TEST) - excluded
            for example, label in labels.items():
                said = told.get(example)
                assert label == (self.given[example] if said in (None, "ambiguous") else said)
            noise = reviewed(project).noise
            assert (noise.size, noise.reviewed, noise.wrong) == (len(TEST), len(told), len(wrong))
            assert (noise.low, noise.high) == finite_interval(len(wrong), len(told), len(TEST))
            assert len(log.active(project.log)) == len(self.book)
            assert project.dataset.labels_of("train").equals(self.given[project.dataset.ids("train")])


TestBlindReview = BlindReview.TestCase
TestBlindReview.settings = settings(
    max_examples=effort(6, 40), stateful_step_count=20, suppress_health_check=list(HealthCheck)
)
