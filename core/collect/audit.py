"""Is the data fit to learn from? Everything the audit looks for, most severe first."""

from __future__ import annotations

from core.collect.audit_columns import check_columns
from core.collect.audit_examples import check_examples
from core.collect.finding import Finding
from core.dataset import Dataset

__all__ = ["audit"]


def audit(dataset: Dataset) -> list[Finding]:
    """Look for what is wrong with the data.

    Generated examples are left out: what they repeat, they repeat on purpose.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Finding
        Most severe first. Only train examples are offered for exclusion; those of test are counted in the message.
    """
    dataset = dataset.without(dataset.generated)
    return sorted([*check_examples(dataset), *check_columns(dataset)], key=lambda finding: -finding.severity)
