"""What to do next in a browser: forecast, done, and held against what the next turn measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from driving import App
from playwright.sync_api import expect
from small import make_project

from core.flywheel import Project, foretold

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

FORECAST = re.compile(r"[+−]?\d+\.\d points \([+−]?\d+\.\d to [+−]?\d+\.\d\) · about \d+ min")


def test_an_action_is_forecast_done_and_held_against_what_came(page, server):
    name = make_project(server.workspace, name="foreseen", rows=120)
    project = Project.open(Path(server.workspace) / name)
    app = App(page, server)
    app.goto(project=name)
    app.see("What to do next")
    app.click("forecast")
    app.see("Forecast from turn 0, in points of the headline metric, with 80% intervals.", seconds=300)
    app.drawn()

    # All that can be done, ranked, each with points, interval, minutes and the reason.
    actions = project.actions()
    app.page.get_by_text(f"Show all {len(actions)}").click()
    app.drawn()
    offered = page.locator("[class*='st-key-go-']")
    expect(offered).to_have_count(len(actions))
    foreseen = [each for each in actions if each.forecast is not None and each.forecast.rows]
    assert [each.forecast.gain for each in foreseen] == sorted((each.forecast.gain for each in foreseen), reverse=True)
    said = page.get_by_test_id("stMain").inner_text()
    assert len(FORECAST.findall(said)) == len(foreseen) >= 4
    places = [said.index(each.title) for each in actions]
    assert places == sorted(places)
    assert all(each.why in said for each in actions)

    # It leads to where it is done, with its cards; each is settled by a key. The smallest review is quickest.
    review = min((each for each in actions if each.kind == "review" and each.key), key=lambda each: each.count)
    app.keyed(f"go-review-{review.title}").get_by_role("button").click()
    for card in range(1, review.count + 1):
        app.see(re.compile(rf"Card {card} of {review.count}"))
        app.drawn()
        app.press("2")
    app.see("The queue is through")

    app.run_turn(1)
    app.visit("Overview")
    (held,) = foretold(project)
    assert (held.turn, held.action.key, held.forecast) == (1, review.key, review.forecast)
    assert held.measured == project.turns[1].verdict.delta
    page.get_by_text(f"How forecasts have held: {int(held.inside)} of 1 intervals").click()
    app.see(re.compile(r"of 1 80% intervals held what the next turn measured"))
    # What was forecast from turn 0 is over: the next one starts from turn 1.
    expect(app.keyed("forecast")).to_be_visible()
    assert not app.trace
    project.close()
