"""A server that dies between two decisions, at any moment, loses none that was shown as saved."""

from __future__ import annotations

import random
import re
import time

import pytest
from driving import PACE, App
from effort import effort
from playwright.sync_api import expect
from small import make_project
from starter import ForkedServer, Starter

from core.flywheel import Project, current_queue, decisions

pytestmark = pytest.mark.browser

KILLS = effort(3, 100)
CUT_OFF = '[data-testid="stApp"]:not([data-test-connection-state="CONNECTED"])'
DECISIONS = {"1": "keep", "2": "suggested"}


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    starter = Starter("core.flywheel", "core.report")
    yield ForkedServer(starter, tmp_path_factory.mktemp("killed"))
    starter.close()


@pytest.fixture
def quick_server(forked):
    yield forked
    forked.kill()


def card(app: App) -> int:
    """The number of the card that is shown."""
    said = app.see(re.compile(r"Card [\d,]+ of"), seconds=60).inner_text()
    return int(re.search(r"Card ([\d,]+) of", said).group(1).replace(",", ""))


def press(app: App, number: int, key: str) -> None:
    """Press a key as soon as a person can: the card and its buttons are there, and have been for a moment."""
    expect(app.keyed(f"keep-1-{number - 1}")).to_be_visible(timeout=60_000)
    time.sleep(PACE)
    app.page.keyboard.press(key)


def decide(app: App, number: int, key: str) -> None:
    """Settle a card with the keyboard; done when the next one is shown, which says that it is saved."""
    press(app, number, key)
    app.see(re.compile(rf"Card {number + 1} of"))


def check_log(folder, pressed: dict[int, str]) -> None:
    """The log holds one entry for each card that was settled, with what was pressed, and nothing else."""
    opened = Project.open(folder)
    cards, known = current_queue(opened).cards, decisions(opened)
    wanted = {cards.index[number - 1]: DECISIONS[key] for number, key in pressed.items()}
    assert known["decision"].to_dict() == wanted
    assert len(opened.log) == len(wanted) == current_queue(opened).place
    opened.close()


def test_no_decision_shown_as_saved_is_lost_when_the_server_is_killed(page, quick_server):
    project = make_project(quick_server.workspace, queue=True)
    chance = random.Random(3)
    app = App(page, quick_server)
    quick_server.start()
    app.goto("annotate", project=project)
    number, pressed = card(app), {}
    for _ in range(KILLS):
        for _ in range(chance.choice([1, 2])):
            pressed[number] = chance.choice("12")
            decide(app, number, pressed[number])
            number += 1
        in_flight = chance.random() < 0.4
        if in_flight:
            # One more press that the kill may meet on its way to the disk: either all of it is there, or nothing.
            pressed[number] = chance.choice("12")
            press(app, number, pressed[number])
        time.sleep(chance.uniform(0, 0.3))
        quick_server.kill()
        quick_server.start()
        page.reload()
        found = card(app)
        assert found in ((number, number + 1) if in_flight else (number,))
        if in_flight and found == number:
            del pressed[number]
        number = found
    assert not app.trace
    assert len(pressed) >= KILLS
    check_log(quick_server.workspace / project, pressed)


@pytest.mark.thorough
def test_a_tab_that_outlives_its_server_goes_on_where_the_log_ends(page, quick_server):
    project = make_project(quick_server.workspace, queue=True, name="outlived")
    app = App(page, quick_server)
    quick_server.start()
    app.goto("annotate", project=project)
    for number in (1, 3):
        decide(app, number, "2")
        quick_server.kill()
        page.wait_for_selector(CUT_OFF, state="attached")
        quick_server.start()
        app.drawn()
        # The new server does not know the buttons of the old one: the first press only brings the tab back.
        app.press("1")
        if card(app) == number + 1:
            decide(app, number + 1, "1")
    assert not app.trace
    check_log(quick_server.workspace / project, {1: "2", 2: "1", 3: "2", 4: "1"})
