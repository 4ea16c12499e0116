"""Choose the constants of forecasts, and judge forecasts against what came; for `forecast.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.flywheel.action import Estimate
from core.flywheel.usual import LEVEL, Constants, Piece, Usual, believed

__all__ = ["choose_constants", "foreseen", "interval_score", "print_tables"]

Floats = npt.NDArray[np.float64]

_SPREADS = (0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03, 0.05)
# What is chosen to cover so much of the other sets covers a little less of a new one.
_COVERED = 0.84
_WIDEST = 2.5
_TURN = ["world", "seed"]
_WITH_PARTS = ("review", "collect")


def interval_score(measured: Floats, low: Floats, high: Floats) -> Floats:
    """Width of an interval and what missing it costs; smaller is better.

    References
    ----------
    Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102.
    """
    alpha = 1 - LEVEL
    score: Floats = high - low + 2 / alpha * (np.maximum(low - measured, 0) + np.maximum(measured - high, 0))
    return score


def pieces_of(found: pd.DataFrame) -> list[Piece]:
    """The estimates of some outcomes."""
    return [
        Piece(row.kind, bool(row.part), row.amount, Estimate(row.gain, row.spread, row.error, row.noise, 0))
        for row in found.itertuples()
    ]


def foreseen(found: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Outcomes with ``forecast``, ``low``, ``high``, turn by turn."""
    parts = []
    for _, own in found.groupby(_TURN, sort=False):
        made = believed(pieces_of(own), constants, rows=0, part=False)
        said = {
            "forecast": [each.gain for each in made if each is not None],
            "low": [each.low for each in made if each is not None],
            "high": [each.high for each in made if each is not None],
        }
        parts.append(own.assign(**said))
    return pd.concat(parts)


def weights_of(found: pd.DataFrame) -> Floats:
    """Each set counts as one, however many outcomes it has."""
    return (1 / found["set"].map(found["set"].value_counts())).to_numpy(dtype=float)


def choose_constants(found: pd.DataFrame) -> Constants:
    """Choose the constants: means are those of the median set, spreads by squared error, widths by coverage."""
    usual: dict[str, Usual] = {}
    wholes = found[~(found["part"] & found["kind"].isin(_WITH_PARTS))]
    for kind in found["kind"].unique():
        own = wholes[wholes["kind"] == kind]
        weights = weights_of(own)
        scale = weights / (own["noise"].to_numpy() ** 2 + 0.01**2)

        pieces, measured = pieces_of(own), own["measured"].to_numpy()
        # Of the median set: one in which a review brings twenty points must not set what is usual.
        mean = float(own.groupby("set")["measured"].mean().median())

        def gains(spread: float, kind: str = kind, pieces: list[Piece] = pieces, mean: float = mean) -> Floats:
            # Wholes know nothing of each other: all turns at once.
            made = believed(pieces, _one(kind, Usual(mean, spread, 1.0)), rows=0, part=False)
            return np.array([each.gain for each in made if each is not None])

        misses = [(scale * (gains(spread) - measured) ** 2).sum() for spread in _SPREADS]
        spread = _SPREADS[int(np.argmin(misses))]
        made = foreseen(own, _one(kind, Usual(mean, spread, 1.0)))
        usual[kind] = Usual(float(mean), float(spread), _width(made, weights))
    wider: dict[str, float] = {}
    with_wholes = foreseen(found, Constants(usual, dict.fromkeys(_WITH_PARTS, 1.0)))
    for kind in _WITH_PARTS:
        own = with_wholes[(with_wholes["kind"] == kind) & with_wholes["part"]]
        wider[kind] = _width(own, weights_of(own)) if len(own) else 1.0
    return Constants(usual, wider)


def _one(kind: str, usual: Usual) -> Constants:
    return Constants({kind: usual}, {})


def _width(made: pd.DataFrame, weights: Floats) -> float:
    half = np.maximum((made["high"] - made["low"]).to_numpy() / 2, 1e-9)
    ratio = (made["measured"] - made["forecast"]).abs().to_numpy() / half
    return float(np.clip(_quantile(ratio, weights, _COVERED), 0.6, _WIDEST))


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])


