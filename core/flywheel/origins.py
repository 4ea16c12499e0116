"""Where generated examples come from: their parents, and the method, settings and seed that made them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd

from core.flywheel import log

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["origins"]


def origins(project: Project) -> pd.DataFrame:
    """Say of each generated example what it was made of, and how.

    Returns
    -------
    DataFrame
        Indexed by the ids of the generated examples that are in the data: ``parent``, ``other_parent`` (missing where
        there is one parent), ``edit`` (number of its entry in the log), and ``method``, ``settings`` (JSON), ``seed``,
        which are missing where the edit did not say them.
    """
    parents = project.dataset.parents
    made = []
    for entry in log.active(project.log):
        if entry.kind == "generate" and entry.blob is not None:
            ids = project.store.read_frame(entry.blob).index
            how = {
                "edit": entry.seq,
                "method": entry.content.get("method"),
                "settings": json.dumps(entry.content["settings"], sort_keys=True, ensure_ascii=False)
                if "settings" in entry.content
                else None,
                "seed": entry.content.get("seed"),
            }
            made.append(pd.DataFrame(how, index=ids))
    if not made:
        return parents.assign(edit=None, method=None, settings=None, seed=None)
    found = pd.concat(made)
    return parents.join(found[~found.index.duplicated(keep="last")])
