"""How much the tests try: `make test` in minutes, `make test-thorough` many times more often."""

from __future__ import annotations

import os

__all__ = ["THOROUGH", "effort"]

THOROUGH = bool(os.environ.get("FLYWHEEL_THOROUGH"))


def effort(usual: int, thorough: int) -> int:
    """How often something is tried, as a rule and by the thorough run."""
    return thorough if THOROUGH else usual
