"""Undo and redo on the log alone, against a plain model of what two authors mean by them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.flywheel.log import Entry, active, redoable, undoable


def entry(seq, by="", kind="relabel", target=None):
    return Entry(seq, "2026-01-01", by, kind, "", "", "{}", None, target)


def numbers(entries):
    return [each.seq for each in entries]


def test_an_empty_log_has_nothing_to_undo_or_redo():
    assert active([]) == []
    assert undoable([]) is None
    assert redoable([]) is None


def test_undo_and_redo_are_entries():
    entries = [entry(1), entry(2), entry(3, kind="undo", target=2)]

    assert numbers(active(entries)) == [1]
    assert redoable(entries).seq == 2
    assert undoable(entries).seq == 1

    entries.append(entry(4, kind="redo", target=2))

    assert numbers(active(entries)) == [1, 2]
    assert redoable(entries) is None


def test_the_state_at_an_earlier_entry_is_there_for_good():
    entries = [entry(1), entry(2), entry(3, kind="undo", target=1), entry(4, kind="redo", target=1)]

    assert [numbers(active(entries, until=until)) for until in range(5)] == [[], [1], [1, 2], [2], [1, 2]]


def test_a_new_edit_ends_the_chance_to_redo():
    entries = [entry(1), entry(2, kind="undo", target=1), entry(3)]

    assert redoable(entries) is None


def test_undo_takes_back_ones_own_last_edit_only():
    entries = [entry(1, "ann"), entry(2, "bob")]

    assert undoable(entries, "ann").seq == 1
    assert undoable(entries, "bob").seq == 2
    assert undoable(entries, "eve") is None
    assert undoable(entries).seq == 2


def test_somebody_elses_edit_does_not_end_ones_own_redo():
    entries = [entry(1, "ann"), entry(2, "ann", "undo", 1), entry(3, "bob")]

    assert redoable(entries, "ann").seq == 1
    assert redoable(entries) is None

    entries.append(entry(4, "ann", "redo", 1))

    assert numbers(active(entries)) == [1, 3]
    assert undoable(entries).seq == 1
    assert undoable(entries, "ann").seq == 1


MOVES = st.lists(
    st.tuples(st.sampled_from(["edit", "undo", "redo"]), st.sampled_from(["ann", "bob", None])), max_size=40
)


@settings(deadline=None)
@given(moves=MOVES)
def test_undo_and_redo_agree_with_one_stack_an_author(moves):
    entries, force = [], set()
    stacks = {name: ([], []) for name in ("ann", "bob")}

    def settle(name, number, kind):
        done, undone = stacks[name]
        (done if kind == "undo" else undone).remove(number)
        (undone if kind == "undo" else done).append(number)

    for kind, by in moves:
        seq = len(entries) + 1
        if kind == "edit":
            author = by or "ann"
            entries.append(entry(seq, author))
            stacks[author][0].append(seq)
            stacks[author][1].clear()
            force.add(seq)
        else:
            target = (undoable if kind == "undo" else redoable)(entries, by)
            if by is not None:
                expected = stacks[by][0 if kind == "undo" else 1]
                assert (target.seq if target else None) == (expected[-1] if expected else None)
            if target is None:
                continue
            settle(target.by, target.seq, kind)
            (force.discard if kind == "undo" else force.add)(target.seq)
            entries.append(entry(seq, target.by, kind, target.seq))
        assert numbers(active(entries)) == sorted(force)


@pytest.mark.parametrize("by", ["ann", None])
def test_undoing_everything_and_redoing_everything_ends_where_it_began(by):
    entries = [entry(number, "ann") for number in range(1, 6)]
    for kind in ["undo"] * 5 + ["redo"] * 5:
        target = (undoable if kind == "undo" else redoable)(entries, by)
        entries.append(entry(len(entries) + 1, "ann", kind, target.seq))

    assert numbers(active(entries)) == [1, 2, 3, 4, 5]
    assert undoable(entries, by).seq == 5
