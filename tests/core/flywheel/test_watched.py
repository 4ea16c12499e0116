from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from core.collect import describe
from core.dataset import Dataset
from core.evaluate import Predicate, bins_of, find_slices, joined, losses, slice_frame
from core.flywheel import (
    Collect,
    Correct,
    DropColumn,
    Exclude,
    Project,
    ProjectError,
    region_of,
    unwatch,
    watch,
    watch_history,
    watched_slices,
)
from core.flywheel.watched import inside
from sample_data.tickets import make_tickets

BASIC = Predicate("plan", "basic", values=("basic",))
YOUNG = Predicate("age", "below 40", high=40.0)


def test_a_slice_is_pinned_once_and_its_history_is_kept(project):
    first = watch(project, [BASIC, YOUNG], turn=0, by="ann")
    assert watch(project, [YOUNG, BASIC], turn=0, by="ben") == first
    assert str(first) == "age is below 40 and plan is basic"
    unwatch(project, [YOUNG, BASIC], by="ben")
    assert watched_slices(project) == []
    again = watch(project, [YOUNG, BASIC], turn=2, by="cho")
    other = Project.open(project.folder)
    assert watched_slices(other) == [again]
    assert [(each.kind, each.by) for each in watch_history(other)] == [
        ("watched", "ann"),
        ("removed", "ben"),
        ("watched", "cho"),
    ]
    other.close()


def test_what_can_not_be_pinned_or_taken_off_is_refused(project):
    with pytest.raises(ProjectError, match="must have a condition"):
        watch(project, [], turn=0)
    with pytest.raises(ProjectError, match="not pinned any more"):
        unwatch(project, [BASIC])


def test_two_processes_that_pin_at_once_pin_once(project):
    others = [Project.open(project.folder) for _ in range(4)]
    threads = [threading.Thread(target=watch, args=(each, [BASIC]), kwargs={"turn": 0}) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(watch_history(project)) == 1
    for each in others:
        each.close()


@pytest.mark.parametrize("made", ["table", "texts"])
def test_a_pinned_slice_holds_the_train_examples_that_were_found(tmp_path, make_table, make_texts, made):
    frame = make_table(400) if made == "table" else make_texts(400)
    dataset = Dataset.from_frame(frame, label="label", id="key")
    project = Project.create(tmp_path / "project", dataset, recipe=None)
    turn = project.turn()
    described = describe(dataset).loc[turn.out_of_fold.index]
    labels = dataset.labels.loc[described.index]
    loss = losses(labels, project.model.decide(turn.out_of_fold, turn.threshold))
    categories, _ = slice_frame(described, min_size=20)
    bins = bins_of(described, categories)
    found = find_slices(categories, loss, min_size=20)
    assert found
    for each in found:
        pinned = watch(project, joined(each.predicates, bins), turn=0)
        region = region_of(project, pinned, turn, "train")
        assert region.ids.equals(each.ids)
        assert (region.error, region.lift) == pytest.approx((each.error, each.lift))
        assert region.gain_if_fixed == pytest.approx(each.gain_if_fixed)
        test = region_of(project, pinned, turn, "test")
        assert set(test.ids) <= set(dataset.ids("test"))
    project.close()


def test_a_slice_follows_the_data(project):
    red = watch(project, [Predicate("colour", "red", values=("red",))], turn=0)
    (before,) = inside(project, [red], project.dataset)
    example = project.dataset.frame.index[np.flatnonzero(before & (project.dataset.split == "train"))[0]]
    project.apply(Correct({(example, "colour"): "초록"}))
    (after,) = inside(project, [red], project.dataset)
    assert project.dataset.frame.index[before & ~after].tolist() == [example]
    project.apply(DropColumn("colour"))
    assert not inside(project, [red], project.dataset)[0].any()


def test_what_was_learned_from_train_stays_what_it_was_when_the_slice_was_pinned(tmp_path):
    tickets = make_tickets(0).head(600)[["text", "label"]].drop_duplicates("text")
    dataset = Dataset.from_frame(tickets, label="label", text="text")
    project = Project.create(tmp_path / "project", dataset)
    described = describe(dataset, topics=True)
    topic = described["topic"].iloc[0]
    both = [Predicate("topic", topic, values=(topic,)), Predicate("words", "below 15", high=15.0)]
    pinned = watch(project, both, turn=0)
    expected = ((described["topic"] == topic) & (described["words"] < 15)).to_numpy()
    assert expected.any()
    assert (inside(project, [pinned], project.dataset)[0] == expected).all()
    # With other texts in train other topics would be found.
    project.apply(Exclude([*dataset.ids("train")[: len(dataset.ids("train")) // 2]]))
    there = project.dataset.frame.index
    assert (inside(project, [pinned], project.dataset)[0] == pd.Series(expected, dataset.frame.index)[there]).all()
    new = dataset.frame.head(1)[["text", "label"]].assign(text=lambda frame: frame["text"] + " again")
    project.apply(Collect(new.reset_index(drop=True)))
    added = project.dataset.frame.index.difference(there)
    assert len(added) == 1
    (met,) = inside(project, [pinned], project.dataset)
    assert not met[project.dataset.frame.index.get_indexer(added)].any()
    project.close()
