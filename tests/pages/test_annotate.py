from __future__ import annotations

import getpass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.annotate import conflicts
from core.dataset import Dataset
from core.flywheel import Exclude, Project, Relabel, current_queue, decide, decisions, members, move, start_queue
from pages.parts import cases, queues
from pages.parts.plain import plain

# Who signs what the app is told here.
ME = getpass.getuser()


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto.body) for element in shown)


def button(app, start: str):
    return next(each for each in app.button if each.key and each.key.startswith(start))


def progress(app) -> str:
    return app.get("progress")[0].proto.text


def make_texts(folder: Path) -> Project:
    """Short texts of three classes with their truth beside them, after turn 0."""
    rng = np.random.default_rng(0)
    words_of = {"billing": ["invoice", "refund"], "delivery": ["parcel", "late"], "other": ["hello", "<b>thanks</b>"]}
    truth = rng.choice(list(words_of), 300, p=[0.5, 0.3, 0.2])
    filler = ["please", "today", "my", "the", "it", "order"]
    text = [" ".join([*rng.choice(filler, 4), *rng.choice(words_of[name], 2)]) for name in truth]
    wrong = rng.random(300) < 0.15
    label = np.where(wrong, rng.permutation(truth), truth)
    frame = pd.DataFrame({"text": [f"{said} {n}" for n, said in enumerate(text)], "label": label, "true_label": truth})
    project = Project.create(folder / "tickets", Dataset.from_frame(frame, label="label", text="text"))
    project.turn()
    return project


@pytest.fixture
def texts(ready) -> Project:
    return ready(make_texts)


@pytest.fixture
def queued(turned):
    """The customers with a queue of every label, the most doubtful first."""
    turn = turned.turns[0]
    ranking = turn.suspects.iloc[queues.places(turned, turn, flagged=False)]
    start_queue(turned, ranking, source="all labels of turn 0", turn=0)
    return turned


def test_without_a_turn_the_page_says_what_to_do(start, project, quiet):
    app = quiet(start("annotate", project=project.id))
    assert "No turn yet" in app.info[0].value
    assert "Run turn 0" in [link.proto.label for link in app.get("page_link")]
    assert not [each for each in app.button if each.key == "start-queue"]


def test_a_review_starts_with_the_suspects_worst_first(start, turned, quiet):
    app = quiet(start("annotate", project=turned.id))
    suspects = turned.turns[0].suspects
    flagged = suspects[suspects["flagged"]]
    assert app.button(key="start-queue").label == f"Review {len(flagged)} examples"
    app = quiet(app.button(key="start-queue").click().run())
    assert current_queue(turned).cards.index.tolist() == flagged.index.tolist()
    assert progress(app) == f"Card **1** of {len(flagged)} · suspects of turn 0"
    first = turned.dataset.frame.loc[flagged.index[0]]
    assert first["city"].replace("<", "&lt;").replace(">", "&gt;") in words(app)
    assert "<b>Oslo" not in words(app)


def test_one_class_can_be_reviewed_alone(start, turned, quiet):
    app = start("annotate", project=turned.id)
    app.segmented_control(key="queue-what").set_value("all").run()
    app.selectbox(key="queue-class").set_value("leaves").run()
    quiet(app.button(key="start-queue").click().run())
    queue = current_queue(turned)
    assert set(queue.cards["given"]) == {"leaves"}
    assert queue.source == "all labels of turn 0 labelled 'leaves'"


@pytest.mark.parametrize(
    ("key", "decision"),
    [
        ("keep", "keep"),
        ("suggested", "suggested"),
        ("ambiguous", "ambiguous"),
        ("exclude", "exclude"),
        ("skip", "skip"),
    ],
)
def test_a_decision_is_on_disk_when_the_next_card_is_shown(start, queued, quiet, key, decision):
    app = start("annotate", project=queued.id)
    card = current_queue(queued).cards.iloc[0]
    app = quiet(button(app, f"{key}-").click().run())
    assert progress(app).startswith("Card **2**")
    on_disk = Project.open(queued.folder)
    assert decisions(on_disk).loc[card.name, "decision"] == decision
    assert current_queue(on_disk).place == 1
    assert f"Saved: {plain(on_disk.log[-1].summary)}" in words(app)
    if decision == "suggested":
        assert on_disk.dataset.labels[card.name] == card["suggested"]
    if decision == "exclude":
        assert card.name in on_disk.dataset.excluded.index


