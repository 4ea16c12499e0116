from __future__ import annotations

import numpy as np
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, SMOTEN, SMOTENC, BorderlineSMOTE

from core.generate.smote import RecordedADASYN, RecordedBorderlineSMOTE, RecordedSMOTE, RecordedSMOTEN, RecordedSMOTENC


@pytest.fixture
def numbers():
    rng = np.random.default_rng(0)
    return rng.normal(size=(80, 4)), np.array(["big"] * 50 + ["small"] * 20 + ["tiny"] * 10, dtype=object)


def test_every_row_lies_where_its_origins_say(numbers):
    x, y = numbers
    sampler = RecordedSMOTE(random_state=1)
    made, labels = sampler.fit_resample(x, y)
    made, labels, origins = made[len(x) :], labels[len(x) :], sampler.origins_
    line = x[origins.base] + origins.gap[:, np.newaxis] * (x[origins.other] - x[origins.base])
    np.testing.assert_allclose(made, line)
    assert len(made) == 30 + 40
    assert (y[origins.base] == labels).all()
    assert (y[origins.other] == labels).all()
    assert ((origins.gap >= 0) & (origins.gap < 1)).all()
    assert (origins.base != origins.other).all()


def test_recording_changes_nothing(numbers):
    x, y = numbers
    np.testing.assert_array_equal(
        RecordedSMOTE(random_state=3).fit_resample(x, y)[0], SMOTE(random_state=3).fit_resample(x, y)[0]
    )
    mixed = np.hstack([x, np.random.default_rng(1).integers(0, 3, size=(80, 2))])
    np.testing.assert_array_equal(
        RecordedSMOTENC([4, 5], random_state=3).fit_resample(mixed, y)[0],
        SMOTENC([4, 5], random_state=3).fit_resample(mixed, y)[0],
    )
    np.testing.assert_array_equal(
        RecordedSMOTEN(random_state=3).fit_resample(mixed[:, 4:], y)[0],
        SMOTEN(random_state=3).fit_resample(mixed[:, 4:], y)[0],
    )


def test_mixed_columns_lie_on_the_line_too(numbers):
    x, y = numbers
    mixed = np.hstack([x, np.random.default_rng(1).integers(0, 3, size=(80, 2))])
    sampler = RecordedSMOTENC([4, 5], random_state=1)
    made, labels = sampler.fit_resample(mixed, y)
    origins = sampler.origins_
    line = x[origins.base] + origins.gap[:, np.newaxis] * (x[origins.other] - x[origins.base])
    np.testing.assert_allclose(made[80:, :4].astype(float), line)
    assert (y[origins.base] == labels[80:]).all()


def test_the_base_of_categories_is_the_row_that_was_drawn():
    # Each value has two rows of class a and another share of it: the nearest row of each is its twin.
    x = np.repeat(np.arange(6), np.arange(6) + 2)[:, np.newaxis]
    twins = np.concatenate([np.arange(value + 2) < 2 for value in range(6)])
    y = np.where(twins, "a", "b").astype(object)
    sampler = RecordedSMOTEN(k_neighbors=1, random_state=0, sampling_strategy={"a": 60})
    made, _ = sampler.fit_resample(x, y)
    origins = sampler.origins_
    assert len(origins.base) == 48
    assert (y[origins.base] == "a").all()
    assert (y[origins.other] == "a").all()
    assert (origins.base != origins.other).all()
    np.testing.assert_array_equal(made[len(x) :], x[origins.base])
    np.testing.assert_array_equal(made[len(x) :], x[origins.other])
    assert len(set(origins.base)) == 12


@pytest.fixture
def meeting():
    """Two classes that overlap, so that there is a border."""
    rng = np.random.default_rng(4)
    y = np.array(["usual"] * 90 + ["rare"] * 30, dtype=object)
    x = rng.normal(size=(120, 3)) + (y == "rare")[:, np.newaxis]
    return x, y


@pytest.mark.parametrize("kind", [RecordedBorderlineSMOTE, RecordedADASYN])
def test_rows_of_the_border_lie_where_their_origins_say(meeting, kind):
    x, y = meeting
    sampler = kind(random_state=2)
    made, labels = sampler.fit_resample(x, y)
    origins = sampler.origins_
    assert len(origins.base) == len(made) - 120 == 60
    line = x[origins.base] + origins.gap[:, np.newaxis] * (x[origins.other] - x[origins.base])
    np.testing.assert_allclose(made[120:], line)
    assert (y[origins.base] == "rare").all()
    assert (y[origins.other] == "rare").all()
    assert (labels[120:] == "rare").all()
    assert (origins.base != origins.other).all()


def test_the_border_is_imbalanced_learns(meeting):
    x, y = meeting
    for seed in range(5):
        np.testing.assert_array_equal(
            RecordedBorderlineSMOTE(random_state=seed).fit_resample(x, y)[0],
            BorderlineSMOTE(random_state=seed).fit_resample(x, y)[0],
        )


def test_adasyn_is_imbalanced_learns_where_rounding_gives_the_number_asked_for(meeting):
    x, y = meeting
    same = 0
    for count in range(40, 90):
        theirs = ADASYN(random_state=1, sampling_strategy={"rare": count}).fit_resample(x, y)[0]
        ours = RecordedADASYN(random_state=1, sampling_strategy={"rare": count}).fit_resample(x, y)[0]
        assert len(ours) == 90 + count
        if len(theirs) == len(ours):
            same += np.array_equal(theirs, ours)
    assert same >= 3


def test_adasyn_makes_a_few_rows_of_many(meeting):
    x, y = meeting
    sampler = RecordedADASYN(random_state=0, sampling_strategy={"rare": 33})
    sampler.fit_resample(x, y)
    assert len(sampler.origins_.base) == 3
