"""The words for the lock that several screens share."""

from __future__ import annotations

__all__ = ["DECISIONS"]

DECISIONS = {
    "argmax": "largest probability",
    "threshold": "threshold chosen out of fold",
}
