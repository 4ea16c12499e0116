"""Two turns side by side: the rows that differ, the predictions that flipped, each class, each pinned slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import FLIPS, WAYS, Side, SideBySide, side_by_side
from core.ids import looked_up
from core.report import changes_chart, count, percent, shorten, verb, written
from pages.parts import cards, examples, figure, jobs, paging, turns, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Project

__all__ = ["choose", "draw"]

# Above so many cells the two are compared as a job.
_QUICK = 200_000
_JOB = "side-by-side"
_ROWS_A_PAGE = 10
_CARDS_A_PAGE = 6
_TOLD = 3


def choose(project: Project) -> None:
    """Let the analyst choose two turns of a project, and draw them."""
    known = project.turns
    if len(known) < 2:
        st.info("Two turns can be set side by side once there are two.", icon=":material/compare_arrows:")
        turns.to_train(project, f"Run turn {len(known)}")
        return
    numbers = [turn.number for turn in known]
    for key, default in (("side-before", numbers[-2]), ("side-after", numbers[-1])):
        if st.session_state.get(key) not in numbers:
            st.session_state[key] = default
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.selectbox("From", numbers, format_func=_named, key="side-before", width=180)
        after = st.selectbox("To", numbers, format_func=_named, key="side-after", width=180)
    if before == after:
        st.info("A turn beside itself shows nothing. Choose two.", icon=":material/compare_arrows:")
        return
    draw(Side(project, known[before]), Side(project, known[after]), names=(_named(before), _named(after)))


def draw(first: Side, second: Side, *, names: tuple[str, str]) -> None:
    """Draw what lies between two turns.

    Parameters
    ----------
    first, second : Side
    names : (str, str)
        What they are called, plain text.
    """
    key = "|".join(_state(side) for side in (first, second))
    found = _found(key, first, second)
    if found is None:
        return
    project = first.project
    said = (plain(names[0]), plain(names[1]))
    with st.container(border=True):
        verdicts.statement(found.verdict, metric=METRICS[project.headline], against=said[0])
        fixed, broken, moved = ((found.flips["flip"] == kind).sum() for kind in FLIPS)
        others = f"; {count(moved)} more {verb(moved, 'is', 'are')} wrong in another way" if moved else ""
        st.markdown(
            f"Of {count(len(found.labels), 'test example')}, {said[1]} gets **{count(fixed)}** right that {said[0]} "
            f"got wrong, and **{count(broken)}** wrong that it got right{others}. "
            f"The data differs in **{count(len(found.rows.table), 'example')}**."
        )
        if found.left_out:
            st.caption(
                f"{count(found.left_out, 'test example')} left out: the two do not share them, or blind review "
                "has corrected their label in two ways."
            )
    views: dict[str, Callable[[], None]] = {
        f"Examples that differ · {count(len(found.rows.table))}": lambda: _rows(first, second, found, key),
        f"Predictions that flipped · {count(len(found.flips))}": lambda: _flips(second, found, key),
        f"Each class · {count(len(found.classes))}": lambda: _classes(found),
    }
    if found.slices:
        views[f"Pinned slices · {count(len(found.slices))}"] = lambda: _slices(found)
    titles = list(views)
    place = st.segmented_control(
        "What to look at",
        range(len(titles)),
        default=0,
        required=True,
        format_func=titles.__getitem__,
        key="side-view",
        label_visibility="collapsed",
    )
    views[titles[min(int(place), len(titles) - 1)]]()


def _named(number: int) -> str:
    return f"turn {number}"


def _state(side: Side) -> str:
    # Blind answers and exclusions change the test set, pins the slices.
    ((pins,),) = side.project.store.execute("SELECT COUNT(*) FROM watched")
    return f"{turns.fit(side.project, side.turn)}/{side.project.dataset.version}/{pins}"


@st.cache_resource(show_spinner=False, max_entries=8)
def _kept(key: str) -> dict[str, SideBySide]:
    return {}


def _found(key: str, first: Side, second: Side) -> SideBySide | None:
    """What lies between the two; None while it is being sought."""
    kept = _kept(key)
    if "found" not in kept:
        frame = first.project.dataset.frame
        if frame.size <= _QUICK:
            kept["found"] = side_by_side(first, second)
        else:
            job = jobs.registry().snapshot(first.project.id, _JOB)
            if job is None or (job.state == "done" and job.result[0] != key):
                jobs.start(
                    first.project.id,
                    _JOB,
                    "Setting two turns side by side",
                    lambda progress, cancel: (key, side_by_side(first, second, progress=progress, cancel=cancel)),
                )
            elif job.state == "done":
                kept["found"] = job.result[1]
            else:
                jobs.panel(first.project.id, _JOB)
                return None
    return kept["found"]


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(first: Side, second: Side, found: SideBySide, key: str) -> None:
    counts, columns = found.rows.counts, found.rows.columns
    for name, after in columns.items():
        st.caption(f"The model learns from the column '{plain(name)}' {'after' if after else 'before'} only.")
    if not counts:
        st.info("The data is the same.", icon=":material/done_all:")
        return
    ways = list(counts)
    way = st.segmented_control(
        "How they differ",
        ways,
        default=ways[0],
        required=True,
        format_func=lambda each: f"{WAYS[each][0].upper()}{WAYS[each][1:]} · {count(counts[each])}",
        key=f"side-way-{'-'.join(ways)}",
        label_visibility="collapsed",
    )
    table = found.rows.table[(found.rows.table["way"] == way).to_numpy()]
    side = first if way in ("excluded", "gone") else second
    dataset = side.project.dataset_at(side.turn.revision)
    listed = f"side-{way}-{hash(key)}"
    text = dataset.schema.text is not None
    rows = _CARDS_A_PAGE if text else _ROWS_A_PAGE
    shown = table.iloc[paging.page_of(len(table), key=listed, rows=rows)]
    cells = _told_cells(found, shown)
    if text:
        cards.grid(dataset, list(shown.index), title=lambda example: _title(shown.loc[example], cells[example]))
    else:
        _table(dataset, shown, cells)
    paging.controls(len(table), key=listed, rows=rows)


def _told_cells(found: SideBySide, shown: pd.DataFrame) -> dict[str, str]:
    """For each example of a page, the cells that changed: ``age: 3 → 4``."""
    told: dict[str, list[str]] = {example: [] for example in shown.index}
    own = found.rows.cells[found.rows.cells["example"].isin(shown.index[shown["cells"] > 0])]
    for example, column, before, after in own.itertuples(index=False):
        told[example].append(f"{column}: {shorten(written(before), 40)} → {shorten(written(after), 40)}")
    return {
        example: "; ".join(each[:_TOLD]) + (f" and {len(each) - _TOLD} more" if len(each) > _TOLD else "")
        for example, each in told.items()
    }


def _title(row: pd.Series, cells: str) -> str:
    labels = [plain(row[name]) for name in ("before", "after") if row[name] is not None]
    said = f"**{labels[0]}**" if labels else "no label"
    if row["before"] is not None and row["after"] is not None and row["before"] != row["after"]:
        said = f"{labels[0]} → **{labels[1]}**"
    return f"{said} · {row['part']}" + (f"  \n{plain(cells)}" if cells else "")


def _table(dataset: Dataset, shown: pd.DataFrame, cells: dict[str, str]) -> None:
    said = pd.DataFrame({"example": shown.index, "part": shown["part"].to_numpy()}, index=shown.index)
    both = shown["before"].notna() & shown["after"].notna()
    if (shown["before"].where(both) != shown["after"].where(both))[both].any():
        said["label before"], said["label after"] = shown["before"].fillna("–"), shown["after"].fillna("–")
    else:
        said["label"] = shown["after"].where(shown["after"].notna(), shown["before"]).fillna("–")
    if any(cells.values()):
        said["cells"] = [cells[example] or "–" for example in shown.index]
    features = examples.readable(looked_up(dataset.frame[list(dataset.schema.features)], shown.index))
    rows = said.join(features.rename(columns={name: f"{name} (column)" for name in said.columns}))
    st.dataframe(rows, hide_index=True, height="content", alt="Examples in which the two turns differ")


# --- predictions ----------------------------------------------------------------------------------------------------


def _flips(second: Side, found: SideBySide, key: str) -> None:
    counts = found.flips["flip"].value_counts()
    kinds = [kind for kind in FLIPS if kind in counts]
    if not kinds:
        st.info("Every test example is predicted as before.", icon=":material/done_all:")
        return
    kind = st.segmented_control(
        "What became of them",
        kinds,
        default=kinds[0],
        required=True,
        format_func=lambda each: f"{each.capitalize()}: {FLIPS[each]} · {count(counts[each])}",
        key=f"side-flip-{'-'.join(kinds)}",
        label_visibility="collapsed",
    )
    st.caption("Test is here to be read. Decide on train, out of fold: a choice made on test flatters itself.")
    shown = found.flips[(found.flips["flip"] == kind).to_numpy()]
    listed = shown.rename(columns={"after": "predicted", "chance_after": "chance"})
    examples.draw(
        second.project.dataset,
        listed,
        key=f"side-flips-{kind}-{hash(key)}",
        note=lambda row: f"was {row['before']} ({percent(row['chance_before'], 0)})",
    )


# --- classes and slices ---------------------------------------------------------------------------------------------


def _classes(found: SideBySide) -> None:
    figure.draw(
        changes_chart(found.classes, of="class", what="F1"),
        key="side-classes",
        opened=True,
        caption="Paired on the same test examples; intervals are corrected for the number of classes (Holm).",
    )


def _slices(found: SideBySide) -> None:
    metrics = {METRICS[each.verdict.metric] for each in found.slices if each.verdict is not None}
    what = metrics.pop() if len(metrics) == 1 else "the score"
    figure.draw(
        changes_chart(_of_slices(found), of="slice", what=what),
        key="side-slices",
        opened=True,
        caption="Paired on the test examples in each slice; corrected for how many are pinned (Holm). By the "
        "headline metric where every class has ten test examples in it, by accuracy elsewhere; fewer than 20 are too "
        "few to tell.",
    )


def _of_slices(found: SideBySide) -> pd.DataFrame:
    names = ("before", "after", "delta", "low", "high")
    rows = [
        {"slice": str(each.watched), "support": each.size, "word": each.word}
        | {name: float("nan") if each.verdict is None else getattr(each.verdict, name) for name in names}
        for each in found.slices
    ]
    return pd.DataFrame(rows).set_index("slice")
