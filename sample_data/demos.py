"""The demos that the app offers one click away: the bundled samples, and real measurements from scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["DEMOS", "Demo"]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Demo:
    """A data set to start with.

    Attributes
    ----------
    key : str
    title : str
    description : str
        One sentence: what it is and what it shows.
    modality : str
        "table" or "text".
    roles : dict of str to str
        What `Dataset.from_frame` is told: ``label``, and where there are such columns ``id``, ``text``, ``group`` and
        ``annotators``.
    load : callable
        Returns the table.
    """

    key: str
    title: str
    description: str
    modality: str
    roles: dict[str, Any] = field(hash=False)
    load: Callable[[], pd.DataFrame] = field(repr=False)


def _file(name: str) -> pd.DataFrame:
    # Only empty cells are missing: "NA" may be a value.
    table = pd.read_csv(HERE / name, keep_default_na=False, na_values=[""])
    for column in table.columns:
        if column in ("signup_date", "last_contact", "created"):
            table[column] = pd.to_datetime(table[column])
    return table


def _bundled(name: str) -> pd.DataFrame:
    """One of scikit-learn's own sets, with its class names as labels."""
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")(as_frame=True)
    names = [str(name) for name in loaded.target_names]
    return loaded.data.assign(label=[names[number] for number in loaded.target])


DEMOS = [
    Demo(
        "churn",
        "Customer churn",
        "6,000 customers of an invented provider, one in eight gone. Labels were recorded wrongly, above all in one "
        "segment; duplicates, two weak slices. The truth is known: a simulated reviewer turns the wheel in a minute.",
        "table",
        {"label": "label", "id": "customer_id"},
        partial(_file, "churn.csv"),
    ),
    Demo(
        "tickets",
        "Support tickets",
        "4,000 short texts, English and Korean, in six unbalanced classes of which some read alike. "
        "One label in eight is wrong, and the truth is known.",
        "text",
        {"label": "label", "id": "ticket_id", "text": "text"},
        partial(_file, "tickets.csv"),
    ),
    Demo(
        "adult",
        "Adult census",
        "4,000 real rows of the census table of 1994: who earns more than 50,000 dollars. Natural imbalance and "
        "natural slices.",
        "table",
        {"label": "income"},
        partial(_file, "adult.csv"),
    ),
    Demo(
        "lidc",
        "Lung nodules",
        "896 real nodules, each rated by four radiologists who often disagree: see how far, settle a consensus, and "
        "review what they dispute.",
        "table",
        {
            "label": "malignancy",
            "id": "nodule_id",
            "group": "patient_id",
            "annotators": ("radiologist_1", "radiologist_2", "radiologist_3", "radiologist_4"),
        },
        partial(_file, "lidc.csv"),
    ),
    Demo(
        "breast_cancer",
        "Breast cancer",
        "569 real biopsies, 30 measurements each: a small, clean set on which little is left to gain.",
        "table",
        {"label": "label"},
        partial(_bundled, "breast_cancer"),
    ),
    Demo(
        "wine",
        "Wine cultivars",
        "178 real wines from three cultivars, 13 measurements each: see how wide the intervals of a tiny test set are.",
        "table",
        {"label": "label"},
        partial(_bundled, "wine"),
    ),
    Demo(
        "digits",
        "Handwritten digits as a table",
        "1,797 real digits of 8 x 8 pixels, one column a pixel: ten balanced classes.",
        "table",
        {"label": "label"},
        partial(_bundled, "digits"),
    ),
]
