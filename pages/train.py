"""Train: run the locked model on the data as it is now, and read what that says."""

from __future__ import annotations

import json

import streamlit as st

from core.evaluate import METRICS
from core.flywheel import Project, Turn
from core.report import count
from core.train import recipes_for
from pages.parts import better_ranking, errors, fix_or_add, frame, jobs, next_steps, own_pipeline, verdicts, watched
from pages.parts.curve import draw_curve
from pages.parts.lock import DECISIONS
from pages.parts.plain import plain
from pages.parts.turns import moved_on


def next_turn(project: Project, turns: list[Turn]) -> None:
    """Say what changed since the last turn and offer to run the next one."""
    number = len(turns)
    with st.container(border=True):
        st.header(f"Turn {number}", anchor=False)
        changed = not turns or moved_on(project, turns[-1])
        train, test = (len(project.dataset.ids(part)) for part in ("train", "test"))
        if not turns:
            st.markdown("The first turn is the mark that every later one is measured against.")
        elif changed:
            st.markdown(f"Since turn {number - 1}: {plain('; '.join(project.pending)) or 'the data was changed'}.")
        else:
            st.markdown(
                f"Nothing that the model learns from has changed since turn {number - 1}: the same data under the same "
                "model gives the same numbers. Review suspects, mend findings or generate examples first."
            )
        st.caption(
            f"Five folds of {count(train, 'train example')}, then one fit on all of them, judged on "
            f"{count(test, 'test example')} that training never sees."
        )
        running = jobs.panel(project.id, "turn")
        busy = running is not None and running.running
        if not busy and st.button(
            f"Run turn {number}",
            key="run-turn",
            type="primary" if changed else "secondary",
            icon=":material/play_arrow:",
            disabled=not changed or bool(project.moved_versions),
        ):
            jobs.start(project.id, "turn", f"Turn {number}", project.turn)


def result(project: Project, turn: Turn) -> None:
    """Show what the last turn said; its labels are ranked better meanwhile."""
    better_ranking.begin(project, turn)
    title = METRICS[project.headline]
    with st.container(border=True):
        st.header(f"What turn {turn.number} said", anchor=False)
        st.metric(title, verdicts.score(*turn.headline), help=verdicts.INTERVAL_HELP)
        if turn.verdict is None or turn.verdict_against_first is None:
            st.markdown("Nothing to compare with yet. Improve the data, then run the next turn.")
        else:
            verdicts.statement(turn.verdict, metric=title, against=f"turn {turn.number - 1}")
            if turn.number > 1:
                verdicts.statement(turn.verdict_against_first, metric=title, against="turn 0")
        watched.marks(project, turn)
        next_steps.in_one_line(project)
        st.page_link("pages/evaluate.py", label="Where it fails", icon=":material/monitoring:")


def lock(project: Project, turns: list[Turn]) -> None:
    """Explain the lock and show the recipe as data."""
    recipe = project.model.recipe
    with st.container(border=True):
        st.header("The lock", anchor=False)
        st.markdown(
            "Every turn trains the same recipe with the same seed, so a change of the score comes from the data. "
            f"Recipe, decision rule, seed and library versions give the fingerprint `{project.model.fingerprint}`."
        )
        st.markdown(f"**{plain(recipe.title or recipe.name)}** · decision rule: {DECISIONS[recipe.decision]}")
        if recipe.description:
            st.caption(plain(recipe.description))
        if turns:
            st.caption(
                ":material/lock: Locked since turn 0: with another recipe a gain could not be told from a better "
                "model. Make another project of the same data to try one."
            )
        else:
            choose_recipe(project)
            own_pipeline.offer(project, busy=bool(jobs.registry().running(project.id)))
        with st.expander("The recipe as data", icon=":material/data_object:"):
            said = json.dumps(own_pipeline.without_file(recipe), indent=2, ensure_ascii=False)
            st.code(said, language=None, wrap_lines=True)


def choose_recipe(project: Project) -> None:
    """Offer another recipe, as long as no turn was run."""
    current = project.model.recipe
    offered = {recipe.name: recipe for recipe in recipes_for(project.dataset)}
    offered.setdefault(current.name, current)
    names = list(offered)
    decisions = list(DECISIONS) if len(project.dataset.classes) == 2 else ["argmax"]
    name = st.selectbox(
        "Recipe",
        names,
        index=names.index(current.name) if current.name in names else 0,
        format_func=lambda each: offered[each].title or each,
        key="recipe",
    )
    decision = st.selectbox(
        "Decision rule",
        decisions,
        index=decisions.index(current.decision) if current.decision in decisions else 0,
        format_func=DECISIONS.__getitem__,
        key="decision",
    )
    running = jobs.registry().snapshot(project.id, "turn")
    if running is not None and running.running:
        st.caption("Turn 0 is running with the recipe that was locked before. Cancel it to lock another.")
    else:
        st.caption("You can change these until turn 0 is run.")
    busy = bool(jobs.registry().running(project.id))
    if (name, decision) != (current.name, current.decision) and st.button(
        "Lock this recipe", icon=":material/lock:", disabled=busy
    ):
        project.change_recipe(offered[name], decision=decision)
        frame.tell("Another recipe is locked now.", icon=":material/lock:")
        st.rerun()


def moved(project: Project, turns: list[Turn]) -> None:
    """Say that a library has moved, and offer to rerun every turn."""
    versions = project.moved_versions
    if not versions:
        return
    running = jobs.panel(project.id, "rebaseline")
    if running is not None and running.running:
        return
    listed = ", ".join(f"{plain(name)} from {plain(old)} to {plain(new)}" for name, (old, new) in versions.items())
    st.warning(
        f"The model is locked with its library versions, and some have moved: {listed}. Numbers under different "
        "versions can't be compared, so no turn is run until every turn was rerun with the new ones.",
        icon=":material/published_with_changes:",
    )
    if not turns:
        if st.button("Lock the installed versions", icon=":material/lock:", type="primary"):
            project.rebaseline()
            st.rerun()
    elif st.button("Re-baseline…", icon=":material/restart_alt:", type="primary"):
        confirm_rebaseline(project, len(turns))


@st.dialog("Rerun every turn?")
@errors.calm(doing="preparing the re-baseline")
def confirm_rebaseline(project: Project, turns: int) -> None:
    """Say what a re-baseline does before it is done."""
    st.markdown(
        f"{count(turns, 'turn')} will be trained and judged again, with the same recipe and seed and the library "
        "versions that are installed now. The new numbers take the place of the old ones in the ledger, under a new "
        "fingerprint; the old ones stay in the project's file. Each rerun is one more look at the test set."
    )
    left, right = st.columns(2)
    if left.button("Rerun every turn", type="primary", width="stretch"):
        jobs.start(project.id, "rebaseline", "Re-baseline", project.rebaseline)
    if right.button("Not now", width="stretch"):
        st.rerun()


frame.guard()
opened = frame.project_or_stop("train")
frame.heading("train")
ledger = opened.turns
moved(opened, ledger)
main, side = st.columns([3, 2], gap="medium")
with main:
    next_turn(opened, ledger)
    if ledger:
        result(opened, ledger[-1])
        fix_or_add.draw(opened)
    else:
        draw_curve(opened)
with side:
    lock(opened, ledger)
