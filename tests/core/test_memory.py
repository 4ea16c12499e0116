from __future__ import annotations

import sys

import numpy as np
import pytest

from core import memory
from core.collect import read_table
from core.memory import MemoryLimitError, allowed_memory, check_memory, give_back, used_memory
from core.settings import Settings

CSV = b"a,b\n1,x\n2,y\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process takes")
def test_memory_that_is_taken_is_seen():
    before = used_memory()
    block = bytearray(64 * memory.MB)
    block[::4096] = b"x" * len(block[::4096])

    assert used_memory() - before > 48 * memory.MB


def test_by_default_four_fifths_of_the_machine_are_allowed():
    allowed = allowed_memory()
    assert allowed is None or allowed > 64 * memory.MB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process takes")
def test_nothing_is_read_beyond_what_is_allowed(monkeypatch):
    check_memory()
    monkeypatch.setattr(memory, "SETTINGS", Settings(memory_mb=1))

    with pytest.raises(MemoryLimitError, match=r"more than 1 MB .*memory_mb.* It takes [\d,]+ MB"):
        read_table(CSV)


def test_where_nobody_knows_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "SETTINGS", Settings(memory_mb=1))
    monkeypatch.setattr(memory, "used_memory", lambda: None)

    assert len(read_table(CSV)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process takes")
def test_what_is_free_is_given_back_after_long_work():
    # Small pieces lie in the heap, between others that stay.
    pieces = [bytes(1_000 + number % 7) for number in range(100_000)]
    last = bytes(1_000)
    held = used_memory()
    del pieces
    give_back()

    assert last
    assert used_memory() < held - 64 * memory.MB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process takes")
def test_it_is_given_back_again_only_once_much_more_is_taken(monkeypatch):
    asked = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: asked.append(used_memory()) or object())
    give_back()
    give_back(if_grown=True)
    assert len(asked) == 1

    block = np.ones(40 * memory.MB)
    give_back(if_grown=True)
    give_back(if_grown=True)
    assert len(asked) == 2
    del block


def test_giving_back_does_no_harm_where_nothing_can_be_asked(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    give_back()
