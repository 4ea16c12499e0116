"""Trials on Generate: one method as it is chosen, or all methods, amounts and strengths for the same target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS, Verdict
from core.generate import STRENGTHS, Search, Trial, search_report, trial_report
from core.report import count, number, shorten, signed, signed_interval
from pages.parts import jobs, verdicts
from pages.parts.plain import plain
from pages.parts.proposal import Ask

if TYPE_CHECKING:
    from core.flywheel import Project
    from core.progress import Cancel, Progress

__all__ = ["SEARCH", "TRIAL", "begin", "begin_search", "draw"]

TRIAL, SEARCH = "trial", "search"


@dataclass(frozen=True)
class _Tried:
    """What a trial or a search said, and of what."""

    ask: Ask
    version: str
    found: Trial | Search


def begin(project: Project, ask: Ask) -> None:
    """Try what is chosen, in the background."""
    dataset, before = project.dataset, _before(project)

    def work(progress: Progress, cancel: Cancel) -> _Tried:
        found = trial_report(
            dataset,
            project.model,
            method=ask.method,
            target=ask.target,
            settings=ask.given,
            metric=project.headline,
            before=before,
            progress=progress,
            cancel=cancel,
        )
        return _Tried(ask, dataset.version, found)

    jobs.start(project.id, TRIAL, f"Trial of {ask.of.title}", work)


def begin_search(project: Project, ask: Ask) -> None:
    """Try all methods, amounts and strengths for the target that is chosen, in the background."""
    dataset, before = project.dataset, _before(project)

    def work(progress: Progress, cancel: Cancel) -> _Tried:
        found = search_report(
            dataset,
            project.model,
            target=ask.target,
            strengths=STRENGTHS,
            metric=project.headline,
            before=before,
            progress=progress,
            cancel=cancel,
        )
        return _Tried(ask, dataset.version, found)

    jobs.start(project.id, SEARCH, "Trial of all methods", work)


def _before(project: Project) -> pd.DataFrame | None:
    """What the last turn predicted out of fold, if it was of this very data: then half of the work is done."""
    turns, version = project.turns, project.dataset.version
    return turns[-1].out_of_fold if turns and turns[-1].version == version else None


def draw(project: Project, ask: Ask) -> None:
    """Say what a trial found; never more than its interval allows."""
    job = jobs.panel(project.id, TRIAL)
    if job is None or job.state != "done":
        return
    tried, title = job.result, METRICS[project.headline]
    found: Trial = tried.found
    with st.container(border=True):
        st.markdown(f"{verdicts.badge(found.verdict.verdict)} **{plain(tried.ask)}**")
        meaning = {
            "gain": "The whole interval is above zero: worth applying. Whether it holds, the next turn says.",
            "harm": "The whole interval is below zero: it makes this model worse.",
        }.get(found.verdict.verdict, "The interval holds zero: it can't be told from chance.")
        st.markdown(f"{title} changes by {verdicts.change(found.verdict)} inside the folds of train. {meaning}")
        if found.threshold is not None:
            st.markdown(_threshold(found, title))
        st.dataframe(
            _parts(found),
            hide_index=True,
            height="content",
            key="trial-parts",
            alt="What the trial did to each class and to the examples it was aimed at.",
        )
        st.caption(plain(_small_print(found, tried.ask)))
        if tried.version != project.dataset.version:
            st.caption("The data was changed since this trial.")
        elif tried.ask != ask:
            st.caption("This was tried, not what is chosen now.")


def _threshold(found: Trial, title: str) -> str:
    assert found.threshold is not None
    said = f"The same model with another decision threshold, chosen out of fold: {verdicts.change(found.threshold)}"
    if found.threshold_as_good:
        return f":material/lightbulb: {said}, **without any new data**. What the method gives beyond that is not sure."
    if found.beyond is not None and found.beyond.verdict == "gain":
        return f"{said}. The method gives {verdicts.change(found.beyond)} beyond that."
    return f"{said}."


def _parts(found: Trial) -> pd.DataFrame:
    """F1 by class, and the examples that were aimed at, with corrected intervals."""
    rows = [(f"F1 of {shorten(name, 40)}", verdict) for name, verdict in found.classes.items()]
    if found.inside is not None and found.attempt.focus is not None:
        metric = METRICS[found.inside.metric]
        rows.insert(0, (f"{metric} within: {shorten(found.attempt.focus.words, 60)}", found.inside))
    return pd.DataFrame([_line(name, verdict) for name, verdict in rows])


def _line(name: str, verdict: Verdict) -> dict[str, str]:
    return {
        "on": name,
        "before": number(verdict.before),
        "after": number(verdict.after),
        "change": f"{signed(verdict.delta)} ({signed_interval(verdict.low, verdict.high)})",
        "verdict": verdict.verdict,
    }


def _small_print(found: Trial, ask: Ask) -> str:
    claims = max((each.claims for each in found.classes.values()), default=1)
    said = f"Those {claims} are corrected for being read side by side (Holm). "
    low, high = found.forecast
    if found.test_size:
        said += f"With as little data as test has, the next turn may show anything from {signed_interval(low, high)}. "
    if ask.found_on_errors:
        said += "Judged on other folds than those whose errors chose the examples. "
    return said + f"The trial took {count(found.seconds, 'second')}."
