"""Rules on the screen: what each is worth, ideas for new ones, what they contradict, and what they say of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import Idea, Rule, suggest_rules
from core.flywheel import SetRules
from core.flywheel.rules import (
    FEWEST_REVIEWED,
    Weighed,
    apply_rule_band,
    review_rule_band,
    rule_bands,
    rule_conflicts,
    rule_disagreements,
    trusted_labels,
    weigh,
)
from core.report import count, percent, percent_interval, shorten, verb
from pages.parts import errors, frame, queues, rule_form, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw"]

_VIEW = "annotate-view"
_FEW = 6


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the rules of a project: their table, a form for new ones, ideas, and their proposals for the pool.

    Parameters
    ----------
    project : Project
    turn : Turn
        The last one, for what the model suspects.
    by : str
        Who signs what is changed.
    """
    rules = project.rules
    if rules:
        with st.spinner("Asking the rules", show_time=False):
            weighed = _weighed(project.id, project.revision, project)
        _worth(project, turn, rules, weighed, by)
    else:
        st.markdown(
            "A rule says what you know: *a text with 'subscribe' is spam*, *a contract by the month leaves*. It votes "
            "for a class where it fires. Rules speak against labels they contradict, and propose labels for the pool; "
            "none of them writes a label by itself."
        )
    _ideas(project, turn, rules)
    rule_form.draw(project, by=by)
    if rules:
        _pool(project, turn, weighed, by)


@st.cache_resource(show_spinner=False, max_entries=8)
def _weighed(project_id: str, revision: int, _project: Project) -> Weighed:
    return weigh(_project)


@st.cache_resource(show_spinner=False, max_entries=8)
def _bands(project_id: str, revision: int, _project: Project, _weighed: Weighed) -> pd.DataFrame:
    return rule_bands(_project, _weighed)


@st.cache_resource(show_spinner=False, max_entries=8)
def _against(project_id: str, revision: int, rule: str, _project: Project, _weighed: Weighed) -> pd.DataFrame:
    return rule_disagreements(_project, _weighed, rule) if rule in _weighed.votes else pd.DataFrame()


@st.cache_resource(show_spinner=False, max_entries=4)
def _torn(project_id: str, revision: int, _project: Project, _weighed: Weighed) -> pd.DataFrame:
    return rule_conflicts(_project, _weighed)


def _worth(project: Project, turn: Turn, rules: Sequence[Rule], weighed: Weighed, by: str) -> None:
    st.header("What the rules are worth", anchor=False)
    st.dataframe(
        _rows(rules, weighed),
        hide_index=True,
        height="content",
        key=f"rules-{project.revision}",
        alt="Rules with coverage, overlap, conflict, accuracy on reviewed examples and agreement with the labels",
        column_config={
            "rule": st.column_config.TextColumn(width="medium"),
            "overlap": st.column_config.TextColumn(help="Of all examples: it fires together with another rule."),
            "conflict": st.column_config.TextColumn(help="Of all examples: another rule votes for another class."),
            "right on reviewed": st.column_config.TextColumn(
                width="medium", help="Where a reviewer's decision settled the label: the figure to trust."
            ),
            "agrees with labels": st.column_config.TextColumn(
                width="medium", help="With the labels as they stand, which may be wrong themselves."
            ),
        },
    )
    for said in weighed.broken.values():
        st.warning(plain(said), icon=":material/error:")
    names = [rule.name for rule in rules]
    chosen = st.selectbox("Rule", names, key="rule-chosen", format_func=lambda name: shorten(name, 90))
    rule = next((each for each in rules if each.name == chosen), rules[0])
    st.caption(plain(str(rule)) + ("" if rule.on else " (off)"))
    with st.container(horizontal=True):
        _changes(project, rule, by)
        _queues(project, turn, rule, weighed)


def _changes(project: Project, rule: Rule, by: str) -> None:
    """What can be done to the chosen rule."""
    editable = rule_form.fits(rule)
    st.button(
        "Edit",
        icon=":material/edit:",
        key="rule-edit",
        disabled=not editable,
        help=None if editable else "It combines combinations, which the form can't show.",
        on_click=rule_form.begin,
        args=(project.id, rule),
        kwargs={"editing": rule.name},
    )
    st.button(
        "Copy",
        icon=":material/content_copy:",
        key="rule-copy",
        disabled=not editable,
        on_click=rule_form.begin,
        args=(project.id, rule),
    )
    st.button(
        "Switch off" if rule.on else "Switch on",
        icon=":material/toggle_off:" if rule.on else ":material/toggle_on:",
        key="rule-switch",
        on_click=_switch,
        args=(project, rule.name, by),
    )
    st.button("Remove", icon=":material/delete:", key="rule-remove", on_click=_remove, args=(project, rule.name, by))


