"""The model that leaves the app: it predicts in an empty folder, without this project, what it predicted inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from core.dataset import Dataset
from core.errors import FlywheelError
from core.flywheel import Project, ProjectError, Relabel, export_model, read_back
from core.progress import Cancelled
from core.train import RECIPES, LockedModel, read_recipe
from core.train.learner import fit_recipe
from core.train.portable import ESTIMATOR_PARTS, from_plain, to_plain


def table(rows=160, seed=0):
    rng = np.random.default_rng(seed)
    amount = rng.normal(0, 1, rows)
    plan = rng.choice(["basic", "plus", "NA"], rows)
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(rows) < 0.1, np.nan, amount),
            "plan": pd.Series(plan).where(rng.random(rows) > 0.1),
            "member": rng.random(rows) < 0.4,
            "visits": rng.integers(0, 4, rows),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D"),
            "label": np.where(amount + (plan == "plus") + rng.normal(0, 0.5, rows) > 0, "stays", "leaves"),
        }
    )


def texts(rows=120, seed=0):
    rng = np.random.default_rng(seed)
    words = {"refund": ["환불 주세요", "money back please"], "praise": ["감사합니다!", "love it, thanks"]}
    labels = rng.choice(list(words), rows)
    said = [f"{rng.choice(words[label])} {number % 17}" for number, label in enumerate(labels)]
    return pd.DataFrame({"text": said, "label": labels})


def small(recipe):
    steps = {part: dict(settings) for part, settings in recipe.steps.items()}
    for name in ("max_iter", "n_estimators"):
        if steps["classifier"]["name"] != "LogisticRegression" and name in steps["classifier"]:
            steps["classifier"][name] = 10
    return replace(recipe, steps=steps)


@pytest.mark.parametrize("name", RECIPES)
def test_a_model_taken_apart_and_put_together_says_the_same(name):
    """Through the file, in which nothing is trusted but scikit-learn's own parts."""
    recipe = small(RECIPES[name])
    is_text = recipe.modality == "text"
    frame = texts() if is_text else table()
    dataset = Dataset.from_frame(frame, label="label", text="text" if is_text else None)
    model = LockedModel.for_dataset(dataset, recipe).fit(dataset).model
    data = skops.io.dumps(to_plain(model))

    inputs = dataset.inputs("test")
    again = from_plain(skops.io.loads(data, trusted=list(ESTIMATOR_PARTS)))
    np.testing.assert_array_equal(again.predict_proba(inputs), model.predict_proba(inputs))


def test_nothing_of_the_training_rows_is_in_it():
    frame = table()
    kinds = {"amount": "numeric", "plan": "categorical"}
    model = fit_recipe(RECIPES["logistic_regression"].to_dict(), frame, kinds, None, frame["label"])
    sizes = [part.size for part in arrays(to_plain(model))]
    # The largest array is a list of categories or the weights, not the rows.
    assert max(sizes) < len(frame)


