from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.evaluate.lattice import Counter, _blocks


@given(st.lists(st.integers(1, 12), min_size=1, max_size=9), st.integers(1, 4), st.integers(1, 5000), st.data())
def test_blocks_cover_each_combination_once_and_fit(widths, longest, most, data):
    everything = [own for length in range(1, longest + 1) for own in combinations(range(len(widths)), length)]
    wanted = data.draw(st.lists(st.sampled_from(everything), unique=True)) if everything else []
    covered = []
    for block, own in _blocks(wanted, widths, most):
        assert all(set(combination) <= set(block) for combination in own)
        assert math.prod(widths[place] for place in block) <= most or own == [block]
        covered += own
    assert sorted(covered) == sorted(wanted)


def test_few_passes_serve_many_combinations():
    wanted = [own for length in (1, 2, 3) for own in combinations(range(12), length)]
    blocks = list(_blocks(wanted, [5] * 12, 5**6))
    assert len(blocks) < len(wanted) / 8


def test_rare_values_are_counted_together_and_not_reported():
    codes = np.array([0, 0, 0, 1, 2, 2, 2, 3])
    losses = np.array([1.0, 0, 0, 1, 0, 1, 0.5, 0])
    (cells,) = Counter([codes], losses, 2).count([(0,)])
    assert cells.shape == (2,)
    assert cells.sizes.tolist() == [3, 3]
    assert cells.errors.tolist() == [1, 1.5]
    assert [cells.codes(place) for place in (0, 1)] == [(0,), (2,)]


def test_a_narrowed_counter_counts_the_same_for_the_values_it_knows():
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, width, 500) for width in (3, 5, 7)]
    counter = Counter(columns, (rng.random(500) < 0.3).astype(float), 5)
    kept = [rng.random(column.frequent) < 0.6 for column in counter.columns]

    def slices(some):
        return {
            (cells.columns, cells.codes(place)): (cells.sizes[place], cells.errors[place])
            for cells in some.count([(0, 1), (0, 2), (0, 1, 2)])
            for place in range(len(cells.cells))
        }

    everything, some = slices(counter), slices(counter.narrowed(kept))
    known = [set(values[own]) for values, own in zip(counter.values, kept, strict=True)]
    assert some == {
        (columns, codes): counts
        for (columns, codes), counts in everything.items()
        if all(code in known[column] for column, code in zip(columns, codes, strict=True))
    }
