from __future__ import annotations

from effort import effort
from hypothesis import settings

# A deadline measures the machine and its load, not the code.
settings.register_profile("flywheel", deadline=None, max_examples=effort(25, 200))
settings.load_profile("flywheel")
