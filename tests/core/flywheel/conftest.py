from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project


@pytest.fixture(scope="session")
def make_table():
    """A small table with every kind of column, a pool, and the truth beside a noisy label."""

    def make(rows: int = 120, seed: int = 0, pool: int | None = None) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=rows)
        truth = np.where(x + 0.3 * rng.normal(size=rows) > 0, "yes", "no")
        wrong = rng.random(rows) < 0.15
        label = pd.Series(np.where(wrong, np.where(truth == "yes", "no", "yes"), truth), dtype="str")
        label[rng.choice(rows, rows // 20 if pool is None else pool, replace=False)] = None
        return pd.DataFrame(
            {
                "key": [f"r{number}" for number in range(rows)],
                "x": x,
                "n": rng.integers(0, 5, rows),
                "member": rng.random(rows) < 0.5,
                "colour": rng.choice(["red", "초록", None], rows),
                "when": pd.date_range("2026-01-01", periods=rows),
                "label": label,
                "true_label": truth,
            }
        )

    return make


@pytest.fixture(scope="session")
def make_texts():
    def make(rows: int = 120, seed: int = 0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        words = {"spam": ["win", "cash", "free", "당첨"], "ham": ["meet", "lunch", "tomorrow", "회의"]}
        truth = rng.choice(["spam", "ham"], rows, p=[0.3, 0.7])
        texts = [
            " ".join([*rng.choice(words[each], 4), *rng.choice(["the", "a", "now", str(n)], 2)])
            for n, each in enumerate(truth)
        ]
        wrong = rng.random(rows) < 0.1
        label = np.where(wrong, np.where(truth == "spam", "ham", "spam"), truth)
        return pd.DataFrame(
            {"key": [f"t{n}" for n in range(rows)], "message": texts, "label": label, "true_label": truth}
        )

    return make


@pytest.fixture(scope="session")
def make_dataset(make_table):
    def make(frame: pd.DataFrame | None = None, **options) -> Dataset:
        return Dataset.from_frame(
            make_table() if frame is None else frame, **({"label": "label", "id": "key"} | options)
        )

    return make


@pytest.fixture(scope="session")
def dataset(make_dataset):
    return make_dataset()


@pytest.fixture(scope="session")
def created_once(tmp_path_factory, dataset):
    """The folder of a project before its first turn, on the quickest recipe: to be copied."""
    project = Project.create(tmp_path_factory.mktemp("created") / "project", dataset, recipe="logistic_regression")
    project.close()
    return project.folder


@pytest.fixture
def project(created_once, tmp_path):
    project = Project.open(shutil.copytree(created_once, tmp_path / "project"))
    yield project
    project.close()


@pytest.fixture(scope="session")
def run_alone(tmp_path_factory):
    """Run a script with nothing of this project in reach: ``run_alone(folder, "replay.py", *arguments)``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    options = {"text": True, "env": environment | {"OMP_NUM_THREADS": "1"}}
    if not hasattr(os, "fork"):
        yield lambda folder, *script: subprocess.run(
            [sys.executable, "-I", *script], cwd=folder, capture_output=True, timeout=120, check=False, **options
        )
        return
    said = tmp_path_factory.mktemp("alone") / "said"
    server = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("alone.py"))],
        cwd=said.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **options,
    )

    def run(folder, script: str, *arguments: str) -> subprocess.CompletedProcess:
        asked = {"folder": str(folder), "script": script, "arguments": arguments, "said": str(said)}
        print(json.dumps(asked), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        out, err = (said.with_suffix(ending).read_text(encoding="utf-8") for ending in (".out", ".err"))
        return subprocess.CompletedProcess([script, *arguments], code, out, err)

    yield run
    server.stdin.close()
    server.wait(60)
    server.stdout.close()


@pytest.fixture
def train(dataset):
    """Ids of train."""
    return list(dataset.ids("train"))


@pytest.fixture(scope="session")
def make_children():
    """Generated rows as a method of core.generate returns them: copies of train examples with a noisy number."""

    def make(dataset: Dataset, parents: list[str], label: str = "yes", prefix: str = "g") -> pd.DataFrame:
        rows = dataset.frame.loc[parents, list(dataset.schema.inputs)].assign(label=label)
        rows.index = pd.Index([f"{prefix}{number}" for number in range(len(parents))], dtype="str")
        if "x" in rows:
            rows["x"] += 0.01
        return rows.assign(parent=parents, other_parent=None)

    return make


@pytest.fixture(scope="session")
def make_people():
    """Rows of a world that can move: ``shift`` moves the income, ``share`` the mixture of cities."""

    def make(rows: int, seed: int = 0, *, shift: float = 0.0, share: float = 0.5, turn: float = 0.0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        income = rng.normal(50 + shift, 10, rows).round(2)
        city = rng.choice(["Seoul", "Busan"], rows, p=[share, 1 - share])
        label = np.where(income + rng.normal(0, 5, rows) > 50 + turn, "yes", "no")
        return pd.DataFrame({"income": income, "city": city, "age": rng.integers(18, 80, rows), "label": label})

    return make


@pytest.fixture(scope="session")
def released_once(tmp_path_factory, make_people):
    """The folder of a project after turn 0, as it is when the model is released."""
    dataset = Dataset.from_frame(make_people(600), label="label")
    project = Project.create(tmp_path_factory.mktemp("once") / "released", dataset, recipe="logistic_regression")
    project.turn()
    project.close()
    return project.folder


@pytest.fixture
def released(released_once, tmp_path):
    project = Project.open(shutil.copytree(released_once, tmp_path / "released"))
    yield project
    project.close()
