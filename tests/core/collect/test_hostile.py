"""Every hostile file ends in its sentence or in a project, in little time and little memory, and leaves nothing behind.

All are taken the whole way in one process of its own: what kills it would have killed the app.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import HOSTILE

SECONDS = 30
MEGABYTES = 1_000
# What the process that reads a workbook may take, see `core.collect.sheet_process`.
CHILD_MEGABYTES = 2_600


@pytest.fixture(scope="module")
def results():
    script = Path(__file__).with_name("hostile.py")
    root = script.parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-W", "ignore", str(script), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=900)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    last = HOSTILE[len(found)].title if len(found) < len(HOSTILE) else ""
    assert done.returncode == 0, f"'{last}' ended the process: {done.stderr[-1000:]}"
    return found


def test_the_corpus_is_as_large_as_promised():
    assert len(HOSTILE) >= 80
    assert len({case.title for case in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=lambda number: HOSTILE[number].title)
def test_it_ends_in_a_sentence_or_in_a_project(results, number):
    case, result = HOSTILE[number], results[number]
    if case.sentence:
        assert re.search(case.sentence, result["words"]), result["words"] or "It became a project."
        assert result["words"].endswith(".")
        assert "\n" not in result["words"]
        assert len(result["words"]) < 600
        assert not re.search(r"\w(Error|Exception|Invalid)\b", result["words"])
    else:
        assert not result["words"]
    assert not result["left"], "It left a half-made project."
    assert result["seconds"] < SECONDS


def test_memory_stays_low(results):
    """The most that any file made the process hold, its own start included; see it with ``-s``."""
    worst = max(results, key=lambda result: result["peak"])
    children = results[-1]["children"]
    print(
        f"\nHostile files: {len(results)}; most memory: {worst['peak']:.0f} MB, over '{worst['title']}'; "
        f"of a process that reads workbooks: {children:.0f} MB."
    )
    assert worst["peak"] < MEGABYTES
    assert children < CHILD_MEGABYTES
