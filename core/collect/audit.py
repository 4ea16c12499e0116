"""Is the data fit to learn from? Everything the audit looks for, most severe first."""

from __future__ import annotations

from core.collect.audit_columns import check_columns
from core.collect.audit_examples import check_examples
from core.collect.finding import Finding
from core.dataset import Dataset
from core.progress import Cancel, Progress, Steps

__all__ = ["audit"]

_CHECKS = (
    ("Comparing the examples with each other", check_examples),
    ("Looking at each column", check_columns),
)


def audit(dataset: Dataset, progress: Progress | None = None, cancel: Cancel | None = None) -> list[Finding]:
    """Look for what is wrong with the data.

    Generated examples are left out: what they repeat, they repeat on purpose.

    Parameters
    ----------
    dataset : Dataset
    progress, cancel
        See `core.progress`.

    Returns
    -------
    list of Finding
        Most severe first. Only train examples are offered for exclusion; those of test are counted in the message.

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    dataset = dataset.without(dataset.generated) if len(dataset.generated) else dataset
    steps = Steps(len(_CHECKS), progress, cancel)
    found: list[Finding] = []
    for doing, check in _CHECKS:
        steps.start(doing)
        found += check(dataset)
    steps.finish()
    return sorted(found, key=lambda finding: -finding.severity)
