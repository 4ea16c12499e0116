"""From a draft to a project: settle what the columns are for, choose how turns are judged, create."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.evaluate import METRICS
from core.flywheel import Project, home, new_folder
from core.report import count, percent
from core.schema import KINDS, ROLES
from core.train import RECIPES
from pages.parts import drafts, errors, frame, paging, raters
from pages.parts.drafts import CHOSEN, Draft
from pages.parts.lock import DECISIONS
from pages.parts.plain import plain

__all__ = ["settle"]

_ROLES_HELP = "\n\n".join(f"**{role}**: {meaning}" for role, meaning in ROLES.items())
_CREATING, _REFUSED = "creating", "create-refused"


def settle(draft: Draft) -> None:
    """Show what was read and the roles proposed, take the analyst's choices, and create the project."""
    raters.offer(draft, chosen=CHOSEN)
    with st.container(border=True), errors.calm(doing="making the project"):
        choices = _choices(draft)
        project = None if choices is None else _made(draft, choices)
        if project is not None:
            drafts.close(draft)
            frame.tell("The project is saved.")
            frame.navigate("overview", project.id)
    st.header("What the columns are for", anchor=False)
    st.caption(
        "Proposed from names and values, each with its reason. Change a role or a kind in the table to overrule it; "
        "nothing is stored yet."
    )
    _roles(draft)
    _missing_words(draft)
    for note in draft.notes:
        st.caption(f":material/info: {plain(note)}")
    st.header("Preview", anchor=False)
    paging.table(draft.frame, key=f"preview-{draft.id}", noun="row", alt="The rows as they were read.")


@dataclass(frozen=True)
class _Choices:
    name: str
    split: str
    test: float
    sealed: float
    seed: int
    headline: str
    recipe: str
    decision: str


def _choices(draft: Draft) -> _Choices | None:
    data, judging = st.columns(4), st.columns(4, vertical_alignment="bottom")
    name = data[0].text_input("Name", value=draft.name, key="new-name", max_chars=80)
    with data[1]:
        label = _label(draft)
    if label is None:
        lone = [column for column in draft.schema.columns if column.reason.startswith("named like a label, but")]
        said = f" '{plain(lone[0].name)}' is {lone[0].reason}: nothing can be learned from one." if lone else ""
        st.info(f"Say which column holds the class to learn.{said}", icon=":material/label:")
        return None
    with data[2]:
        split = _split(draft)
    with data[3]:
        test = _share("Share of the test set", 25, key="new-test", least=5, disabled=split == "split")
    with judging[0]:
        headline = st.selectbox(
            "Headline metric",
            list(METRICS),
            format_func=METRICS.__getitem__,
            help="Turns are judged by it.",
            key="metric",
        )
    with judging[1]:
        recipe = _recipe(draft)
    with judging[2]:
        decision = _decision(draft, label)
    with judging[3], st.popover("Sealed share, seed", icon=":material/tune:", width="stretch"):
        sealed = _share("Sealed share", 0, key="new-sealed", least=0)
        st.caption(
            "So many examples are set aside where neither you nor the model sees them. Opened once, at the end, they "
            "say whether the gains on the test set hold. Later it is too late to set them aside."
        )
        seed = st.number_input("Seed of the split", 0, 10_000, 0, key="new-seed")
        st.caption("Another seed draws another test set; the same draws the same again.")
    st.caption(
        "The test set is fixed as soon as the project is made. Metric, recipe and decision rule are locked with "
        "turn 0, so that nobody shops for them later."
    )
    return _Choices(name.strip() or draft.name, split, test, sealed, int(seed), headline, recipe, decision)


def _label(draft: Draft) -> str | None:
    schema = draft.schema
    names = list(schema.names)
    label = st.selectbox(
        "Label: the class to learn",
        names,
        index=names.index(schema.label) if schema.has_label else None,
        placeholder="Choose a column",
        key=f"label-{draft.id}-{draft.revision}",
    )
    if label is not None and (not schema.has_label or label != schema.label):
        drafts.save(draft, schema.with_role(label, "label"))
        st.rerun()
    return label


def _share(title: str, percent_: int, *, key: str, least: int, disabled: bool = False) -> float:
    return st.slider(title, least, 50, percent_, 5, format="%d%%", key=key, disabled=disabled) / 100


def _recipe(draft: Draft) -> str:
    modality = draft.schema.modality.value
    recipes = {key: recipe for key, recipe in RECIPES.items() if recipe.modality == modality}
    return st.selectbox(
        "Recipe of the locked model",
        list(recipes),
        format_func=lambda key: recipes[key].title or key,
        help="\n\n".join(f"**{plain(each.title or key)}**: {plain(each.description)}" for key, each in recipes.items()),
        key=f"recipe-{modality}",
    )


def _decision(draft: Draft, label: str) -> str:
    two = bool(draft.facts.loc[label, "different"] == 2)
    return st.selectbox(
        "Decision rule",
        list(DECISIONS) if two else ["argmax"],
        format_func=DECISIONS.__getitem__,
        help="A threshold is offered for two classes. On unbalanced ones it often does what resampling seems to do.",
        key=f"decision-{two}",
    )