def test_every_decision_has_a_key_of_its_own_and_none_is_reserved(start, texts, quiet):
    app = start("annotate", project=texts.id)
    app = quiet(app.button(key="start-queue").click().run())
    keys = [each.proto.shortcut for each in app.button if each.proto.shortcut]
    assert len(keys) == len(set(keys))
    assert {"1", "2", "3", "a", "x", "s", "b"} <= {key.lower() for key in keys}
    assert not {"c", "r"} & {key.lower() for key in keys}


def test_another_class_can_be_given(start, texts, quiet):
    app = start("annotate", project=texts.id)
    app = quiet(app.button(key="start-queue").click().run())
    card = current_queue(texts).cards.iloc[0]
    ((third,),) = [[name for name in texts.dataset.classes if name not in (card["given"], card["suggested"])]]
    quiet(button(app, "other3-").click().run())
    assert Project.open(texts.folder).dataset.labels[card.name] == third


def test_a_card_that_was_settled_elsewhere_is_not_settled_again(start, queued, quiet):
    one, other = start("annotate", project=queued.id), start("annotate", project=queued.id)
    quiet(button(one, "keep-").click().run())
    other = quiet(button(other, "suggested-").click().run())
    assert len(Project.open(queued.folder).log) == 1
    assert "settled already" in other.toast[0].value
    assert progress(other).startswith("Card **2**")


def test_a_decision_on_an_example_that_was_changed_is_refused_and_says_by_whom(start, queued):
    app = start("annotate", project=queued.id)
    queued.apply(Relabel({current_queue(queued).cards.index[0]: "stays"}, by="ann"))
    app = button(app, "keep-").click().run()
    assert "was changed since this was shown (ann relabelled to 'stays')" in app.error[0].value.replace("\\", "")
    assert len(Project.open(queued.folder).log) == 1


def test_what_somebody_did_to_another_example_stops_no_decision(start, queued, quiet):
    app = start("annotate", project=queued.id)
    queued.apply(Relabel({current_queue(queued).cards.index[5]: "stays"}, by="ann"))
    quiet(button(app, "keep-").click().run())
    assert [entry.kind for entry in Project.open(queued.folder).log] == ["relabel", "decide"]


def test_back_shows_the_card_again_and_keeping_brings_the_first_label_back(start, queued, quiet):
    card = current_queue(queued).cards.iloc[0]
    app = start("annotate", project=queued.id)
    app = quiet(button(app, "suggested-").click().run())
    app = quiet(button(app, "back-").click().run())
    assert progress(app).startswith("Card **1**")
    assert "Relabelled since" in words(app)
    quiet(button(app, "keep-").click().run())
    assert Project.open(queued.folder).dataset.labels[card.name] == card["given"]


def test_undo_returns_to_the_card(start, queued, quiet):
    app = start("annotate", project=queued.id)
    app = quiet(button(app, "exclude-").click().run())
    app = quiet(app.button(key="undo").click().run())
    assert progress(app).startswith("Card **1**")
    assert len(Project.open(queued.folder).dataset.excluded) == 0


def test_excluded_examples_are_passed_over(start, queued, quiet):
    first, second = current_queue(queued).cards.index[:2]
    queued.apply(Exclude([first, second], by="ann"))
    assert progress(quiet(start("annotate", project=queued.id))).startswith("Card **3**")


def test_a_newer_ranking_is_offered_and_taken_only_when_asked(start, queued, quiet):
    queued.apply(Exclude([current_queue(queued).cards.index[4]], by="ann"))
    queued.turn()
    app = quiet(start("annotate", project=queued.id))
    assert "Turn 1 has ranked the labels anew" in words(app)
    assert current_queue(queued).number == 1
    app = quiet(app.button(key="newer-queue").click().run())
    assert (current_queue(queued).turn, current_queue(queued).number) == (1, 2)
    assert "ranked the labels anew" not in words(app)


def test_the_end_of_a_queue_says_what_was_decided_and_what_comes_next(start, turned, quiet):
    start_queue(turned, turned.turns[0].suspects.head(2), source="two", turn=0)
    app = start("annotate", project=turned.id)
    button(app, "suggested-").click().run()
    app = quiet(button(app, "skip-").click().run())
    assert "The queue is through." in words(app)
    assert "1 took the suggestion" in words(app).lower()
    app = quiet(button(app, "back-").click().run())
    assert progress(app).startswith("Card **2**")


def test_the_simulated_reviewer_needs_a_truth_and_says_what_it_is(start, turned, quiet):
    start_queue(turned, turned.turns[0].suspects, source="all", turn=0)
    app = quiet(start("annotate", project=turned.id))
    assert not [each for each in app.button if each.key == "simulate"]


