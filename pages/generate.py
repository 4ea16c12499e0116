"""Generate: see how uneven the classes are, make or leave out examples, and try it before it touches the data."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import FlywheelError
from core.flywheel import Project
from core.generate import METHODS, Focus, explicit_counts, methods_for, most_counts, strategy_table
from core.report import count, percent, shorten
from pages.parts import (
    balance,
    frame,
    handover,
    jobs,
    method_settings,
    method_trial,
    proposal,
    search_table,
    sidebar,
    strayed,
    target,
)
from pages.parts.plain import plain
from pages.parts.proposal import Ask


def ask_for(project: Project) -> Ask | None:
    """Let the analyst choose method, target and amount; the counts per class stand there before anything happens."""
    dataset = project.dataset
    labels = dataset.labels_of("train")
    method = st.selectbox(
        "Method",
        [method.key for method in methods_for(dataset)],
        format_func=lambda key: METHODS[key].title,
        key="method",
    )
    chosen = METHODS[method]
    st.caption(plain(chosen.sentence))
    settings = method_settings.draw(project, chosen)
    if settings is None:
        return None
    try:
        wanted = target.choose(project, chosen)
        whom = (wanted.ids, wanted.words, wanted.found_on_errors) if isinstance(wanted, Focus) else ()
        if chosen.finds:
            found_in = most_counts(labels, wanted)
            classes = ", ".join(f"'{shorten(name, 40)}'" for name in found_in)
            st.caption(plain(f"It finds by itself which examples of {classes}, and how many: see the preview."))
            return Ask(chosen.key, tuple(found_in.items()), settings, *whom)
        counts = explicit_counts(labels, wanted, exclude=chosen.excludes)
        if not isinstance(wanted, float):
            total = st.number_input(
                "How many in all",
                min_value=1,
                value=sum(counts.values()),
                key=f"amount-{chosen.excludes}-{wanted}-{sum(counts.values())}",
            )
            counts = explicit_counts(labels, wanted, n=int(total), exclude=chosen.excludes)
    except FlywheelError as nothing:
        st.info(plain(nothing), icon=":material/info:")
        return None
    if isinstance(wanted, Focus):
        st.caption(plain(f"Made of {count(len(wanted.ids), 'example')} of train: {wanted.words}."))
    ask = Ask(chosen.key, tuple(counts.items()), settings, *whom)
    table = strategy_table(labels, counts, exclude=chosen.excludes)
    st.dataframe(written_table(table), hide_index=True, height="content", alt="Examples of each class now and after")
    return ask


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
    """Offer the trials and the edit, and show what the trials said."""
    busy = {job.kind for job in jobs.registry().running(project.id)}
    verb = "Exclude" if ask.of.excludes else "Add"
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Try it", type="primary", icon=":material/science:", disabled=method_trial.TRIAL in busy, key="try"
        ):
            method_trial.begin(project, ask)
        if not ask.of.excludes and st.button(
            "Try all methods",
            icon=":material/table_rows:",
            disabled=method_trial.SEARCH in busy,
            key="try-all",
            help="Every method in three amounts for this target, where it has a strength in half and twice of that, "
            "too. One job, which takes as many times as long.",
        ):
            method_trial.begin_search(project, ask)
        number = proposal.number(project, ask)
        amount = "what it finds" if number is None else count(number, "example")
        making = proposal.KIND in busy
        if st.button(f"{verb} {amount}", icon=":material/check:", disabled=making or number == 0, key="apply"):
            proposal.apply(project, ask, by=sidebar.reviewer())
        st.caption("A trial works inside the folds of train: the data stays as it is, and test is not looked at.")
    jobs.panel(project.id, proposal.KIND)
    method_trial.draw(project, ask)
    search_table.draw(project)


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
    asked = ask_for(opened)
if asked is not None:
    act(opened, asked)
    preview = st.expander("Preview", icon=":material/preview:", key="preview", on_change="rerun")
    if preview.open:
        with preview:
            proposal.draw(opened, asked)
