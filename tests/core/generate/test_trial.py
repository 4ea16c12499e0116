from __future__ import annotations

from threading import Event

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import METHODS, GenerateError, Sources, focus_on, methods_for, on_hard, propose, trial, trial_report
from core.progress import Cancelled
from core.train import Change, LockedModel, out_of_fold_under


def points(n: int = 400, rare: float = 0.08, seed: int = 0) -> Dataset:
    """Two overlapping clouds, one of them rare."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < rare, "rare", "usual")
    centre = np.where(labels == "rare", 1.2, 0.0)[:, np.newaxis]
    frame = pd.DataFrame(rng.normal(size=(n, 3)) + centre, columns=["a", "b", "c"]).assign(label=labels)
    return Dataset.from_frame(frame, label="label", test=0.25, seed=seed)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return points()


@pytest.fixture(scope="module")
def model(dataset) -> LockedModel:
    return LockedModel.for_dataset(dataset, recipe="logistic_regression")


@pytest.fixture
def folds(monkeypatch) -> list[tuple[pd.Index, Change]]:
    """What each fold trained on: the ids it has, and what a method changed."""
    noted: list[tuple[pd.Index, Change]] = []

    def spied(model, dataset, changes, **given):
        def note(change):
            def heard(ids):
                changed = change(ids)
                noted.append((ids, changed))
                return changed

            return heard

        return out_of_fold_under(model, dataset, {name: note(change) for name, change in changes.items()}, **given)

    monkeypatch.setattr("core.generate.bench.out_of_fold_under", spied)
    return noted


@pytest.mark.parametrize("method", [each.key for each in methods_for(points()) if not each.excludes])
def test_no_child_of_an_example_meets_it_on_the_other_side(dataset, model, folds, method):
    if method == "borderline_smote":
        dataset = points(rare=0.2)
    trial(dataset, model, method=method, target="balance")
    made = [(ids, changed.rows) for ids, changed in folds if changed.rows is not None]
    assert len(made) == 5
    train = dataset.ids("train")
    for ids, rows in made:
        held_out = train.difference(ids)
        assert len(held_out)
        assert len(rows)
        for name in ("parent", "other_parent"):
            assert not rows[name].isin(held_out).any()
            assert rows[name].dropna().isin(ids).all()
        sizes = pd.concat([dataset.labels.loc[ids], rows["label"]]).value_counts()
        assert sizes["rare"] == pytest.approx(sizes["usual"], rel=0.15)


@pytest.mark.parametrize("method", [each.key for each in methods_for(points()) if each.excludes])
def test_what_is_left_out_is_found_without_the_fold_that_is_predicted(dataset, model, folds, method):
    train = dataset.ids("train")
    trial(dataset, model, method=method, target="majority")
    gone = [(ids, changed.without) for ids, changed in folds if changed.without is not None]
    assert len(gone) == 5
    assert sum(len(without) for _, without in gone) > 0
    for ids, without in gone:
        assert without.isin(ids).all()
        # The same as of a data set that never had the fold.
        alone = dataset.without(train.difference(ids))
        seed = METHODS[method]
        sources = Sources(alone.part("train"), alone.schema)
        sizes = sources.sizes
        counts = {"usual": sizes["usual"] - 1} if seed.finds else {"usual": len(without)}
        expected = sources.examples.index[seed.draw(sources, counts, 0, seed.settled(None))]
        assert without.tolist() == expected.tolist()


def test_generated_examples_have_no_children_and_are_not_scored(dataset, model, folds):
    rows = propose(dataset, method="smote", target="rare", n=30)
    grown = dataset.with_rows(rows, rows)
    verdict = trial(grown, model, method="smote", target="rare", n=20)
    for _, changed in folds:
        if changed.rows is not None:
            assert not changed.rows["parent"].isin(grown.generated).any()
    before = model.out_of_fold(grown).loc[dataset.ids("train")]
    known = dataset.labels.loc[before.index]
    assert verdict.before == pytest.approx(_macro_f1(known, before.idxmax(axis=1)))


def _macro_f1(labels: pd.Series, predicted: pd.Series) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, average="macro"))


def test_oversampling_helps_a_model_that_neglects_the_rare_class(dataset, model):
    verdict = trial(dataset, model, method="random_oversample", target="balance", metric="balanced_accuracy")
    assert verdict.verdict == "gain"
    assert verdict.delta > 0.1


def test_undersampling_leaves_out_of_training_but_scores_all(dataset, model):
    verdict = trial(dataset, model, method="random_undersample", target="majority", metric="balanced_accuracy")
    assert verdict.verdict == "gain"
    none = trial(dataset, model, method="random_undersample", target="usual", n=1, metric="balanced_accuracy")
    assert abs(none.delta) < 0.05


def test_the_same_trial_gives_the_same_verdict_with_and_without_known_probabilities(dataset, model):
    first = trial(dataset, model, method="smote", target="rare", n=40, seed=3)
    again = trial(dataset, model, method="smote", target="rare", n=40, seed=3, before=model.out_of_fold(dataset))
    assert first == again


def test_test_is_not_looked_at(dataset, model):
    cells = {(example, "a"): 99.0 for example in dataset.ids("test")}
    spoiled = dataset.with_cells(cells)
    call = {"method": "smote", "target": "balance"}
    assert trial(dataset, model, **call) == trial(spoiled, model, **call)


def test_a_threshold_is_chosen_on_either_side(dataset):
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression", decision="threshold")
    verdict = trial(dataset, model, method="random_oversample", target="balance")
    # What a threshold already gave, copies can't give again.
    assert verdict.verdict == "no evidence"
    assert (
        verdict.before
        > trial(
            dataset, LockedModel.for_dataset(dataset, recipe="logistic_regression"), method="smote", target="rare", n=1
        ).before
    )


def test_texts_are_tried_too():
    frame = pd.DataFrame(
        {
            "text": [f"{'give my money back' if n % 6 == 0 else 'where is my parcel'} number {n}" for n in range(120)],
            "kind": ["refund" if n % 6 == 0 else "parcel" for n in range(120)],
        }
    )
    dataset = Dataset.from_frame(frame, label="kind", text="text")
    verdict = trial(dataset, LockedModel.for_dataset(dataset), method="drop_and_swap", target="balance")
    assert verdict.verdict in {"gain", "no evidence"}


def test_progress_rises_to_one_and_cancel_stops(dataset, model):
    heard: list[float] = []
    trial(dataset, model, method="smote", target="rare", n=5, progress=lambda share, _: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        trial(dataset, model, method="smote", target="rare", n=5, cancel=stop)


def test_what_can_not_be_made_is_refused_before_any_fit(dataset):
    with pytest.raises(GenerateError):
        trial(dataset, None, method="smote", target="unknown")
    with pytest.raises(GenerateError):
        trial(dataset, None, method="drop_and_swap", target="rare")


def test_a_class_that_a_fold_nearly_takes_away_is_a_clear_error():
    dataset = points()
    rare = dataset.labels.index[(dataset.labels == "rare") & (dataset.split == "train")]
    folds = dataset.folds().loc[rare]
    two = folds.drop_duplicates().index[:2]
    dataset = dataset.without(rare.difference(two))
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression")
    with pytest.raises(GenerateError, match="leaves out a fifth"):
        trial(dataset, model, method="smote", target="rare", n=20)


def test_a_report_says_what_each_class_gets(dataset, model):
    report = trial_report(dataset, model, method="random_oversample", target="balance")
    assert report.verdict == trial(dataset, model, method="random_oversample", target="balance")
    assert set(report.classes) == {"rare", "usual"}
    assert np.mean([each.delta for each in report.classes.values()]) == pytest.approx(report.verdict.delta)
    assert {each.claims for each in report.classes.values()} == {2}
    assert report.inside is None
    assert report.rows == dataset.labels_of("train").value_counts().diff().abs().iloc[-1]
    assert report.seconds > 0
    assert report.seconds_before > 0
    low, high = report.forecast
    assert low < report.verdict.low < report.verdict.high < high


def test_a_threshold_that_gives_as_much_is_named():
    dataset = points(n=1500, rare=0.15)
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression")
    call = {"method": "random_oversample", "target": "balance"}
    report = trial_report(dataset, model, **call, metric="balanced_accuracy")
    assert report.threshold is not None
    assert report.threshold.verdict == report.verdict.verdict == "gain"
    assert report.threshold_as_good
    assert "without any" in report.says()
    locked = LockedModel.for_dataset(dataset, recipe="logistic_regression", decision="threshold")
    assert trial_report(dataset, locked, **call).threshold is None
    probabilities = trial_report(dataset, model, **call, metric="log_loss")
    assert (probabilities.threshold, probabilities.threshold_as_good) == (None, False)


def test_what_was_found_by_its_errors_is_judged_on_other_folds(dataset, model, monkeypatch):
    divisions = []

    def spied(*given, **named):
        divisions.append(named["division"])
        return out_of_fold_under(*given, **named)

    monkeypatch.setattr("core.generate.bench.out_of_fold_under", spied)
    before = model.out_of_fold(dataset)
    target = on_hard(dataset, before, share=0.2)
    report = trial_report(dataset, model, method="random_oversample", target=target, before=before)
    assert divisions == [1]
    assert report.inside is not None
    assert report.inside.claims == 3
    other = trial_report(dataset, model, method="random_oversample", target="rare", before=before)
    assert divisions == [1, 0]
    assert other.inside is None


def test_a_target_of_few_examples_is_not_judged(dataset, model):
    ids = dataset.ids("train")
    few = focus_on(dataset, ids[:19], words="a few")
    enough = focus_on(dataset, ids[:20], words="enough")
    assert trial_report(dataset, model, method="random_oversample", target=few).inside is None
    assert trial_report(dataset, model, method="random_oversample", target=enough).inside is not None
