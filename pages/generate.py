"""Generate: see how uneven the classes are, make or leave out examples, and try it before it touches the data."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.errors import FlywheelError
from core.evaluate import METRICS, Verdict
from core.flywheel import Project
from core.generate import (
    EXCLUDING,
    MAKING,
    METHODS,
    Strategy,
    explicit_counts,
    methods_for,
    most_counts,
    strategy_table,
    trial,
)
from core.progress import Cancel, Progress
from core.report import count, percent, shorten
from pages.parts import balance, frame, handover, jobs, method_settings, proposal, sidebar, strayed, verdicts
from pages.parts.plain import plain
from pages.parts.proposal import Ask

TRIAL = "trial"
SHARE = "share"
# What a choice on the screen begins with if it is a class: one may be called like a strategy.
CLASS = "class "


@dataclass(frozen=True)
class Tried:
    """What a trial said, and of what."""

    ask: Ask
    version: str
    verdict: Verdict


def ask_for(dataset: Dataset) -> Ask | None:
    """Let the analyst choose method, target and amount; the counts per class stand there before anything happens."""
    labels = dataset.labels_of("train")
    method = st.selectbox(
        "Method",
        [method.key for method in methods_for(dataset)],
        format_func=lambda key: METHODS[key].title,
        key="method",
    )
    chosen = METHODS[method]
    st.caption(plain(chosen.sentence))
    settings = method_settings.draw(chosen)
    if settings is None:
        return None
    named = EXCLUDING if chosen.excludes else MAKING
    targets = [*map(str, named), SHARE, *(f"{CLASS}{name}" for name in dataset.classes)]
    target = st.selectbox(
        "Target",
        targets,
        format_func=lambda each: said(each, excludes=chosen.excludes),
        key=f"target-{chosen.excludes}",
    )
    try:
        if chosen.finds:
            found_in = most_counts(labels, wanted(target))
            classes = ", ".join(f"'{shorten(name, 40)}'" for name in found_in)
            st.caption(plain(f"It finds by itself which examples of {classes}, and how many: see the preview."))
            return Ask(chosen.key, tuple(found_in.items()), settings)
        counts = explicit_counts(labels, wanted(target), exclude=chosen.excludes)
        if target != SHARE:
            total = st.number_input(
                "How many in all",
                min_value=1,
                value=sum(counts.values()),
                key=f"amount-{chosen.excludes}-{target}-{len(labels)}",
            )
            counts = explicit_counts(labels, wanted(target), n=int(total), exclude=chosen.excludes)
    except FlywheelError as nothing:
        st.info(plain(nothing), icon=":material/info:")
        return None
    ask = Ask(chosen.key, tuple(counts.items()), settings)
    table = strategy_table(labels, counts, exclude=chosen.excludes)
    st.dataframe(written_table(table), hide_index=True, height="content", alt="Examples of each class now and after")
    return ask


def wanted(target: str) -> str | float:
    """What `explicit_counts` understands of a choice on the screen."""
    if target == SHARE:
        return st.slider("Share of the largest class", 5, 100, 50, 5, format="%d %%", key="share") / 100
    return target.removeprefix(CLASS) if target.startswith(CLASS) else Strategy(target)


def said(target: str, *, excludes: bool) -> str:
    """Write a target as one would say it."""
    if target == SHARE:
        return "Shrink larger classes to a share" if excludes else "Grow smaller classes to a share of the largest"
    if target.startswith(CLASS):
        return f"Only {shorten(target.removeprefix(CLASS), 50)}"
    return (EXCLUDING if excludes else MAKING)[Strategy(target)].capitalize()


def written_table(table: pd.DataFrame) -> pd.DataFrame:
    """Write the counts the way a person would."""
    return pd.DataFrame(
        {
            "class": table.index,
            "now": [
                f"{count(now)} ({percent(share)})" for now, share in zip(table["now"], table["share_now"], strict=True)
            ],
            "change": [f"{change:+,}".replace("-", "\N{MINUS SIGN}") if change else "–" for change in table["change"]],
            "after": [
                f"{count(after)} ({percent(share)})"
                for after, share in zip(table["after"], table["share_after"], strict=True)
            ],
        }
    )


def act(project: Project, ask: Ask) -> None:
    """Offer the trial and the edit, and show what the trial said."""
    busy = {job.kind for job in jobs.registry().running(project.id)}
    trying, making = TRIAL in busy, proposal.KIND in busy
    verb = "Exclude" if ask.of.excludes else "Add"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Try it", type="primary", icon=":material/science:", disabled=trying, key="try"):
            try_it(project, ask)
        number = proposal.number(project, ask)
        amount = "what it finds" if number is None else count(number, "example")
        if st.button(f"{verb} {amount}", icon=":material/check:", disabled=making or number == 0, key="apply"):
            proposal.apply(project, ask, by=sidebar.reviewer())
        st.caption("A trial works inside the folds of train: the data stays as it is, and test is not looked at.")
    jobs.panel(project.id, proposal.KIND)
    job = jobs.panel(project.id, TRIAL)
    if job is not None and job.state == "done":
        show_trial(project, job.result, ask)


def try_it(project: Project, ask: Ask) -> None:
    """Start the trial in the background."""
    dataset, turns = project.dataset, project.turns
    # The last turn has judged this very data already: half of the work is done.
    before = turns[-1].out_of_fold if turns and turns[-1].version == dataset.version else None

    def work(progress: Progress, cancel: Cancel) -> Tried:
        verdict = trial(
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
        return Tried(ask, dataset.version, verdict)

    jobs.start(project.id, TRIAL, f"Trial of {ask.of.title}", work)


def show_trial(project: Project, tried: Tried, ask: Ask) -> None:
    """Say what a trial found; never more than its interval allows."""
    with st.container(border=True):
        st.markdown(f"{verdicts.badge(tried.verdict.verdict)} **{plain(tried.ask)}**")
        change = f"{METRICS[project.headline]} changes by {verdicts.change(tried.verdict)} inside the folds of train."
        meaning = {
            "gain": "The whole interval is above zero: worth applying. Whether it holds, the next turn says.",
            "harm": "The whole interval is below zero: it makes this model worse.",
        }.get(tried.verdict.verdict, "The interval holds zero: it can't be told from chance.")
        st.markdown(f"{change} {meaning}")
        if (
            tried.verdict.verdict == "gain"
            and len(project.dataset.classes) == 2
            and project.model.recipe.decision == "argmax"
        ):
            st.caption(
                "With two classes a threshold chosen out of fold often brings as much. It belongs to the lock: "
                "another project of the same data can try it."
            )
        if tried.version != project.dataset.version:
            st.caption("The data was changed since this trial.")
        elif tried.ask != ask:
            st.caption("This was tried, not what is chosen now.")


frame.guard()
opened = frame.project_or_stop("generate")
frame.heading("generate")
data = opened.dataset
handover.note(opened)
strayed.notice(opened)
left, right = st.columns(2, gap="large")
with left:
    st.header("The classes of train", anchor=False)
    balance.draw(data, key="balance")
with right:
    st.header("What to change", anchor=False)
    asked = ask_for(data)
if asked is not None:
    act(opened, asked)
    preview = st.expander("Preview", icon=":material/preview:", key="preview", on_change="rerun")
    if preview.open:
        with preview:
            proposal.draw(opened, asked)
