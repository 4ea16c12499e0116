"""Two curves as they are kept in a project, so that what took minutes is measured once."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from core.flywheel.store import Store
from core.flywheel.two_curves import TwoCurves

__all__ = ["keep_curves", "kept_curves"]

_READINGS = ("gain", "doubled", "worth")


def keep_curves(
    store: Store, kind: str, at: str, version: str, fingerprint: str, said: dict[str, Any], curves: TwoCurves
) -> None:
    """Keep two curves of one version of the data under one model.

    Parameters
    ----------
    store : Store
    kind : str
        What was asked.
    at, version, fingerprint : str
        When, of which data, under which model.
    said : dict
        What else belongs to them: JSON values.
    curves : TwoCurves
    """
    frame = pd.concat([curves.points.assign(fitted=False), curves.fitted.assign(fitted=True)], ignore_index=True)
    content = said | {"rows": curves.rows} | {name: getattr(curves, name) for name in _READINGS}
    row = {
        "at": at,
        "kind": kind,
        "version": version,
        "fingerprint": fingerprint,
        "content": json.dumps(content),
        "blob": store.write_frame(frame),
    }
    with store.writing():
        store.insert("curves", row)


def kept_curves(store: Store, kind: str, version: str, fingerprint: str) -> tuple[dict[str, Any], TwoCurves] | None:
    """The curves of a kind that were kept of this data under this model, else those kept last; None without any.

    Returns
    -------
    said : dict
        What was kept with them, and ``at``, ``version``, ``fingerprint``.
    curves : TwoCurves
    """
    found = store.execute(
        "SELECT at, version, fingerprint, content, blob FROM curves WHERE kind = ? "
        "ORDER BY version = ? AND fingerprint = ? DESC, number DESC LIMIT 1",
        (kind, version, fingerprint),
    )
    if not found:
        return None
    at, version, fingerprint, content, blob = found[0]
    said = json.loads(content)
    frame = store.read_frame(blob)
    fitted = frame.pop("fitted").to_numpy(dtype=bool)
    points, laws = (frame[chosen].reset_index(drop=True) for chosen in (~fitted, fitted))
    readings = {name: tuple(said.pop(name)) for name in _READINGS}
    curves = TwoCurves(rows=said.pop("rows"), points=points, fitted=laws, **readings)
    return said | {"at": at, "version": version, "fingerprint": fingerprint}, curves
