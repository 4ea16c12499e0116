from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, current_queue, look_at_pool, start_queue
from pages.parts import jobs


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.subheader, *app.warning, *app.info, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto.body) for element in shown)


def button(app, start: str):
    return next(each for each in app.button if each.key and each.key.startswith(start))


def links(app) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def make_pooled(folder: Path) -> Project:
    """Short texts of three classes, a third of them without a label, after turn 0."""
    rng = np.random.default_rng(0)
    words_of = {"billing": ["invoice", "refund"], "delivery": ["parcel", "late"], "other": ["hello", "<b>thanks</b>"]}
    truth = rng.choice(list(words_of), 240)
    text = [
        f"{' '.join(rng.choice(['please', 'my', 'order'], 3))} {rng.choice(words_of[name])} {n}"
        for n, name in enumerate(truth)
    ]
    label = pd.Series(truth).mask(np.arange(240) % 3 == 0)
    frame = pd.DataFrame({"text": text, "label": label})
    project = Project.create(folder / "tickets", Dataset.from_frame(frame, label="label", text="text"))
    project.turn()
    return project


@pytest.fixture
def pooled(ready) -> Project:
    return ready(make_pooled)


@pytest.fixture
def opened(start):
    """Open the tab with the pool of a project."""

    def on(project: Project):
        app = start("annotate", project=project.id)
        app.session_state["annotate-view"] = "Pool"
        return app.run()

    return on


@pytest.fixture
def queued(pooled):
    view = look_at_pool(pooled, 3)
    start_queue(pooled, view.cards, source="next 3 of the pool, chosen by turn 0", turn=0)
    return pooled


def test_without_a_pool_the_page_says_how_to_bring_one_and_what_it_would_be_worth(opened, turned, quiet):
    app = quiet(opened(turned))
    assert "The pool is empty" in words(app)
    assert "Bring examples" in links(app)
    assert any("learning curve" in label for label in links(app))
    assert not [each for each in app.button if each.key == "label-next"]


def test_it_says_how_many_wait_and_one_press_brings_the_first_card(opened, pooled, quiet):
    app = quiet(opened(pooled))
    assert "**80 examples** without a label" in words(app)
    app.number_input(key="pool-n").set_value(5).run()
    assert app.button(key="label-next").label == "Label the next 5"
    app.button(key="label-next").click().run()
    assert jobs.registry().wait(pooled.id, "pool", 60).state == "done"
    app = quiet(app.run())
    queue = current_queue(pooled)
    assert len(queue.cards) == 5
    assert app.get("progress")[0].proto.text.startswith("Card **1** of 5")
    assert "Why this one" in words(app)
    assert "given label" not in words(app)


def test_a_card_of_the_pool_offers_no_label_to_keep_and_its_label_is_on_disk(opened, queued, quiet):
    app = quiet(opened(queued))
    assert not [each for each in app.button if each.key and each.key.startswith("keep-")]
    card = current_queue(queued).cards.iloc[0]
    app = quiet(button(app, "suggested-").click().run())
    on_disk = Project.open(queued.folder).dataset
    assert on_disk.split[card.name] == "train"
    assert on_disk.labels[card.name] == card["suggested"]
    assert app.get("progress")[0].proto.text.startswith("Card **2** of 3")


def test_undo_puts_the_example_back_into_the_pool(opened, queued, quiet):
    app = quiet(button(opened(queued), "suggested-").click().run())
    app = quiet(app.button(key="undo").click().run())
    assert len(Project.open(queued.folder).dataset.ids("pool")) == 80
    assert app.get("progress")[0].proto.text.startswith("Card **1** of 3")


def test_back_shows_a_card_that_was_labelled_and_another_class_can_be_given(opened, queued, quiet):
    card = current_queue(queued).cards.iloc[0]
    app = quiet(button(opened(queued), "suggested-").click().run())
    app = quiet(button(app, "back-").click().run())
    assert app.get("progress")[0].proto.text.startswith("Card **1** of 3")
    app = quiet(button(app, "other3-").click().run())
    label = Project.open(queued.folder).dataset.labels[card.name]
    assert label in queued.dataset.classes
    assert label != card["suggested"]
    assert app.get("progress")[0].proto.text.startswith("Card **2** of 3")


def test_after_a_batch_it_asks_for_a_turn_first(opened, queued, quiet):
    app = opened(queued)
    for _ in range(3):
        app = quiet(button(app, "suggested-").click().run())
    said = words(app)
    assert "The batch is through" in said
    assert "3 of 3 cards have a label now" in said
    assert "has not seen these labels" in said
    assert "Run turn 1" in links(app)
    assert app.button(key="label-next").label == "Label the next 20"


def test_what_the_model_thinks_of_the_pool_is_shown_with_its_classes(opened, pooled, quiet):
    app = quiet(opened(pooled))
    app.button(key="look-at-pool").click().run()
    jobs.registry().wait(pooled.id, "pool", 60)
    app = quiet(app.run())
    assert current_queue(pooled) is None
    assert "What the model of turn 0 thinks of the pool" in words(app)
    classes = next(each.value for each in app.dataframe if "predicted in the pool" in each.value)
    assert set(classes["class"]) == {"billing", "delivery", "other"}


def test_the_review_tab_shows_the_same_card(start, queued, quiet):
    app = quiet(start("annotate", project=queued.id))
    app = quiet(button(app, "suggested-").click().run())
    assert len(Project.open(queued.folder).dataset.ids("pool")) == 79


def test_text_of_the_pool_is_never_markup(opened, queued, quiet):
    app = opened(queued)
    for _ in range(3):
        assert "<b>thanks" not in words(app)
        app = quiet(button(app, "skip-").click().run())
