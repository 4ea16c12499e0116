"""The audited fix: what a reviewed sample says of each confidence band, and one edit for the rest of a band."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import ADVICE
from core.flywheel import BandError, audit_bands, fix_band, review_sample
from core.flywheel.bands import MINIMUM
from core.report import ACCENT, NEUTRAL, count, interval, percent, percent_interval
from pages.parts import better_ranking, errors, frame, sidebar, turns
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Audit, Project, Turn

__all__ = ["audit", "draw"]

RELABEL_FROM, EXCLUDE_FROM = 90, 75
_SAMPLE = 40
_CELL = "padding:.55rem .75rem .55rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent)"
_QUIET = "color:color-mix(in srgb,currentColor 75%,transparent);font-size:.85rem"
_WHOLE = f"white-space:nowrap;{_QUIET}"
_STYLE = {
    "table": "width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums;line-height:1.35",
    "head": f"text-align:left;font-weight:600;vertical-align:bottom;{_QUIET};{_CELL}",
    "cell": f"text-align:left;vertical-align:middle;{_CELL}",
    "track": "position:relative;height:10px;border-radius:5px;margin-top:.3rem;min-width:9rem;"
    "background:color-mix(in srgb,currentColor 10%,transparent)",
}


def audit(project: Project, turn: Turn, *, relabel_from: int = RELABEL_FROM, exclude_from: int = EXCLUDE_FROM) -> Audit:
    """What the review says of the bands of a turn, computed once for each state of the log."""
    return _audit(turns.identity(project, turn), project.revision, relabel_from, exclude_from, project, turn)


@st.cache_resource(show_spinner=False, max_entries=8)
def _audit(identity: str, revision: int, relabel_from: int, exclude_from: int, _project: Project, _turn: Turn) -> Audit:
    return audit_bands(_project, _turn, relabel_from=relabel_from / 100, exclude_from=exclude_from / 100)


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the bands with their figures and advice and, for a chosen one, its sample and its fix."""
    said, marks = st.columns([4, 1])
    said.markdown(
        f"The suspects of turn {turn.number}, from the surest to the least sure. A reviewed random sample of a band "
        "says how often the suggestion is right there. Only then can the rest of it be changed at once."
    )
    with marks:
        relabel_from, exclude_from = _thresholds()
    found = audit(project, turn, relabel_from=relabel_from, exclude_from=exclude_from)
    if found.table.empty:
        st.info(
            f"Turn {turn.number} has no suspects, so there is nothing to fix. The next turn ranks the labels anew.",
            icon=":material/done_all:",
        )
        return
    if better_ranking.under_way(project, turn):
        st.info(
            "A better ranking of this turn is being made and will cut other bands. A sample drawn before it is there "
            "counts no longer as one at random.",
            icon=":material/hourglass_top:",
        )
    st.html(_table(found, relabel_from, exclude_from))
    _small_print(found)
    _undo(project, by)
    band = _choose(found)
    sample, fix = st.columns(2, gap="medium")
    with sample, st.container(border=True, height="stretch"):
        _sample(project, turn, found, band)
    with fix, st.container(border=True, height="stretch"):
        _fix(project, turn, found, band, by)


def _thresholds() -> tuple[int, int]:
    with st.popover("When to advise it", icon=":material/tune:", width="stretch"):
        relabel = st.slider(
            "Relabel once the suggestion is right in at least",
            50,
            99,
            RELABEL_FROM,
            format="%d%%",
            key="bands-relabel",
            persist_state="session",
            help="The lower end of the interval has to reach it.",
        )
        exclude = st.slider(
            "Exclude once the given label is wrong in at least",
            50,
            99,
            EXCLUDE_FROM,
            format="%d%%",
            key="bands-exclude",
            persist_state="session",
            help="The lower end of the interval has to reach it, and the suggestion must surely be too poor.",
        )
    return int(relabel), int(exclude)


