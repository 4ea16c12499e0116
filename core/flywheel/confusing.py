"""What of a batch goes to a reviewer next: rows that confuse the model, and rows that are least like what it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.flywheel.batches import Batch, random_order, waiting_rows
from core.flywheel.errors import ProjectError
from core.flywheel.pool import PoolView, look_at_pool
from core.flywheel.review import start_queue
from core.ids import is_among, present
from core.progress import Cancel, Progress

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["choose_of_batch", "queue_of_batch"]


def choose_of_batch(
    project: Project,
    batch: Batch,
    n: int,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    *,
    at_random: bool = False,
) -> PoolView:
    """Choose rows of a batch that wait in the pool.

    Where a classifier told the batch from train when it came, half of them are those that it was surest are new; the
    others are those that the model of the last turn wavers on, spread so that no two tell it the same
    (`core.annotate.next_to_label`). With ``at_random`` they are the next of `batches.random_order`, by which the true
    score of the whole batch is known once 20 have a label.

    Raises
    ------
    ProjectError
        If no row of it waits, or there is no turn.
    Cancelled
        If the caller asked to stop.
    """
    ids = waiting_rows(project, batch)
    if not len(ids):
        raise ProjectError(f"No row of '{batch.name}' waits in the pool for a label. Choose another batch.")
    first: list[str] = []
    if at_random:
        order = random_order(batch)
        first = [str(example) for example in order[is_among(order, ids)][:n]]
    elif batch.report.told_apart:
        newest = present(batch.report.unlike.reindex(ids)).sort_values(ascending=False, kind="stable")
        first = [str(example) for example in newest.index[: n // 2]]
    return look_at_pool(project, min(n, len(ids)), among=ids, first=first, progress=progress, cancel=cancel)


def queue_of_batch(
    project: Project,
    batch: Batch,
    n: int,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    *,
    at_random: bool = False,
    by: str = "",
) -> PoolView:
    """Choose rows of a batch as `choose_of_batch` does, and start the queue in which they are labelled."""
    view = choose_of_batch(project, batch, n, progress, cancel, at_random=at_random)
    how = "drawn at random" if at_random else f"chosen by turn {view.turn}"
    source = f"next {len(view.cards):,} of the batch '{batch.name}', {how}"
    start_queue(project, view.cards, source=source, turn=view.turn, by=by)
    return view
