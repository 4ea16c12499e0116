"""Cards settled by keyboard alone, and the log on disk checked entry by entry; the focus after a decision."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driving import App
from effort import effort
from playwright.sync_api import expect

from core.dataset import Dataset
from core.flywheel import Project, current_queue, log, start_queue

pytestmark = pytest.mark.browser

CLASSES = ("basic", "family", "plus", "student", "team")
# What a reviewer presses, card after card; "undo" takes the last decision back, "b" goes back without taking it back.
# The first round has each key and each way on and back; the others are for the thorough run.
ROUNDS = (
    "1 2 3 x undo 4 a b 1 5 x b 2 undo undo s x",
    "1 2 1 2 3 4 5 a x s",
    "undo 2 1 x undo undo 1 3 b 1 2",
    "5 4 a x s 1 2 2 1 1",
    "b a b b x 2 s 3 a 1",
    "2 1 1 2 5 x s a 1 2 1",
)
SCRIPT = [key for presses in ROUNDS[: effort(1, len(ROUNDS))] for key in presses.split()]


def make_plans(workspace: Path, name: str) -> Project:
    """A project of five classes with an eighth of the labels wrong, after turn 0, with a queue of every label."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, len(CLASSES), 300)
    given = np.where(rng.random(300) < 0.12, rng.integers(0, len(CLASSES), 300), truth)
    frame = pd.DataFrame(
        {
            "use": (10 * truth + rng.normal(0, 4, 300)).round(1),
            "calls": (truth % 2 * 6 + rng.normal(0, 2, 300)).round(1),
            "label": np.array(CLASSES)[given],
        }
    )
    project = Project.create(
        workspace / name, Dataset.from_frame(frame, label="label"), recipe="logistic_regression", name=name
    )
    project.turn()
    start_queue(project, project.turns[0].suspects, source="every label", turn=0)
    return project


class Expected:
    """What the log must hold: a reviewer's book kept by hand, beside the app.

    It knows of each card its labels and the other classes in the order of their probability, nothing else.
    """

    def __init__(self, project: Project) -> None:
        self.cards = current_queue(project).cards
        self.chances = project.turns[0].out_of_fold
        self.labels = project.dataset.labels.to_dict()
        self.place = 0
        self.excluded: set[str] = set()
        self.done: list[tuple] = []
        self.book: list[tuple] = []

    def press(self, key: str) -> None:
        if key == "undo":
            place, example, before, was_excluded = self.done.pop()
            self.book.append(("undo", example, None, None))
            self.place, self.labels[example] = place, before
            self.excluded -= set() if was_excluded else {example}
        elif key == "b":
            self.place = max(place for place in range(self.place) if self.cards.index[place] not in self.excluded)
        else:
            self._decide(key)

    def _decide(self, key: str) -> None:
        suspect = self.cards.iloc[self.place]
        example, given, suggested = str(suspect.name), suspect["given"], suspect["suggested"]
        before = self.labels[example]
        others = self.chances.loc[example].drop([given, suggested]).sort_values(ascending=False, kind="stable").index
        kind, label = {
            # Who comes back to a card that was relabelled gives the first label again.
            "1": ("keep", None) if before == given else ("other", given),
            "2": ("suggested", suggested),
            "a": ("ambiguous", None),
            "x": ("exclude", None),
            "s": ("skip", None),
        }.get(key) or ("other", others[int(key) - 3])
        self.book.append(("decide", example, kind, label))
        self.done.append((self.place, example, before, example in self.excluded))
        self.labels[example] = label or before
        if kind == "exclude":
            self.excluded.add(example)
        self.place += 1
        while self.cards.index[self.place] in self.excluded:
            self.place += 1


def shown(app: App, place: int, *, after: str = "") -> None:
    """Wait until the card at one place is there and nothing of the page is under way any more."""
    expect(app.keyed(f"skip-1-{place}"), after).to_be_visible(timeout=60_000)
    app.drawn()


def test_cards_are_settled_by_keyboard_alone_and_the_log_has_each_of_them(page, server):
    project = make_plans(server.workspace, "plans")
    expected = Expected(project)
    app = App(page, server)
    app.goto("annotate", project="plans")
    page.get_by_role("group", name="Nearest examples").wait_for(timeout=60_000)
    for key in SCRIPT:
        shown(app, expected.place, after=f"before {key}")
        page.keyboard.press("Control+z" if key == "undo" else key)
        expected.press(key)
    shown(app, expected.place)

    entries = Project.open(server.workspace / "plans").log
    assert [_written(entry, entries) for entry in entries] == expected.book
    assert len(log.active(entries)) == len(expected.done) >= effort(9, 40)
    on_disk = Project.open(server.workspace / "plans")
    there = on_disk.dataset.ids("train")
    assert set(expected.cards.index) - set(there) == expected.excluded
    assert on_disk.dataset.labels[there].to_dict() == {example: expected.labels[example] for example in there}
    assert current_queue(on_disk).place == expected.place
    kinds = {kind for _, _, kind, _ in expected.book}
    assert kinds == {None, "keep", "suggested", "other", "ambiguous", "exclude", "skip"}
    assert not app.trace


def _written(entry, entries) -> tuple:
    """An entry as the book has it."""
    if entry.kind == "undo":
        (target,) = [other for other in entries if other.seq == entry.target]
        return "undo", *target.content["decisions"], None, None
    ((example, (kind, label)),) = entry.content["decisions"].items()
    return entry.kind, example, kind, label


def test_tab_and_enter_settle_a_card_and_leave_the_reviewer_among_its_buttons(page, server):
    make_plans(server.workspace, "tabbed").close()
    app = App(page, server)
    app.goto("annotate", project="tabbed")
    page.get_by_role("group", name="Nearest examples").wait_for(timeout=60_000)
    shown(app, 0)
    app.reach(re.compile("^(Keep|Take) "))
    page.keyboard.press("Enter")
    shown(app, 1)
    # From one card to the next the way to its buttons is short.
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('[class*=\"-1-1\"]') !== null"):
            break
    else:
        raise AssertionError("After a decision Tab starts far away from the next card's decisions.")
    app.reach(re.compile("^(Keep|Take) "))
    page.keyboard.press("Enter")
    shown(app, 2)
    # Keys go on working wherever the focus was.
    page.keyboard.press("s")
    shown(app, 3)
    assert len(Project.open(server.workspace / "tabbed").log) == 3
    assert not app.trace
