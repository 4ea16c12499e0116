"""A race in a browser: run, cancelled, played by hand and by itself, shown to a room, taken along as a file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from access import broken
from conftest import WIDE
from driving import App
from playwright.sync_api import Page, expect

from core.dataset import Dataset
from core.flywheel import Project, compare_volume, kept_races, race_project

pytestmark = pytest.mark.browser

PROJECTOR = {"width": 1024, "height": 768}
# What volume against consistency says, whichever way it comes out.
VOLUME = re.compile("examples with consistent labels")


def known(workspace, name: str, *, raced: bool) -> Project:
    """A project of which the truth is known: a third of one class has the label of the other."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    truth = np.where(x + 0.3 * rng.normal(size=300) > 0, "yes", "no")
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=300), "true_label": truth})
    frame["label"] = np.where((rng.random(300) < 0.35) & (truth == "yes"), "no", truth)
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    project = Project.create(workspace / name, dataset, recipe="logistic_regression", name=name.capitalize())
    if raced:
        race_project(project, budget=300, reviews_per_turn=8)
        compare_volume(project)
    return project


@pytest.fixture(scope="module")
def raced(server):
    project = known(server.workspace, "raced", raced=True)
    yield project
    project.close()


def headline(page: Page):
    return page.locator(".race .headline")


def strangers(page: Page) -> list[str]:
    """Hear of every request that goes elsewhere than to this machine."""
    found: list[str] = []

    def hear(request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "file") and parts.hostname != "localhost":
            found.append(request.url)

    page.on("request", hear)
    return found


def start(app: App, minutes: int) -> None:
    app.keyed("race-minutes").get_by_role("spinbutton").fill(str(minutes))
    app.page.keyboard.press("Tab")
    app.drawn()
    app.click("race-start")


def test_a_cancelled_race_leaves_nothing_behind_and_another_says_how_it_came_out(page, server):
    project = known(server.workspace, "runs", raced=False)
    app, elsewhere = App(page, server), strangers(page)
    app.goto("race", project=project.id)
    app.see("Where is an hour better spent")
    blobs = sorted(path.name for path in (project.folder / "blobs").iterdir())
    start(app, 600)
    # Live, without controls: there is nothing to play yet.
    expect(page.locator(".race.live svg[role=img]")).to_be_visible(timeout=120_000)
    expect(page.locator(".race.live .controls")).to_be_hidden()
    app.keyed("cancel-race").get_by_role("button").click()
    app.see("Race · cancelled", seconds=120)
    app.drawn()
    expect(page.locator(".race")).to_have_count(0)
    assert kept_races(project) == []
    assert sorted(path.name for path in (project.folder / "blobs").iterdir()) == blobs
    assert (project.revision, project.looks) == (0, 0)
    expect(app.keyed("race-start").get_by_role("button")).to_be_enabled()
    app.see("Where is an hour better spent")
    assert not app.trace

    start(app, 2)
    # The live picture goes once the finished one is there.
    expect(page.locator(".race.live")).to_have_count(1, timeout=60_000)
    expect(page.locator(".race:not(.live)")).to_have_count(1, timeout=240_000)
    expect(page.locator(".race.live")).to_have_count(0)
    expect(headline(page)).to_have_text(re.compile("Better data won|A better model won|Too close to call"))
    app.drawn()
    (run,) = kept_races(project)
    assert run.settings["budget"] == 120
    expect(page.locator(".race .sides li")).to_have_count(3)
    assert not app.trace
    assert elsewhere == []
    # Volume against consistency is measured then, and becomes its last step.
    expect(page.get_by_role("heading", name=VOLUME)).to_be_visible(timeout=600_000)
    app.drawn()
    page.locator(".race").focus()
    page.keyboard.press("End")
    expect(headline(page)).to_have_text(VOLUME)
    # It is there after a reload, and the next one can be started.
    page.reload()
    expect(headline(page)).to_be_visible()
    expect(app.keyed("race-start").get_by_role("button")).to_be_enabled()
    project.close()


