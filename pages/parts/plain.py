"""Text from the data shown as it is: nothing in it is read as Markdown, HTML, an emoji code or an icon."""

from __future__ import annotations

import html
import re

import streamlit as st

__all__ = ["escaped", "passage", "plain"]

# Some twelve pages; a cell of ten megabytes would hold the browser up.
PASSAGE_CHARACTERS = 30_000
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Emoji codes, icons and arrows are replaced after the escapes were read, so a mark of no width is put inside them.
_JOINER = "\N{WORD JOINER}"
_REPLACED = re.compile(r":(?=\w)|[<>=~-](?=[<>=~-])")


def plain(text: object) -> str:
    r"""Make text from the data safe for a label, a caption or a sentence, where Streamlit reads Markdown.

    Examples
    --------
    >>> print(plain("*really* $5"))
    \*really\* \$5
    """
    words = " ".join(str(text).split())
    return _PUNCTUATION.sub(r"\\\1", _REPLACED.sub(lambda found: found.group() + _JOINER, words))


def escaped(text: object) -> str:
    """Make text from the data safe inside the HTML of `streamlit.html`."""
    return html.escape(str(text), quote=True)


def passage(text: object, *, label: str = "Text") -> None:
    """Show a text of the data as a readable passage: its own line breaks, no markup, wrapped; an endless one is cut."""
    words = str(text)
    if len(words) > PASSAGE_CHARACTERS:
        text = f"{words[:PASSAGE_CHARACTERS]}… ({len(words) - PASSAGE_CHARACTERS:,} more characters)"
    st.html(
        f'<div role="group" aria-label="{escaped(label)}" style="white-space:pre-wrap;overflow-wrap:anywhere;'
        f'line-height:1.55;max-width:75ch">{escaped(text)}</div>'
    )