def test_the_simulated_reviewer_settles_cards_in_one_edit_that_can_be_taken_back(start, texts, quiet):
    start_queue(texts, texts.turns[0].suspects.head(40), source="suspects", turn=0)
    app = start("annotate", project=texts.id)
    app.number_input(key="simulated-1").set_value(30).run()
    app.slider(key="simulated-accuracy").set_value(100).run()
    app = quiet(app.button(key="simulate").click().run())
    on_disk = Project.open(texts.folder)
    settled = current_queue(texts).cards.index[:30]
    assert (on_disk.dataset.labels[settled] == on_disk.dataset.frame.loc[settled, "true_label"]).all()
    assert [entry.by for entry in on_disk.log] == ["simulated reviewer"]
    assert "simulated" in on_disk.log[0].reason
    assert progress(app).startswith("Card **31**")
    app = quiet(app.button(key="simulate-undo").click().run())
    assert progress(app).startswith("Card **1**")
    assert Project.open(texts.folder).dataset.version == texts.turns[0].version


def test_the_truth_is_never_on_the_card(start, texts, quiet):
    start_queue(texts, texts.turns[0].suspects, source="all", turn=0)
    app = quiet(start("annotate", project=texts.id))
    assert "true_label" not in " ".join(element.proto.body for element in app.get("html"))


def test_the_noise_of_the_labels_is_summed_up_by_class(start, queued, quiet):
    app = start("annotate", project=queued.id)
    app.session_state["noise"] = True
    app = quiet(app.run())
    assert set(app.dataframe[0].value["given"]) == {"leaves", "stays"}
    assert "An estimated" in words(app)


def test_no_suspects_left_says_what_to_do(start, turned, quiet):
    suspects = turned.turns[0].suspects
    turned.apply(Exclude(suspects.index[suspects["flagged"]].tolist(), by="ann"))
    app = quiet(start("annotate", project=turned.id))
    assert "Nothing of this kind is left to review" in app.info[0].value


def test_settled_examples_stay_out_of_the_next_queue_and_skipped_ones_return(turned):
    turn = turned.turns[0]
    first, second = turn.suspects.index[:2]
    start_queue(turned, turn.suspects, source="all", turn=0)
    for place, decision in enumerate(("keep", "skip")):
        decide(turned, current_queue(turned), place, decision)
    ranking = turn.suspects.iloc[queues.places(turned, turn, flagged=False)]
    assert first not in ranking.index
    assert ranking.index[0] == second
    again = queues.places(turned, turn, flagged=False, again=True)
    assert first in turn.suspects.index[again]
    assert turn.suspects.index[queues.places(turned, turn, flagged=False, ids=[second])].tolist() == [second]


# choosing, cases, audit, several reviewers


@pytest.fixture
def copied(workspace, project):
    """The customers with 12 of them copied under the other label, after turn 0."""
    frame = project.dataset.frame
    again = frame.iloc[20:32].assign(label=lambda rows: rows["label"].map({"stays": "leaves", "leaves": "stays"}))
    dataset = Dataset.from_frame(pd.concat([frame, again], ignore_index=True), label="label", test=0.2)
    project = Project.create(workspace / "copied", dataset, recipe="logistic_regression")
    project.turn()
    return project


def test_conflicting_copies_are_one_card_one_entry_and_one_undo(start, copied, quiet):
    app = start("annotate", project=copied.id)
    app = quiet(app.segmented_control(key="queue-what").set_value("copies").run())
    found = conflicts(copied.dataset)
    assert app.button(key="start-queue").label == f"Review {found.nunique()} cases"
    app = quiet(app.button(key="start-queue").click().run())
    queue = current_queue(copied, ME)
    assert queue.source == "conflicting copies of turn 0"
    assert len(queue.cards) == found.nunique()
    ids = members(copied, queue, 0)
    assert f"One case of {len(ids)} equal examples" in words(app)
    assert set(app.dataframe[0].value["example"]) == set(ids)

    before = copied.dataset.version
    app = quiet(button(app, "keep-").click().run())
    on_disk = Project.open(copied.folder)
    assert len(on_disk.log) == 1
    assert set(on_disk.dataset.labels[ids]) == {queue.cards["given"].iloc[0]}
    app = quiet(app.button(key="undo").click().run())
    assert Project.open(copied.folder).dataset.version == before
    assert progress(app).startswith("Card **1**")


def test_a_case_in_another_queue_says_so_and_settles_its_copies(start, copied, quiet):
    cards = copied.turns[0].suspects
    found = conflicts(copied.dataset)
    in_case = cards.index[found.index.get_indexer(cards.index) >= 0][0]
    start_queue(copied, cards.loc[[in_case]], source="one", turn=0)
    app = quiet(start("annotate", project=copied.id))
    assert "Your decision settles all of them" in words(app)
    quiet(button(app, "ambiguous-").click().run())
    assert len(decisions(copied)) == (found == found[in_case]).sum()


