from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import Verdict
from core.evaluate import test_health as health
from core.statistics import PAIRED_STANDARD_ERRORS, wilson_interval


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
    assert found.detectable > 0.02


def test_a_large_set_needs_no_warning_and_sees_a_point_when_large_enough():
    found = health(dataset(60_000, rare=0.4))
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


def test_the_share_that_changed_is_measured_where_two_turns_are_there():
    data = dataset(4000)
    differing = pd.Series([True] * 40 + [False] * 960)
    found = health(data, differing=differing)
    assert found.changed == pytest.approx(0.04)
    assert found.changed_interval == pytest.approx(tuple(map(float, wilson_interval(40, 1000))))
    # Fewer differing predictions, fewer examples needed.
    assert found.needed < health(data).needed
    assert health(data).changed_interval is None


def test_where_no_prediction_changed_the_interval_s_end_is_taken():
    found = health(dataset(4000), differing=pd.Series([False] * 1000))
    assert 0 < found.changed == found.changed_interval[1] < 0.01


def test_the_headline_is_scaled_from_the_last_verdict():
    data = dataset(4000)
    half = PAIRED_STANDARD_ERRORS * 0.01
    found = health(
        data, verdict=Verdict("macro_f1", 0.8, 0.81, 0.01, 0.01 - half, 0.01 + half, 2000, error=half / 1.959964)
    ).headline
    assert found.standard_error == pytest.approx(0.01)
    # With so many examples the same standard error, scaled, detects one point.
    smaller = found.standard_error * np.sqrt(len(data.ids("test")) / found.needed)
    assert smaller * found.detectable / found.standard_error == pytest.approx(0.01, rel=0.01)
    flat = Verdict("macro_f1", 0.8, 0.8, 0.0, 0.0, 0.0, 2000, error=0.0)
    assert health(data, verdict=flat).headline is None


@pytest.mark.parametrize("recall", [0.0, 0.5, 0.8, 0.97, 1.0])
def test_so_many_examples_of_a_class_make_its_recall_known_to_five_points(recall):
    found = health(dataset(400), recalls=pd.Series({"yes": recall, "no": recall})).per_class
    needed = int(found["needed"].iloc[0])
    halves = [float(high - low) / 2 for low, high in (wilson_interval(recall * n, n) for n in (needed - 1, needed))]
    assert halves[1] <= 0.05 < halves[0] + 1e-6
    assert found.index[0] == "yes"
    assert found["support"].is_monotonic_increasing
