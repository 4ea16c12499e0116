from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from core.evaluate import Verdict
from core.report import PLAYER_CSS, PLAYER_HTML, PLAYER_JS, race_html, race_scene


@pytest.fixture
def table():
    rows = [
        ("model", "start", 0.0, 0, 0.0, 0.60),
        ("model", "9 models tried. Now: <b>trees</b></script>", 16.0, 0, 80.0, 0.62),
        ("data", "start", 0.0, 0, 0.0, 0.60),
        ("data", "5 suspects reviewed, 5 labels changed", 6.0, 5, 80.0, 0.70),
        ("data", "5 suspects reviewed, 0 labels changed", 6.0, 10, 160.0, 0.70),
    ]
    frame = pd.DataFrame(rows, columns=["arm", "step", "fits", "decisions", "cost", "score"])
    return frame.assign(low=frame["score"] - 0.03, high=frame["score"] + 0.03)


def verdict(delta):
    return Verdict("macro_f1", 0.62, 0.62 + delta, delta, delta - 0.02, delta + 0.02, 2000, error=0.01)


def made(table, **options):
    gains = {"model": verdict(0.02), "data": verdict(0.10)}
    return race_scene(table, metric="Macro F1", budget=240, verdict=verdict(0.08), gains=gains, **options)


def test_a_moment_is_a_price_that_was_reached_then_the_answer_then_the_knobs(table):
    scene = made(table)
    assert [moment["minutes"] for moment in scene["moments"]] == pytest.approx([0, 80 / 60, 160 / 60, 4, 4])
    assert [moment["view"] for moment in scene["moments"]] == ["lines"] * 4 + ["knobs"]
    assert scene["moments"][0]["says"] == "All sides start from the same model on the same data."
    # It opens on the answer.
    assert scene["moments"][scene["opens"]]["says"].startswith("Better data won")
    assert scene["moments"][-1]["says"] == "Which knob moved the score?"


def test_each_moment_says_what_each_side_just_did_and_where_it_stands(table):
    _, first, second, *_ = made(table)["moments"]
    assert first["says"] == (
        "A better model: 9 models tried. Now: <b>trees</b></script>. 0.600 → 0.620. "
        "Better data: 5 suspects reviewed, 5 labels changed. 0.600 → 0.700."
    )
    assert second["says"] == "Better data: 5 suspects reviewed, 0 labels changed. Still 0.700."
    assert [side["moved"] for side in second["sides"]] == [False, True]
    assert [side["score"] for side in second["sides"]] == ["0.620", "0.700"]
    assert second["alt"] == (
        "Macro F1 after 2.7 minutes: a better model 0.620 (0.590 to 0.650); better data 0.700 (0.670 to 0.730)."
    )


def test_two_sides_that_did_the_same_are_named_in_one_breath(table):
    both = table[table["arm"] == "data"].assign(arm="both")
    first = race_scene(pd.concat([table, both]), metric="Macro F1", budget=240)["moments"][2]
    assert first["says"] == "Better data and both: 5 suspects reviewed, 0 labels changed. Still 0.700."


def test_lines_are_those_of_the_table_and_fit_on_the_axes(table):
    scene = made(table)
    model, data = scene["sides"]
    np.testing.assert_allclose(
        data["line"], [[0, 0.6, 0.57, 0.63], [80 / 60, 0.7, 0.67, 0.73], [160 / 60, 0.7, 0.67, 0.73]]
    )
    assert (model["dash"], model["mark"], model["colour"]) != (data["dash"], data["mark"], data["colour"])
    assert scene["scores"]["low"] < table["low"].min() < table["high"].max() < scene["scores"]["high"]
    assert scene["gains"]["low"] < 0 < 0.12 < scene["gains"]["high"]
    assert data["gained"]["text"] == "+0.100"
    assert data["gained"]["interval"] == "+0.080 to +0.120"


def test_a_running_race_is_shown_as_far_as_it_has_come(table):
    scene = race_scene(table.iloc[:2], metric="Macro F1", budget=240)
    assert scene["live"]
    assert scene["opens"] == len(scene["moments"]) - 1 == 1
    assert [side["title"] for side in scene["sides"]] == ["a better model"]


def test_a_race_that_was_kept_without_gains_has_no_knobs(table):
    scene = race_scene(table, metric="Macro F1", budget=240, verdict=verdict(0.08), gains={})
    assert {moment["view"] for moment in scene["moments"]} == {"lines"}
    json.dumps(scene)


def test_volume_against_consistency_is_the_last_moment_and_none_of_a_running_race(table):
    volume = {"view": "volume", "says": "Consistent rows do better.", "clock": "", "sides": [], "volume": {}}
    scene = made(table, volume=volume)
    assert [moment["view"] for moment in scene["moments"][-2:]] == ["knobs", "volume"]
    assert scene["moments"][-1]["says"] == "Consistent rows do better."
    # It still opens on the answer of the race.
    assert scene["opens"] == made(table)["opens"]
    running = race_scene(table, metric="Macro F1", budget=240, volume=volume)
    assert {moment["view"] for moment in running["moments"]} == {"lines"}


def test_a_race_of_many_steps_is_played_faster_but_can_still_be_read(table):
    many = table.iloc[np.repeat([1, 3], 100)].assign(cost=np.arange(200) * 1.0, decisions=np.arange(200))
    assert made(many)["pace"] == 900
    assert made(table)["pace"] == 2_400


def test_the_file_asks_no_network_and_runs_nothing_from_the_data(table):
    page = race_html("<script>alert(1)</script>", made(table, whole=True), table, remark="As it came out.")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    # The data has a tag that would end the script, and one that would be drawn.
    assert page.count("</script>") == 1
    assert "<b>trees" not in page
    assert not re.search(r"(src|href)=", page)
    assert "default-src 'none'" in page
    carried = re.search(r"playRace\(document.querySelector\('main'\), (.*)\);</script>", page).group(1)
    assert json.loads(carried) == json.loads(json.dumps(made(table, whole=True)))


def test_the_file_has_the_numbers_of_both_pictures(table):
    volume = pd.DataFrame({"labels": ["<i>as they were</i>"], "train rows": [100]})
    page = race_html("p", made(table, whole=True), table, volume=volume)
    assert page.count("<details>") == 2
    assert "The numbers of volume against consistency" in page
    assert "&lt;i&gt;as they were" in page
    assert race_html("p", made(table, whole=True), table).count("<details>") == 1


def test_the_player_asks_no_network_and_writes_text_only():
    for source in (PLAYER_JS, PLAYER_CSS, PLAYER_HTML):
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|url\(|fetch\(|import ", source)
    assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(|document\.write", PLAYER_JS)
