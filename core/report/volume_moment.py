"""Volume against consistency as a moment of the race: two learning curves, to be drawn by the player's script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.flywheel import FARTHEST, LABELLINGS, TwoCurves
from core.report.axis import scale, ticks
from core.report.chart import ACCENT, SECOND
from core.report.two_curves import about, two_curves_alt
from core.wording import count, interval, number, signed, signed_interval

__all__ = ["volume_moment"]

_LOOKS = {
    LABELLINGS[0]: {"colour": SECOND, "mark": "square"},
    LABELLINGS[1]: {"colour": ACCENT, "mark": "circle"},
}


def volume_moment(
    curves: TwoCurves, *, metric: str, names: Mapping[str, str], says: str, sub: str = ""
) -> dict[str, Any]:
    """Make the moment that shows two learning curves and the stretch between them at equal score.

    Parameters
    ----------
    curves : TwoCurves
    metric : str
        Title of the metric.
    names : mapping of str to str
        What each labelling is called on screen.
    says, sub : str
        The answer, and what it rests on.

    Returns
    -------
    dict
        JSON values, for `race_scene`. Texts are plain.
    """
    most = FARTHEST * curves.rows
    seen = pd.concat([curves.points[["low", "high"]], curves.fitted[["value"]]])
    return {
        "view": "volume",
        "clock": "",
        "says": says,
        "sub": sub,
        "alt": two_curves_alt(curves, metric=metric, names=names),
        "sides": [_side(curves, labelling, names[labelling]) for labelling in LABELLINGS],
        "volume": {
            "rows": curves.rows,
            "most": most,
            "ticks": ticks(0, most, lambda value, _: count(value)),
            "scores": scale(seen.min().min(), seen.max().max()),
            "curves": [_curve(curves, labelling) for labelling in LABELLINGS],
            "apart": _apart(curves),
        },
    }


def _at_rows(curves: TwoCurves, labelling: str) -> pd.Series:
    fitted = curves.fitted[curves.fitted["labelling"] == labelling]
    return fitted[fitted["rows"] == curves.rows].iloc[0]


def _side(curves: TwoCurves, labelling: str, title: str) -> dict[str, Any]:
    here = _at_rows(curves, labelling)
    if labelling == LABELLINGS[0]:
        did = f"with {count(curves.rows)} train examples; twice as many: {signed(curves.doubled[0])}"
    else:
        did = f"with as many: {signed(curves.gain[0])} ({signed_interval(*curves.gain[1:])})"
    return _LOOKS[labelling] | {
        "title": title,
        "score": number(here["value"]),
        "interval": interval(here["low"], here["high"]),
        "did": did,
        "moved": False,
    }


def _curve(curves: TwoCurves, labelling: str) -> dict[str, Any]:
    measured, fitted = (table[table["labelling"] == labelling] for table in (curves.points, curves.fitted))
    return {
        "measured": measured[["rows", "value", "low", "high"]].to_numpy(dtype=float).tolist(),
        "fitted": fitted[["rows", "value"]].to_numpy(dtype=float).tolist(),
    }


def _apart(curves: TwoCurves) -> dict[str, Any] | None:
    """From where the data is to where the first labelling does as well, with the interval; None if nothing is sure."""
    if curves.answer != "worth":
        return None
    most = FARTHEST * curves.rows
    end, low, high = (min(curves.rows + each, most) for each in curves.worth)
    reached = math.isfinite(curves.worth[0])
    return {
        "score": float(_at_rows(curves, LABELLINGS[1])["value"]),
        "to": float(end),
        "low": float(low),
        "high": float(high),
        "reached": reached,
        "text": f"+{about(curves.worth[0])} examples" if reached else f"over {about(most - curves.rows)} more examples",
    }
