"""What actions are forecast to bring, against what they bring when they are done for real, on sets with known truth.

    python benchmarks/forecast.py [folder]                    # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/forecast.py --sets adult,sms --seeds 2  # some sets, and how often each is split anew
    python benchmarks/forecast.py --read outcomes.csv         # the tables of a run that was kept with --write

Each action that is offered is forecast inside train, then done: a reviewer who knows the truth reviews, rows come from
a supply that was held back, columns go. The locked model is trained again and scored on the true test labels. What is
usual and how wide intervals are (`CONSTANTS`) is chosen anew for each set, without it; the other constants are not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from forecast_tables import print_tables
from forecast_worlds import World, worlds

from core.dataset import Dataset
from core.errors import FlywheelError
from core.evaluate import Predicate, compare, holds
from core.flywheel import Generate, Project, Turn, watch
from core.flywheel.candidates import Candidate, find_candidates
from core.flywheel.fits import class_probabilities
from core.flywheel.forecast import estimates
from core.flywheel.forecasts import starting_point
from core.generate import focus_on, propose
from core.train import LockedModel


def outcomes(world: World, seed: int) -> Iterator[dict[str, Any]]:
    """Forecast and do each action of one world."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "p", world.dataset, recipe=world.recipe)
        turn = project.turn()
        if world.where:
            watch(project, world.where, turn=0)
        dataset, model = project.dataset, project.model
        findings = project.findings()
        begun = time.perf_counter()
        candidates = find_candidates(project, turn, findings)
        start = starting_point(project, turn, seed=seed)
        finding = time.perf_counter() - begun
        candidates = [each for each in (_as_supplied(offered, world) for offered in candidates) if each is not None]
        begun = time.perf_counter()
        played = estimates(start, candidates)
        seconds = time.perf_counter() - begun
        for candidate, piece in zip(candidates, played, strict=True):
            if piece is None:
                continue
            found = piece.estimate
            try:
                changed = _done(dataset, candidate, world)
            except FlywheelError:
                continue
            verdict = _measured(model, turn, dataset, changed)
            yield {
                "set": world.set,
                "world": world.name,
                "seed": seed,
                "key": candidate.action.key,
                "kind": candidate.action.kind,
                "count": candidate.action.count,
                "part": piece.part,
                "amount": piece.amount,
                "minutes": candidate.action.minutes,
                "train": len(start.real),
                "test": start.test_size,
                "gain": found.gain,
                "spread": found.spread,
                "error": found.error,
                "noise": found.noise,
                "measured": verdict.delta,
                "measured_error": verdict.error,
                "seconds": seconds,
                "finding": finding,
            }
        project.close()


def _supplied(candidate: Candidate, world: World) -> pd.DataFrame:
    setup = candidate.action.setup
    rows = world.supply
    if "label" in setup:
        rows = rows[rows[world.dataset.schema.label] == setup["label"]]
    if "predicates" in setup:
        rows = rows[holds([Predicate.from_dict(each) for each in setup["predicates"]], rows)]
    return rows.head(candidate.action.count)


def _as_supplied(candidate: Candidate, world: World) -> Candidate | None:
    """The same action for as many rows as the supply has; None if that is hardly any."""
    if candidate.action.kind != "collect":
        return candidate
    there = len(_supplied(candidate, world))
    return None if there < 20 else replace(candidate, action=replace(candidate.action, count=there))


def _done(dataset: Dataset, candidate: Candidate, world: World) -> Dataset:
    """The data after the action was done."""
    setup = candidate.action.setup
    if candidate.action.kind in {"review", "settle"}:
        return dataset.with_labels(world.truth.loc[candidate.ids].to_dict())
    if candidate.action.kind == "collect":
        rows = _supplied(candidate, world).rename_axis("row").reset_index()
        return dataset.with_rows(dataset.admit(rows))
    if candidate.action.kind == "generate":
        target: Any = (
            {setup["label"]: len(candidate.ids)}
            if "label" in setup
            else focus_on(dataset, candidate.ids, words="a slice")
        )
        return Generate(propose(dataset, method=setup["method"], target=target)).apply(dataset)
    assert candidate.edit is not None
    return candidate.edit.apply(dataset)


def _measured(model: LockedModel, turn: Turn, dataset: Dataset, changed: Dataset) -> Any:
    """What the next turn would measure, by the true test labels."""
    fitted = model.fit(changed)
    after = class_probabilities(fitted, changed, changed.inputs("test"))
    return compare(dataset.labels_of("test"), turn.test_probabilities, after)


def main() -> None:
    """Run or read, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    parser.add_argument("--sets", help="names, with commas between them")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--read", help="a file that --write made")
    parser.add_argument("--write", help="where to keep the outcomes, as CSV")
    arguments = parser.parse_args()
    if arguments.read:
        found = pd.read_csv(arguments.read)
    else:
        names = None if arguments.sets is None else set(arguments.sets.split(","))
        rows: list[dict[str, Any]] = []
        for seed in range(arguments.seeds):
            for world in worlds(Path(arguments.folder), seed=seed, names=names):
                begun = time.perf_counter()
                rows += outcomes(world, seed)
                print(f"{world.name}, seed {seed}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
                if arguments.write:
                    pd.DataFrame(rows).to_csv(arguments.write, index=False)
        found = pd.DataFrame(rows)
    if found.empty:
        print("No set was found. Say where they are: python benchmarks/forecast.py <folder>", file=sys.stderr)
        return
    print_tables(found)


if __name__ == "__main__":
    main()
