"""Five test examples labelled blind by keyboard alone; every turn scored again, both figures to be seen, and undone."""

from __future__ import annotations

import time

import pytest
from access import broken_in_both_themes
from driving import PACE, App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project, log, reviewed, sample

pytestmark = pytest.mark.browser


def tabbed_to(page, words: str, *, most: int = 60) -> None:
    """Press Tab until a button or a tab with these words has the focus."""
    focused = "document.activeElement.matches('button, [role=tab]') ? document.activeElement.innerText : ''"
    for _ in range(most):
        if words in page.evaluate(focused):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {words!r}.")


def shown(app: App, place: int) -> None:
    """Wait until the card at one place is there and nothing of the page is under way any more."""
    expect(app.keyed(f"skip-blind-{place}")).to_be_visible(timeout=60_000)
    app.drawn()


def score(turn) -> str:
    return f"{turn.evaluation.metrics['macro_f1'][0]:.3f}"


def undo(app: App, project: Project, left: int) -> None:
    """Take back by its key, and once more if the press was lost in a redraw, until so many entries are in force."""
    for _ in range(2):
        app.press("Control+z")
        end = time.monotonic() + 10
        while len(log.active(project.log)) > left and time.monotonic() < end:
            time.sleep(PACE)
        if len(log.active(project.log)) <= left:
            break
    app.drawn()


def test_five_test_labels_are_reviewed_blind_by_keyboard_and_every_turn_is_scored_again(page, server):
    make_project(server.workspace, name="blind", turns=2)
    app = App(page, server)
    app.goto("annotate", project="blind")
    page.get_by_role("tab", name="Review").wait_for()
    tabbed_to(page, "Review")
    app.turn_to("Test labels", page.get_by_text("Are the test labels right?"))
    page.get_by_label("Test examples to review").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("5", delay=50)
    page.keyboard.press("Enter")
    app.see("Draw 5 test examples at random")
    app.drawn()
    problems = {"before": broken_in_both_themes(page)}
    tabbed_to(page, "Draw 5 test examples")
    page.keyboard.press("Enter")
    shown(app, 0)

    on_disk = Project.open(server.workspace / "blind")
    before = [score(turn) for turn in on_disk.turns]
    drawn, labels, classes = sample(on_disk).ids, on_disk.dataset.labels, on_disk.dataset.classes
    assert len(drawn) == 5
    for place, example in enumerate(drawn):
        shown(app, place)
        body = page.get_by_test_id("stMain").inner_text()
        assert "suggested" not in body
        assert "%" not in body
        # The score moves with the answers: it would tell what the model says.
        assert not page.get_by_test_id("stMetric").count()
        # The last but one differs.
        named = labels[example] if place != 3 else next(name for name in classes if name != labels[example])
        page.keyboard.press(str(1 + classes.index(named)))
        time.sleep(PACE)
    app.see("The sample is through")
    app.drawn()
    expect(page.get_by_test_id("stMetric").filter(has_text="Wrong test labels")).to_contain_text("20.0%")
    # The card itself is seen by test_access.
    problems["after"] = broken_in_both_themes(page)

    assert [next(iter(entry.content["decisions"].values()))[0] for entry in on_disk.log[-5:]].count("other") == 1
    after = [score(turn) for turn in on_disk.turns]
    assert all(turn.rescored for turn in on_disk.turns)
    assert (reviewed(on_disk).noise.wrong, reviewed(on_disk).noise.reviewed) == (1, 5)
    app.visit("Evaluate")
    app.see(f"When it ran: {before[1]}")
    expect(page.get_by_test_id("stMain").get_by_test_id("stMetric").first).to_contain_text(after[1])
    app.visit("Ledger")
    app.see("every turn is scored again on the test set as it is now")
    expect(page.get_by_test_id("stSidebar").get_by_test_id("stMetric")).to_contain_text(after[1])

    # Undo takes back one answer after the other, wherever one is.
    for left in (5, 4):
        undo(app, on_disk, left)
    assert len(log.active(on_disk.log)) == 4
    assert [score(turn) for turn in on_disk.turns] == before
    assert not any(turn.rescored for turn in on_disk.turns)
    expect(page.get_by_test_id("stSidebar").get_by_test_id("stMetric")).to_contain_text(before[1])
    assert not app.trace
    on_disk.close()
    assert not any(problems.values()), problems
