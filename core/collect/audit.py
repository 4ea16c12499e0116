"""Is the data fit to learn from? Everything the audit looks for, most severe first."""

from __future__ import annotations

from core.collect.audit_columns import check_columns
from core.collect.audit_dependencies import check_dependencies
from core.collect.audit_examples import check_examples
from core.collect.audit_merged import check_merged
from core.collect.audit_mismatch import check_mismatch
from core.collect.audit_neighbours import check_neighbours
from core.collect.audit_order import check_order
from core.collect.audit_personal import check_personal
from core.collect.audit_sources import check_sources
from core.collect.audit_spellings import check_formats, check_spellings
from core.collect.audit_types import check_types, check_words
from core.collect.audit_values import check_values
from core.collect.audited import Audited
from core.collect.finding import Cells, Finding
from core.dataset import Dataset
from core.progress import Cancel, Progress, Steps

__all__ = ["CHECKS", "audit"]

CHECKS = (
    ("comparing the examples with each other", check_examples),
    ("looking at each column", check_columns),
    ("looking for words and numbers that stand for a missing value", check_values),
    ("looking for mixed types", check_types),
    ("looking for two values in one cell", check_merged),
    ("comparing spellings", check_spellings),
    ("looking for columns that settle each other", check_dependencies),
    ("looking for words among numbers", check_words),
    ("comparing formats", check_formats),
    ("looking for sources that disagree", check_sources),
    ("looking for personal data", check_personal),
    ("looking for order, time and groups", check_order),
    ("comparing train and test", check_mismatch),
    ("looking for outliers and near copies", check_neighbours),
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
    audited = Audited(dataset)
    steps = Steps(len(CHECKS), progress, cancel)
    found: list[Finding] = []
    for doing, check in CHECKS:
        steps.start(doing)
        for finding in check(audited):
            found.append(finding)
            if finding.fix == "correct" and isinstance(finding.cells, Cells):
                audited.settle(finding.cells)
            steps.check()
    steps.finish()
    return sorted(found, key=lambda finding: -finding.severity)