def _table(found: Audit, relabel_from: int, exclude_from: int) -> str:
    heads = (
        "band",
        "suspects",
        "open",
        "reviewed",
        f"given label wrong, mark at {exclude_from}%",
        f"suggestion right, mark at {relabel_from}%",
        "advice",
    )
    head = "".join(f'<th scope="col" style="{_STYLE["head"]}">{name}</th>' for name in heads)
    rows = "".join(
        _row(band, row, relabel_from, exclude_from) for band, row in zip(found.table.index, _rows(found), strict=True)
    )
    return (
        f'<div role="region" aria-label="Confidence bands" tabindex="0" style="overflow-x:auto">'
        f'<table aria-label="Confidence bands" style="{_STYLE["table"]}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _rows(found: Audit) -> list[pd.Series]:
    return [row for _, row in found.table.iterrows()]


def _row(band: int, row: pd.Series, relabel_from: int, exclude_from: int) -> str:
    reviewed = count(row["reviewed"])
    if row["random"]:
        reviewed += f'<div style="{_WHOLE}">{count(row["used"])} at random</div>'
    elif row["used"]:
        reviewed += f'<div style="{_WHOLE}">not at random</div>'
    cells = [
        f'<strong>{band}</strong><div style="{_WHOLE}">score {_scores(row)}</div>',
        count(row["size"]),
        count(row["open"]),
        reviewed,
        _share(row, "wrong", exclude_from, NEUTRAL),
        _share(row, "right", relabel_from, ACCENT),
        _advice(row),
    ]
    return "<tr>" + "".join(f'<td style="{_STYLE["cell"]}">{cell}</td>' for cell in cells) + "</tr>"


def _scores(row: pd.Series) -> str:
    return interval(row["score_low"], row["score_high"], 2)


def _share(row: pd.Series, name: str, mark: int, colour: str) -> str:
    """A share as words, and as a bar: the interval as a band, the share as a line in it, the threshold as a tick."""
    low, high = 100 * row[f"{name}_low"], 100 * row[f"{name}_high"]
    if not row["used"]:
        said, drawn = f'<span style="{_QUIET}">no figure yet</span>', ""
    else:
        ends = f'<span style="{_QUIET}">({percent_interval(low / 100, high / 100, 0)})</span>'
        said = f"<strong>{percent(row[name], 0)}</strong> {ends}"
        drawn = (
            f'<div style="position:absolute;inset:0 auto 0 {low:.1f}%;width:{high - low:.1f}%;border-radius:5px;'
            f'background:{colour};opacity:.45"></div>'
            f'<div style="position:absolute;top:0;bottom:0;left:calc({100 * row[name]:.1f}% - 2px);width:4px;'
            f'border-radius:2px;background:{colour}"></div>'
        )
    tick = (
        f'<div style="position:absolute;top:-4px;bottom:-4px;left:{mark}%;width:0;border-left:2px dotted '
        'color-mix(in srgb,currentColor 70%,transparent)"></div>'
    )
    return f'{said}<div aria-hidden="true" style="{_STYLE["track"]}">{drawn}{tick}</div>'


def _advice(row: pd.Series) -> str:
    word = row["advice"]
    more = ADVICE[word]
    if word == "review on" and row["needed"] >= row["open"]:
        more = f"all {count(row['open'])} still open"
    elif word == "review on":
        more = f"about {count(row['needed'])} more may settle it"
    elif word == "too few reviewed":
        more = f"{count(row['needed'])} more for a first figure"
    return f'<strong>{escaped(word[0].upper() + word[1:])}</strong><div style="{_QUIET}">{escaped(more)}</div>'


def _small_print(found: Audit) -> None:
    bands = len(found.table)
    every = "both" if bands == 2 else f"all {bands}"
    together = f", for {every} bands together (Bonferroni)" if bands > 1 else ""
    who = ", ".join(f"{plain(name or 'nobody named')} {count(held)}" for name, held in found.reviewers.items())
    said = [
        f"Intervals: Wilson, 95%{together}. They hold for one look: settle the size of a sample before you see its "
        "figure.",
        f"Answers by: {who}." if who else "Nothing was reviewed since the turn.",
        "Cards decided one by one count; what was decided in bulk does not. Excluding counts as a wrong given label, "
        "'ambiguous' against the suggestion, 'skip' not at all.",
    ]
    table = found.table
    if ((table["used"] > 0) & ~table["random"]).any():
        said.append(
            "**Not at random**: worst cards first look surer than the rest of the band is. A random sample is safer."
        )
    st.caption(" ".join(said))


def _undo(project: Project, by: str) -> None:
    last = project.undoable(by)
    if last is None or not last.reason.startswith("audited fix"):
        return
    with st.container(border=True):
        said, back = st.columns([5, 1], vertical_alignment="center")
        said.markdown(f":material/check: {plain(last.summary[0].upper() + last.summary[1:])}: {plain(last.reason)}.")
        back.button(
            "Take it back",
            key=f"band-undo-{last.seq}",
            icon=":material/undo:",
            width="stretch",
            on_click=_take_back,
            args=(project, last.seq, by),
        )


@errors.calm(doing="taking the fix back")
def _take_back(project: Project, seq: int, by: str) -> None:
    last = project.undoable(by)
    if last is None or last.seq != seq:
        frame.tell("Something else was changed since. Nothing was taken back.", icon=":material/info:")
        return
    summary = project.undo(by).summary
    frame.tell(f"{summary[0].upper()}{summary[1:]}.", icon=":material/undo:")


def _choose(found: Audit) -> int:
    bands = list(found.table.index)
    with_open = [band for band in bands if found.table.at[band, "open"]]
    chosen = st.radio(
        "Band",
        bands,
        index=bands.index((with_open or bands)[0]),
        horizontal=True,
        format_func=lambda band: f"Band {band}",
        captions=[f"{count(found.table.at[band, 'open'])} open" for band in bands],
        key=f"band-{found.turn}-{len(bands)}",
    )
    return int(chosen or bands[0])


def _sample(project: Project, turn: Turn, found: Audit, band: int) -> None:
    row = found.table.loc[band]
    st.header(f"Review a sample of band {band}", anchor=False)
    if not row["open"]:
        st.markdown("Nothing in this band is open.")
        return
    most = int(row["open"])
    wanted = min(most, max(int(row["needed"]), MINIMUM) if row["advice"] == "review on" else _SAMPLE)
    number = st.number_input(
        "Cards, drawn at random",
        1,
        most,
        wanted,
        key=f"sample-size-{found.turn}-{band}-{most}",
        help="The more, the narrower the interval. Settle the number before you see the figure.",
    )
    st.button(
        f"Review {count(int(number), 'card')} at random",
        key="sample-start",
        type="primary" if row["advice"] in {"review on", "too few reviewed"} else "secondary",
        icon=":material/casino:",
        on_click=_start,
        args=(project, turn, band, int(number)),
    )
    st.caption("They become the queue under Review. What was decided in another queue stays.")


@errors.calm(doing="drawing the sample")
def _start(project: Project, turn: Turn, band: int, number: int) -> None:
    queue = review_sample(project, turn, band, number, by=sidebar.reviewer())
    st.session_state["annotate-view"] = "Review"
    frame.tell(f"The queue is {queue.source}.", icon=":material/casino:")


def _fix(project: Project, turn: Turn, found: Audit, band: int, by: str) -> None:
    row = found.table.loc[band]
    st.header(f"Fix the rest of band {band}", anchor=False)
    rows = found.open_in(band)
    if not row["used"] or rows.empty:
        st.markdown(
            "Nothing is left to fix in this band."
            if rows.empty
            else "There is no figure yet, so nothing can be applied. "
            f"{count(row['needed'], 'more review gives', 'more reviews give')} a first one."
        )
        return
    advised = row["advice"] if row["advice"] in {"relabel", "exclude"} else None
    action = st.radio(
        "What to do with them",
        ["relabel", "exclude"],
        index=int(advised == "exclude"),
        horizontal=True,
        format_func={"relabel": "Take the suggestions", "exclude": "Exclude"}.__getitem__,
        key=f"fix-action-{found.turn}-{band}-{advised}",
        label_visibility="collapsed",
    )
    figure = found.figure(rows, "right" if action == "relabel" else "wrong")
    if figure is None:
        raise BandError(f"Band {band} has no figure. Review a random sample of it first.")
    wrong, fewest, most = figure.misses(len(rows))
    will = "will get the suggested label" if action == "relabel" else "will be left out of train"
    cost = "will then be labelled wrong" if action == "relabel" else "of these will have had a right label"
    st.markdown(
        f"**{count(len(rows), 'open suspect')}** {will}. {plain(str(figure)[0].upper() + str(figure)[1:])}: about "
        f"**{count(wrong)}** {cost} ({count(fewest)} to {count(most)})."
    )
    _confusions(rows)
    sure = action == advised or st.checkbox(
        "Do it all the same", key=f"fix-sure-{found.turn}-{band}-{action}", help=f"Advised is: {row['advice']}."
    )
    if action != advised:
        st.caption(f"The figure does not reach the mark for this; advised is '{row['advice']}'.")
    verb = "Relabel" if action == "relabel" else "Exclude"
    st.button(
        f"{verb} {count(len(rows), 'example')}",
        key=f"fix-{action}-{band}-{project.revision}",
        type="primary" if action == advised else "secondary",
        disabled=not sure,
        on_click=_apply,
        args=(project, turn, band, str(action), by, project.revision),
        help="One edit, one entry in the log, one undo.",
    )


def _confusions(rows: pd.DataFrame) -> None:
    pairs = rows.value_counts(["given", "suggested"]).head(4)
    said = ", ".join(f"{plain(given)} → {plain(other)} {count(held)}" for (given, other), held in pairs.items())
    st.caption(f"Given → suggested: {said}.")


@errors.calm(doing="fixing the band")
def _apply(project: Project, turn: Turn, band: int, action: str, by: str, revision: int) -> None:
    entry = fix_band(project, turn, band, action, by=by, revision=revision)
    frame.tell(f"{entry.summary[0].upper()}{entry.summary[1:]}. Undo takes it back.")
