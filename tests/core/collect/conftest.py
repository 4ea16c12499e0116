from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect import audit
from core.dataset import Dataset


@pytest.fixture
def mended():
    """Audits a table of 400 rows, in which nothing is wrong but the given columns.

    It returns the findings of one kind and the data set after all their fixes.
    """

    def mend(kind, /, *, rows=400, test=0.25, **columns):
        random = np.random.default_rng(0)
        frame = pd.DataFrame({"id": [f"r{n}" for n in range(rows)], "x": random.normal(size=rows), **columns})
        frame["label"] = np.where(frame["x"] + random.normal(size=rows) > 0, "yes", "no")
        dataset = Dataset.from_frame(frame, label="label", id="id", features=["x", *columns], test=test)
        found = [finding for finding in audit(dataset) if finding.kind == kind]
        for finding in found:
            if finding.fix == "correct":
                assert set(finding.ids) == {example for example, _ in finding.cells}
                dataset = dataset.with_cells(dict(zip(finding.cells, finding.values, strict=True)))
        return found, dataset

    return mend
