from __future__ import annotations

import threading
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.flywheel import Decide, Exclude, Project, Relabel
from core.flywheel.attribution import (
    EXACT,
    _drawn_orders,
    _exact_weights,
    _mean_weights,
    attribute,
    groups_of,
)
from core.flywheel.errors import ProjectError
from core.progress import Cancelled

values_of_subsets = st.integers(1, 5).flatmap(
    lambda groups: st.lists(st.floats(-1, 1), min_size=2**groups, max_size=2**groups)
)


@given(values_of_subsets)
def test_exact_shares_are_the_mean_over_all_orders_and_sum_to_the_whole(values):
    values = np.array(values)
    groups = len(values).bit_length() - 1
    added = np.zeros(groups)
    orders = list(permutations(range(groups)))
    for order in orders:
        mask = 0
        for group in order:
            added[group] += values[mask | 1 << group] - values[mask]
            mask |= 1 << group
    shares = _exact_weights(groups) @ values
    np.testing.assert_allclose(shares, added / len(orders), atol=1e-12)
    assert shares.sum() == pytest.approx(values[-1] - values[0], abs=1e-12)


@given(values_of_subsets)
def test_groups_that_do_the_same_get_the_same_and_one_that_does_nothing_gets_nothing(values):
    groups = len(values).bit_length() - 1
    # The value depends on how many groups are in, not on which; the last one plays no part.
    by_size = np.array([values[(mask & ((1 << groups - 1) - 1)).bit_count()] for mask in range(2**groups)])
    shares = _exact_weights(groups) @ by_size
    np.testing.assert_allclose(shares[:-1], shares[:-1].mean() if groups > 1 else [], atol=1e-12)
    assert shares[-1] == pytest.approx(0, abs=1e-12)


@given(st.integers(2, 9), st.integers(0, 5))
def test_drawn_orders_sum_to_the_whole_and_come_with_their_reverse(groups, seed):
    orders = _drawn_orders(groups, seed)
    subsets = sorted({mask for order in orders for mask in order})
    place = {mask: at for at, mask in enumerate(subsets)}
    values = np.random.default_rng(seed).normal(size=len(subsets))
    shares = _mean_weights(orders, groups, place) @ values
    assert shares.sum() == pytest.approx(values[-1] - values[0])
    whole = 2**groups - 1
    for order, reverse in zip(orders[::2], orders[1::2], strict=True):
        assert [whole ^ mask for mask in order[::-1]] == reverse


