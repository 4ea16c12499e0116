"""What stands beside a review card and takes a while: the nearest examples, and what speaks for which label.

Both need what is made of the data of the last turn: the locked model fitted on either half of it, and the space in
which neighbours are sought. A job makes them once a turn; from then on one thread answers for each card, and for the
cards ahead before they are shown. No card waits for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.ids import is_among, looked_up, positions
from core.neighbours import nearest_to, unit_rows
from core.train import explain, explainer, telling
from pages.parts import errors, jobs, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Project, Turn
    from core.progress import Cancel, Progress
    from core.train import Explainer

__all__ = ["KIND", "NEIGHBOURS", "NOTHING", "Found", "Insight", "Question", "of", "wait"]

KIND = "insight"
TITLE = "Nearest examples and reasons"
NEIGHBOURS = 5
# Neighbours that were excluded since are passed over: so many more are kept.
_SPARE = 20
_PARTS = 60
_KEPT = 64
# A page waits no longer than this for what is nearly there; what comes later is drawn when it comes.
_PATIENCE = 0.1


@dataclass(frozen=True)
class Found:
    """What was found out about one example.

    Attributes
    ----------
    words, columns : dict
        The words and columns that say something to what they weigh: above 0 they speak for the suggested label, below 0
        for the given one.
    near : Series
        Id of the nearest train examples, nearest first, to their distance.
    """

    words: dict[str, float]
    columns: dict[str, float]
    near: pd.Series


NOTHING = Found({}, {}, pd.Series(dtype=float))


@dataclass(frozen=True)
class _Ready:
    explainer: Explainer
    rows: Any
    ids: pd.Index


class Insight:
    """What is known about the examples of one turn. Safe to use from any thread; it never touches the screen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: _Ready | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=KIND)
        self._answers: OrderedDict[tuple[str, str, str], Future[Found]] = OrderedDict()
        self.failed = False

    @property
    def ready(self) -> bool:
        """Whether questions are answered by now."""
        return self._ready is not None

    def prepare(self, project: Project, turn: Turn, progress: Progress, cancel: Cancel) -> None:
        """Fit the locked model on either half of the turn's train examples, and lay these out in their space."""
        try:
            dataset = project.dataset_at(turn.revision)
            explaining = explainer(
                project.model, dataset, lambda share, message: progress(0.7 * share, message), cancel
            )
            progress(0.7, "laying out the examples")
            rows = unit_rows(project.model.features(dataset, dense=False))
            self._ready = _Ready(explaining, rows, dataset.ids("train"))
        except BaseException:
            self.failed = True
            raise

    def ask(self, dataset: Dataset, example: str, given: object, suggested: object) -> Future[Found]:
        """Ask about one example; the answer to a question that was asked before is kept.

        Parameters
        ----------
        dataset : Dataset
            As it is now.
        example : str
        given, suggested : str or missing
            The labels that are weighed against each other.
        """
        assert self._ready is not None
        key = (example, str(given), str(suggested))
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._thread.submit(_look, self._ready, dataset, example, given, suggested)
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
            return self._answers[key]


def _look(ready: _Ready, dataset: Dataset, example: str, given: object, suggested: object) -> Found:
    row = looked_up(dataset.frame, pd.Index([example], dtype="str"))
    fitted = ready.explainer.of(example)
    classes = set(fitted.classes)
    label = next((str(name) for name in (suggested, given) if name in classes), None)
    against = str(given) if given in classes and label != given else None
    parts = explain(fitted, row, _PARTS, label=label, against=against)
    weights = parts.set_index(["kind", "what"])["weight"]
    if label == given and label != suggested:
        # Nothing is suggested: what speaks for the given label is below 0 all the same.
        weights = -weights
    near = pd.Series(dtype=float)
    place = int(positions(row.index, ready.ids)[0])
    if place >= 0:
        closest, distances = nearest_to(ready.rows, place, NEIGHBOURS + _SPARE)
        near = pd.Series(distances, index=ready.ids[closest])
    said = {kind: dict(telling(found.droplevel("kind"))) for kind, found in weights.groupby("kind")}
    return Found(said.get("word", {}), said.get("column", {}), near)


@st.cache_resource(show_spinner=False, max_entries=2)
def _insight(identity: str) -> Insight:
    return Insight()


@dataclass(frozen=True)
class Question:
    """What was asked about the card that is shown.

    Attributes
    ----------
    insight : Insight
    answer : Future, optional
        None as long as nothing can be asked.
    found : Found, optional
        The answer, if it came in time for this run of the page.
    """

    insight: Insight
    answer: Future[Found] | None = None
    found: Found | None = None

    @property
    def over(self) -> bool:
        """Whether waiting has come to an end, so that the page is to be drawn anew."""
        return self.insight.failed or (self.insight.ready if self.answer is None else self.answer.done())


def of(project: Project, turn: Turn, cards: pd.DataFrame, places: Iterable[int]) -> Question:
    """Ask about the first of some cards; the others are looked at once there is time.

    Parameters
    ----------
    project : Project
    turn : Turn
        The last one.
    cards : DataFrame
        Of the queue.
    places : iterable of int
        The card that is shown, then those that will probably come next.
    """
    insight = _insight(turns.fit(project, turn))
    if not insight.ready:
        if not insight.failed:
            _start(project, turn, insight)
        return Question(insight)
    dataset, shown = project.dataset, cards.iloc[list(places)]
    shown = shown[is_among(shown.index, dataset.frame.index)]
    asked = zip(shown.index, shown["given"], shown["suggested"], strict=True)
    answers = [insight.ask(dataset, *each) for each in asked]
    try:
        return Question(insight, answers[0], answers[0].result(timeout=_PATIENCE))
    except NotYet:
        return Question(insight, answers[0])
    except Exception as error:
        # The card is whole without it; a defect goes to the log.
        errors.sentence(error, doing="looking for what speaks for which label")
        return Question(insight, answers[0], NOTHING)


def _start(project: Project, turn: Turn, insight: Insight) -> None:
    with contextlib.suppress(jobs.JobError):
        # If one for an earlier turn is under way, this one is started once it is over.
        jobs.registry().start(
            project.id, KIND, TITLE, lambda progress, cancel: insight.prepare(project, turn, progress, cancel)
        )


def wait(project: Project, turn: Turn, asked: Question, *, key: str) -> None:
    """Draw how far it is, and the page anew once the answer is there; the card can be settled meanwhile.

    Parameters
    ----------
    project : Project
    turn : Turn
        As in `of`.
    asked : Question
        Without an answer yet.
    key : str
        Of the card.
    """
    if asked.insight.failed:
        job = jobs.registry().snapshot(project.id, KIND)
        said, again = st.columns([4, 1], vertical_alignment="center")
        said.caption(f"The nearest examples are missing. {plain(job.message if job is not None else '')}")
        if again.button("Try again", key=f"insight-again-{key}", type="tertiary"):
            asked.insight.failed = False
            st.rerun()
    else:
        _poll(project, turn, asked)


@st.fragment(run_every=jobs.POLL_SECONDS)
@errors.calm(doing="looking for the nearest examples")
def _poll(project: Project, turn: Turn, asked: Question) -> None:
    if asked.over:
        jobs.redraw()
        return
    job = jobs.registry().snapshot(project.id, KIND)
    running = job is not None and job.running
    if not running and not asked.insight.ready:
        # The job was that of an earlier turn, and is over.
        _start(project, turn, asked.insight)
    # How far they are stands in the sidebar.
    st.caption("Nearest examples and reasons are on their way. Nothing has to wait for them.")