def test_a_card_in_no_case_shows_none(start, queued, quiet):
    assert "One case" not in words(quiet(start("annotate", project=queued.id)))


def test_without_copies_there_is_nothing_to_make_consistent(start, turned, quiet):
    app = start("annotate", project=turned.id)
    app = quiet(app.segmented_control(key="queue-what").set_value("copies").run())
    assert "No equal examples carry different labels" in app.info[0].value
    assert not [each for each in app.button if each.key == "start-queue"]


def test_a_mixed_queue_says_that_it_is_and_never_which_card_is_random(start, turned, quiet):
    app = start("annotate", project=turned.id)
    app.segmented_control(key="queue-what").set_value("all").run()
    app.segmented_control(key="queue-order").set_value("mixed").run()
    said = app.button(key="start-queue").label
    app = quiet(app.button(key="start-queue").click().run())
    queue = current_queue(turned, ME)
    assert said == f"Review {len(queue.cards)} examples"
    assert 0.1 < (queue.cards["drawn"] == "random").mean() < 0.25
    assert queue.source.endswith("with random ones between")
    shown = words(app)
    assert "About one card in 5 is drawn at random" in shown
    assert "What the review says" not in shown
    app = quiet(button(app, "suggested-").click().run())
    for _ in range(5):
        app = quiet(button(app, "keep-").click().run())
    shown = words(app)
    assert "What the review says so far" in shown
    assert "of 1 random cards" in shown or "of 2 random cards" in shown
    assert "more random cards" in shown


def test_another_reviewers_work_is_told_and_passed_over(start, queued, quiet):
    decide(queued, current_queue(queued, "ann"), 0, "keep", by="ann")
    app = quiet(start("annotate", project=queued.id))
    # Ann has the second card before her.
    assert progress(app).startswith("Card **3**")
    assert "ann settled 1 of these" in words(app)


def test_a_press_that_came_too_late_is_told_who_was_first(start, queued, quiet):
    app = start("annotate", project=queued.id)
    decide(queued, current_queue(queued, "ann"), 0, "suggested", by="ann")
    app = quiet(button(app, "keep-").click().run())
    assert "settled already: ann relabelled to" in app.toast[0].value.replace("\\", "")
    assert [entry.by for entry in Project.open(queued.folder).log] == ["ann"]


def test_a_queue_of_somebody_else_can_be_joined(start, queued, quiet):
    app = quiet(start("annotate", project=queued.id))
    start_queue(queued, queued.turns[0].suspects.head(7), source="seven", turn=0, by="ann")
    assert "seven" not in progress(app.run())
    app.session_state["another-queue-1"] = True
    app = quiet(app.run())
    app = quiet(button(app, "join-").click().run())
    assert progress(app).endswith("seven")


def test_cards_left_behind_are_offered_at_the_end(start, turned, quiet):
    start_queue(turned, turned.turns[0].suspects.head(4), source="four", turn=0)
    move(turned, current_queue(turned, ME), 3)
    app = quiet(start("annotate", project=turned.id))
    app = quiet(button(app, "keep-").click().run())
    assert "The queue is through" in words(app)
    assert button(app, "left-behind-").label == "Go to 3 cards left behind"
    assert progress(quiet(button(app, "left-behind-").click().run())).startswith("Card **1**")


def test_ones_own_speed_is_told_once_it_is_known(start, queued, quiet):
    for place in range(8):
        decide(queued, current_queue(queued, ME), place, "keep", by=ME)
    app = start("annotate", project=queued.id)
    app.session_state["another-queue-1"] = True
    assert "at your own speed" in words(quiet(app.run()))


def test_the_suspects_of_a_confusion_are_one_click_away(start, turned, quiet):
    app = start("annotate", project=turned.id)
    app.session_state["noise"] = True
    app = quiet(app.run())
    given, probably = app.selectbox(key="confusion").value
    quiet(app.button(key="review-confusion").click().run())
    queue = current_queue(turned, ME)
    assert set(queue.cards["given"]) == {given}
    assert set(queue.cards["suggested"]) == {probably}
    assert queue.source == f"suspects of turn 0 labelled '{given}', probably '{probably}'"


def test_excerpts_of_long_texts_begin_where_they_differ():
    long = "the same words again and again " * 8
    first, second = cases.excerpts([long + "end", long + "stop"])
    assert first.endswith("end")
    assert second.endswith("stop")
    assert first.startswith("…")
    assert cases.excerpts(["go", "GO!"]) == ["go", "GO!"]
    assert cases.excerpts(["", "a"]) == ["", "a"]
