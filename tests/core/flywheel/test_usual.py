from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel.action import Estimate
from core.flywheel.usual import CONSTANTS, Constants, Piece, Usual, believed

PLAIN = Constants({kind: Usual(0.0, 0.01, 1.0) for kind in CONSTANTS.usual}, dict.fromkeys(CONSTANTS.wider, 1.0))


def piece(kind="drop", gain=0.02, *, error=0.01, noise=0.01, spread=0.0, part=False, amount=1.0) -> Piece:
    return Piece(kind, part, amount, Estimate(gain, spread, error, noise, 5))


def only(each: Piece, constants: Constants = PLAIN):
    return believed([each], constants, rows=100, part=False)[0]


def test_a_sure_estimate_is_believed_and_an_unsure_one_is_drawn_to_what_is_usual():
    sure, unsure = only(piece(error=1e-5)), only(piece(error=0.05))

    assert sure.gain == pytest.approx(0.02, rel=0.01)
    assert 0 < unsure.gain < 0.01


def test_a_large_effect_is_believed_though_most_are_small():
    assert only(piece(gain=-0.25, error=0.02)).gain == pytest.approx(-0.25, rel=0.15)


@given(st.floats(-0.3, 0.3), st.floats(1e-4, 0.1), st.floats(0, 0.1), st.floats(0, 0.1))
def test_the_interval_holds_the_gain_and_grows_with_what_is_not_known(gain, error, noise, spread):
    made = only(piece(gain=gain, error=error, noise=noise, spread=spread))
    louder = only(piece(gain=gain, error=error, noise=noise + 0.05, spread=spread))

    assert made.low <= made.gain <= made.high
    assert louder.high - louder.low > made.high - made.low
    assert louder.gain == made.gain
    assert np.sign(made.gain) in (0, np.sign(gain))


def test_the_mean_is_that_of_the_mixture_found_by_integrating():
    raw, usual = piece(gain=0.03, error=0.02).estimate, Usual(0.01, 0.015, 1.0)
    true = np.linspace(-1, 1, 200_001)

    def normal(x, mean, sd):
        return np.exp(-0.5 * ((x - mean) / sd) ** 2) / sd

    weights = (0.9 * normal(true, 0.01, 0.015) + 0.1 * normal(true, 0.01, 0.1)) * normal(raw.gain, true, 0.02)
    mean = (weights * true).sum() / weights.sum()
    constants = Constants(PLAIN.usual | {"drop": usual}, PLAIN.wider)

    assert only(piece(gain=0.03, error=0.02), constants).gain == pytest.approx(mean, rel=1e-3)


def test_a_part_is_drawn_to_its_share_of_the_whole():
    whole = piece("review", 0.04, error=1e-5, amount=100)
    part = piece("review", 0.04, part=True, amount=50)
    first, second = believed([whole, part], PLAIN, rows=100, part=False)

    assert first.gain == pytest.approx(0.04, rel=0.01)
    assert second.gain == pytest.approx(0.02 + 0.25 * 0.02, rel=0.02)


def test_two_actions_of_one_kind_do_not_mix_and_what_has_no_estimate_has_no_forecast():
    found = believed([piece(gain=-0.2, error=0.01), None, piece(gain=0.0, error=0.01)], PLAIN, rows=9, part=True)

    assert found[0].gain < -0.1
    assert found[1] is None
    assert found[2].gain == pytest.approx(0.0, abs=1e-9)
    assert found[0].part


def test_a_part_without_its_whole_is_hardly_believed():
    assert only(piece("review", 0.04, part=True)).gain == pytest.approx(0.01)
