"""The examples in the docstrings of core: each runs and gives what stands there."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "core").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
# What a newcomer calls first shows how it is called.
SHOWN = {
    "core.collect.readers": "read_table",
    "core.dataset": "Dataset.from_frame",
    "core.annotate.suspects": "find_suspects",
    "core.evaluate.verdict": "compare",
    "core.evaluate.slices": "find_slices",
    "core.flywheel.project": "Project",
}


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pd.option_context("display.width", 100):
        found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(("name", "what"), SHOWN.items())
def test_the_public_api_has_examples(name, what):
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    assert any(each.examples for each in found if each.name == f"{name}.{what}")
