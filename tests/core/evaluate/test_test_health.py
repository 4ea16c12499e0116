from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import test_health as health


def dataset(rows, rare=0.1, test=0.25):
    rng = np.random.default_rng(0)
    label = np.where(rng.random(rows) < rare, "yes", "no")
    return Dataset.from_frame(pd.DataFrame({"x": rng.normal(size=rows), "label": label}), label="label", test=test)


def test_a_small_set_is_said_to_be_small():
    found = health(dataset(400))
    assert found.size == pytest.approx(100, abs=2)
    assert found.rarest_class == "yes"
    assert found.rarest_support < 30
    assert found.half_width == pytest.approx(0.096, abs=0.003)
    assert len(found.warnings) == 2
    assert "Collect more of it" in found.warnings[0]


def test_a_large_set_needs_no_warning_and_sees_a_point_when_large_enough():
    found = health(dataset(60_000, rare=0.4))
    assert not found.warnings
    assert (found.detectable <= 0.01) == (found.size >= found.needed)


def test_what_is_detectable_is_detected_four_times_out_of_five():
    """Accuracy differs by the detectable amount and a tenth of the predictions differ."""
    found = health(dataset(8000))
    rng = np.random.default_rng(0)
    better = (0.1 + found.detectable) / 2
    draws = rng.multinomial(found.size, [better, 0.1 - better, 0.9], size=5000)
    difference = draws[:, 0] - draws[:, 1]
    errors = np.sqrt(draws[:, 0] + draws[:, 1] - difference**2 / found.size)
    assert (difference > 2.05 * errors).mean() == pytest.approx(0.8, abs=0.03)


def test_no_test_set():
    found = health(dataset(100, test=0.0))
    assert (found.size, found.detectable) == (0, 1.0)
    assert "no turn can be judged" in found.warnings[0]