def _split(draft: Draft) -> str:
    """Ask how the test set is chosen: at random, or as a column says."""
    schema = draft.schema
    ways = {"chance": "at random, stratified"}
    if schema.group is not None:
        ways["group"] = f"by group: '{schema.group}'"
    if schema.time is not None:
        ways["time"] = f"by time: '{schema.time}'"
    if schema.split_column is not None:
        ways = {"split": f"as '{schema.split_column}' says", **ways}
    chosen = [way for way in ways if way != "chance" and _is_chosen(draft, way)]
    first = chosen[0] if chosen else next(iter(ways))
    return str(
        st.selectbox(
            "Test set",
            list(ways),
            index=list(ways).index(first),
            format_func=ways.__getitem__,
            help="At random: in the proportions of the classes, equal rows on one side. By group: rows of one group "
            "stay together. By time: the latest rows.",
            key=f"split-{draft.id}-{draft.revision}",
        )
    )


def _is_chosen(draft: Draft, role: str) -> bool:
    return any(column.role == role and column.reason == CHOSEN for column in draft.schema.columns)


def _made(draft: Draft, choices: _Choices) -> Project | None:
    """Draw the button that creates the project; pressed, it says what is being done and can't be pressed again."""
    working = st.session_state.pop(_CREATING, False)
    st.button(
        "Creating the project" if working else "Create the project",
        key="create",
        type="primary",
        icon="spinner" if working else ":material/add:",
        disabled=working,
        on_click=partial(st.session_state.__setitem__, _CREATING, True),
    )
    if refused := st.session_state.pop(_REFUSED, ""):
        st.error(plain(refused), icon=":material/error:")
    if not working:
        return None
    try:
        return _create(draft, choices)
    except Exception as error:
        # Drawn anew, the button can be pressed again.
        st.session_state[_REFUSED] = errors.sentence(error, doing="making the project")
        st.rerun()


def _create(draft: Draft, choices: _Choices) -> Project:
    schema = drafts.settled(draft, choices.split)
    with st.spinner(f"Splitting {count(len(draft.frame), 'row')}"):
        dataset = Dataset.from_frame(
            draft.frame,
            label=schema.label,
            test=choices.test,
            sealed=choices.sealed,
            seed=choices.seed,
            schema=schema,
        )
    with st.spinner("Writing and opening it"):
        return Project.create(
            new_folder(home(), choices.name),
            dataset,
            recipe=choices.recipe,
            headline=choices.headline,
            name=choices.name,
            decision=choices.decision,
        )


def _roles(draft: Draft) -> None:
    """Show the roles as a table that can be edited; a change is kept and the page drawn anew."""
    columns = draft.schema.columns
    shown = pd.DataFrame(
        {
            "column": [column.name for column in columns],
            "role": [column.role for column in columns],
            "kind": [column.kind for column in columns],
            "values": draft.facts["values"].to_numpy(),
            "missing": [percent(value / max(1, len(draft.frame))) for value in draft.facts["missing"]],
            "different": draft.facts["different"].to_numpy(),
            "why": [column.reason for column in columns],
        }
    )
    edited = st.data_editor(
        shown,
        key=f"roles-{draft.id}-{draft.revision}",
        num_rows="fixed",
        hide_index=True,
        disabled=[name for name in shown.columns if name not in ("role", "kind")],
        column_config={
            "role": st.column_config.SelectboxColumn(
                "role",
                width="small",
                options=list(ROLES),
                required=True,
                help="; ".join(f"{k}: {v}" for k, v in ROLES.items()),
            ),
            "kind": st.column_config.SelectboxColumn(
                "kind",
                width=115,
                options=list(KINDS),
                required=True,
                help="How the values are read. categorical: a number that is a code; datetime: text that is a date.",
            ),
            "values": st.column_config.Column(width=235),
            "missing": st.column_config.Column(alignment="right"),
            "different": st.column_config.NumberColumn(format="localized"),
            "why": st.column_config.Column(width=360),
        },
        height="content" if len(shown) <= 20 else 640,
        alt="The columns with their roles, the reason for each, and what is in them.",
    )
    changed = edited[edited["role"] != shown["role"]]
    other = edited[edited["kind"] != shown["kind"]]
    if changed.empty and other.empty:
        return
    with errors.calm(doing="changing a column"):
        if len(other):
            drafts.reread(draft, kinds={**draft.kinds, **dict(zip(other["column"], other["kind"], strict=True))})
        else:
            schema = draft.schema
            for name, role in zip(changed["column"], changed["role"], strict=True):
                schema = schema.with_role(name, role, CHOSEN)
            drafts.save(draft, schema)
        st.rerun()


def _missing_words(draft: Draft) -> None:
    """Ask for the words that stand for a missing value in this data."""
    written = st.text_input(
        "What else means missing, separated by commas",
        value=", ".join(draft.missing),
        placeholder="unknown, -99",
        key=f"missing-{draft.id}",
        help="Blank cells are missing, and so are NA, null, ? and their like among numbers and dates. "
        "Say here what else stands for a value that is not known, in any column.",
    )
    words = tuple(dict.fromkeys(word.strip() for word in written.split(",") if word.strip()))
    if words == draft.missing:
        return
    with errors.calm(doing="reading the columns again"):
        drafts.reread(draft, missing=words)
        st.rerun()
