"""Volume against consistency: as many rows as one likes with labels as they came, against fewer with true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.flywheel.errors import ProjectError
from core.flywheel.kept_curves import keep_curves, kept_curves
from core.flywheel.store import now
from core.flywheel.two_curves import TwoCurves, two_curves
from core.ids import is_among, present
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["compare_volume", "kept_volume"]

_KIND = "volume"


def compare_volume(
    project: Project, *, seed: int = 0, progress: Progress | None = None, cancel: Cancel | None = None
) -> TwoCurves:
    """Measure the learning curve of the data as it was brought, and under its true labels, and keep both.

    Both are scored out of fold on the true labels of train. Test plays no part.

    Parameters
    ----------
    project : Project
        Whose truth is known.
    seed, progress, cancel
        As for `fix_or_add`.

    Returns
    -------
    TwoCurves

    Raises
    ------
    ProjectError
        If the truth is not known.
    Cancelled
        If the caller asked to stop; nothing is kept then.
    """
    brought, model = project.dataset_at(0), project.model
    if brought.schema.truth is None:
        raise ProjectError(
            "Volume is held against consistency by the truth, and this data has none. Open a demo, or measure "
            "'Fix data, or add data?' on Train."
        )
    given = brought.labels_of("train")
    truth = present(brought.part("train")[brought.schema.truth]).astype("str")
    # A class that only the truth has can't be learned here.
    truth = truth[truth.isin(brought.classes)]
    labels = given.where(~given.index.isin(truth.index), truth.reindex(given.index))
    curves = two_curves(
        brought,
        model,
        lambda draw: labels,
        judged_by=truth[~is_among(truth.index, brought.generated)],
        metric=project.headline,
        seed=seed,
        progress=progress,
        cancel=cancel,
    )
    keep_curves(project.store, _KIND, now(), brought.version, model.fingerprint, {}, curves)
    return curves


def kept_volume(project: Project) -> TwoCurves | None:
    """What `compare_volume` has kept of the project, under its model as it is; None if nothing."""
    version, fingerprint = project.dataset_at(0).version, project.model.fingerprint
    kept = kept_curves(project.store, _KIND, version, fingerprint)
    if kept is None or (kept[0]["version"], kept[0]["fingerprint"]) != (version, fingerprint):
        return None
    return kept[1]
