from __future__ import annotations

import numpy as np

CITIES = ["San Diego", "Austin", "Denver", "Salem"]
STATES = ["CA", "TX", "CO", "OR"]


def columns():
    return {
        "city": np.array([CITIES[n % 4] for n in range(400)], dtype=object),
        "state": np.array([STATES[n % 4] for n in range(400)], dtype=object),
    }


def test_two_values_in_one_cell_go_to_their_columns(mended):
    frame = columns()
    for n in (0, 5, 10, 15):
        frame["city"][n] += f" {STATES[n % 4]}"
        frame["state"][n] = None
    (finding,), dataset = mended("merged_values", **frame)
    assert set(finding.cells) == {(f"r{n}", name) for n in (0, 5, 10, 15) for name in ("city", "state")}
    assert dataset.frame["city"].tolist() == columns()["city"].tolist()
    assert dataset.frame["state"].tolist() == columns()["state"].tolist()


def test_words_that_belong_to_both_are_left_alone(mended):
    frame = columns()
    frame["kind"] = np.array(["Ale", "Stout"] * 200, dtype=object)
    frame["name"] = np.array([f"{'abcdefgh'[n % 8]} {frame['kind'][(n + n // 3) % 400]}" for n in range(400)])
    assert mended("merged_values", **frame)[0] == []