def test_it_is_played_by_itself_stopped_and_stepped_with_keys_alone(page, server, raced):
    page.emulate_media(reduced_motion="no-preference")
    app = App(page, server)
    app.goto("race", project=raced.id)
    expect(headline(page)).not_to_be_empty()
    answer = headline(page).inner_text()
    race = page.locator(".race")
    race.focus()
    page.keyboard.press("Home")
    expect(headline(page)).to_have_text("All sides start from the same model on the same data.")
    page.keyboard.press("ArrowRight")
    first = headline(page).inner_text()
    assert "→" in first or "Still" in first
    page.keyboard.press("ArrowLeft")
    expect(headline(page)).to_have_text("All sides start from the same model on the same data.")

    page.keyboard.press("Space")
    expect(page.locator(".race .play")).to_have_text("Pause")
    expect(headline(page)).to_have_text(first, timeout=10_000)
    page.keyboard.press("Space")
    expect(page.locator(".race .play")).to_have_text("Play")
    stopped = page.locator(".race .place").input_value()
    page.wait_for_timeout(3_000)
    assert page.locator(".race .place").input_value() == stopped

    page.keyboard.press("End")
    expect(headline(page)).to_have_text(VOLUME)
    expect(page.locator(".race .sides .title")).to_have_text(["labels as they were brought", "true labels"])
    # Both curves, as far as they were measured and beyond.
    expect(page.locator(".race .picture path[fill=none]:not(.pale)")).to_have_count(4)
    page.keyboard.press("ArrowLeft")
    expect(headline(page)).to_have_text("Which knob moved the score?")
    expect(page.locator(".race .picture rect")).to_have_count(3)
    page.keyboard.press("ArrowLeft")
    expect(headline(page)).to_have_text(answer)
    # Played from the answer it begins anew.
    page.locator(".race .play").press("Enter")
    expect(headline(page)).to_have_text("All sides start from the same model on the same data.")


@pytest.mark.parametrize(
    "size", [pytest.param(WIDE, id="wide", marks=pytest.mark.thorough), pytest.param(PROJECTOR, id="projector")]
)
def test_for_a_room_the_race_is_all_there_is_and_fits_on_the_screen(page, server, raced, size):
    page.set_viewport_size(size)
    app, elsewhere = App(page, server), strangers(page)
    app.goto("race", project=raced.id)
    app.click("race-show")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_role("heading", name="Race", level=1)).to_have_count(0)
    # No element has to be clicked first.
    page.keyboard.press("Home")
    expect(headline(page)).to_have_text("All sides start from the same model on the same data.")
    page.keyboard.press("ArrowRight")
    for part in (".headline", ".picture", ".sides", ".controls"):
        box = page.locator(f".race {part}").bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
        assert box["x"] + box["width"] <= size["width"]
    letters = "element => parseFloat(getComputedStyle(element).fontSize)"
    assert headline(page).evaluate(letters) >= 28
    assert page.locator(".race .did").first.evaluate(letters) >= 16
    # A reload stays; Escape leaves.
    page.reload()
    app.drawn()
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    app.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.get_by_role("heading", name="Race", level=1)).to_be_visible()
    assert elsewhere == []
    assert not app.trace


def test_the_file_plays_without_the_app_and_without_a_network(browser, page, server, raced, tmp_path):
    app = App(page, server)
    app.goto("race", project=raced.id)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as one HTML file").click()
    path = tmp_path / "race.html"
    download.value.save_as(path)
    assert path.stat().st_size < 200_000

    context = browser.new_context(viewport=PROJECTOR, offline=True)
    alone, said = context.new_page(), []
    alone.on("console", lambda message: said.append(message.text))
    alone.on("pageerror", lambda error: said.append(str(error)))
    elsewhere = strangers(alone)
    alone.goto(path.as_uri())
    expect(headline(alone)).to_have_text(headline(page).inner_text())
    alone.keyboard.press("Home")
    expect(headline(alone)).to_have_text("All sides start from the same model on the same data.")
    alone.keyboard.press("Space")
    expect(headline(alone)).to_have_text(re.compile(r"→|Still"), timeout=10_000)
    alone.keyboard.press("End")
    expect(headline(alone)).to_have_text(VOLUME)
    expect(alone.get_by_text("The numbers of volume against consistency")).to_be_visible()
    assert alone.locator(".race .controls").bounding_box()["y"] < PROJECTOR["height"]
    assert broken(alone) == []
    assert said == []
    assert elsewhere == []
    context.close()
