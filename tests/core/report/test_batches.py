from __future__ import annotations

import numpy as np
import pandas as pd

from core.report import confidence_over_batches, drift_over_batches, scores_over_batches, slices_over_batches

NAMES = ("april", "<b>may</b>")


def drifts() -> pd.DataFrame:
    rows = [(name, what) for name in NAMES for what in ("income", "city", "confidence")]
    table = pd.DataFrame(rows, columns=["batch", "what"])
    return table.assign(effect=[0.0, 0.02, 0.01, 0.4, 0.05, 0.2], drifted=[False, False, False, True, False, True])


def test_what_drifted_is_marked_in_its_batch_and_the_worst_stands_first():
    chart = drift_over_batches(drifts(), threshold=0.1)
    assert list(chart.figure.layout.yaxis.ticktext) == ["income", "confidence", "city"]
    words = {(note.y, note.x): note.text for note in chart.figure.layout.annotations}
    assert [place for place, word in words.items() if "▲" in word] == [(0, 1), (1, 1)]
    assert "april: nothing" in chart.alt
    assert "income, confidence" in chart.alt
    assert len(chart.numbers) == 6


def test_a_batch_without_a_column_leaves_its_cell_empty():
    table = drifts().drop(index=1)
    (heat,) = drift_over_batches(table, threshold=0.1).figure.data
    assert np.isnan(np.array(heat.z, dtype=float)).sum() == 1


def test_confidence_is_drawn_beside_the_test_set():
    quantiles = [(name, [0.5, 0.6, 0.7 + place / 10, 0.9, 0.95]) for place, name in enumerate(NAMES)]
    chart = confidence_over_batches(quantiles, reference=[0.5, 0.7, 0.85, 0.95, 0.99])
    assert list(chart.numbers["batch"]) == ["the test set", *NAMES]
    assert list(chart.numbers["median"]) == ["85.0%", "70.0%", "80.0%"]
    assert "test set 85.0%" in chart.alt


def test_scores_of_chosen_rows_have_another_mark_and_missing_ones_are_not_drawn():
    table = pd.DataFrame(
        {
            "batch": ["a", "b", "c"],
            "value": [0.8, np.nan, 0.6],
            "low": [0.7, np.nan, 0.5],
            "high": [0.9, np.nan, 0.7],
            "labelled": [100, 3, 20],
            "rows": [100, 90, 80],
            "chosen": [False, True, True],
        }
    )
    chart = scores_over_batches(table, metric="Macro F1", reference=(0.82, 0.8, 0.84))
    drawn = {trace.name: (list(trace.x), trace.marker.symbol) for trace in chart.figure.data}
    assert drawn == {"all labelled, or a random sample": ([0], "circle"), "labels of chosen rows": ([2], "circle-open")}
    assert chart.numbers["Macro F1"].tolist() == ["0.800", "–", "0.600"]
    assert "On the test set: 0.820" in chart.alt


def test_slices_that_grow_are_named():
    table = pd.DataFrame(
        {
            "batch": ["a", "b"],
            "slice": ["city is Busan"] * 2,
            "share": [0.3, 0.5],
            "low": [0.25, 0.44],
            "high": [0.35, 0.56],
            "train": [0.3, 0.3],
            "grows": [False, True],
        }
    )
    chart = slices_over_batches(table)
    assert "city is Busan in b 50.0% against 30.0%" in chart.alt
    assert list(chart.numbers["grows"]) == ["no", "yes"]


def test_names_from_files_are_never_markup():
    texts = [
        drift_over_batches(drifts(), threshold=0.1).figure.to_json(),
        confidence_over_batches([(NAMES[1], [0.5] * 5)], reference=[0.5] * 5).figure.to_json(),
    ]
    assert not any("<b>may" in text for text in texts)