def arrays(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from arrays(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from arrays(part)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    dataset = Dataset.from_frame(table(), label="label")
    recipe = replace(RECIPES["logistic_regression"], decision="threshold")
    project = Project.create(tmp_path_factory.mktemp("released") / "p", dataset, recipe=recipe)
    project.turn()
    some = dataset.ids("train")[:20]
    project.apply(Relabel(dict.fromkeys(some, "stays")))
    project.turn()
    yield project
    project.close()


@pytest.fixture(scope="module", params=[0, 1])
def predicted(request, project, tmp_path_factory, run_alone):
    """The test examples, predicted by an exported model: the number of its turn, the folder, and what came of it."""
    folder = tmp_path_factory.mktemp("away")
    with zipfile.ZipFile(export_model(project, folder / "model.zip", request.param)) as archive:
        archive.extractall(folder)
    project.dataset.inputs("test").to_csv(folder / "new.csv", index=False)
    done = run_alone(folder, "predict.py", "new.csv", "predictions.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    return request.param, folder, pd.read_csv(folder / "predictions.csv", keep_default_na=False, na_values=[""])


def test_an_exported_model_predicts_what_its_turn_did(project, predicted):
    number, _, found = predicted
    turn = project.turns[number]
    said = found[[f"flywheel_probability: {name}" for name in project.dataset.classes]]
    inside = turn.test_probabilities.loc[project.dataset.ids("test")]
    np.testing.assert_allclose(said, inside, atol=1e-12)
    decided = project.model.decide(inside, turn.threshold)
    assert found["flywheel_predicted"].tolist() == decided.tolist()


def test_its_predictions_are_read_back(project, predicted):
    number, _, found = predicted
    rows, probabilities, turn = read_back(project, found)
    assert turn == number
    assert list(rows.columns) == list(project.dataset.schema.inputs)
    inside = project.turns[number].test_probabilities.loc[project.dataset.ids("test")]
    np.testing.assert_allclose(probabilities, inside, atol=1e-12)


def test_rows_without_predictions_come_as_they_are(project):
    frame = table()
    rows, probabilities, turn = read_back(project, frame)
    assert rows is frame
    assert probabilities is None
    assert turn is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda frame: frame.assign(flywheel_model="0123 4567 turn 9"),
        lambda frame: frame.assign(flywheel_model=[*frame["flywheel_model"][1:], None]),
        lambda frame: frame.assign(**{"flywheel_probability: stays": 2.0}),
        lambda frame: frame.assign(**{"flywheel_probability: stays": "x"}),
        lambda frame: frame.drop(columns="flywheel_probability: stays"),
    ],
)
def test_predictions_that_are_not_whole_or_of_another_model_are_refused(project, predicted, broken):
    with pytest.raises(FlywheelError, match="flywheel_"):
        read_back(project, broken(predicted[2]))


def test_a_missing_column_ends_in_a_sentence(predicted, run_alone):
    _, folder, _ = predicted
    (folder / "short.csv").write_text("plan\nplus\n", encoding="utf-8")
    done = run_alone(folder, "predict.py", "short.csv", "out.csv")
    assert done.returncode == 1
    assert "Missing: amount" in done.stderr
    assert not (folder / "out.csv").exists()


def test_what_it_comes_with_says_what_it_is(project, predicted):
    number, folder, _ = predicted
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    assert about["turn"] == number
    assert about["fingerprint"] == project.model.fingerprint
    assert f"turn {number}" in (folder / "README.txt").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.glob("*.*") if path.suffix in {".skops", ".py", ".json", ".txt"}) == [
        "README.txt",
        "about.json",
        "model.skops",
        "predict.py",
        "recipe.json",
    ]


def test_there_is_no_model_of_a_turn_that_was_not_run(project, tmp_path):
    with pytest.raises(ProjectError, match="the last is turn 1"):
        export_model(project, tmp_path / "x.zip", 7)
    assert list(tmp_path.iterdir()) == []


def test_who_stops_it_finds_no_file(project, tmp_path):
    import threading

    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        export_model(project, tmp_path / "x.zip", cancel=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_of_ones_own_goes_round_and_leaves(tmp_path, run_alone):
    """Locked, trained on, replayed from the export, and predicting on its own."""
    dataset = Dataset.from_frame(texts(), label="label", text="text")
    data = skops.io.dumps(make_pipeline(TfidfVectorizer(), LogisticRegression()))
    project = Project.create(tmp_path / "p", dataset, recipe=read_recipe(data, dataset))
    project.turn()
    folder = project.export(tmp_path / "out")
    done = run_alone(folder, "replay.py")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(export_model(project, tmp_path / "model.zip")) as archive:
        archive.extractall(tmp_path / "away")
    dataset.inputs("test").to_csv(tmp_path / "away" / "new.csv", index=False)
    # As anybody would run it, with nothing imported before.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [sys.executable, "-I", "predict.py", "new.csv", "said.csv"]
    subprocess.run(command, cwd=tmp_path / "away", env=environment, timeout=120, check=True)
    rows, said, _ = read_back(project, pd.read_csv(tmp_path / "away" / "said.csv"))
    np.testing.assert_allclose(said, project.turns[0].test_probabilities.loc[dataset.ids("test")], atol=1e-12)
    assert list(rows.columns) == ["text"]
    project.close()
