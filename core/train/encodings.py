"""The train inputs of one data set as several recipes read them: recipes that read them alike share one encoding."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.train.encoder import Encoder
from core.train.learner import encoder_for
from core.train.pipelines import Frames

__all__ = ["Encodings"]

# What is kept for the next recipe; a set of texts that is larger than that is read anew by each.
_MOST_BYTES = 400_000_000


class Encodings:
    """Encodings of the same rows, kept from one recipe to the next.

    Cutting texts takes as long as a fit on a part of them, and of the hundreds of recipes that a search tries only a
    few read texts differently. Labels play no part: they may change in between, the rows may not.

    Parameters
    ----------
    most_bytes : int
        How much is kept; what was asked for longest ago goes first.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._rows: pd.Index | None = None
        self._kept: OrderedDict[str, Encoder | Frames] = OrderedDict()

    def of(
        self, steps: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, str], text: str | None
    ) -> Encoder | Frames:
        """Encode rows, or give what an earlier recipe made of them; see `core.train.learner.encoder_for`.

        Raises
        ------
        ValueError
            If the rows are not those of before.
        """
        if self._rows is None:
            self._rows = frame.index
        elif not self._rows.equals(frame.index):
            raise ValueError("Encodings are kept of one set of rows. Make another for other rows.")
        # All that an encoder reads of a recipe; every pipeline gets the rows as they are.
        read = ["pipeline"] if "pipeline" in steps else [steps["columns"]["dates"], steps.get("text")]
        key = json.dumps(read, sort_keys=True, default=dict)
        encoder = self._kept.pop(key, None) or encoder_for(steps, frame, kinds, text)
        self._kept[key] = encoder
        while self._kept and sum(each.encoded.nbytes for each in self._kept.values()) > self.most_bytes:
            self._kept.popitem(last=False)
        return encoder