def judged(found: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Outcomes with forecasts, and the regret of each turn; each set by constants that were chosen without it."""
    made = []
    for name in found["set"].unique():
        others = found[found["set"] != name]
        own = foreseen(found[found["set"] == name], choose_constants(others))
        weights = weights_of(others)
        ends = [
            _quantile(others["measured"].to_numpy(), weights, share) for share in (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)
        ]
        measured = own["measured"].to_numpy()
        made.append(
            own.assign(
                held=(own["low"] <= measured) & (measured <= own["high"]),
                score=interval_score(measured, own["low"].to_numpy(), own["high"].to_numpy()),
                constant=interval_score(measured, np.full(len(own), ends[0]), np.full(len(own), ends[1])),
            )
        )
    outcomes = pd.concat(made)
    turns = []
    for (world, seed), own in outcomes.groupby(_TURN, sort=False):
        best = max(0.0, own["measured"].max())
        first = own.loc[own["forecast"].idxmax()]
        review = own.loc[own["key"] == "review", "measured"]
        turns.append(
            {
                "set": own["set"].iloc[0],
                "world": world,
                "seed": seed,
                "key": first["key"],
                "best": best,
                "first": best - first["measured"],
                "random": best - own["measured"].mean(),
                # Where no label is doubted, who always reviews does nothing.
                "review": best - (review.iloc[0] if len(review) else 0.0),
                "forecast": first["forecast"],
                "noise": 1.96 * first["noise"],
            }
        )
    return outcomes, pd.DataFrame(turns)


def over_sets(
    values: pd.Series, sets: pd.Series, of: Callable[[Floats], float] = np.mean
) -> tuple[float, float, float]:
    """A mean over sets, each counting as one, with a 95 % interval by bootstrap over the sets."""
    by_set = values.groupby(sets.to_numpy()).mean().to_numpy()
    rng = np.random.default_rng(0)
    drawn = [of(by_set[rng.integers(0, len(by_set), len(by_set))]) for _ in range(2000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(of(by_set)), float(low), float(high)


def print_tables(found: pd.DataFrame) -> None:
    """Print what forecasts were worth: in all, by set, by kind, turn by turn, and the constants from all sets."""
    found = found.reset_index(drop=True)
    outcomes, turns = judged(found)

    def row(name: str, values: pd.Series, sets: pd.Series, scale: float, digits: int) -> None:
        value, low, high = (scale * each for each in over_sets(values, sets))
        print(f"| {name} | {value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}) |")

    print(
        f"{len(outcomes)} actions, {len(turns)} turns, {found['set'].nunique()} sets\n\n| | mean over sets |\n|---|---|"
    )
    row("80 % intervals that held, %", outcomes["held"].astype(float), outcomes["set"], 100, 0)
    row("interval score, points", outcomes["score"], outcomes["set"], 100, 2)
    row("the same of a constant", outcomes["constant"], outcomes["set"], 100, 2)
    row("better than the constant by", outcomes["constant"] - outcomes["score"], outcomes["set"], 100, 2)
    row("regret of the action ranked first, points", turns["first"], turns["set"], 100, 2)
    row("of a random one", turns["random"], turns["set"], 100, 2)
    row("of always reviewing", turns["review"], turns["set"], 100, 2)
    row("first less half of random", turns["first"] - turns["random"] / 2, turns["set"], 100, 2)
    row("first less always reviewing", turns["first"] - turns["review"], turns["set"], 100, 2)
    quiet = turns["forecast"] < turns["noise"]
    if quiet.any():
        print(
            f"\n'Stop' is said in {quiet.sum()} of {len(turns)} turns; the action ranked first brought "
            f"{100 * (turns['best'] - turns['first'])[quiet].mean():.1f} points there, "
            f"{100 * (turns['best'] - turns['first'])[~quiet].mean():.1f} in the others."
        )
    by = {"by set": "set", "by kind": "kind"}
    for title, column in by.items():
        print(f"\n| {title} | actions | held | score | constant | forecast | measured |\n|---|---|---|---|---|---|---|")
        for name, own in outcomes.groupby(column, sort=False):
            print(
                f"| {name} | {len(own)} | {own['held'].mean():.0%} | {100 * own['score'].mean():.2f} | "
                f"{100 * own['constant'].mean():.2f} | {100 * own['forecast'].mean():+.2f} | "
                f"{100 * own['measured'].mean():+.2f} |"
            )
    print("\n| world | split | ranked first | best | first | random | always review |\n|---|---|---|---|---|---|---|")
    for each in turns.itertuples():
        print(
            f"| {each.world} | {each.seed} | {each.key} | {100 * each.best:.1f} | {100 * each.first:.1f} | "
            f"{100 * each.random:.1f} | {100 * each.review:.1f} |"
        )
    print(f"\nseconds for the forecasts of a turn: {found.groupby(_TURN)['seconds'].first().mean():.0f}")
    print(f"\nchosen on all sets: {_written(choose_constants(found))}")


def _written(constants: Constants) -> Mapping[str, object]:
    return {kind: (each.mean, each.spread, round(each.wider, 2)) for kind, each in constants.usual.items()} | {
        f"part {kind}": round(wide, 2) for kind, wide in constants.wider.items()
    }
