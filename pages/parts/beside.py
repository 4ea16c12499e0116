"""What stands beside a review card: the two labels, the evidence, the nearest examples, the guideline of both classes.

All of it is HTML in the classes of ``card.css``; what comes from the data is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from core.annotate import EVIDENCE
from core.dataset import Dataset
from core.ids import aligned
from core.report import Usual, differences, percent, records, shorten
from pages.parts.plain import escaped

__all__ = ["evidence", "guidelines", "label", "legend", "nearest", "said", "title"]

_EQUAL = 1e-6
_SHOWN_DIFFERENCES = 4


def said(share: float) -> str:
    """A probability in whole percent, never 0% or 100% for what is only nearly so."""
    return "under 1%" if share < 0.005 else "over 99%" if share > 0.995 else percent(share, 0)


def title(words: str, aside: str = "") -> str:
    """Write what a part of the card is about."""
    beside = f"<span>{escaped(aside)}</span>" if aside else ""
    return f'<p class="rc-title">{escaped(words)}{beside}</p>'


def label(term: str, name: str, share: float | None) -> str:
    """Write one of the two labels with its probability.

    Parameters
    ----------
    term : str
        ``"given"`` or ``"suggested"``.
    name : str
    share : float, optional
        Its out-of-fold probability.
    """
    known = "" if share is None else f"<b>{said(share)}</b>"
    width = 0.0 if share is None else 100 * share
    return (
        f'<div class="rc rc-label rc-is-{term}" role="group" aria-label="{term.capitalize()} label">'
        f'<p class="rc-quiet">{term}</p>'
        f'<p class="rc-name"><span class="rc-clip" title="{escaped(name)}">{escaped(name)}</span>{known}</p>'
        f'<span class="rc-track" aria-hidden="true"><i style="width:{width:.1f}%"></i></span></div>'
    )


def legend(keys: Sequence[tuple[str, str]]) -> str:
    """Write what each key does.

    Parameters
    ----------
    keys : sequence of (str, str)
        Key and what it does.
    """
    listed = "".join(f"<span><kbd>{escaped(key)}</kbd> {escaped(does)}</span>" for key, does in keys)
    return f'<div class="rc rc-legend" role="group" aria-label="Keys">{listed}</div>'


def guidelines(known: Mapping[str, str], names: Sequence[str]) -> str:
    """Write what classes mean side by side, in the order of their labels; empty if none of them has a guideline."""
    if not any(name in known for name in names):
        return ""
    written = "".join(f"<div>{_meaning(name, known.get(name))}</div>" for name in names)
    return f'<div class="rc">{title("What the classes mean")}<div class="rc-means">{written}</div></div>'


def _meaning(name: str, text: str | None) -> str:
    headline = f'<p class="rc-quiet rc-clip">{escaped(shorten(name, 40))}</p>'
    if text is None:
        return f'{headline}<p class="rc-quiet">No guideline yet.</p>'
    # What may scroll can be reached with the keyboard.
    reachable = f' tabindex="0" role="group" aria-label="Guideline of {escaped(name)}"' if len(text) > 150 else ""
    return f'{headline}<p class="rc-meaning"{reachable}>{escaped(text)}</p>'


def evidence(scores: Mapping[str, float], score: float, reasons: str, *, given: bool = True) -> str:
    """Write what speaks against the given label, a line and a bar each; without one, why the example is shown.

    Parameters
    ----------
    scores : mapping
        As `core.annotate.spoken` gives them; empty for a ranking without them, which has its reasons in words.
    score : float
        Of the ranking.
    reasons : str
        Of the ranking, in words.
    given : bool
        Whether there is a given label; an example of the pool has none.
    """
    headline = ("Evidence against the given label", f"suspect score {score:.2f}") if given else ("Why this one", "")
    lines = "".join(
        f"<li><span>{escaped(EVIDENCE[name])}</span>"
        f'<span class="rc-track" aria-hidden="true"><i style="width:{100 * value:.0f}%"></i></span>'
        f"<b>{value:.2f}</b></li>"
        for name, value in scores.items()
    )
    listed = f'<ul class="rc-evidence">{lines}</ul>' if lines else ""
    return (
        f'<div class="rc" role="group" aria-label="Evidence">'
        f"{title(*headline)}{listed}"
        f'<p class="rc-quiet">{escaped(reasons[:1].upper() + reasons[1:])}.</p></div>'
    )


def nearest(
    dataset: Dataset, example: str, near: pd.Series, sides: tuple[str, str], known: Usual | None, k: int
) -> str:
    """Write the nearest examples with their labels as they are now; those with another label are marked.

    Parameters
    ----------
    dataset : Dataset
    example : str
        Id of the example on the card.
    near : Series
        Ids of the nearest train examples, nearest first, to their distance.
    sides : (str, str)
        The given and the suggested label; empty where there is none.
    known : Usual, optional
        Sets differences against what is usual.
    k : int
        How many are shown at most; those that are no longer in train are passed over.
    """
    members = aligned(dataset.split, near.index)
    there = near[(members == "train").to_numpy()].iloc[:k]
    if there.empty:
        return ""
    row, *others = records(dataset.frame, [example, *there.index], [dataset.schema.label, *dataset.schema.inputs])
    differ = sum(other[dataset.schema.label] != sides[0] for other in others)
    alike = f"{differ} of {len(others)} labelled otherwise" if differ else "all labelled so too"
    if not sides[0]:
        alike = ""
    lines = "".join(
        _neighbour(dataset, row, other, distance, sides, known) for other, distance in zip(others, there, strict=True)
    )
    return (
        f'<div class="rc" role="group" aria-label="Nearest examples">{title("Nearest examples", alike)}'
        f'<ol class="rc-near">{lines}</ol></div>'
    )


def _neighbour(
    dataset: Dataset,
    row: dict[str, object],
    other: dict[str, object],
    distance: float,
    sides: tuple[str, str],
    known: Usual | None,
) -> str:
    name = str(other[dataset.schema.label])
    side = " rc-is-given" if name == sides[0] else " rc-is-suggested" if name == sides[1] else ""
    mark = "≠ " if name != sides[0] and sides[0] else ""
    classes = f"rc-clip rc-whose{side}{' rc-other' if mark else ''}"
    spoken = "another label: " if mark else "the same label: " if sides[0] else ""
    text, columns = dataset.schema.text, list(dataset.schema.features)
    words = []
    if text is not None:
        words.append("The same text." if distance < _EQUAL else shorten(other[text], 220))
    if columns and (text is None or distance < _EQUAL):
        words.append(_differing({column: row[column] for column in columns}, other, known))
    said = escaped(" ".join(words))
    shape = "rc-quiet rc-clip" if text is None else "rc-passage"
    return (
        f'<li><span class="{classes}" title="{spoken}{escaped(name)}">{mark}{escaped(name)}</span>'
        f'<p class="{shape}" title="{said}">{said}</p></li>'
    )


def _differing(row: dict[str, object], other: dict[str, object], known: Usual | None) -> str:
    found = differences(row, other, known)
    if not found:
        return "All columns are equal."
    shown = ", ".join(f"{field.name} {shorten(field.value, 30)}" for field in found[:_SHOWN_DIFFERENCES])
    return f"{len(found)} of {len(row)} differ: {shown}{', …' if len(found) > _SHOWN_DIFFERENCES else ''}"
