"""The race: the model's side against the data's side, from the same start, on the same budget, scored on the truth.

Three arms spend one currency, seconds: so many for a fit of a model, so many for a reviewer's decision.

- **model**: the data stays as it is; recipes and hyperparameters are searched by cross-validation and halving.
- **data**: the model is locked; a reviewer settles the worst suspects, turn by turn.
- **both**: turns of the data's side and searches of the model's side, whichever has cost less so far.

No arm sees the truth of the test set, or any of its labels. Of the truth of train only the reviewer knows, who is right
at a stated rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core import wording
from core.dataset import Dataset
from core.errors import FlywheelError
from core.evaluate import METRICS, evaluate
from core.evaluate.predictions import align
from core.evaluate.resampled import resampled
from core.evaluate.scores import SMALLER_IS_BETTER
from core.flywheel.actions import SECONDS_PER_DECISION
from core.flywheel.fits import class_probabilities
from core.flywheel.ranking import first_suspects
from core.ids import present
from core.progress import Cancel, Progress, Steps
from core.train import FOLDS, Encodings, Fitted, LockedModel, Recipe
from core.train.space import recipe_space

__all__ = ["ARMS", "SECONDS_PER_DECISION", "SECONDS_PER_FIT", "Finish", "RaceError", "Rules", "race", "run_race"]

ARMS = ("model", "data", "both")
SECONDS_PER_FIT = 5.0

# One bracket of the search: how many candidates are fitted on which share of train, the better third goes on.
_RUNGS = ((9, 1 / 9), (3, 1 / 3), (1, 1.0))
# Folds and the fit on all of train.
_FITS_A_TURN = FOLDS + 1


class RaceError(FlywheelError):
    """A race can't be run as asked."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a race is run under; see `race`.

    Raises
    ------
    RaceError
        If a value is out of its range.
    """

    budget: float
    reviews_per_turn: int = 50
    seed: int = 0
    metric: str = "macro_f1"
    accuracy: float = 0.95
    seconds_per_fit: float = SECONDS_PER_FIT
    seconds_per_decision: float = SECONDS_PER_DECISION

    def __post_init__(self) -> None:
        for name in ("budget", "reviews_per_turn", "seconds_per_fit", "seconds_per_decision"):
            if not getattr(self, name) > 0:
                raise RaceError(f"The '{name}' of a race must be above 0. Got {getattr(self, name)} instead.")
        if not 0 <= self.accuracy <= 1:
            raise RaceError(f"The 'accuracy' of the reviewer must be between 0 and 1. Got {self.accuracy} instead.")
        if self.metric not in METRICS:
            raise RaceError(f"The 'metric' must be one of {', '.join(METRICS)}. Got '{self.metric}' instead.")


class Finish(NamedTuple):
    """How a race ended.

    Attributes
    ----------
    table : DataFrame
        As `race` returns it.
    start : DataFrame
        The probabilities that all arms start with, of the test examples whose truth is known, ids x classes.
    ends : dict of str to DataFrame
        The last ones of each arm.
    """

    table: pd.DataFrame
    start: pd.DataFrame
    ends: dict[str, pd.DataFrame]


@dataclass
class _Arm:
    """One runner: its data, its model, and what it has spent."""

    name: str
    dataset: Dataset
    recipe: Recipe
    out_of_fold: pd.DataFrame
    # What cross-validation on the labels as they are says of the recipe; larger is better.
    validated: float
    candidates: list[Recipe]
    # Its last probabilities of the test examples.
    said: pd.DataFrame
    fits: float = 0.0
    decisions: int = 0
    reviewed: set[str] = field(default_factory=set)
    on_model: float = 0.0
    on_data: float = 0.0
    # By the clock.
    seconds: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=list)
    # The probabilities that the last row was scored by.
    scored: pd.DataFrame | None = None


def race(
    dataset: Dataset,
    *,
    truth: pd.Series | str,
    budget: float,
    reviews_per_turn: int = 50,
    seed: int = 0,
    metric: str = "macro_f1",
    recipe: Recipe | str | None = None,
    accuracy: float = 0.95,
    seconds_per_fit: float = SECONDS_PER_FIT,
    seconds_per_decision: float = SECONDS_PER_DECISION,
    arms: Sequence[str] = ARMS,
    candidates: Sequence[Recipe] | None = None,
    heard: Callable[[pd.DataFrame], None] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> pd.DataFrame:
    """Run the model's side and the data's side against each other.

    Parameters
    ----------
    dataset : Dataset
        With a test set, and labels as they were given.
    truth : Series or str
        The true labels by id, or the column that holds them. Test examples without one are not scored; train examples
        without one are not reviewed.
    budget : float
        Seconds that each arm may spend, in the currency of the two prices.
    reviews_per_turn : int
        Decisions of one turn of the data's side.
    seed : int
        Of the reviewer's slips, the order of candidates, and the part of train that they are first fitted on.
    metric : str
        See ``core.evaluate.METRICS``: what the search optimises, and what is scored.
    recipe : Recipe or str, optional
        What all arms start with; by default the first that suits the data.
    accuracy : float
        Share of the reviewer's right answers. Otherwise a wrong label is left, or the suggestion taken against a right
        one.
    seconds_per_fit, seconds_per_decision : float
        The prices. A fit on a part of train costs its share.
    arms : sequence of str
        Of `ARMS`.
    candidates : sequence of Recipe, optional
        What the model's side chooses from, in this order; by default ``core.train.space.recipe_space``.
    heard : callable, optional
        Hears the table so far, at the start and after each step, from the thread that runs.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    DataFrame
        A row for the start and for each step of each arm: ``arm``, ``step`` (in words), ``detail`` (the model
        that was taken, with its settings), ``fits``, ``decisions``, ``cost`` (of the arm so far), ``score``, ``low``,
        ``high`` (on the truth of the test set, 95%). The same call gives the same rows to the bit;
        ``attrs["seconds"]`` says how long each arm took by the clock.

    Raises
    ------
    RaceError
        If a parameter is out of its range, or the truth of the test set is not known.
    Cancelled
        If the caller asked to stop; what was heard until then stands.

    References
    ----------
    Jamieson and Talwalkar (2016), "Non-stochastic best arm identification and hyperparameter optimization" (successive
    halving), AISTATS. Ng (2021), "A chat with Andrew on MLOps: from model-centric to data-centric AI" (the question).
    """
    rules = Rules(
        budget=budget,
        reviews_per_turn=reviews_per_turn,
        seed=seed,
        metric=metric,
        accuracy=accuracy,
        seconds_per_fit=seconds_per_fit,
        seconds_per_decision=seconds_per_decision,
    )
    return run_race(
        dataset,
        truth,
        rules,
        recipe=recipe,
        arms=arms,
        candidates=candidates,
        heard=heard,
        progress=progress,
        cancel=cancel,
    ).table


def run_race(
    dataset: Dataset,
    truth: pd.Series | str,
    rules: Rules,
    *,
    recipe: Recipe | str | None = None,
    arms: Sequence[str] = ARMS,
    candidates: Sequence[Recipe] | None = None,
    heard: Callable[[pd.DataFrame], None] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Finish:
    """Run a race under some rules; as `race`, which see, but for what the arms say of each test example in the end."""
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown or not arms:
        raise RaceError(f"The arms must be some of {', '.join(ARMS)}. Got {unknown or 'none'} instead.")
    run = _Run(dataset, _truth(dataset, truth), rules, cancel)
    steps = Steps(1, None, cancel)
    model = LockedModel.for_dataset(dataset, recipe)
    training = model.train(dataset, cancel=cancel)
    start = run.said(dataset, training.fitted)
    validated = run.validated(dataset, training.out_of_fold)
    space = list(recipe_space(dataset, rules.seed) if candidates is None else candidates)
    racing = [_Arm(name, dataset, model.recipe, training.out_of_fold, validated, list(space), start) for name in arms]
    for arm in racing:
        run.note(arm, "start")
    if heard is not None:
        heard(_table(racing))
    running = list(racing)
    while running:
        # Whoever has spent least is next: so one can watch a race, and none hears of another.
        arm = min(running, key=run.cost)
        began = time.monotonic()
        said = run.step(arm)
        arm.seconds += time.monotonic() - began
        steps.check()
        if said is None:
            running.remove(arm)
            continue
        if progress is not None:
            share = sum(min(1.0, run.cost(each) / rules.budget) for each in racing) / len(racing)
            progress(share, f"{arm.name}: {said}")
        if heard is not None:
            heard(_table(racing))
    if progress is not None:
        progress(1.0, "done")
    table = _table(racing)
    table.attrs["seconds"] = {arm.name: arm.seconds for arm in racing}
    return Finish(table, start, {arm.name: arm.said for arm in racing})


def _table(arms: Sequence[_Arm]) -> pd.DataFrame:
    return pd.DataFrame([row for arm in arms for row in arm.rows])


def _truth(dataset: Dataset, truth: pd.Series | str) -> pd.Series:
    if isinstance(truth, str):
        if truth not in dataset.frame:
            raise RaceError(f"The truth must be a column of the data or a Series by id. There is no column '{truth}'.")
        truth = dataset.frame[truth]
    known = present(truth.reindex(dataset.frame.index)).astype("str")
    if not known.index.isin(dataset.ids("test")).any():
        raise RaceError(
            "A race is scored on the truth of the test set. No test example has one. Give the truth by example id."
        )
    return known


@dataclass(frozen=True)
class _Run:
    """The rules of one race, and what the arms do under them."""

    start: Dataset
    truth: pd.Series
    rules: Rules
    cancel: Cancel | None
    # The rows are the same throughout; only labels change.
    encodings: Encodings = field(default_factory=Encodings)

    def cost(self, arm: _Arm) -> float:
        return arm.fits * self.rules.seconds_per_fit + arm.decisions * self.rules.seconds_per_decision

    def left(self, arm: _Arm) -> float:
        return self.rules.budget - self.cost(arm) + 1e-9

    def note(self, arm: _Arm, step: str, detail: str = "") -> None:
        """Write a row of the table: what was done, what it has cost, and the score by it."""
        if arm.rows and arm.scored is arm.said:
            value, low, high = (arm.rows[-1][name] for name in ("score", "low", "high"))
        else:
            labels = self.truth.loc[arm.said.index]
            value, low, high = map(float, evaluate(labels, arm.said).metrics[self.rules.metric])
        arm.scored = arm.said
        arm.rows.append(
            {
                "arm": arm.name,
                "step": step,
                "detail": detail,
                "fits": round(arm.fits, 6),
                "decisions": arm.decisions,
                "cost": round(self.cost(arm), 6),
                "score": value,
                "low": low,
                "high": high,
            }
        )

    def step(self, arm: _Arm) -> str | None:
        """One turn or one bracket of the search, as far as the budget goes; says what was done, None at the end."""
        sides = {"model": (self.search,), "data": (self.turn,)}.get(arm.name, (self.turn, self.search))
        if arm.name == "both" and arm.on_model < arm.on_data:
            sides = (self.search, self.turn)
        for side in sides:
            said = side(arm)
            if said is not None:
                return said
        return None

    # --- the data's side ------------------------------------------------------------------------------------

    def turn(self, arm: _Arm) -> str | None:
        """Review the worst suspects that were not reviewed yet, and train the model again."""
        afford = int((self.left(arm) - _FITS_A_TURN * self.rules.seconds_per_fit) // self.rules.seconds_per_decision)
        if afford < 1:
            return None
        suspects = first_suspects(arm.dataset, arm.out_of_fold)
        can = suspects.index.isin(self.truth.index) & ~suspects.index.isin(list(arm.reviewed))
        cards = suspects[can].head(min(afford, self.rules.reviews_per_turn))
        if cards.empty:
            return None
        before = self.cost(arm)
        answers = self._answers(cards, len(arm.reviewed))
        arm.reviewed.update(cards.index)
        arm.decisions += len(cards)
        changed = answers[answers != cards["given"]]
        if len(changed):
            arm.dataset = arm.dataset.with_labels({str(key): str(label) for key, label in changed.items()})
            training = LockedModel(arm.recipe).train(arm.dataset, cancel=self.cancel)
            arm.fits += _FITS_A_TURN
            arm.out_of_fold = training.out_of_fold
            arm.validated = self.validated(arm.dataset, arm.out_of_fold)
            arm.said = self.said(arm.dataset, training.fitted)
        arm.on_data += self.cost(arm) - before
        said = f"{wording.count(len(cards), 'suspect')} reviewed, {wording.count(len(changed), 'label')} changed"
        self.note(arm, said)
        return said

    def _answers(self, cards: pd.DataFrame, reviewed: int) -> pd.Series:
        """What the simulated reviewer says of each card: the truth, mostly."""
        truth = self.truth.loc[cards.index]
        right = np.random.default_rng([self.rules.seed, reviewed]).random(len(cards)) < self.rules.accuracy
        slip = cards["given"].where((truth != cards["given"]) | cards["suggested"].isna(), cards["suggested"])
        return truth.where(right, slip)

    # --- the model's side -----------------------------------------------------------------------------------

    def search(self, arm: _Arm) -> str | None:
        """One bracket: candidates on a part of train, the better ones on more of it, the best against the incumbent."""
        rungs = self._rungs(arm)
        if not rungs:
            return None
        before = self.cost(arm)
        running = [arm.candidates.pop(0) for _ in range(min(rungs[0][0], len(arm.candidates)))]
        tried = len(running)
        found: list[tuple[float, Recipe, pd.DataFrame]] = []
        for keep, share in rungs:
            running = running[:keep]
            kept = self._part(arm.dataset, share)
            found = []
            for candidate in running:
                refit = LockedModel(candidate).refitter(arm.dataset, encodings=self.encodings)
                out_of_fold = refit(keep=kept, cancel=self.cancel)
                found.append((self.validated(arm.dataset, out_of_fold), candidate, out_of_fold))
                arm.fits += FOLDS * share
            found.sort(key=lambda each: -each[0])
            running = [candidate for _, candidate, _ in found]
        validated, best, out_of_fold = found[0]
        models = f"{wording.count(tried, 'model')} tried"
        said, detail = f"{models}, none better", ""
        if validated > arm.validated:
            arm.recipe, arm.out_of_fold, arm.validated = best, out_of_fold, validated
            arm.said = self.said(arm.dataset, LockedModel(best).fit(arm.dataset, cancel=self.cancel))
            arm.fits += 1
            said, detail = f"{models}. Now: {best.title}", best.description
        arm.on_model += self.cost(arm) - before
        self.note(arm, said, detail)
        return said

    def _rungs(self, arm: _Arm) -> list[tuple[int, float]]:
        """The bracket that the budget and the candidates that are left allow."""
        if not arm.candidates:
            return []
        # With little data a ninth of it says nothing.
        whole = [rung for rung in _RUNGS if rung[1] == 1 or rung[1] * len(arm.dataset.ids("train")) >= 200]
        for rungs in (whole, [(1, 1.0)]):
            fits = FOLDS * sum(keep * share for keep, share in rungs) + 1
            if fits * self.rules.seconds_per_fit <= self.left(arm):
                return rungs
        return []

    def _part(self, dataset: Dataset, share: float) -> pd.Index:
        """A share of each class of train, larger ones holding the smaller."""
        labels = dataset.labels_of("train").sort_index()
        order = pd.Series(np.random.default_rng(self.rules.seed).random(len(labels)), index=labels.index)
        rank = order.groupby(labels).rank(method="first")
        size = labels.map(labels.value_counts()).astype(float)
        return labels.index[(rank <= np.ceil(share * size)).to_numpy()]

    # --- figures --------------------------------------------------------------------------------------------

    def validated(self, dataset: Dataset, out_of_fold: pd.DataFrame) -> float:
        """The metric out of fold, on the labels as they are; larger is better."""
        labels = dataset.labels_of("train").sort_index()
        value = float(resampled(align(labels, [out_of_fold]), self.rules.metric, 1, np.random.default_rng(0)).values[0])
        return -value if self.rules.metric in SMALLER_IS_BETTER else value

    def said(self, dataset: Dataset, fitted: Fitted) -> pd.DataFrame:
        """What a fitted model says of the test examples whose truth is known."""
        ids = self.start.ids("test")
        ids = ids.intersection(self.truth.index).sort_values()
        inputs = self.start.inputs("test").loc[ids]
        return class_probabilities(fitted, dataset, inputs)
