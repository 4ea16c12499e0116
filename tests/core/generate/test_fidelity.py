from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import propose
from core.generate.fidelity import fidelity
from core.progress import Cancelled
from core.train import LockedModel


def customers(n: int = 240, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    age, spent = rng.normal(40, 10, n), rng.normal(100, 30, n)
    frame = pd.DataFrame(
        {
            "age": age,
            "spent": spent,
            "churn": np.where(age + rng.normal(0, 4, n) > 46, "yes", "no"),
        }
    )
    return Dataset.from_frame(frame, label="churn", test=0.25, sealed=0.1)


def tickets(n: int = 120) -> Dataset:
    rng = np.random.default_rng(0)
    words = rng.choice([f"word{number}" for number in range(60)], (n, 12))
    kind = np.where(np.arange(n) % 3 == 0, "refund", "delivery")
    text = [f"{' '.join(row)} {'money' if k == 'refund' else 'parcel'}" for row, k in zip(words, kind, strict=True)]
    return Dataset.from_frame(pd.DataFrame({"text": text, "kind": kind}), label="kind", text="text", test=0.25)


def planted(dataset: Dataset, cells: dict[str, object], n: int = 4) -> pd.DataFrame:
    """Generated rows with other values than a method made."""
    label = dataset.schema.label
    return propose(dataset, method="random_oversample", target=dataset.classes[-1], n=n).assign(
        **cells, **{label: dataset.classes[-1]}
    )


def test_distances_are_to_the_nearest_real_example_in_units_of_the_usual_one():
    """Against all pairs of distances."""
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    rows = propose(dataset, method="smote", target="yes", n=25)
    found = fidelity(dataset, model, rows)
    space = model.features(dataset, others=rows)
    train = dataset.ids("train")
    real, made = space[: len(train)], space[len(train) :]
    away = np.linalg.norm(made[:, None] - real[None], axis=2)
    np.testing.assert_allclose(found.rows["distance"], away.min(axis=1), atol=1e-7)
    assert found.rows["nearest"].tolist() == train[away.argmin(axis=1)].tolist()
    among = np.linalg.norm(real[:, None] - real[None], axis=2)
    np.fill_diagonal(among, np.inf)
    nearest = among[(dataset.labels_of("train") == "yes").to_numpy()].min(axis=1)
    assert found.usual == pytest.approx(np.median(nearest))
    np.testing.assert_allclose(found.rows["relative"], away.min(axis=1) / np.median(nearest), atol=1e-6)


@pytest.mark.parametrize("data", [customers, tickets])
def test_copies_are_flagged(data):
    dataset = data()
    model = LockedModel.for_dataset(dataset)
    found = fidelity(dataset, model, propose(dataset, method="random_oversample", target=dataset.classes[-1], n=10))
    assert set(found.rows["flag"]) == {"copy"}
    assert (found.columns["after"] < 0.1).all()


def test_nonsense_is_far_and_moves_its_column():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    found = fidelity(dataset, model, planted(dataset, {"age": 500.0}, n=60))
    assert set(found.rows["flag"]) == {"far"}
    assert list(found.columns.index) == ["age", "spent"]
    assert found.columns.loc["age", "apart"] > found.columns.loc["age", "after"] > 0.25
    assert found.columns.loc["spent", "apart"] < 0.25
    own = int((dataset.labels_of("train") == "yes").sum())
    for shown in found.beside.values():
        assert shown.sizes.to_dict() == {"real": own, "generated": 60}


def test_texts_are_compared_by_what_describes_them():
    dataset = tickets()
    rows = planted(dataset, {"text": "one"}, n=30)
    found = fidelity(dataset, LockedModel.for_dataset(dataset), rows)
    assert found.columns.loc["words", "apart"] > 0.25
    assert "words" in found.beside


def test_all_rows_can_be_gone():
    dataset = customers()
    rows = propose(dataset, method="smote", target="yes", n=3).iloc[:0]
    found = fidelity(dataset, LockedModel.for_dataset(dataset, "logistic_regression"), rows)
    assert not len(found.rows)
    assert np.isnan(found.share_of_another_class[0])


@pytest.mark.parametrize("part", ["test", "sealed"])
def test_a_near_copy_of_a_judged_example_is_a_leak(part):
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    judged = dataset.part(part).iloc[0]
    rows = planted(dataset, {"age": judged["age"] + 1e-3, "spent": judged["spent"]})
    assert set(fidelity(dataset, model, rows).rows["flag"]) == {"leak"}
    # A copy of a train example is none, also where test has the same.
    twin = dataset.with_cells({(dataset.ids("train")[0], name): judged[name] for name in ("age", "spent")})
    assert set(fidelity(twin, model, rows).rows["flag"]) == {"copy"}


def test_a_test_text_with_other_signs_and_case_is_a_leak():
    dataset = tickets()
    text = dataset.part("test")["text"].iloc[0].upper() + "!"
    found = fidelity(dataset, LockedModel.for_dataset(dataset), planted(dataset, {"text": text}))
    assert set(found.rows["flag"]) == {"leak"}


def test_labels_of_test_play_no_part():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    rows = propose(dataset, method="smote", target="yes", n=10)
    turned = {"yes": "no", "no": "yes"}
    other = dataset.with_labels({example: turned[dataset.labels[example]] for example in dataset.ids("test")})
    pd.testing.assert_frame_equal(fidelity(dataset, model, rows).rows, fidelity(other, model, rows).rows)


def test_rows_of_another_class_are_called_so():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    young, old = (fidelity(dataset, model, planted(dataset, {"age": age})).rows for age in (15.0, 70.0))
    assert young["other_class"].all()
    assert set(young["predicted"]) == {"no"}
    assert not old["other_class"].any()
    assert (old["probability"] > 0.5).all()
    assert (young["probability"] < 0.5).all()


def test_a_row_is_not_compared_with_rows_generated_before():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    odd = planted(dataset, {"age": 500.0})
    grown = dataset.with_rows(odd, odd)
    again = fidelity(grown, model, odd.set_axis([f"again{n}" for n in range(len(odd))])).rows
    assert not again["nearest"].isin(odd.index).any()
    assert set(again["flag"]) == {"far"}


def test_one_real_example_alone_has_no_usual_distance():
    frame = pd.DataFrame({"x": [1.0, 1.0, 1.0, 1.0, 2.0, 2.0], "y": list("aabbab")})
    dataset = Dataset.from_frame(frame, label="y", features=["x"], test=0.0)
    found = fidelity(
        dataset,
        LockedModel.for_dataset(dataset, "logistic_regression"),
        propose(dataset, method="random_oversample", target="a", n=2),
    )
    assert np.isnan(found.usual)
    assert set(found.rows["flag"]) == {"copy"}


def test_it_can_be_cancelled_and_says_how_far_it_is():
    dataset = customers()
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    rows = propose(dataset, method="smote", target="yes", n=10)
    shares = []
    fidelity(dataset, model, rows, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        fidelity(dataset, model, rows, cancel=lambda: len(shares) > 0)
