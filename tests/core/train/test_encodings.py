from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from core.dataset import Dataset
from core.train import RECIPES, Encodings, LockedModel


def texts(rows=60):
    words = ["refund", "late parcel", "thank you", "great", "broken", "fine"]
    frame = pd.DataFrame({"key": [f"r{n:02d}" for n in range(rows)]})
    frame["text"] = [f"{words[n % 6]} {words[(n * 7) % 5]} {n % 4}" for n in range(rows)]
    return Dataset.from_frame(
        frame.assign(label=["good" if n % 6 in (2, 3, 5) else "bad" for n in range(rows)]),
        label="label",
        text="text",
        id="key",
    )


def varied(**settings):
    base = RECIPES["tfidf_logistic"]
    steps = {part: dict(values) for part, values in base.steps.items()}
    for name, value in settings.items():
        steps["classifier" if name == "C" else "text"][name] = value
    return LockedModel(replace(base, steps=steps))


@pytest.fixture
def rows():
    return texts()


def encoder(kept, model, dataset):
    schema = dataset.schema
    return kept.of(model.recipe.to_dict()["steps"], dataset.inputs("train"), schema.kinds, schema.text)


def test_recipes_that_read_alike_share_and_others_do_not(rows):
    kept = Encodings()
    first = encoder(kept, varied(C=1.0), rows)
    assert encoder(kept, varied(C=3.0), rows) is first
    assert encoder(kept, varied(characters=[1, 3]), rows) is not first
    assert encoder(kept, varied(min_texts=3), rows) is not first


def test_what_is_shared_predicts_as_what_is_not(rows):
    kept = Encodings()
    other = rows.with_labels({rows.ids("train")[0]: "good", rows.ids("train")[1]: "bad"})
    for dataset in (rows, other):
        for model in (varied(C=1.0), varied(C=3.0), varied(characters=[1, 3]), varied(C=1.0)):
            found = model.refitter(dataset, encodings=kept)()
            pd.testing.assert_frame_equal(found, model.out_of_fold(dataset))


def test_what_is_too_large_to_keep_is_made_anew(rows):
    kept = Encodings(most_bytes=1)
    assert encoder(kept, varied(), rows) is not encoder(kept, varied(), rows)


def test_what_was_asked_for_longest_ago_goes_first(rows):
    whole = Encodings()
    first = encoder(whole, varied(), rows)
    size = sum(block.data.nbytes + block.indices.nbytes + block.indptr.nbytes for block in first.encoded.terms)
    kept = Encodings(most_bytes=int(1.5 * size))
    first = encoder(kept, varied(), rows)
    second = encoder(kept, varied(C=1.0, characters=[2, 3]), rows)
    assert encoder(kept, varied(characters=[2, 3]), rows) is second
    assert encoder(kept, varied(), rows) is not first


def test_other_rows_are_refused(rows):
    kept = Encodings()
    encoder(kept, varied(), rows)
    with pytest.raises(ValueError, match="one set of rows"):
        encoder(kept, varied(), texts(40))
