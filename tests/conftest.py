"""What all tests share: one thread each for linear algebra and trees, since tests run side by side."""

from __future__ import annotations

import os

# Read when these libraries are loaded, and handed on to the servers and scripts that tests start. Threads that wait for
# each other over a hundred rows cost far more than they bring.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
