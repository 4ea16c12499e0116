"""What all tests share: one thread each for linear algebra and trees, since tests run side by side; what runs when."""

from __future__ import annotations

import os

import pytest
from effort import THOROUGH

# Read when these libraries are loaded, and handed on to the servers and scripts that tests start. Threads that wait for
# each other over a hundred rows cost far more than they bring.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def pytest_collection_modifyitems(items) -> None:
    if not THOROUGH:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="a further journey: make test-thorough goes it"))
