from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import least_squares

from core.train import PowerLaw, TrainError, fit_power_laws

ROWS = np.array([150, 250, 400, 650, 1000])


def fit(errors, weights=None) -> PowerLaw:
    return fit_power_laws(ROWS, [errors], weights)[0]


laws = st.builds(
    PowerLaw, st.floats(0, 0.4), st.floats(0.01, 0.4), st.floats(0.1, 1.0), reference=st.just(float(ROWS[-1]))
)


@given(laws)
def test_a_power_law_is_found_again_and_followed(law):
    found = fit(law.at(ROWS))

    np.testing.assert_allclose(found.at(ROWS), law.at(ROWS), atol=1e-5)
    np.testing.assert_allclose(found.at(4000), law.at(4000), atol=2e-3)


@given(arrays(float, (3, len(ROWS)), elements=st.floats(0, 1)), arrays(float, len(ROWS), elements=st.floats(0.1, 1)))
def test_no_law_misses_less_whichever_start_scipy_is_given(curves, weights):
    for found, errors in zip(fit_power_laws(ROWS, curves, weights), curves, strict=True):

        def missed(parameters, errors=errors):
            floor, above, exponent = parameters
            return np.sqrt(weights) * (floor + above * (ROWS / ROWS[-1]) ** -exponent - errors)

        ours = np.square(missed((found.floor, found.above, found.exponent))).sum()
        for start in (0.15, 0.5, 0.95):
            best = least_squares(missed, (0.1, 0.1, start), bounds=([0, 0, 0.1], [np.inf, np.inf, 1.0]))
            assert ours <= 2 * best.cost + 1e-9


@given(laws, st.floats(1.0, 4.0))
def test_rows_for_an_error_bring_that_error(law, times):
    rows = times * law.reference

    assert law.rows_for(float(law.at(rows))) == pytest.approx(rows, rel=1e-6)


def test_noise_moves_it_little():
    law = PowerLaw(0.1, 0.1, 0.5, 1000.0)
    rng = np.random.default_rng(0)

    found = [fit(law.at(ROWS) + rng.normal(0, 0.002, len(ROWS))).at(2000) for _ in range(100)]

    assert np.mean(found) == pytest.approx(float(law.at(2000)), abs=0.002)
    assert np.std(found) < 0.01


def test_weights_say_which_points_count():
    errors = np.array([0.9, 0.3, 0.25, 0.22, 0.2])

    heavy, light = (fit(errors, [first, 1, 1, 1, 1]) for first in (1.0, 1e-6))

    assert abs(light.at(1000) - 0.2) < abs(heavy.at(1000) - 0.2)
    assert light.at(650) == pytest.approx(0.22, abs=0.003)


@pytest.mark.parametrize("errors", [[0.2] * 5, [0.1, 0.12, 0.15, 0.2, 0.3]])
def test_where_more_rows_do_not_help_it_is_level(errors):
    found = fit(errors)

    assert found.at(4000) == pytest.approx(np.mean(errors), abs=1e-3)
    assert found.rows_for(float(np.mean(errors)) - 0.01) == float("inf")


def test_it_never_falls_below_no_error():
    found = fit([0.1, 0.06, 0.03, 0.01, 0.0])

    assert found.floor >= 0
    assert found.at(1e9) >= 0


@pytest.mark.parametrize(
    ("rows", "errors"), [([1, 2], [0.1, 0.2]), ([1, 2, 3], [0.1, np.nan, 0.2]), ([0, 1, 2], [1] * 3)]
)
def test_too_little_to_fit_is_refused(rows, errors):
    with pytest.raises(TrainError, match="three numbers of rows"):
        fit_power_laws(rows, [errors])
