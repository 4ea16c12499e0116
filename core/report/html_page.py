"""A page of plain parts (facts, sentences, tables, figures) as one HTML file that needs neither network nor script.

What the parts hold is text: it is escaped where it is written, in `html_page.html`, and never markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from jinja2 import Environment, StrictUndefined, Template

__all__ = ["Facts", "Figure", "Mark", "Part", "Section", "Sentences", "Table", "html_page"]

_HERE = Path(__file__)


@dataclass(frozen=True)
class Sentences:
    """A few paragraphs, or the points of a list. ``strong`` sets them off."""

    texts: Sequence[str]
    listed: bool = False
    strong: bool = False
    kind: ClassVar[str] = "sentences"


@dataclass(frozen=True)
class Facts:
    """Names with what there is to say of them."""

    facts: Mapping[str, str]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Table:
    """A table: the first cell of each row names it.

    Parameters
    ----------
    caption : str
    columns : sequence of str
    rows : sequence of sequences of str
    numbers : sequence of str
        Columns that are aligned as numbers.
    shades : sequence of sequences of float, optional
        How strongly the cells behind the first of each row are shaded, 0 to 1.
    remark : str
        What stands below, for example how many rows are left out.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()
    shades: Sequence[Sequence[float]] = ()
    remark: str = ""
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Mark:
    """One row of a figure: a value with its interval. Its ``word`` (a verdict, or none) sets shape and colour."""

    name: str
    value: float
    low: float
    high: float
    said: str
    word: str = ""


@dataclass(frozen=True)
class Figure:
    """Values with their intervals, one below the other on one axis.

    Parameters
    ----------
    caption : str
    marks : sequence of Mark
    alt : str
        What the figure says, for those who don't see it.
    line : float, optional
        Where a line is drawn from top to bottom, for example at zero.
    """

    caption: str
    marks: Sequence[Mark]
    alt: str
    line: float | None = None
    kind: ClassVar[str] = "figure"

    @property
    def ends(self) -> tuple[float, float]:
        """The axis: all that is drawn, with a margin."""
        drawn = [end for mark in self.marks for end in (mark.value, mark.low, mark.high)]
        drawn += [] if self.line is None else [self.line]
        known = [value for value in drawn if np.isfinite(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        margin = 0.06 * (high - low) or 0.05
        return low - margin, high + margin

    def at(self, value: float) -> str:
        """Where a value lies on the axis, in percent of the width."""
        low, high = self.ends
        return f"{100 * (value - low) / (high - low):.2f}%"

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Round values on the axis: where they lie, and how they are written."""
        low, high = self.ends
        raw = (high - low) / 6
        unit = 10.0 ** np.floor(np.log10(raw))
        step = unit * next(each for each in (1, 2, 5, 10) if each * unit >= raw)
        digits = max(0, -int(np.floor(np.log10(step))))
        values = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
        return [(self.at(value), f"{value + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")) for value in values]


Part = Sentences | Facts | Table | Figure


@dataclass(frozen=True)
class Section:
    """A heading with its parts; sections below it, if any, stand behind them."""

    title: str
    parts: Sequence[Part]
    below: Sequence[Section] = field(default=())


def html_page(title: str, lead: str, sections: Sequence[Section], *, foot: str = "") -> str:
    """Write a page.

    Parameters
    ----------
    title, lead, foot : str
        Plain text: the heading, the line below it, and the last line.
    sections : sequence of Section

    Returns
    -------
    str
        One HTML document, in UTF-8 when it is encoded as the meta tag says.
    """
    return _template().render(title=title, lead=lead, sections=sections, foot=foot)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    html, css = (_HERE.with_suffix(kind).read_text(encoding="utf-8") for kind in (".html", ".css"))
    # The style is ours and part of the template; whatever is given to it is escaped.
    return environment.from_string(html.replace("/* html_page.css */", css))
