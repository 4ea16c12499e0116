from __future__ import annotations

from hypothesis import settings

# A deadline measures the machine and its load, not the code.
settings.register_profile("flywheel", deadline=None)
settings.load_profile("flywheel")
