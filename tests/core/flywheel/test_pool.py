from __future__ import annotations

import pandas as pd
import pytest

from core.errors import FlywheelError
from core.flywheel import (
    Project,
    ProjectError,
    Relabel,
    current_queue,
    decide,
    is_of_pool,
    look_at_pool,
    next_place,
    simulate_reviewer,
    start_queue,
)
from core.progress import Cancelled


@pytest.fixture
def pooled(tmp_path, make_dataset, make_table):
    """A project of 200 rows, 40 of them in the pool, after turn 0."""
    project = Project.create(tmp_path / "pooled", make_dataset(make_table(200, pool=40)), recipe="logistic_regression")
    project.turn()
    yield project
    project.close()


@pytest.fixture
def queue(pooled):
    view = look_at_pool(pooled, 6)
    return start_queue(pooled, view.cards, source="next 6 of the pool", turn=view.turn)


def test_the_model_of_the_last_turn_looks_at_every_example_without_a_label(pooled):
    heard = []
    view = look_at_pool(pooled, 10, progress=lambda share, message: heard.append((share, message)))
    pool = pooled.dataset.ids("pool")
    assert set(view.confidence.index) == set(view.predicted.index) == set(pool)
    found = pooled.fitted().predict_proba(pooled.dataset.inputs("pool"))
    assert view.confidence.loc[pool].to_numpy() == pytest.approx(found.max(axis=1))
    assert len(view.cards) == 10
    assert set(view.cards.index) <= set(pool)
    assert (view.turn, view.version) == (0, pooled.dataset.version)
    assert heard[-1][0] == 1.0
    assert look_at_pool(pooled, 10).cards.equals(view.cards)


def test_it_can_be_cancelled(pooled):
    with pytest.raises(Cancelled):
        look_at_pool(pooled, 10, cancel=lambda: True)


def test_a_label_moves_the_example_to_train_and_the_card_is_done(pooled, queue):
    first, second = queue.cards.index[:2]
    assert is_of_pool(queue)
    decide(pooled, queue, 0, "suggested", by="ann")
    decide(pooled, current_queue(pooled), 1, "other", "maybe", by="ann")
    dataset = Project.open(pooled.folder).dataset
    assert dataset.split[[first, second]].tolist() == ["train", "train"]
    assert dataset.labels[first] == queue.cards.loc[first, "suggested"]
    assert dataset.labels[second] == "maybe"
    assert next_place(pooled, current_queue(pooled)) == 2


def test_what_was_labelled_elsewhere_is_passed_over(pooled, queue):
    pooled.apply(Relabel({queue.cards.index[0]: "yes", queue.cards.index[2]: "no"}))
    assert next_place(pooled, queue) == 1
    assert next_place(pooled, queue, 2) == 3


def test_undo_brings_the_example_back_to_the_pool_and_the_reviewer_to_its_card(pooled, queue):
    before = pooled.dataset.version
    decide(pooled, queue, 0, "suggested", by="ann")
    assert pooled.dataset.version != before
    pooled.undo("ann")
    assert pooled.dataset.version == before
    assert pooled.dataset.split[queue.cards.index[0]] == "pool"
    assert next_place(pooled, current_queue(pooled)) == 0
    pooled.redo("ann")
    assert pooled.dataset.split[queue.cards.index[0]] == "train"
    assert next_place(pooled, current_queue(pooled)) == 1


def test_an_excluded_example_leaves_the_pool_and_undo_brings_it_back(pooled, queue):
    example = queue.cards.index[0]
    decide(pooled, queue, 0, "exclude", by="ann")
    assert example not in pooled.dataset.ids("pool")
    pooled.undo("ann")
    assert example in pooled.dataset.ids("pool")


def test_there_is_no_label_to_keep(pooled, queue):
    with pytest.raises(FlywheelError, match="has none yet"):
        decide(pooled, queue, 0, "keep")
    assert pooled.revision == 0


