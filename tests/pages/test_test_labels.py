"""Blind review of test labels on screen: what the card holds and what not, keys, and both figures after it."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, blind_queue, draw, log, reviewed, start_queue
from pages.parts import blind_card, test_labels

ME = getpass.getuser()
CLASSES = ("kestrel", "<b>merlin</b>", "osprey")


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.metric, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto.body) for element in shown)


def elements(block) -> list[str]:
    """Whatever is drawn in a part of the page, down to the last caption, as it is sent to the browser."""
    return [str(block.proto), *(each for child in getattr(block, "children", {}).values() for each in elements(child))]


def frame_of(rows: int = 240, seed: int = 3) -> pd.DataFrame:
    """Three classes, with the truth and two annotators beside the label."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, rows)
    given, first, second = (np.where(rng.random(rows) < 0.2, rng.integers(0, 3, rows), truth) for _ in range(3))
    names = np.array(CLASSES)
    return pd.DataFrame(
        {
            "key": [f"k{number}" for number in range(rows)],
            "span": (10 * truth + rng.normal(0, 3, rows)).round(2),
            "place": rng.choice(["north", "south"], rows),
            "label": names[given],
            "true_label": names[truth],
            "first": names[first],
            "second": names[second],
        }
    )


def make(folder, frame) -> Project:
    test = [f"k{number}" for number in range(60)]
    dataset = Dataset.from_frame(frame, label="label", id="key", annotators=("first", "second"), test=test)
    return Project.create(folder, dataset, recipe="logistic_regression", name="Birds")


def make_birds(folder: Path) -> Project:
    project = make(folder / "birds", frame_of())
    project.turn()
    project.turn()
    return project


@pytest.fixture
def birds(ready) -> Project:
    return ready(make_birds)


@pytest.fixture
def opened(start, birds, quiet):
    """Open the tab."""

    def on_tab(view: str = test_labels.TAB):
        app = start("annotate", project=birds.id)
        app.session_state["annotate-view"] = view
        return quiet(app.run())

    return on_tab


def button(app, start: str):
    return next(each for each in app.button if each.key and each.key.startswith(start))


def press(app, key: str):
    """Press a key, as the browser would: the button that has it as its shortcut."""
    return next(each for each in app.button if each.proto.shortcut.lower() == key.lower()).click().run()


def test_a_sample_is_drawn_with_what_it_would_tell(opened, birds, quiet):
    app = opened()
    size = len(birds.dataset.ids("test"))
    assert f"{size} test examples" in words(app)
    app = quiet(app.number_input(key="blind-size-0").set_value(20).run())
    assert "If 5% of the labels are wrong, this sample would put the share at" in words(app)
    app = quiet(app.button(key="draw-sample").click().run())
    assert len(blind_queue(birds, ME).cards) == 20
    assert "Which class is it?" in words(app)
    everyone = quiet(opened().run())
    assert "Card **1** of 20" in everyone.get("progress")[0].proto.text


def test_the_card_is_the_same_whatever_label_truth_annotators_and_model_say(start, tmp_path, monkeypatch, quiet):
    drawn = {}
    for turned in (0, 1):
        frame = frame_of()
        # Other labels of all examples, and with them another model and another order of suspects.
        for name in ("label", "true_label", "first", "second"):
            places = frame[name].map({known: place for place, known in enumerate(CLASSES)})
            frame[name] = np.array(CLASSES)[(places + turned) % 3]
        home = tmp_path / str(turned)
        home.mkdir()
        monkeypatch.setenv("FLYWHEEL_HOME", str(home))
        project = make(home / "birds", frame)
        project.turn()
        draw(project, 4)
        start_queue(project, project.turns[-1].suspects, source="all", turn=0, by=ME)
        app = start("annotate", project="birds")
        app.session_state["annotate-view"] = test_labels.TAB
        app = quiet(app.run())
        assert f"{project.dataset.frame.at[blind_queue(project, ME).cards.index[0], 'span']:g}" in words(app)
        drawn[turned] = elements(app.main)
    assert drawn[0] == drawn[1]


def test_an_answer_tells_nobody_whether_it_was_the_label(opened, birds, quiet):
    draw(birds, 20)
    app = opened()
    told = set()
    for place, example in enumerate(blind_queue(birds, ME).cards.index[:10]):
        told.add(birds.dataset.labels[example] == birds.dataset.classes[0])
        app = quiet(press(app, "1"))
        said = words(app).replace("\\", "").replace("\N{WORD JOINER}", "")
        assert f"Undo takes back: said '{birds.dataset.classes[0]}' blind" in said, place
        assert "kept" not in said
        assert "relabelled" not in said
        assert not app.metric
    assert told == {True, False}


def test_classes_stand_in_one_order_with_their_meanings_whatever_the_model_says(opened, birds, quiet):
    draw(birds, 6)
    birds.define("kestrel", "Hovers *over* the verge.", by="ann")
    app = opened()
    for _ in range(5):
        shown = [each.label for each in app.button if each.key and each.key.startswith("class")]
        assert [re.sub(r"\\|\N{WORD JOINER}", "", name) for name in shown] == list(birds.dataset.classes)
        html = "".join(str(each.proto.body) for each in app.get("html"))
        assert "Hovers *over* the verge." in html
        assert html.count("No guideline yet.") == 2
        app = quiet(press(app, "1"))


