"""The review card: what it shows of an example, and how it is settled; the page around it is in test_annotate.py."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.annotate import EVIDENCE
from core.dataset import Dataset
from core.flywheel import Correct, Exclude, Project, Relabel, current_queue, decide, decisions, start_queue
from pages.parts import beside, cards, insight, jobs, review_card

WORDS = {
    "billing": ["invoice", "refund"],
    "delivery": ["parcel", "late"],
    "login": ["password", "<b>locked</b>"],
}
INTENTS = [f"intent {number:02}" for number in range(12)]


def html(app) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def shown(app, part: str) -> str:
    """The part of a card that is named so for a screen reader; empty if it is not there."""
    return next((str(each.proto.body) for each in app.get("html") if f'aria-label="{part}"' in each.proto.body), "")


def button(app, start: str):
    return next(each for each in app.button if each.key and each.key.startswith(start))


def known(app, project):
    """The page once the nearest examples and the reasons are there."""
    job = jobs.registry().wait(project.id, insight.KIND, 60)
    assert job is not None
    assert job.state == "done", job.message
    for _ in range(20):
        app = app.run()
        if shown(app, "Nearest examples"):
            return app
    raise AssertionError("The nearest examples never came.")


def make_tickets(folder: Path) -> Project:
    """Short texts of three classes, one in six labelled wrong, with a queue of all of them."""
    rng = np.random.default_rng(0)
    truth = rng.choice(list(WORDS), 240)
    filler = ["please", "today", "my", "the", "it", "order"]
    text = [" ".join([*rng.choice(filler, 4), *rng.choice(WORDS[name], 2)]) for name in truth]
    label = np.where(rng.random(240) < 0.17, rng.permutation(truth), truth)
    frame = pd.DataFrame({"text": [f"{said} {n}" for n, said in enumerate(text)], "label": label})
    project = Project.create(folder / "tickets", Dataset.from_frame(frame, label="label", text="text"))
    project.turn()
    start_queue(project, project.turns[0].suspects, source="all", turn=0)
    return project


@pytest.fixture
def tickets(ready) -> Project:
    return ready(make_tickets)


@pytest.fixture
def queued(turned):
    start_queue(turned, turned.turns[0].suspects, source="all", turn=0)
    return turned


def make_intents(folder: Path) -> Project:
    """Twelve classes: more than there are keys for."""
    rng = np.random.default_rng(1)
    label = np.repeat(INTENTS, 20)
    frame = pd.DataFrame({"x": rng.normal(size=240) + np.repeat(np.arange(12), 20), "label": label})
    dataset = Dataset.from_frame(frame, label="label")
    project = Project.create(folder / "intents", dataset, recipe="logistic_regression")
    project.turn()
    start_queue(project, project.turns[0].suspects, source="all", turn=0)
    return project


@pytest.fixture
def intents(ready) -> Project:
    return ready(make_intents)


# --- what is shown --------------------------------------------------------------------------------------------------


def test_the_card_is_there_before_the_nearest_examples_are(start, queued, quiet, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(insight.Insight, "prepare", lambda *_: go_on.wait(30))
    app = quiet(start("annotate", project=queued.id))
    assert shown(app, "Columns of the example")
    assert button(app, "keep-")
    assert not shown(app, "Nearest examples")
    app = quiet(button(app, "keep-").click().run())
    assert len(decisions(queued)) == 1
    go_on.set()


def test_words_that_speak_for_either_label_are_marked_and_nothing_is_markup(start, tickets, quiet):
    app = known(start("annotate", project=tickets.id), tickets)
    suspects = current_queue(tickets).cards
    for _ in range(6):
        card = suspects.iloc[current_queue(tickets).place]
        text = shown(app, "Text of the example")
        for side in ("given", "suggested"):
            own = [word for word in WORDS[card[side]] if "<" not in word and word in text]
            marked = [word for word in own if f'for {card[side]}">{word}</mark>' in text]
            # Each text has two words of its class; the heavier one is always among those worth pointing at.
            assert bool(marked) == bool(own)
        assert "<b>" not in text
        app = quiet(known(button(app, "keep-").click().run(), tickets))


def test_columns_that_speak_for_a_label_have_a_bar_on_its_side(start, queued, quiet):
    app = quiet(known(start("annotate", project=queued.id), queued))
    card = current_queue(queued).cards.iloc[0]
    columns = shown(app, "Columns of the example")
    # The label hangs on the income alone, so this is what speaks for the suggested one.
    income = columns[columns.index(">income<") :].split("</div>")[0]
    assert f"for {card['suggested']}" in income
    assert "rc-right" in income


def test_the_nearest_examples_are_those_of_the_locked_space_with_their_labels_as_they_are_now(start, queued, quiet):
    app = quiet(known(start("annotate", project=queued.id), queued))
    dataset, card = queued.dataset, current_queue(queued).cards.iloc[0]
    rows, ids = queued.model.features(dataset), dataset.ids("train")
    place = ids.get_loc(card.name)
    lengths = np.linalg.norm(rows, axis=1)
    similar = rows @ rows[place] / (lengths * lengths[place])
    similar[place] = -np.inf
    near = ids[np.argsort(-similar, kind="stable")[:5]]
    differ = int((dataset.labels[near] != card["given"]).sum())
    drawn = shown(app, "Nearest examples")
    assert drawn.count("<li>") == 5
    assert drawn.count("≠") == differ
    # One of them is relabelled, another one leaves.
    other = next(name for name in dataset.classes if name != dataset.labels[near[0]])
    queued.apply(Relabel({near[0]: other}, by="ann"))
    queued.apply(Exclude([near[1]], by="ann"))
    drawn = shown(quiet(app.run()), "Nearest examples")
    first = drawn.split("</li>")[0]
    assert f">{'≠ ' if other != card['given'] else ''}{other}<" in first
    assert drawn.count("<li>") == 5


def test_an_example_that_was_corrected_since_is_shown_as_it_is(start, queued, quiet):
    example = current_queue(queued).cards.index[0]
    queued.apply(Correct({(example, "city"): "Gwangju"}, by="ann"))
    app = quiet(known(start("annotate", project=queued.id), queued))
    assert "Gwangju" in shown(app, "Columns of the example")


def test_evidence_is_drawn_where_a_ranking_has_it_and_is_not_silent(start, turned, quiet):
    cards_ = turned.turns[0].suspects.assign(model=0.93, neighbours=0.8, rules=np.nan)
    start_queue(turned, cards_, source="all", turn=0)
    found = shown(quiet(start("annotate", project=turned.id)), "Evidence")
    assert EVIDENCE["model"] in found
    assert "0.93" in found
    assert EVIDENCE["neighbours"] in found
    assert "0.80" in found
    assert EVIDENCE["rules"] not in found
    assert EVIDENCE["annotators"] not in found


def test_a_queue_of_before_there_was_evidence_is_drawn_with_its_reasons(start, queued, quiet):
    known = queued.turns[0].suspects[["given", "suggested", "score", "flagged", "reasons"]]
    start_queue(queued, known, source="of an older version", turn=0)
    found = shown(quiet(start("annotate", project=queued.id)), "Evidence")
    assert not any(words in found for words in EVIDENCE.values())
    assert "the model gives" in found.lower() or "the model agrees" in found.lower()


def test_the_guideline_of_both_classes_is_on_the_card(start, queued, quiet):
    card = current_queue(queued).cards.iloc[0]
    queued.define(card["given"], "Pays <i>every</i> month")
    text = html(quiet(start("annotate", project=queued.id)))
    assert "Pays &lt;i&gt;every&lt;/i&gt; month" in text
    assert "No guideline yet." in text


def test_probabilities_stand_beside_both_labels(start, queued, quiet):
    app = quiet(start("annotate", project=queued.id))
    card = current_queue(queued).cards.iloc[0]
    chances = queued.turns[0].out_of_fold.loc[card.name]
    for side in ("given", "suggested"):
        drawn = shown(app, f"{side.capitalize()} label")
        assert card[side] in drawn
        assert beside.said(chances[card[side]]) in drawn


def test_what_fails_in_the_background_is_said_and_can_be_tried_again(start, queued, quiet, monkeypatch):
    def fails(self, *_):
        self.failed = True
        raise RuntimeError("no memory")

    with monkeypatch.context() as broken:
        broken.setattr(insight.Insight, "prepare", fails)
        app = start("annotate", project=queued.id)
        jobs.registry().wait(queued.id, insight.KIND, 60)
        app = quiet(app.run())
        assert any("The nearest examples are missing" in each.value for each in app.caption)
        app = quiet(button(app, "keep-").click().run())
    app = button(app, "insight-again-").click().run()
    assert shown(known(app, queued), "Nearest examples")


# --- how it is settled ----------------------------------------------------------------------------------------------


def test_the_most_probable_other_classes_have_a_key_each_and_all_are_in_a_box(start, intents, quiet):
    app = quiet(start("annotate", project=intents.id))
    card = current_queue(intents).cards.iloc[0]
    chances = intents.turns[0].out_of_fold.loc[card.name].drop([card["given"], card["suggested"]])
    likely = chances.sort_values(ascending=False, kind="stable").index
    keyed = {each.proto.shortcut: each.label for each in app.button if each.key.startswith("other")}
    assert list(keyed) == list("3456789")
    assert [label.split(" · ")[0] for label in keyed.values()] == list(likely[:7])
    assert [" · " in label for label in keyed.values()] == [bool(chances[name] >= 0.005) for name in likely[:7]]
    assert len(app.selectbox[0].options) == 10


def test_a_class_of_the_box_is_given_as_it_is_chosen(start, intents, quiet):
    app = start("annotate", project=intents.id)
    card = current_queue(intents).cards.iloc[0]
    last = intents.turns[0].out_of_fold.loc[card.name].drop([card["given"], card["suggested"]]).idxmin()
    quiet(app.selectbox[0].set_value(last).run())
    on_disk = Project.open(intents.folder)
    assert on_disk.dataset.labels[card.name] == last
    assert current_queue(on_disk).place == 1


def test_each_direct_key_gives_its_class(start, intents, quiet):
    app = start("annotate", project=intents.id)
    for key in "359":
        example = current_queue(intents).cards.index[current_queue(intents).place]
        chosen = button(app, f"other{key}-")
        name = chosen.label.split(" · ")[0]
        app = quiet(chosen.click().run())
        assert Project.open(intents.folder).dataset.labels[example] == name


def test_the_legend_names_every_key_of_the_card_and_no_other(start, queued, intents, quiet):
    for project, keys in ((queued, "12AXSB"), (intents, "12AXSB3456789")):
        app = quiet(start("annotate", project=project.id))
        legend = shown(app, "Keys")
        named = {key for key in legend.replace("3–9", "3456789") if f"<kbd>{key}</kbd>" in legend}
        named |= set("3456789") if "<kbd>3–9</kbd>" in legend else set()
        card = {each.proto.shortcut.upper() for each in app.button if each.proto.shortcut and "-1-0" in each.key}
        assert named == card == set(keys)


def test_two_presses_that_meet_on_the_way_settle_one_card_and_are_told_so(start, queued, quiet, monkeypatch):
    def twice(*arguments, **named):
        decide(*arguments, **named)
        decide(*arguments, **named)

    # What is still being prepared for the card would draw the page once more, and only what the last run says is seen.
    monkeypatch.setattr(insight, "_poll", lambda *_: None)
    app = start("annotate", project=queued.id)
    monkeypatch.setattr(review_card, "decide", twice)
    app = quiet(button(app, "keep-").click().run())
    assert "settled already" in app.toast[0].value
    assert len(Project.open(queued.folder).log) == 1


# --- pieces ---------------------------------------------------------------------------------------------------------


def test_a_text_is_marked_where_a_word_weighs_something():
    drawn = cards.reading("Refund <now>!", {"refund": -0.8, "now": 0.2}, sides=("a & b", "c"))
    assert '<mark class="rc-for-given rc-strong" title="speaks much for a &amp; b">Refund</mark>' in drawn
    assert '&lt;<mark class="rc-for-suggested" title="speaks for c">now</mark>' in drawn
    assert ">!</mark>" not in drawn
    assert "missing" in cards.reading(None)


def test_what_may_scroll_can_be_reached_with_the_keyboard():
    assert 'tabindex="0"' in cards.reading("word " * 400)
    assert "tabindex" not in cards.reading("word " * 20)


def test_many_columns_are_all_listed():
    from core.report import card

    drawn = cards.lines(card({f"column {number}": number for number in range(80)}))
    assert drawn.count("<dt>") == 80
    assert 'tabindex="0"' in drawn
