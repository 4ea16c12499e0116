"""Undo and redo on the log alone, against a plain model of what two authors mean by them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel.log import BACK, REDO, UNDO, Entry, active, redoable, undoable


def entry(seq, by="", kind="relabel", target=None):
    return Entry(seq, "2026-01-01", by, kind, "", "", "{}", None, target)


def back(seq, to, by=""):
    return entry(seq, by, BACK, to)


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


def test_going_back_is_an_entry_that_can_be_undone_and_redone():
    entries = [entry(1), entry(2), entry(3, kind=UNDO, target=1), entry(4), back(5, 2)]

    assert numbers(active(entries)) == [1, 2]
    assert undoable(entries).seq == 5
    assert redoable(entries) is None

    entries.append(entry(6, kind=UNDO, target=5))

    assert numbers(active(entries)) == [2, 4]
    assert (undoable(entries).seq, redoable(entries).seq) == (4, 5)

    entries.append(entry(7, kind=REDO, target=5))

    assert numbers(active(entries)) == [1, 2]
    assert numbers(active(entries, until=6)) == [2, 4]


def test_undo_of_a_way_back_leaves_what_others_did_since_as_it_is():
    entries = [entry(1, "ann"), entry(2, "bob"), entry(3, "ann"), back(4, 2, "ann"), entry(5, "bob")]
    entries.append(entry(6, "bob", UNDO, 2) if undoable(entries[:4], "bob").seq == 2 else None)

    assert numbers(active(entries)) == [1, 5]

    entries.append(entry(7, "ann", UNDO, 4))

    assert numbers(active(entries)) == [1, 3, 5]


def test_what_a_way_back_took_is_nobodys_to_undo_until_it_is_back():
    entries = [entry(1, "ann"), entry(2, "bob"), back(3, 1, "ann")]

    assert undoable(entries, "bob") is None
    assert undoable(entries, "ann").seq == 3

    entries.append(entry(4, "ann", UNDO, 3))

    assert undoable(entries, "bob").seq == 2


@pytest.mark.parametrize(
    ("kind", "payload"),
    [(kind, "{}") for kind in ("annotations", "rules", "checks", "dismiss")] + [("decide", '{"blind": true}')],
)
def test_what_is_no_part_of_the_data_stays_on_the_way_back(kind, payload):
    kept = Entry(2, "2026-01-01", "", kind, "", "", payload, None, None)

    assert numbers(active([entry(1), kept, entry(3), back(4, 1)])) == [1, 2]
    assert numbers(active([entry(1), kept, entry(3, kind=UNDO, target=2), back(4, 2)])) == [1]


PLACES = st.integers(0, 60)
WAYS = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", UNDO, REDO, BACK]), st.sampled_from(["ann", "bob", None]), PLACES),
    max_size=40,
)


def written(ways):
    """A log, written as people would: only what can be undone is undone."""
    entries = []
    for kind, by, place in ways:
        seq = len(entries) + 1
        if kind == "edit":
            entries.append(entry(seq, by or "ann"))
        elif kind == BACK:
            entries.append(back(seq, place % seq, by or "ann"))
        else:
            target = (undoable if kind == UNDO else redoable)(entries, by)
            if target is not None:
                entries.append(entry(seq, by or target.by, kind, target.seq))
    return entries


@given(ways=WAYS, place=PLACES, by=st.sampled_from(["ann", "bob"]))
def test_back_is_the_state_of_then_and_its_undo_the_state_of_before(ways, place, by):
    entries = written(ways)
    seq, to = len(entries) + 1, place % (len(entries) + 1)
    before, then = numbers(active(entries)), numbers(active(entries, until=to))
    entries.append(back(seq, to, by))

    assert numbers(active(entries)) == then
    assert undoable(entries, by).seq == undoable(entries).seq == seq

    entries.append(entry(seq + 1, by, UNDO, seq))

    assert numbers(active(entries)) == before
    assert redoable(entries, by).seq == seq

    entries.append(entry(seq + 2, by, REDO, seq))

    assert numbers(active(entries)) == then
    assert [numbers(active(entries, until=until)) for until in range(seq)] == [
        numbers(active(entries[:until])) for until in range(seq)
    ]


@given(ways=WAYS, by=st.sampled_from(["ann", "bob", None]))
def test_with_ways_back_undoing_all_leaves_nothing_of_ones_own_and_redoing_all_brings_it_back(ways, by):
    entries = written(ways)
    before = numbers(active(entries))
    undone = 0
    while (target := undoable(entries, by)) is not None:
        entries.append(entry(len(entries) + 1, target.by, UNDO, target.seq))
        undone += 1
        assert undone <= len(ways)
    assert not [each for each in active(entries) if by in (None, each.by)]
    for _ in range(undone):
        target = redoable(entries, by)
        assert target.seq not in numbers(active(entries))
        entries.append(entry(len(entries) + 1, target.by, REDO, target.seq))

    assert numbers(active(entries)) == before


MOVES = st.lists(
    st.tuples(st.sampled_from(["edit", "undo", "redo"]), st.sampled_from(["ann", "bob", None])), max_size=40
)


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