def _queues(project: Project, turn: Turn, rule: Rule, weighed: Weighed) -> None:
    """The ways to what the chosen rule, or any two rules, contradict."""
    against = _against(project.id, project.revision, rule.name, project, weighed)
    torn = _torn(project.id, project.revision, project, weighed)
    st.button(
        f"Review {count(len(against), 'disagreement')}" if len(against) else "No disagreement to review",
        icon=":material/rate_review:",
        key="rule-disagreements",
        disabled=against.empty,
        help="Train examples on which this rule votes for another class than they are labelled, and that nobody "
        "has decided on.",
        on_click=_review,
        args=(project, against, f"labels that the rule '{rule.name}' contradicts", turn.number),
    )
    st.button(
        f"Review {count(len(torn), 'conflict')} between rules" if len(torn) else "No conflict to review",
        icon=":material/call_split:",
        key="rule-conflicts",
        disabled=torn.empty,
        help="Train examples on which rules vote for different classes, and that nobody has decided on.",
        on_click=_review,
        args=(project, torn, "examples on which rules conflict", turn.number),
    )


def _rows(rules: Sequence[Rule], weighed: Weighed) -> pd.DataFrame:
    table = weighed.table.reindex([rule.name for rule in rules])

    def share(row: pd.Series, name: str, counted: str) -> str:
        return "" if pd.isna(row[counted]) else f"{percent(row[name])} · {count(row[counted])}"

    def measured(row: pd.Series, name: str, base: str) -> str:
        if pd.isna(row[base]) or not row[base]:
            return "none reviewed" if base == "reviewed" and not pd.isna(row[base]) else ""
        ends = percent_interval(row[f"{name}_low"], row[f"{name}_high"], 0)
        return f"{percent(row[name], 0)} ({ends}) of {count(row[base])}"

    lines = [row for _, row in table.iterrows()]
    return pd.DataFrame(
        {
            "rule": [rule.name if rule.on else f"{rule.name} (off)" for rule in rules],
            "votes for": [rule.label for rule in rules],
            "fires": [share(row, "coverage", "covered") for row in lines],
            "overlap": [share(row, "overlap", "overlapped") for row in lines],
            "conflict": [share(row, "conflict", "conflicted") for row in lines],
            "right on reviewed": [measured(row, "accuracy", "reviewed") for row in lines],
            "agrees with labels": [measured(row, "agreement", "labelled") for row in lines],
        }
    )


@errors.calm(doing="switching a rule")
def _switch(project: Project, name: str, by: str) -> None:
    now = [replace(rule, on=not rule.on) if rule.name == name else rule for rule in project.rules]
    on = next((rule.on for rule in now if rule.name == name), False)
    said = f"switched the rule '{name}' {'on' if on else 'off'}"
    project.apply(SetRules(now, changed=[name] if on else [], said=said, by=by))
    frame.tell(f"Saved: {said}.")


@errors.calm(doing="removing a rule")
def _remove(project: Project, name: str, by: str) -> None:
    said = f"removed the rule '{name}'"
    project.apply(SetRules([rule for rule in project.rules if rule.name != name], changed=[], said=said, by=by))
    frame.tell(f"Saved: {said}. Undo brings it back.")


@errors.calm(doing="starting the review")
def _review(project: Project, cards: pd.DataFrame, source: str, turn: int) -> None:
    queues.begin(project, cards, source, turn)
    st.session_state[_VIEW] = "Review"


def _ideas(project: Project, turn: Turn, rules: Sequence[Rule]) -> None:
    """Draw what tells of a class in the data, each one click away from being a rule."""
    known = {rule.condition for rule in rules}
    box = st.expander(
        "Ideas from your data", expanded=not rules, icon=":material/lightbulb:", key="rule-ideas", on_change="rerun"
    )
    if not box.open:
        return
    with box, st.spinner("Looking for telling words and values", show_time=False):
        ideas = [
            idea for idea in _found(turns.identity(project, turn), project, turn) if idea.rule.condition not in known
        ]
        if not ideas:
            st.caption("No single word or value tells a class from the others. Combine conditions of your own.")
            return
        st.caption(
            "Found on half of the labels that nothing speaks against, measured on the other half. The interval is "
            "95%; behind it the share of the class in all."
        )
        for place, idea in enumerate(ideas[: 2 * _FEW]):
            words, figures, use = st.columns([6, 5, 2], vertical_alignment="center")
            words.markdown(f"{plain(idea.rule.condition)} → **{plain(shorten(idea.rule.label, 40))}**")
            figures.caption(
                f"{percent(idea.share, 0)} right ({percent_interval(idea.low, idea.high, 0)}) on "
                f"{count(idea.fires)}; {percent(idea.base, 0)} of all"
            )
            use.button("Start from it", key=f"rule-idea-{place}", on_click=partial(_start_from, project.id, idea.rule))


