from __future__ import annotations

import pandas as pd
import pytest

from core.flywheel import Collect, ProjectError, Relabel, current_queue, look_at_pool
from core.flywheel.batch_report import examine_batch
from core.flywheel.batches import merge_batch, random_order, true_score
from core.flywheel.confusing import choose_of_batch, queue_of_batch


@pytest.fixture
def moved(released, make_people):
    """A pool of 40 rows of the old world, and a batch of which the last ten are far away from it."""
    released.apply(Collect(make_people(40, 8).drop(columns="label")))
    rows = pd.concat([make_people(70, 1), make_people(30, 2, shift=60)], ignore_index=True).drop(columns="label")
    report, new = examine_batch(released, rows)
    return released, merge_batch(released, report, new, name="may.csv"), new


def test_half_are_least_like_train_and_half_confuse_the_model(moved):
    project, batch, new = moved
    view = choose_of_batch(project, batch, 12)
    assert set(view.cards.index) <= set(new.index)
    far = new.loc[view.cards.index, "income"] > 85
    # One after the other, so that whoever stops early has seen both.
    assert far.iloc[::2].all()
    others = view.cards[~far.to_numpy()]
    assert len(others) >= 4
    assert others["score"].mean() > look_at_pool(project, 100).cards["score"].mean()


def test_only_those_that_still_wait_are_chosen(moved):
    project, batch, new = moved
    project.apply(Relabel(dict.fromkeys(new.index[:95], "yes")))
    view = choose_of_batch(project, batch, 20)
    assert set(view.cards.index) == set(new.index[95:])
    project.apply(Relabel(dict.fromkeys(new.index[95:], "no")))
    with pytest.raises(ProjectError, match=r"No row of 'may\.csv' waits"):
        choose_of_batch(project, batch, 20)


def test_the_queue_is_in_the_name_of_who_asked(moved):
    project, batch, _ = moved
    view = queue_of_batch(project, batch, 5, by="ann")
    queue = current_queue(project, "ann")
    assert queue.cards.index.equals(view.cards.index)
    assert queue.source == "next 5 of the batch 'may.csv', chosen by turn 0"


def test_a_batch_like_train_is_chosen_by_the_model_alone(released, make_people):
    report, new = examine_batch(released, make_people(100, 1).drop(columns="label"))
    batch = merge_batch(released, report, new, name="same.csv")
    assert choose_of_batch(released, batch, 8).cards.equals(look_at_pool(released, 8).cards)


def test_at_random_they_are_the_next_of_the_order_and_the_true_score_is_of_the_whole(moved):
    project, batch, _ = moved
    order = random_order(batch)
    project.apply(Relabel({order[0]: "yes", order[5]: "no"}))
    view = queue_of_batch(project, batch, 22, at_random=True, by="ann")
    assert list(view.cards.index) == [example for example in order if example not in (order[0], order[5])][:22]
    project.apply(Relabel({example: ["yes", "no"][place % 2] for place, example in enumerate(view.cards.index)}))
    found = true_score(project, batch)
    assert (found.labelled, found.chosen) == (24, False)