def test_keys_answer_and_back_takes_the_answer_back(opened, birds, quiet):
    draw(birds, 8)
    app = opened()
    assert button(app, "back-blind-0").disabled
    pressed = ("1", "2", "3", "A", "X", "S")
    for key in pressed:
        app = quiet(press(app, key))
    said = [next(iter(entry.content["decisions"].values())) for entry in birds.log]
    assert [label for _, label in said] == [*birds.dataset.classes, None, None, None]
    assert [decision for decision, _ in said[3:]] == ["ambiguous", "exclude", "skip"]
    assert {entry.by for entry in birds.log} == {ME}
    app = quiet(press(press(app, "B"), "B"))
    assert blind_queue(birds, ME).place == 4
    assert len(log.active(birds.log)) == 4
    quiet(press(app, "1"))
    assert blind_queue(birds, ME).place == 5


def test_no_score_is_on_the_screen_while_a_card_is(opened, birds, start, quiet):
    draw(birds, 2)
    app = opened()
    assert not app.metric
    assert "is not shown while you review test labels" in words(app)
    assert app.switch_page("pages/evaluate.py").run().metric
    app = quiet(press(press(opened(), "1"), "1"))
    # It is back once the sample is through.
    assert "Macro F1" in [each.label for each in app.metric]
    assert start("annotate", project=birds.id).metric


def test_after_the_sample_the_noise_and_both_figures_are_told(opened, birds, start, quiet):
    draw(birds, 10)
    app = opened()
    wrong = 0
    for example in blind_queue(birds, ME).cards.index:
        is_wrong = birds.dataset.frame.at[example, "true_label"] != birds.dataset.labels[example]
        wrong += is_wrong
        key = 1 + list(birds.dataset.classes).index(birds.dataset.frame.at[example, "true_label"])
        app = quiet(press(app, str(key)))
    assert wrong
    noise = reviewed(birds).noise
    assert (noise.wrong, noise.reviewed) == (wrong, 10)
    shown = {each.label: each.value for each in app.metric}
    assert shown["Wrong test labels"] == f"{10 * wrong:.1f}%"
    last = birds.turns[-1]
    now, then = (f"{each.metrics['macro_f1'][0]:.3f}" for each in (last.evaluation, last.evaluation_then))
    assert now != then
    assert now in words(app)
    assert then in words(app)
    assert app.dataframe[0].value["examples"].sum() == wrong
    for page in ("ledger", "evaluate"):
        other = quiet(start(page, project=birds.id))
        said = words(other) + " ".join(frame.value.to_csv() for frame in other.dataframe)
        assert now in said, page
        assert then in said, page
    # The sample can grow, and goes on where it was.
    app = quiet(app.number_input(key="blind-size-10").set_value(13).run())
    assert "as in the sample so far" in words(app)
    app = quiet(app.button(key="draw-sample").click().run())
    assert "Card **11** of 13" in app.get("progress")[0].proto.text


def test_what_was_skipped_is_offered_at_the_end(opened, birds, quiet):
    draw(birds, 3)
    app = opened()
    for key in "1S2":
        app = quiet(press(app, key))
    assert app.button(key="blind-left").label == "Go to 1 card without answer"
    app = quiet(app.button(key="blind-left").click().run())
    assert "Card **2** of 3" in app.get("progress")[0].proto.text
    app = quiet(press(app, "3"))
    assert reviewed(birds).noise.reviewed == 3
    assert "The sample is through" in app.get("progress")[0].proto.text
    assert not [each for each in app.button if each.key == "blind-left"]


def test_of_many_classes_those_without_a_key_are_in_a_box(start, workspace, quiet):
    names = [f"class {number:02}" for number in range(12)]
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": np.arange(240.0) % 12 + rng.normal(0, 0.1, 240), "label": np.resize(names, 240)})
    project = Project.create(workspace / "many", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    draw(project, 5)
    app = start("annotate", project=project.id)
    app.session_state["annotate-view"] = test_labels.TAB
    app = quiet(app.run())
    box = app.selectbox(key="class-blind-0")
    assert list(box.options) == names[9:]
    quiet(box.set_value("class 10").run())
    assert next(iter(project.log[0].content["decisions"].values()))[1] == "class 10"


def test_a_card_that_another_has_answered_is_not_answered_twice(opened, birds, quiet):
    from core.flywheel import answer

    draw(birds, 4)
    app = opened()
    answer(birds, blind_queue(birds, "bob"), 0, "osprey", by="bob")
    app = quiet(press(app, "1"))
    assert len(birds.log) == 1
    assert "was settled already" in " ".join(each.value for each in app.toast)
    assert blind_card.KEYS["back"] == "B"


def test_the_way_from_evaluate_leads_to_the_card(start, birds, quiet):
    from pages.parts import jobs

    app = start("evaluate", project=birds.id)
    app.session_state["evaluate-view"] = "Test set"
    app = app.run()
    assert jobs.registry().wait(birds.id, "test-set", 60).state == "done"
    app = quiet(app.run())
    assert "none of them was reviewed" in words(app)
    app = quiet(app.button(key="review-test-labels").click().run())
    assert app.session_state["annotate-view"] == test_labels.TAB
