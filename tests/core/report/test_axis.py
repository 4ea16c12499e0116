from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.report.axis import scale, ticks
from core.wording import signed


@given(st.floats(-100, 100), st.floats(1e-3, 100))
def test_ticks_are_few_round_and_inside(low, size):
    found = ticks(low, low + size)
    assert 2 <= len(found) <= 7
    values = np.array([tick["value"] for tick in found])
    assert values[0] >= low - 1e-6 * size
    assert values[-1] <= low + size + 1e-6 * size
    gaps = np.diff(values)
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-3)
    assert len({tick["text"] for tick in found}) == len(found)


def test_an_axis_has_room_beyond_both_ends_and_writes_as_it_is_told():
    axis = scale(-0.01, 0.09, signed)
    assert axis["low"] < -0.01 < 0.09 < axis["high"]
    assert [tick["text"] for tick in axis["ticks"]] == ["0.00", "+0.02", "+0.04", "+0.06", "+0.08"]
    assert scale(0.5, 0.5)["low"] < 0.5 < scale(0.5, 0.5)["high"]
