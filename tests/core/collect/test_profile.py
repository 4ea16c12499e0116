from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.profile import profile
from core.dataset import Dataset
from core.progress import Cancelled


def people(rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"p{number}" for number in range(rows)],
            "age": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(18, 80, rows)),
            "city": rng.choice(["서울", "부산"], rows),
            "label": rng.choice(["남음", "떠남"], rows),
        }
    )


def test_train_is_looked_at_and_neither_test_nor_generated_examples():
    frame = people()
    held = [f"p{number}" for number in range(100)]
    dataset = Dataset.from_frame(frame, label="label", id="id", test=held)
    frame.loc[:99, "age"], frame.loc[:99, "city"] = -1000.0, "elsewhere"
    other = Dataset.from_frame(frame, label="label", id="id", test=held)
    one, two = profile(dataset), profile(other)
    assert one.rows == two.rows == 200
    assert one.relations.equals(two.relations)
    assert one.distributions["city"].counts.equals(two.distributions["city"].counts)
    assert one.missing.shares.equals(two.missing.shares)
    assert one.version == dataset.version


def oversampled(dataset, copies):
    parent = dataset.ids("train")[0]
    rows = dataset.frame.loc[[parent] * copies].set_axis([f"made {number}" for number in range(copies)])
    parents = pd.DataFrame({"parent": [parent] * copies, "other_parent": pd.NA}, index=rows.index)
    return dataset.with_rows(rows, parents)


def test_what_is_generated_is_left_out_and_counted():
    dataset = Dataset.from_frame(people(), label="label", id="id")
    grown = oversampled(dataset, 5)
    found = profile(grown)
    assert (found.rows, found.generated) == (len(dataset.ids("train")), 5)


def test_texts_are_described_by_columns_and_words():
    rng = np.random.default_rng(0)
    labels = rng.choice(["account", "delivery"], 300)
    words = {"account": ["password", "login"], "delivery": ["parcel", "courier"]}
    texts = [
        f"{rng.choice(words[label])} {rng.choice(['please', 'help'])} {number}" for number, label in enumerate(labels)
    ]
    found = profile(Dataset.from_frame(pd.DataFrame({"text": texts, "label": labels}), label="label", text="text"))
    assert {"characters", "words", "script"} <= set(found.distributions)
    assert set(found.words["word"]) == {"password", "login", "parcel", "courier"}


def test_it_says_how_far_it_is_and_stops_when_asked():
    dataset = Dataset.from_frame(people(), label="label", id="id")
    heard = []
    profile(dataset, progress=lambda share, message: heard.append((share, message)))
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    assert heard[-1][0] == 1.0
    with pytest.raises(Cancelled):
        profile(dataset, cancel=lambda: True)
