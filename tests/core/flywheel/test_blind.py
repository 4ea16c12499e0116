"""Blind review of test labels: who can be in it, what is said in it, and what follows for turns and for the noise."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset import Dataset
from core.evaluate import evaluate
from core.flywheel import (
    Decide,
    EditError,
    Exclude,
    Project,
    ProjectError,
    StaleError,
    arrive,
    current_queue,
    decide,
    judgements,
    next_place,
    other_queues,
    reviewer_annotations,
    simulate_reviewer,
    start_queue,
)
from core.flywheel.blind import (
    BlindError,
    answer,
    blind_queue,
    draw,
    last_answer,
    on_reviewed,
    reviewed,
    reviewed_json,
    sample,
    skipped,
    train_moved,
)


def other_class(project, example):
    return next(name for name in project.dataset.classes if name != project.dataset.labels[example])


def say(project, label=None, *, decision=None, by="ann"):
    """Answer the card that a reviewer has before them; with neither, the label that the example has."""
    queue = arrive(project, blind_queue(project, by))
    example = queue.cards.index[queue.place]
    if label == "another":
        label = other_class(project, example)
    elif label is None and decision is None:
        label = project.dataset.labels[example]
    answer(project, queue, queue.place, label, decision=decision, by=by)
    return example


@pytest.fixture
def drawn(project):
    project.turn()
    draw(project, 12, by="ann")
    return project


# --- who is in it ---------------------------------------------------------------------------------------------------


@settings(max_examples=effort(8, 200))
@given(seed=st.integers(0, 5), sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_every_sample_is_the_head_of_one_permutation_of_the_test_set(tmp_path_factory, seed, sizes):
    frame = pd.DataFrame({"x": range(40), "label": ["a", "b"] * 20, "key": [f"r{n}" for n in range(40)]})
    dataset = Dataset.from_frame(frame, label="label", id="key", test=0.3)
    project = Project.create(tmp_path_factory.mktemp("p") / "p", dataset)
    order = None
    for size in sorted(sizes):
        found = draw(project, size, seed=seed)
        assert len(found.ids) == size
        assert order is None or list(found.ids[: len(order)]) == order
        order = list(found.ids)
    whole = draw(project)
    assert list(whole.ids[: len(order)]) == order
    assert sorted(whole.ids) == sorted(dataset.ids("test"))
    assert whole.everything
    project.close()
    again = Project.open(project.folder)
    assert list(sample(again).ids) == list(whole.ids)
    assert [drawn for _, _, drawn in whole.draws] == sorted({*sizes, len(whole.ids)})
    again.close()


def test_the_order_does_not_depend_on_the_order_of_the_rows_or_on_labels(tmp_path, make_table, make_dataset):
    frame = make_table()
    test = list(make_dataset(frame).ids("test"))
    flipped = frame.iloc[::-1].assign(label=frame["label"].map({"yes": "no", "no": "yes"})[::-1])
    orders = []
    for name, each in (("one", frame), ("two", flipped)):
        project = Project.create(tmp_path / name, make_dataset(each, test=test))
        orders.append(list(draw(project).ids))
        project.close()
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])


def test_an_order_is_drawn_once(project):
    draw(project, 5, seed=3)
    with pytest.raises(BlindError, match="seed 3, once and for all"):
        draw(project, 9, seed=4)
    assert len(draw(project, 9, seed=3).ids) == 9
    for size in (8, len(project.dataset.ids("test")) + 1):
        with pytest.raises(BlindError, match="must hold 9 to"):
            draw(project, size)


def test_two_processes_draw_one_sample(project):
    other = Project.open(project.folder)
    first, second = draw(project, 7, by="ann"), draw(other, 7, by="bob")
    assert list(first.ids) == list(second.ids)
    assert (first.queue, first.draws) == (second.queue, second.draws)
    other.close()


def test_blind_decisions_are_about_the_sample_alone(project, train):
    test = project.dataset.ids("test")
    with pytest.raises(EditError, match="not in it"):
        project.apply(Decide({test[0]: ("keep", None)}, blind=True))
    found = draw(project, 5)
    outside = test.difference(found.ids)[0]
    for example in (outside, train[0]):
        with pytest.raises(EditError, match="not in it"):
            project.apply(Decide({found.ids[0]: ("keep", None), example: ("keep", None)}, blind=True))
    with pytest.raises(EditError, match="no suggestion"):
        Decide({found.ids[0]: ("suggested", "yes")}, blind=True)
    with pytest.raises(EditError, match="blind review only"):
        project.apply(Decide({found.ids[0]: ("keep", None)}))
    assert not project.log
    project.apply(Decide({found.ids[0]: ("keep", None)}, blind=True))
    draw(project)
    project.apply(Decide({outside: ("keep", None)}, blind=True))


# --- what is said in it ---------------------------------------------------------------------------------------------


def test_the_queue_tells_nothing_of_labels(drawn):
    queue = blind_queue(drawn, "ann")
    assert queue.blind
    assert list(queue.cards.columns) == ["blind"]
    assert queue.cards["blind"].all()
    assert list(queue.cards.index) == list(sample(drawn).ids)


def test_an_answer_is_kept_or_changed_by_comparing(drawn):
    kept, changed = say(drawn), say(drawn, "another")
    gone, unclear, passed = (say(drawn, decision=each) for each in ("exclude", "ambiguous", "skip"))
    said = [entry.content["decisions"] for entry in drawn.log]
    labels = drawn.dataset_at(0).labels
    assert said[0] == {kept: ["keep", labels[kept]]}
    assert said[1] == {changed: ["other", drawn.dataset.labels[changed]]}
    assert drawn.dataset.labels[changed] != labels[changed]
    assert said[2:] == [{gone: ["exclude", None]}, {unclear: ["ambiguous", None]}, {passed: ["skip", None]}]
    assert all(entry.content["blind"] for entry in drawn.log)
    # Nor does the log tell somebody who goes on whether that was the label.
    assert [entry.summary for entry in drawn.log][:2] == [
        f"said '{labels[kept]}' blind",
        f"said '{drawn.dataset.labels[changed]}' blind",
    ]
    found = reviewed(drawn)
    assert (found.noise.reviewed, found.noise.wrong, found.noise.ambiguous) == (4, 2, 1)
    assert found.noise.share == 0.5
    assert found.reviewers == {"ann": 4}
    assert found.answers["examples"].sum() == 3
    wrong = found.answers[(found.answers["given"] != found.answers["said"]).to_numpy()]
    assert set(wrong["said"].fillna("none")) == {"none", drawn.dataset.labels[changed]}


def test_an_example_is_answered_once_and_going_back_takes_the_answer_back(drawn):
    first = say(drawn, "another")
    queue = blind_queue(drawn, "ann")
    with pytest.raises(BlindError, match="answered once"):
        answer(drawn, queue, 0, drawn.dataset.labels[first], by="bob")
    assert last_answer(drawn, queue, "bob") is None
    assert last_answer(drawn, queue, "ann") is not None
    drawn.undo("ann")
    assert blind_queue(drawn, "ann").place == 0
    assert reviewed(drawn).noise.reviewed == 0
    # What one skipped can be answered after all.
    say(drawn, decision="skip")
    assert skipped(drawn, blind_queue(drawn, "ann")) == list(range(12))
    answer(drawn, blind_queue(drawn, "ann"), 0, "yes", by="ann")
    assert skipped(drawn, blind_queue(drawn, "ann")) == list(range(1, 12))


def test_who_takes_a_skip_back_is_led_past_what_another_has_answered(drawn):
    first = say(drawn, decision="skip", by="ann")
    assert say(drawn, by="bob") == first
    drawn.undo("ann")
    assert blind_queue(drawn, "ann").place == 1
    assert say(drawn, by="ann") != first


def test_an_answer_that_is_none_is_refused(drawn):
    queue = blind_queue(drawn, "ann")
    for arguments, words in (
        ({"label": "maybe"}, "one of the classes"),
        ({}, "a class, or one of"),
        ({"label": "yes", "decision": "skip"}, "a class, or one of"),
        ({"decision": "keep"}, "a class, or one of"),
    ):
        with pytest.raises(BlindError, match=words):
            answer(drawn, queue, 0, **arguments, by="ann")
    with pytest.raises(ProjectError, match="there is none at place 12"):
        answer(drawn, queue, 12, "yes", by="ann")
    assert not drawn.log


def test_two_reviewers_share_the_sample_and_meet_no_card_twice(drawn):
    told = []
    for by in ("ann", "bob", "bob", "ann"):
        told.append(say(drawn, by=by))
    assert len(set(told)) == 4
    # A card is handed to nobody else while somebody has it before them, and what was decided meanwhile is refused.
    seen, at = drawn.revision, arrive(drawn, blind_queue(drawn, "ann")).place
    assert arrive(drawn, blind_queue(drawn, "bob")).place != at
    answer(drawn, blind_queue(drawn, "bob"), at, "yes", by="bob")
    with pytest.raises(StaleError, match="bob said 'yes' blind"):
        answer(drawn, blind_queue(drawn, "ann"), at, "no", by="ann", revision=seen)
    assert reviewed(drawn).reviewers == {"bob": 3, "ann": 2}


def test_a_sample_that_is_through_goes_on_where_it_grows(drawn):
    for _ in range(12):
        say(drawn)
    queue = blind_queue(drawn, "ann")
    assert queue.place == next_place(drawn, queue) == 12
    grown = draw(drawn, 15, by="bob")
    assert blind_queue(drawn, "ann").place == 12
    assert say(drawn) == grown.ids[12]
    # Who comes later is led past what is answered, and past the card that another has.
    assert blind_queue(drawn, "eve").place == 14


def test_an_example_that_was_excluded_elsewhere_is_passed_over(drawn):
    drawn.apply(Exclude([sample(drawn).ids[0]], by="bob"))
    queue = blind_queue(drawn, "ann")
    assert queue.place == 1
    assert skipped(drawn, queue) == list(range(1, 12))
    assert reviewed(drawn).noise.size == sample(drawn).size


def test_nobody_is_led_from_the_train_queue_into_the_blind_one(project, train):
    project.turn()
    draw(project, 5, by="ann")
    assert current_queue(project, "ann") is None
    suspects = start_queue(project, project.turns[0].suspects, source="all", turn=0, by="ann")
    say(project, by="ann")
    say(project, by="bob")
    assert current_queue(project, "ann").number == suspects.number
    assert current_queue(project).number == suspects.number
    assert not other_queues(project, suspects)
    decide(project, current_queue(project, "ann"), 0, "skip", by="ann")
    # Bob was handed the third card, since the second was Ann's.
    assert [blind_queue(project, by).place for by in ("ann", "bob")] == [1, 3]


def test_nothing_is_learned_from_what_was_said_of_test_examples(drawn):
    told = {say(drawn), say(drawn, "another")}
    assert judgements(drawn).empty
    assert not told & set(reviewer_annotations(drawn).index)


# --- what follows ---------------------------------------------------------------------------------------------------


def test_each_answer_scores_every_turn_again_and_undo_scores_them_as_they_were(drawn, train):
    drawn.apply(Exclude(train[:4]))
    drawn.turn()
    first = [turn.evaluation.metrics for turn in drawn.turns]
    assert not any(turn.rescored for turn in drawn.turns)
    say(drawn)
    assert not any(turn.rescored for turn in drawn.turns)
    for label in ("another", None, "another"):
        say(drawn, label)
        labels = drawn.dataset.labels_of("test")
        for turn, then in zip(drawn.turns, first, strict=True):
            assert turn.rescored
            assert turn.headline == turn.evaluation.metrics[drawn.headline]
            assert turn.evaluation_then.metrics == then
            assert turn.evaluation.metrics == evaluate(labels.sort_index(), turn.test_probabilities).metrics
    before = drawn.turns[1]
    again = Project.open(drawn.folder)
    assert again.turns[1].evaluation.metrics == before.evaluation.metrics
    assert again.turns[1].verdict_then.delta == before.verdict_then.delta
    again.close()
    for _ in range(4):
        drawn.undo("ann")
    assert [turn.evaluation.metrics for turn in drawn.turns] == first
    assert not any(turn.rescored for turn in drawn.turns)


def test_both_verdicts_stay(tmp_path, dataset, train):
    drawn = Project.create(tmp_path / "p", dataset)
    drawn.turn()
    draw(drawn, 12, by="ann")
    drawn.apply(Exclude(train[:20]))
    then = drawn.turn().verdict
    drawn.apply(Exclude(train[20:30]))
    since_first = drawn.turn().verdict_against_first
    draw(drawn)
    for _ in range(10):
        say(drawn, "another")
    now = drawn.turns
    for turn, verdict in ((now[1].verdict_then, then), (now[2].verdict_against_first_then, since_first)):
        assert (turn.delta, turn.low, turn.high, turn.verdict) == (
            verdict.delta,
            verdict.low,
            verdict.high,
            verdict.verdict,
        )
    assert now[1].verdict.delta != then.delta
    table = drawn.ledger()
    assert table["delta_then"].iloc[1] == then.delta
    assert table["delta"].iloc[1] == now[1].verdict.delta
    assert table["score_then"].iloc[1] == now[1].evaluation_then.metrics[drawn.headline][0]
    assert table["rescored"].all()


def test_test_labels_alone_are_no_reason_for_another_turn(drawn, train):
    last = drawn.turns[-1]
    say(drawn, "another")
    say(drawn)
    assert drawn.dataset.version != last.version
    assert not train_moved(drawn, last)
    assert "turn" not in {action.kind for action in drawn.actions()}
    assert drawn.pending == ("2 test labels reviewed blind",)
    drawn.apply(Exclude(train[:1], by="bob"))
    assert train_moved(drawn, last)
    drawn.undo("bob")
    assert not train_moved(drawn, last)
    drawn.apply(Exclude(train[:1], by="bob"))
    drawn.turn()
    drawn.undo("bob")
    assert train_moved(drawn, drawn.turns[-1])


def test_the_export_has_the_sample_what_was_said_in_it_and_both_figures(drawn, tmp_path):
    drawn.turn()
    for label in ("another", None, "another"):
        say(drawn, label)
    folder = drawn.export(tmp_path / "out")
    said = json.loads((folder / "test_labels.json").read_text())
    noise = reviewed(drawn).noise
    assert said["sample"] == list(sample(drawn).ids)
    assert (said["reviewed"], said["wrong"], said["interval"]) == (3, 2, [noise.low, noise.high])
    assert said["draws"][0]["by"] == "ann"
    metrics = json.loads((folder / "metrics.json").read_text())
    last = drawn.turns[-1]
    for key, evaluation in (("metrics", last.evaluation_then), ("metrics_now", last.evaluation)):
        assert metrics[key]["macro_f1"]["value"] == evaluation.metrics["macro_f1"][0]
    assert metrics["metrics"] != metrics["metrics_now"]
    assert metrics["verdict_then"]["delta"] == last.verdict_then.delta
    ledger = pd.read_csv(folder / "ledger.csv")
    assert list(ledger["score_then"]) == pytest.approx(
        [turn.evaluation_then.metrics["macro_f1"][0] for turn in drawn.turns]
    )


def test_the_reviewed_ones_alone_are_judged_on_right_labels(drawn):
    draw(drawn, 25)
    for number in range(25):
        assert on_reviewed(drawn, drawn.turns[0]) is None or number >= 20
        say(drawn, "another" if number % 6 == 0 else None)
    ids, turn = sample(drawn).ids, drawn.turns[0]
    said, labels = turn.test_probabilities.loc[ids].idxmax(axis="columns"), drawn.dataset.labels.loc[ids]
    assert on_reviewed(drawn, turn).metrics["accuracy"][0] == pytest.approx((said == labels).mean())
    draw(drawn)
    while blind_queue(drawn, "ann").place < sample(drawn).size:
        say(drawn)
    # Then it is the evaluation of the turn itself.
    assert on_reviewed(drawn, turn) is None


@pytest.mark.parametrize("accuracy", [1.0, 0.7])
def test_the_simulated_reviewer_answers_blind_as_well(drawn, accuracy):
    draw(drawn)
    truth = drawn.dataset.frame["true_label"].loc[sample(drawn).ids]
    given = drawn.dataset.labels.loc[sample(drawn).ids]
    done = simulate_reviewer(drawn, blind_queue(drawn, "ann"), 20, accuracy=accuracy)
    assert done == 20
    entry = drawn.log[-1]
    assert entry.content["blind"]
    said = pd.Series({example: label for example, (_, label) in entry.content["decisions"].items()})
    right = (said == truth.loc[said.index]).mean()
    assert right == 1 if accuracy == 1 else 0.4 < right < 0.95
    assert reviewed(drawn).noise.wrong == (said != given.loc[said.index]).sum()
    assert blind_queue(drawn, "ann").place == 20
    drawn.undo("simulated reviewer")
    assert blind_queue(drawn, "ann").place == 0


def test_without_a_sample_there_is_nothing_to_tell(project):
    assert sample(project) is None
    assert blind_queue(project) is None
    assert reviewed(project) is None
    assert reviewed_json(project) is None


def test_the_noise_is_exact_once_all_are_reviewed(drawn):
    draw(drawn)
    wrong = 0
    size = sample(drawn).size
    for number in range(size):
        wrong += number % 5 == 0
        say(drawn, "another" if number % 5 == 0 else None)
    noise = reviewed(drawn).noise
    assert noise.complete
    assert noise.share == noise.low == noise.high == wrong / size
    assert noise.left == (0.0, 0.0, 0.0)