def make(folder, *, wrong=90, headline="macro_f1", decision="argmax"):
    """A project whose first train labels are wrong, and what they should be."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=600)})
    frame["label"] = np.where(x + 0.4 * rng.normal(size=600) > 0, "yes", "no")
    dataset = Dataset.from_frame(frame, label="label", test=0.4)
    # Wrong on one side only, so that they move the boundary.
    swapped = dataset.labels[dataset.ids("train")]
    swapped = swapped[swapped == "yes"].index[:wrong]
    truth = dataset.labels[swapped].to_dict()
    dataset = dataset.with_labels(dict.fromkeys(swapped, "no"))
    project = Project.create(folder, dataset, recipe="logistic_regression", headline=headline, decision=decision)
    project.turn()
    return project, truth


def relabel(project, truth, reasons):
    ids = list(truth)
    for place, reason in enumerate(reasons):
        some = ids[place :: len(reasons)]
        project.apply(Relabel({key: truth[key] for key in some}, by="ann", reason=reason))


@pytest.mark.parametrize("headline", ["macro_f1", "accuracy", "log_loss"])
def test_the_shares_sum_to_the_gain_of_the_turn(tmp_path, headline):
    project, truth = make(tmp_path / "p", headline=headline)
    relabel(project, truth, ["first", "second"])
    noise = project.dataset.ids("train").difference(pd.Index(list(truth)))[:5]
    project.apply(Exclude(tuple(noise), by="ann", reason="noise"))
    turn = project.turn()
    found = attribute(project)
    assert found.turn == 1
    assert found.orders == 0
    # Two of the eight subsets are the turns themselves.
    assert found.fits == 6
    assert [share.sampling_error for share in found.shares] == [0, 0, 0]
    total = sum(share.verdict.delta for share in found.shares)
    assert total == pytest.approx(found.gain, abs=1e-12)
    assert total == pytest.approx(turn.verdict.delta, abs=1e-12)
    by_title = {share.group.title: share.verdict for share in found.shares}
    # Half of the labels each: their shares are alike, and what does nothing is last.
    assert found.shares[-1].group.title == "excluded: noise"
    assert by_title["relabelled: first"].delta > 0
    assert all(verdict.claims == 3 for verdict in by_title.values())


def test_nothing_is_fitted_twice(tmp_path):
    project, truth = make(tmp_path / "p")
    relabel(project, truth, ["first", "second"])
    project.turn()
    first = attribute(project, 1)
    again = attribute(Project.open(project.folder), 1)
    assert (first.fits, again.fits) == (2, 0)
    assert [share.verdict for share in again.shares] == [share.verdict for share in first.shares]


def test_a_share_is_what_a_turn_without_the_others_says(tmp_path):
    project, truth = make(tmp_path / "p")
    relabel(project, truth, ["first", "second"])
    project.turn()
    shares = {share.group.title: share.verdict.delta for share in attribute(project).shares}
    # The subset by hand: a turn with the first group alone, and one with the second alone.
    project.undo()
    first = project.turn().evaluation.metrics["macro_f1"][0]
    project.redo()
    edit = next(entry for entry in project.log if entry.reason == "first")
    alone = Project.create(tmp_path / "q", project.dataset_at(0), recipe="logistic_regression")
    alone.apply(Relabel({key: truth[key] for key in list(truth)[1::2]}))
    second = alone.turn().evaluation.metrics["macro_f1"][0]
    before, after = (project.turns[at].evaluation.metrics["macro_f1"][0] for at in (0, 1))
    assert edit.reason == "first"
    assert shares["relabelled: first"] == pytest.approx(((first - before) + (after - second)) / 2, abs=1e-12)
    assert shares["relabelled: second"] == pytest.approx(((second - before) + (after - first)) / 2, abs=1e-12)


def test_what_was_taken_back_has_a_share_of_its_own(tmp_path):
    project, truth = make(tmp_path / "p")
    relabel(project, truth, ["first"])
    project.turn()
    project.undo()
    ids = project.dataset.ids("train").difference(pd.Index(list(truth)))[:4]
    project.apply(Exclude(tuple(ids), by="ann"))
    turn = project.turn()
    assert [group.title for group in groups_of(project, 2)] == ["taken back: relabelled: first", "excluded"]
    found = attribute(project, 2)
    assert sum(share.verdict.delta for share in found.shares) == pytest.approx(turn.verdict.delta, abs=1e-12)
    assert found.shares[0].group.taken_back
    assert found.shares[0].verdict.verdict == "harm"


def test_edits_that_change_no_train_data_form_no_group(tmp_path):
    project, truth = make(tmp_path / "p")
    train, test = project.dataset.ids("train"), project.dataset.ids("test")
    project.apply(Decide({train[0]: ("keep", None), train[1]: ("ambiguous", None)}, by="ann"))
    project.apply(Exclude(tuple(test[:2]), by="ann"))
    key = next(iter(truth))
    project.apply(Decide({key: ("suggested", truth[key]), train[2]: ("exclude", None)}, by="ann", reason="suspects"))
    project.turn()
    (group,) = groups_of(project, 1)
    assert (group.title, group.size) == ("relabelled and excluded in review: suspects", 2)
    (share,) = attribute(project).shares
    assert share.verdict.delta == pytest.approx(project.turns[1].verdict.delta, abs=1e-12)


def test_beyond_six_groups_orders_are_drawn_and_the_error_of_that_is_stated(tmp_path):
    project, truth = make(tmp_path / "p")
    relabel(project, truth, [f"part {number}" for number in range(EXACT + 1)])
    turn = project.turn()
    found = attribute(project)
    assert found.orders > 0
    assert len(found.shares) == EXACT + 1
    assert sum(share.verdict.delta for share in found.shares) == pytest.approx(turn.verdict.delta, abs=1e-12)
    assert any(share.sampling_error > 0 for share in found.shares)
    assert all(share.verdict.error >= share.sampling_error for share in found.shares)


def test_a_threshold_is_chosen_for_each_subset(tmp_path):
    project, truth = make(tmp_path / "p", decision="threshold")
    relabel(project, truth, ["first", "second"])
    turn = project.turn()
    found = attribute(project)
    assert sum(share.verdict.delta for share in found.shares) == pytest.approx(turn.verdict.delta, abs=1e-12)


def test_cancelled_it_keeps_whole_fits_alone_and_goes_on_from_there(tmp_path):
    project, truth = make(tmp_path / "p")
    relabel(project, truth, ["first", "second", "third"])
    project.turn()
    cancel, heard = threading.Event(), []

    def progress(share, message):
        heard.append(share)
        if len(heard) == 4:
            cancel.set()

    with pytest.raises(Cancelled):
        attribute(project, progress=progress, cancel=cancel)
    rest = attribute(project).fits
    assert 0 < rest < 6
    assert heard == sorted(heard)


def test_turn_0_and_turns_that_are_not_there_are_refused(tmp_path):
    project, _ = make(tmp_path / "p")
    with pytest.raises(ProjectError, match="from turn 1 on; the last is turn 0"):
        attribute(project)
    with pytest.raises(ProjectError, match="Got turn 5 instead"):
        attribute(project, 5)


def test_a_turn_without_an_edit_has_no_shares(tmp_path):
    project, _ = make(tmp_path / "p")
    project.turn()
    found = attribute(project)
    assert (found.shares, found.gain, found.fits) == ((), 0.0, 0)
