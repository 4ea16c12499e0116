"""What axe says of a page; what the framework itself breaks is allowed by name, nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Literal

from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import Page

__all__ = ["ALLOWED", "OF_COLOUR", "at_rest", "axe_version", "broken", "broken_in_both_themes", "in_theme"]

# Streamlit's uploader, its grid, and the shortcut on a button.
ALLOWED = {"presentation-role-conflict", "empty-table-header"}
SHORTCUT = "kbd"
# What depends on the theme alone; the elements are the same in both.
OF_COLOUR = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
# Once all that fades or slides has come to its end.
RUN = """async ([within, options]) => {
  const ends = (each) => each.playState === 'running' && each.effect.getComputedTiming().endTime < Infinity;
  await Promise.allSettled(document.getAnimations().filter(ends).map((each) => each.finished));
  return (await axe.run(within ?? document, options)).violations;
}"""
THEMED = """(theme) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const [red, green, blue] = getComputedStyle(app).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (red + green + blue < 384) === (theme === 'dark');
}"""


def broken_in_both_themes(page: Page) -> list[str]:
    """The rules that a page breaks in the light theme, where it stays, or in the dark one."""
    found = at_rest(lambda: broken(page))
    in_theme(page, "dark")
    found += at_rest(lambda: broken(page, OF_COLOUR))
    in_theme(page, "light")
    return found


def in_theme(page: Page, theme: Literal["light", "dark"]) -> None:
    """Show the page in a theme."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(THEMED, arg=theme, polling=40)


def axe_version() -> str:
    """Of the axe that looks."""
    return re.search(r"axe v([\d.]+)", Axe().axe_script[:200]).group(1)


def at_rest(look: Callable[[], list[str]], seconds: float = 15) -> list[str]:
    """What is found once everything is in its place: what opens slides, what changes colour fades."""
    end = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def broken(page: Page, options: dict | None = DEFAULT_OPTIONS, *, within: str | None = None) -> list[str]:
    """The rules that a page, or what is within an element of it, breaks, with the elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = []
    for violation in page.evaluate(RUN, [within, options]):
        nodes = [node for node in violation["nodes"] if not _allowed(violation["id"], node["html"])]
        found += [f"{violation['id']}: {node['html'][:160]}" for node in nodes]
    return found


def _allowed(rule: str, html: str) -> bool:
    return rule in ALLOWED or (rule == "color-contrast" and f"<{SHORTCUT}" in html)
