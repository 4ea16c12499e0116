from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from effort import effort

from core.annotate import find_suspects
from core.dataset import Dataset
from core.evaluate import compare
from core.train import LockedModel
from sample_data.churn import make_churn, weak_slices
from sample_data.demos import DEMOS
from sample_data.make import SAMPLES, write
from sample_data.tickets import SHARES, make_tickets

FOLDER = Path(__file__).parents[2] / "sample_data"
SEEDS = effort(4, 10)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_generator_writes_the_bundled_bytes_again(name, tmp_path):
    write(SAMPLES[name](0), tmp_path / name)

    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.key)
def test_each_demo_becomes_a_data_set(demo):
    dataset = Dataset.from_frame(demo.load(), **demo.roles)

    assert dataset.schema.modality == demo.modality
    assert dataset.schema.truth is None or dataset.schema.truth not in dataset.schema.inputs
    assert len(dataset.ids("train")) > len(dataset.ids("test")) > 0


@pytest.mark.parametrize("name", ["churn", "tickets", "adult", "lidc", "scikit-learn"])
def test_each_sample_has_a_data_card_with_its_licence(name):
    assert "licence" in (FOLDER / f"{name}.md").read_text(encoding="utf-8").lower()


def test_churn_is_as_its_card_says():
    table = make_churn(0)
    train = table[table["split"] == "train"]
    wrong = train["label"] != train["true_label"]
    islands, offices = weak_slices(table)
    content = table.columns.drop(["customer_id", "label", "true_label"])

    assert len(table) == 6_000
    assert (table["true_label"] == "churned").mean() == pytest.approx(0.118, abs=0.01)
    assert wrong.mean() == pytest.approx(0.15, abs=0.02)
    assert wrong[train["payment_method"] == "invoice"].mean() > 3 * wrong[train["payment_method"] != "invoice"].mean()
    assert (table.loc[table["split"] == "test", "label"] == table.loc[table["split"] == "test", "true_label"]).all()
    assert table.duplicated([*content, "label"]).sum() >= 90
    assert table.groupby([table[name].astype(str) for name in content])["label"].nunique().max() == 2
    for weak in (islands, offices):
        assert (table.loc[weak, "true_label"] == "churned").mean() == pytest.approx(0.5, abs=0.15)


def test_settling_the_worst_suspects_of_churn_brings_a_gain():
    verdicts = []
    for seed in range(SEEDS):
        dataset = Dataset.from_frame(make_churn(seed), label="label")
        model = LockedModel.for_dataset(dataset)
        before = model.train(dataset)
        suspects = find_suspects(dataset.labels.loc[before.out_of_fold.index], before.out_of_fold)
        truth = dataset.frame["true_label"].loc[suspects.index[:300]]
        after = model.fit(dataset.with_labels(truth))
        test = dataset.inputs("test")
        predictions = [
            pd.DataFrame(fitted.predict_proba(test), index=test.index, columns=list(fitted.classes))
            for fitted in (before.fitted, after)
        ]
        verdicts.append(compare(dataset.labels.loc[test.index], *predictions).verdict)

    assert verdicts.count("gain") >= 0.9 * SEEDS, verdicts


def test_tickets_are_as_their_card_says():
    table = make_tickets(0)
    wrong = table["label"] != table["true_label"]
    korean = table["text"].str.contains("[가-힣]")

    assert len(table) == 4_000
    assert set(table["true_label"]) == set(SHARES)
    assert wrong.mean() == pytest.approx(0.12, abs=0.02)
    assert korean.mean() == pytest.approx(0.16, abs=0.02)
    assert wrong[korean].mean() > 1.4 * wrong[~korean].mean()
    assert table["text"].duplicated().mean() < 0.02
