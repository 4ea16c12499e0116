from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from core.collect.distributions import Labels, distribution
from core.collect.missingness import missing_by_class, missingness
from core.report import missing_by_class_chart, missing_map, missing_together


def made(classes: int = 2, columns: int = 3):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"열 <b>{number}": rng.normal(size=200) for number in range(columns)})
    frame[rng.random(frame.shape) < 0.3] = np.nan
    labels = Labels.of(pd.Series(rng.choice([f"c{number}" for number in range(classes)], 200)))
    found = {name: distribution(frame[name], labels) for name in frame}
    return frame, missingness(frame, blocks=10), *missing_by_class(found), next(iter(found.values())).sizes


def test_the_map_has_a_cell_for_each_column_and_block_and_its_numbers():
    frame, found, *_ = made()
    chart = missing_map(found.blocks, found.shares)
    (cells,) = chart.figure.data
    assert np.array(cells.z).shape == (3, 10)
    assert np.array(cells.z) == pytest.approx(found.blocks.to_numpy())
    assert chart.numbers["column"].tolist() == found.blocks.index.tolist()
    assert chart.numbers["rows 1–20"].tolist()[0] == f"{100 * found.blocks.iloc[0, 0]:.1f}%"
    assert "<b>" not in json.dumps(json.loads(chart.figure.to_json()))
    assert f"{100 * frame.isna().mean().max():.1f}%" in chart.alt


@pytest.mark.parametrize(("classes", "drawn"), [(2, 2), (6, 6), (9, 6)])
def test_classes_are_drawn_with_intervals_around_their_share(classes, drawn):
    _, _, shares, related, sizes = made(classes)
    chart = missing_by_class_chart(shares, related, sizes)
    assert len(chart.figure.data) == drawn
    for trace in chart.figure.data:
        assert list(trace.x) == pytest.approx(shares[trace.name].tolist())
        assert (np.array(trace.error_x.array) > 0).all()
    assert {f"c{number}" for number in range(classes)} <= set(chart.numbers)
    assert chart.alt.startswith("Missing by class. 열")


def test_pairs_are_written_as_a_table():
    frame = pd.DataFrame({"a": [np.nan, np.nan, 1.0, 2.0], "b": [np.nan, 1.0, 1.0, 2.0]})
    (row,) = missing_together(missingness(frame).together).to_dict("records")
    assert (row["column"], row["and"], row["both"]) == ("a", "b", 1)
    assert (row["of the first"], row["of the second"]) == ("50.0%", "100.0%")


def test_nothing_missing_is_no_error():
    found = missingness(pd.DataFrame({"a": [1, 2]}))
    assert "none" in missing_map(found.blocks, found.shares).alt
    assert missing_together(found.together).empty
