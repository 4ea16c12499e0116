from __future__ import annotations

import numpy as np
import pytest

from core.flywheel import Exclude, Project, Relabel
from core.flywheel import store as store_module


@pytest.fixture
def opened_again(project):
    """A project with data that was excluded, a turn's worth of labels after it, and nothing in memory."""
    train = list(project.dataset.ids("train"))
    project.apply(Exclude(tuple(train[:3])))
    project.apply(Relabel({train[5]: "maybe"}))
    project.apply(Relabel({train[6]: "maybe"}))
    project.close()
    again = Project.open(project.folder)
    yield again
    again.close()


def test_states_that_differ_in_labels_alone_hold_the_rest_once(opened_again):
    now, before, first = opened_again.dataset, opened_again.dataset_at(1), opened_again.dataset_at(0)

    assert np.shares_memory(now.frame["x"].to_numpy(), before.frame["x"].to_numpy())
    assert len(first) == len(before) + 3
    assert not now.labels.equals(before.labels)


def test_the_way_to_a_state_does_not_change_it(opened_again):
    states = [opened_again.dataset_at(revision).version for revision in range(4)]
    for order in ((3, 0, 2, 1), (1, 3, 2, 0)):
        again = Project.open(opened_again.folder)
        assert {revision: again.dataset_at(revision).version for revision in order} == dict(enumerate(states))
        again.close()


def test_a_large_frame_is_held_by_what_is_made_of_it_alone(project, monkeypatch):
    name = project.store.get("frame")
    project.store.read_frame(name)
    assert name in project.store._frames

    monkeypatch.setattr(store_module, "_KEPT_BYTES", 1_000)
    again = Project.open(project.folder)
    assert len(again.dataset) == len(project.dataset)
    assert name not in again.store._frames
    assert again.store.read_frame(name).equals(project.store.read_frame(name))
    again.close()