def test_a_skipped_example_is_asked_for_again_an_ambiguous_one_is_not(pooled, queue):
    skipped, unclear = queue.cards.index[:2]
    decide(pooled, queue, 0, "skip")
    decide(pooled, current_queue(pooled), 1, "ambiguous")
    again = look_at_pool(pooled, 40).cards.index
    assert skipped in again
    assert unclear not in again
    assert len(again) == 39


def test_the_next_turn_learns_from_the_new_labels(pooled, queue):
    trained = len(pooled.turns[0].out_of_fold)
    for place in range(6):
        decide(pooled, current_queue(pooled), place, "suggested")
    turn = pooled.turn()
    assert len(turn.out_of_fold) == trained + 6
    assert look_at_pool(pooled, 5).turn == 1


def test_where_people_disagree_a_labelled_example_is_asked_for_again(pooled):
    train = pooled.dataset.ids("train")
    votes = pd.DataFrame(dict.fromkeys(("ann", "bob", "cho", "dee"), pooled.dataset.labels.loc[train]))
    doubtful = train[pooled.turns[0].out_of_fold.loc[train].max(axis="columns").argmin()]
    votes.loc[doubtful] = ["yes", "no", "yes", "no"]
    cards = look_at_pool(pooled, 30, annotations=votes).cards
    assert doubtful in cards.index
    assert cards.loc[doubtful, "given"] == pooled.dataset.labels[doubtful]
    assert "another label would settle it" in cards.loc[doubtful, "reasons"]
    queue = start_queue(pooled, cards, source="next 30 to label", turn=0)
    assert is_of_pool(queue)
    place = cards.index.get_loc(doubtful)
    assert next_place(pooled, queue, place) == place
    decide(pooled, queue, place, "keep")


def test_an_empty_pool_is_refused_with_what_to_do(tmp_path, make_dataset, make_table):
    project = Project.create(tmp_path / "full", make_dataset(make_table(pool=0)), recipe="logistic_regression")
    project.turn()
    with pytest.raises(ProjectError, match="Bring examples without a label"):
        look_at_pool(project, 5)
    project.close()


def test_a_pool_of_which_all_was_called_ambiguous_is_not_asked_again(pooled):
    view = look_at_pool(pooled, 40)
    queue = start_queue(pooled, view.cards, source="all of the pool", turn=0)
    for place in range(len(queue.cards)):
        decide(pooled, queue, place, "ambiguous")
    with pytest.raises(ProjectError, match="called ambiguous"):
        look_at_pool(pooled, 5)


def test_without_a_pool_what_people_dispute_is_asked_for_again_until_a_reviewer_settles_it(
    tmp_path, make_dataset, make_table
):
    project = Project.create(tmp_path / "full", make_dataset(make_table(pool=0)), recipe="logistic_regression")
    project.turn()
    train = project.dataset.ids("train")
    votes = pd.DataFrame(dict.fromkeys(("ann", "bob", "cho"), project.dataset.labels.loc[train]))
    votes.loc[train[:10], "bob"] = "unheard of"
    view = look_at_pool(project, 5, annotations=votes)
    assert view.confidence.empty
    assert view.predicted.empty
    assert len(view.cards) == 5
    queue = start_queue(project, view.cards, source="next 5 to label again", turn=0)
    assert is_of_pool(queue)
    decide(project, queue, 0, "keep")
    again = look_at_pool(project, 5, annotations=votes)
    assert len(again.cards) == 5
    assert view.cards.index[0] not in again.cards.index
    project.close()


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 1.0])
def test_the_simulated_reviewer_gives_the_pool_labels_of_the_data(pooled, queue, accuracy):
    before = pooled.dataset.classes
    truth = pooled.dataset.frame[pooled.dataset.schema.truth].reindex(queue.cards.index)
    done = simulate_reviewer(pooled, queue, 6, accuracy=accuracy)
    labels = pooled.dataset.labels.reindex(queue.cards.index[:done])
    assert pooled.dataset.classes == before
    if accuracy != 0.5:
        assert (labels == truth[:done]).all() == (accuracy == 1.0)
        assert (labels != truth[:done]).all() == (accuracy == 0.0)
