"""What speaks against a label, piece by piece: one shape for all evidence, so that one list on screen serves all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["EVIDENCE", "spoken"]

# Column of a ranking of suspects to what it says in plain words. Each column is in [0, 1], the higher the more it
# speaks against the given label; NaN where that evidence is silent.
EVIDENCE: dict[str, str] = {
    "model": "The model disagrees",
    "neighbours": "The neighbours disagree",
    "same_content": "Equal content is labelled otherwise",
    "annotators": "Annotators disagree",
    "rules": "Rules disagree",
}


def spoken(suspect: Mapping[str, Any] | pd.Series) -> dict[str, float]:
    """The evidence on one suspect that is not silent.

    Parameters
    ----------
    suspect : mapping or Series
        One row of a ranking of suspects. Columns that an older ranking does not have are passed over.

    Returns
    -------
    dict of str to float
        Name of the evidence to its score in [0, 1], in the order of `EVIDENCE`.

    Examples
    --------
    >>> spoken({"given": "spam", "score": 0.9, "model": 0.97, "neighbours": float("nan"), "rules": 0.5})
    {'model': 0.97, 'rules': 0.5}
    """
    found = {name: suspect[name] for name in EVIDENCE if name in suspect}
    return {name: min(1.0, max(0.0, float(score))) for name, score in found.items() if pd.notna(score)}
