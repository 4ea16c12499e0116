"""A proposal before it is applied: generated rows beside their parents, or the examples that would be left out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.flywheel import Edit, Exclude, Generate, Project
from core.generate import METHODS, Method, propose, propose_exclusions
from core.progress import Cancel, Progress, Steps
from core.report import Field, count, shorten, written
from pages.parts import cards, examples, frame, jobs, paging
from pages.parts.plain import escaped, plain

__all__ = ["KIND", "Ask", "apply", "draw"]

KIND = "proposal"
_CARDS_A_PAGE = 4
_CHANGED = "font-weight:650;text-decoration:underline dotted;text-underline-offset:.2em"


class Ask(NamedTuple):
    """What is asked of a method: how many of each class are to be made, or left out.

    A tuple, so that a trial that was asked for before a module was loaded anew still equals the same question.
    """

    method: str
    counts: tuple[tuple[str, int], ...]

    @property
    def of(self) -> Method:
        """The method itself."""
        return METHODS[self.method]

    @property
    def target(self) -> Mapping[str, int]:
        """Class to count, as `core.generate` takes it."""
        return dict(self.counts)

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(number for _, number in self.counts)

    def __str__(self) -> str:
        if self.of.finds:
            return f"{self.of.title}: of {', '.join(repr(shorten(name, 40)) for name, _ in self.counts)}"
        listed = ", ".join(f"{count(number)} of '{shorten(name, 40)}'" for name, number in self.counts)
        return f"{self.of.title}: {listed}"


# The version of the data, what was asked of it, and what was proposed.
_Result = tuple[str, Ask, pd.DataFrame]


def apply(project: Project, ask: Ask, *, by: str) -> None:
    """Apply what is asked as one edit: at once if it was previewed, otherwise made in the background first."""
    proposal, revision = _made(project, ask), project.revision
    if proposal is not None:
        project.apply(_edit(ask, proposal, by), revision=revision)
        frame.tell("Applied. One undo takes it back.")
        st.rerun()

    def work(progress: Progress, cancel: Cancel) -> _Result:
        steps = Steps(2, progress, cancel)
        steps.start("making the proposal")
        result = _make(dataset, ask)
        steps.start("saving")
        project.apply(_edit(ask, result[2], by), revision=revision)
        return result

    dataset = project.dataset
    jobs.start(project.id, KIND, f"Applying {ask}", work)


def draw(project: Project, ask: Ask) -> None:
    """Draw the proposal page by page; it is made in the background when it is not known yet."""
    dataset, proposal, title = project.dataset, _made(project, ask), f"Preview of {ask}"
    if proposal is None:
        job = jobs.registry().snapshot(project.id, KIND)
        if job is None or (not job.running and (job.state == "done" or job.title != title)):
            jobs.start(project.id, KIND, title, lambda progress, cancel: _make(dataset, ask))
        st.caption("Nothing to show yet: see above.")
        return
    key = f"proposal-{ask}"
    if ask.of.excludes:
        shown = proposal.index[paging.page_of(len(proposal), key=key)]
        rows = dataset.frame.loc[shown, [dataset.schema.label, *dataset.schema.inputs]]
        st.dataframe(examples.readable(rows), hide_index=True, height="content", alt="Examples that would be left out")
        paging.controls(len(proposal), key=key)
        return
    for example_id, row in proposal.iloc[paging.page_of(len(proposal), key=key, rows=_CARDS_A_PAGE)].iterrows():
        with st.container(border=True):
            _generated(dataset, str(example_id), row)
    paging.controls(len(proposal), key=key, rows=_CARDS_A_PAGE, noun="generated row")


def _make(dataset: Dataset, ask: Ask) -> _Result:
    make = propose_exclusions if ask.of.excludes else propose
    return dataset.version, ask, make(dataset, method=ask.method, target=ask.target)


def _made(project: Project, ask: Ask) -> pd.DataFrame | None:
    """What was proposed last, if it was for this very question about this very data."""
    job = jobs.registry().snapshot(project.id, KIND)
    known = job is not None and job.state == "done" and job.result[:2] == (project.dataset.version, ask)
    return job.result[2] if job is not None and known else None


def _edit(ask: Ask, proposal: pd.DataFrame, by: str) -> Edit:
    if ask.of.excludes:
        return Exclude(list(proposal.index), by=by, reason=str(ask))
    return Generate(proposal, by=by, reason=str(ask))


def _generated(dataset: Dataset, example_id: str, row: pd.Series) -> None:
    schema = dataset.schema
    parent = dataset.frame.loc[row["parent"]]
    other = "" if pd.isna(row["other_parent"]) else f" and {plain(row['other_parent'])}"
    changed = [name for name in schema.inputs if written(row[name]) != written(parent[name])]
    st.markdown(
        f"**{plain(row[schema.label])}**, made from {plain(row['parent'])}{other}: "
        + (f"{count(len(changed), 'value')} changed" if changed else "an exact copy")
    )
    if schema.text is not None:
        left, right = st.columns(2)
        before, after = written(parent[schema.text]).split(), written(row[schema.text]).split()
        for place, said, words, others in ((left, "Parent", before, after), (right, "Generated", after, before)):
            place.caption(said)
            place.html(f'<div role="group" aria-label="{said}" style="line-height:1.55">{_marked(words, others)}</div>')
    if schema.features:
        values = [
            Field(name, written(row[name]), f"parent: {written(parent[name])}" if name in changed else None)
            for name in schema.features
        ]
        cards.fields(values, label=f"Generated row {example_id}")


def _marked(words: list[str], others: list[str]) -> str:
    """Words as HTML, those marked that the other text does not have in their place."""
    marked = []
    for kind, start, end, *_ in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        said = escaped(" ".join(words[start:end]))
        if said:
            marked.append(said if kind == "equal" else f'<b style="{_CHANGED}">{said}</b>')
    return " ".join(marked)