def _start_from(project_id: str, rule: Rule) -> None:
    rule_form.begin(project_id, rule)
    # Out of the way, so that the form is on screen.
    st.session_state["rule-ideas"] = False
    frame.tell("The idea is in the form: see what it hits, then save it.", icon=":material/lightbulb:")


@st.cache_resource(show_spinner=False, max_entries=8)
def _found(identity: str, _project: Project, _turn: Turn) -> list[Idea]:
    return suggest_rules(_project.dataset, trusted_labels(_project, _turn))


def _pool(project: Project, turn: Turn, weighed: Weighed, by: str) -> None:
    """Draw what the rules propose for examples without a label, by band of confidence."""
    total = len(project.dataset.ids("pool"))
    st.subheader("What they propose for the pool", anchor=False)
    if not total:
        st.caption("Every example has a label. Examples that are collected without one are proposed a label here.")
        return
    bands = _bands(project.id, project.revision, project, weighed)
    proposed = int(bands["proposed"].sum())
    st.markdown(
        f"The rules name a class for **{count(proposed)}** of {count(total, 'pool example')} "
        f"({percent(proposed / total)}). Their votes are combined; each counts by how often it fires on examples of "
        "each class."
    )
    st.caption(
        f"Nothing is written without a decision. Once {FEWEST_REVIEWED} of a band were reviewed, the rest of it can be "
        "labelled at once, with what the review found as its reason and one undo. A band is reviewed in random order, "
        "so that those reviewed speak for the rest."
    )
    for _, band in bands.iterrows():
        if band["proposed"] or band["reviewed"]:
            _band(project, turn, weighed, band, by)


def _band(project: Project, turn: Turn, weighed: Weighed, band: pd.Series, by: str) -> None:
    above, ready = float(band["above"]), band["used"] > 0
    key = f"{round(100 * above)}"
    sure = (
        f"{percent(above, 0)} to {percent(band['up_to'], 0)} sure"
        if above
        else f"under {percent(band['up_to'], 0)} sure"
    )
    wrong = (1 - band["low"]) * band["proposed"] if ready else 0
    how, were = " at random" if band["random"] else ", not at random,", verb(band["right"], "was", "were")
    with st.container(border=True):
        left, right, actions = st.columns([4, 4, 5], vertical_alignment="center")
        left.markdown(f"**{sure}** · {count(band['proposed'], 'example')}  \n{plain(band['classes'])}")
        right.markdown(
            f"{count(band['right'])} of {count(band['used'])} reviewed{how} {were} right: "
            f"**{percent(band['share'], 0)}** ({percent_interval(band['low'], band['high'], 0)})"
            if ready
            else f"{count(band['reviewed'])} reviewed"
            if band["reviewed"]
            else "Not reviewed yet"
        )
        if not ready:
            right.caption(
                f"{count(FEWEST_REVIEWED - int(band['reviewed']))} more to review before the rest is labelled"
            )
        with actions.container(horizontal=True, horizontal_alignment="right"):
            st.button(
                "Review it",
                key=f"rule-band-review-{key}",
                icon=":material/rate_review:",
                disabled=not band["proposed"],
                on_click=_review_band,
                args=(project, weighed, above, f"what rules propose, {sure}", turn.number, by),
            )
            with st.popover(
                "Label the rest",
                key=f"rule-band-{key}",
                disabled=not (ready and band["proposed"]),
                help=None
                if ready
                else f"After {FEWEST_REVIEWED} reviewed: {count(FEWEST_REVIEWED - int(band['reviewed']))} to go.",
            ):
                st.markdown(
                    f"{count(band['right'])} of {count(band['used'])} reviewed{how} "
                    f"{were} right ({percent_interval(band['low'], band['high'], 0)}): "
                    f"by the lower end of the 95% interval, as many as **{count(wrong)} of "
                    f"{count(band['proposed'])}** may come out wrong. One edit, one undo."
                )
                st.button(
                    f"Label {count(band['proposed'], 'example')}",
                    type="primary",
                    key=f"rule-band-apply-{key}",
                    on_click=_apply,
                    args=(project, weighed, above, by),
                )


@errors.calm(doing="starting the review")
def _review_band(project: Project, weighed: Weighed, above: float, source: str, turn: int, by: str) -> None:
    review_rule_band(project, weighed, above, source=source, turn=turn, by=by)
    st.session_state[_VIEW] = "Review"


@errors.calm(doing="labelling the pool")
def _apply(project: Project, weighed: Weighed, above: float, by: str) -> None:
    done = apply_rule_band(project, weighed, above, by=by)
    frame.tell(f"Labelled {count(done, 'example')} as the rules propose. Undo takes it back.")
