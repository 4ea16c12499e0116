"""What leaves the app, and that it stands alone: replay.py runs in an empty folder, without this project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

from core.collect import read_table
from core.collect.checks import Compared, InRange
from core.collect.pandera_schema import from_pandera
from core.flywheel import (
    Collect,
    Correct,
    Decide,
    DropColumn,
    Exclude,
    Generate,
    Project,
    Relabel,
    SetChecks,
)
from core.generate import propose


@pytest.fixture
def run_replay(run_alone):
    return lambda folder: run_alone(folder, "replay.py")


@pytest.fixture
def assert_same(run_replay):
    """Check that the exported script finds the numbers of the last turn."""

    def check(folder, project):
        run = run_replay(folder)
        assert run.returncode == 0, run.stdout + run.stderr
        lines = run.stdout.strip().splitlines()
        assert len(lines) == 6
        assert all(line.endswith(" same") for line in lines), run.stdout
        for line in lines:
            name, value = line.split()[0], float(line.split()[2])
            assert value == pytest.approx(project.turns[-1].evaluation_then.metrics[name][0], abs=1e-6)

    return check


@pytest.fixture(scope="module")
def worked_on_once(tmp_path_factory, make_dataset, make_table, make_children):
    """A table that every kind of edit was made to, with some taken back, and a turn; then more edits."""
    dataset = make_dataset(make_table(200))
    project = Project.create(tmp_path_factory.mktemp("once") / "p", dataset, name="고객 이탈")
    train, pool, test = (list(dataset.ids(part)) for part in ("train", "pool", "test"))
    project.apply(Relabel({train[0]: "maybe", **dict.fromkeys(train[1:20], "yes"), pool[0]: "no"}, by="한나"))
    project.apply(
        Correct(
            {
                (train[3], "n"): 2.5,
                (train[4], "n"): None,
                (train[4], "x"): "7",
                (train[5], "colour"): 5,
                (train[6], "colour"): "파랑",
                (train[7], "colour"): None,
                (train[8], "when"): "2026-03-04 05:06",
                (train[9], "when"): None,
                (train[10], "member"): None,
                (train[11], "member"): True,
                (test[0], "x"): -1,
            }
        )
    )
    project.apply(Exclude([train[20], test[1], pool[1]]))
    project.apply(Collect(make_table(30, seed=9).assign(key=[f"n{number}" for number in range(30)])))
    project.apply(Correct({("n3", "x"): 0.5, (train[20 + 1], "n"): True}))
    project.apply(Generate(propose(project.dataset, method="random_oversample", target="yes", n=12)))
    project.apply(Generate(make_children(project.dataset, ["n3", train[30]])))
    project.apply(DropColumn("colour"))
    project.apply(Decide({"g0": ("exclude", None), "n4": ("other", "no"), train[31]: ("keep", None)}))
    project.apply(Relabel(dict.fromkeys(train[40:60], "no")))
    project.undo()
    project.apply(Exclude(["n5"]))
    project.turn()
    project.apply(Relabel({train[45]: "yes"}))
    project.close()
    return project.folder


@pytest.fixture
def worked_on(worked_on_once, tmp_path):
    project = Project.open(shutil.copytree(worked_on_once, tmp_path / "p"))
    yield project
    project.close()


def test_replay_rebuilds_the_numbers_of_a_table(worked_on, tmp_path, assert_same):
    folder = worked_on.export(tmp_path / "out")

    assert_same(folder, worked_on)


def test_replay_runs_as_anybody_would_run_it(worked_on, tmp_path):
    folder = worked_on.export(tmp_path / "out")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([sys.executable, "-I", "replay.py"], cwd=folder, env=environment, timeout=120, check=True)


def test_replay_follows_recipe_and_decision_rule(tmp_path, dataset, train, assert_same):
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression", decision="threshold")
    project.turn()
    project.apply(Exclude(train[:5]))
    project.turn()

    assert_same(project.export(tmp_path / "out"), project)


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
@pytest.mark.parametrize("recipe", ["tfidf_logistic", "hashing_sgd"])
def test_replay_rebuilds_the_numbers_of_texts_beside_columns(tmp_path, make_dataset, make_texts, recipe, assert_same):
    texts = make_texts()
    texts["channel"] = np.where(np.arange(len(texts)) % 3 == 0, "mail", "전화")
    dataset = make_dataset(texts, text="message")
    project = Project.create(tmp_path / "p", dataset, recipe=recipe)
    train = list(dataset.ids("train"))
    project.apply(Correct({(train[0], "message"): "win 당첨 cash", (train[1], "message"): None}))
    project.apply(Decide({train[2]: ("other", "spam"), train[3]: ("exclude", None)}))
    project.apply(Collect(make_texts(20, seed=5).assign(key=[f"n{n}" for n in range(20)], channel="mail")))
    project.apply(Generate(propose(project.dataset, method="random_oversample", target="spam", n=10)))
    project.turn()

    assert_same(project.export(tmp_path / "out"), project)


def test_a_changed_number_is_found_out(worked_on, tmp_path, run_replay):
    folder = worked_on.export(tmp_path / "out")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    metrics["metrics"]["accuracy"]["value"] += 0.01
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    run = run_replay(folder)

    assert run.returncode == 1
    assert [line.split()[0] for line in run.stdout.splitlines() if line.endswith("DIFFERENT")] == ["accuracy"]


def test_replay_needs_nothing_of_this_project(worked_on, tmp_path):
    source = (worked_on.export(tmp_path / "out") / "replay.py").read_text(encoding="utf-8")

    assert "import core" not in source
    assert "from core" not in source


def test_a_zip_holds_the_same_files_and_replays(worked_on, tmp_path, run_replay):
    path = worked_on.export(tmp_path / "my.results.zip")
    folder = worked_on.export(tmp_path / "out")
    with zipfile.ZipFile(path) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        archive.extractall(tmp_path / "unpacked")

    assert path == tmp_path / "my.results.zip"
    assert names == {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert run_replay(tmp_path / "unpacked").returncode == 0


def test_the_data_is_the_data_as_it_is_now(worked_on, tmp_path):
    folder = worked_on.export(tmp_path / "out")
    dataset = worked_on.dataset
    csv = read_table(folder / "data.csv").set_index("example")
    parquet = pd.read_parquet(folder / "data.parquet")

    assert list(csv.index) == list(parquet.index) == list(dataset.frame.index)
    assert list(csv["split"]) == list(parquet["split"]) == list(dataset.split)
    for data in (csv, parquet):
        assert list(data["label"].fillna("-")) == list(dataset.labels.fillna("-"))
        assert set(data["colour"].dropna()) >= {"초록", "파랑", "5"}
    generated = pd.read_csv(folder / "generated.csv", index_col="example")
    assert list(generated.index) == list(dataset.generated)
    excluded = pd.read_csv(folder / "excluded.csv", index_col="example")["split"]
    assert dict(excluded) == dict(dataset.excluded)


def test_the_csv_is_plain_utf_8(worked_on, tmp_path):
    content = (worked_on.export(tmp_path / "out") / "data.csv").read_bytes()

    assert "초록".encode() in content
    assert content.decode("utf-8").startswith("example,")


def test_the_split_of_the_export_is_the_one_now_whatever_the_columns_are_called(tmp_path, make_dataset, make_table):
    brought = make_table(80, pool=4).assign(split=np.where(np.arange(80) % 4 == 0, "test", "train"))
    feature = make_table(80).assign(split=np.arange(80) % 3, split_now="x")
    for name, table, column in (("brought", brought, "split"), ("feature", feature, "split_now_now")):
        project = Project.create(tmp_path / name, make_dataset(table))
        project.apply(Relabel({project.dataset.ids("pool")[0]: "yes"}))
        data = pd.read_csv(project.export(tmp_path / f"{name}-out") / "data.csv", index_col="example")

        assert list(data[column]) == list(project.dataset.split)
        if name == "feature":
            assert list(data["split"]) == list(project.dataset.frame["split"])


def test_log_and_metrics_are_json_that_anybody_reads(worked_on, tmp_path):
    folder = worked_on.export(tmp_path / "out")

    def strict(name):
        text = (folder / name).read_text(encoding="utf-8")
        return json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} in {name}"))

    log = strict("log.json")
    assert [entry["seq"] for entry in log] == [entry.seq for entry in worked_on.log]
    assert [entry["kind"] for entry in log].count("undo") == 1
    assert log[0]["by"] == "한나"
    metrics, turn = strict("metrics.json"), worked_on.turns[-1]
    assert metrics["fingerprint"] == turn.fingerprint
    assert metrics["metrics"]["macro_f1"]["value"] == turn.evaluation.metrics["macro_f1"][0]
    assert strict("recipe.json")["name"] == worked_on.model.recipe.name
    assert "고객 이탈" in (folder / "README.txt").read_text(encoding="utf-8")
    assert len(pd.read_csv(folder / "ledger.csv")) == 1


def test_undefined_metrics_are_null(tmp_path, make_dataset, make_table, run_replay):
    table = make_table(100, pool=0)
    ids = list(table["key"][table["label"] == "yes"][:10])
    project = Project.create(tmp_path / "p", make_dataset(table, test=ids), recipe="logistic_regression")
    project.turn()
    folder = project.export(tmp_path / "out")
    text = (folder / "metrics.json").read_text(encoding="utf-8")

    assert "NaN" not in text
    assert json.loads(text)["metrics"]["roc_auc"]["value"] is None
    assert run_replay(folder).returncode == 0


def test_a_project_without_turns_exports_its_data(project, tmp_path):
    folder = project.export(tmp_path / "out")

    assert (folder / "data.csv").is_file()
    assert not (folder / "replay.py").exists()
    assert json.loads((folder / "log.json").read_text()) == []


def test_exporting_twice_into_one_folder_leaves_the_second(worked_on, tmp_path, run_replay):
    worked_on.export(tmp_path / "out")
    worked_on.undo()
    worked_on.export(tmp_path / "out")

    assert len(json.loads((tmp_path / "out" / "log.json").read_text(encoding="utf-8"))) == worked_on.revision
    assert run_replay(tmp_path / "out").returncode == 0


def test_checks_leave_as_a_schema_and_its_source_only_where_there_are_any(tmp_path, dataset):
    project = Project.create(tmp_path / "p", dataset)
    assert not {"checks.json", "pandera_checks.py"} & {
        path.name for path in project.export(tmp_path / "none").iterdir()
    }
    checks = (InRange("n", 0, 3), Compared("x", "<=", "n"))
    project.apply(SetChecks(checks))
    folder = project.export(tmp_path / "some")
    assert from_pandera((folder / "checks.json").read_text(encoding="utf-8")) == (checks, [])
    assert (folder / "pandera_checks.py").is_file()
