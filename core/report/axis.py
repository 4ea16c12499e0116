"""Axes of what is drawn without a library: round values between two ends, with their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.wording import number

__all__ = ["scale", "ticks"]


def scale(low: float, high: float, written: Callable[[float, int], str] = number) -> dict[str, Any]:
    """Make an axis with some room beyond both ends: ``low``, ``high`` and ``ticks``, as JSON can hold them."""
    room = 0.05 * (float(high) - float(low) or 1.0)
    low, high = float(low) - room, float(high) + room
    return {"low": low, "high": high, "ticks": ticks(low, high, written)}


def ticks(
    low: float, high: float, written: Callable[[float, int], str] = number, most: int = 6
) -> list[dict[str, Any]]:
    """Find about so many round values between two ends.

    Parameters
    ----------
    low, high : float
    written : callable
        Writes a value with so many decimals.
    most : int

    Returns
    -------
    list of dict
        ``value`` and ``text``, ascending.
    """
    rough = (high - low) / most or 1.0
    unit = 10.0 ** np.floor(np.log10(rough))
    step = next(unit * nice for nice in (1, 2, 5, 10) if unit * nice >= rough * (1 - 1e-9))
    places = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return [{"value": float(place * step), "text": written(float(place * step), digits)} for place in places]
