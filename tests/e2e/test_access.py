"""Every view of every page is checked with axe, and each figure for its words, numbers and letters.

The dark theme is looked at in the first view of each page, and by the thorough run in every view. What was found is
written to ``build/accessibility.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from access import ALLOWED, OF_COLOUR, at_rest, axe_version, broken, in_theme
from conftest import ROOT
from driving import App
from effort import THOROUGH
from playwright.sync_api import Page, expect
from whole import make_whole

pytestmark = pytest.mark.browser

SLUGS = ("overview", "collect", "annotate", "generate", "train", "evaluate", "monitor", "ledger", "race")
# Tabs, and buttons side by side that change what a tab shows, have keys that end so.
VIEWS = '[role="tab"], .stElementContainer[class*="-view"] [data-testid="stButtonGroup"] button'
MAIN = '[data-testid="stMain"]'
OPEN_ALL = """() => {
  const shut = [...document.querySelectorAll('details:not([open]) > summary')];
  shut.forEach((summary) => summary.click());
  return shut.length;
}"""
# What can be shown, by name, and whether it is.
OFFERED = """(views) => [...document.querySelectorAll(views)].filter((each) => each.checkVisibility()).map(
  (each) => [each.innerText, [each.ariaSelected, each.dataset.selected].includes('true')])"""

# Figures that can't be heard or read as a table: no words, or no numbers between it and the next figure.
SILENT = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].filter((figure) => {
  let beside = figure.closest('[data-testid="stElementContainer"]').nextElementSibling;
  while (beside && !beside.querySelector('[data-testid="stDataFrame"], [data-testid="stPlotlyChart"]')) {
    beside = beside.nextElementSibling;
  }
  const numbers = beside && beside.querySelector('[data-testid="stDataFrame"]');
  return !numbers || figure.role !== 'figure' || (figure.ariaLabel ?? '').length <= 20;
}).map((figure) => `no words or numbers: ${figure.ariaLabel}`)"""
# Letters of figures with a contrast under 4.5 to 1 against the page, which axe does not look at.
FAINT = """() => {
  const luminance = (colour) => {
    const part = (byte) => (byte /= 255) <= 0.03928 ? byte / 12.92 : ((byte + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number);
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const ground = luminance(getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor);
  return [...document.querySelectorAll('.js-plotly-plot text')].filter((text) => {
    const ends = [ground, luminance(getComputedStyle(text).fill)].sort((one, other) => one - other);
    return (ends[1] + 0.05) / (ends[0] + 0.05) < 4.5;
  }).map((text) => text.textContent);
}"""


def test_no_view_of_any_page_shuts_anybody_out(page, server):
    """One project and one test: with its copies in several processes it would be made in each."""
    project = make_whole(server.workspace)
    app, problems, figures = App(page, server), {}, 0
    for address in ("", "collect", f"race?project={project}&show=1"):
        app.goto(address)
        _look(page, address, problems)
    app.goto(project=project)
    for slug in SLUGS:
        app.visit(slug.capitalize())
        for view in views(app, slug):
            _look(page, view, problems)
            figures += page.get_by_test_id("stPlotlyChart").count()
            assert not app.trace, view
    _report(problems, figures)
    assert figures > 20
    found = "\n".join(f"{view}: {said}" for view, said in problems.items() if said)
    assert not found, found


def _report(problems: dict[str, list[str]], figures: int) -> None:
    """Write what was found where, a line a view."""
    views = list(dict.fromkeys(name.rpartition(", ")[0] for name in problems))

    def cell(name: str) -> str:
        if name not in problems:
            return "not looked at"
        return "<br>".join(each.replace("|", "\\|") for each in problems[name]) or "nothing"

    lines = [
        f"{len(views)} views, {figures} figures; by axe {axe_version()}. Left out is what the framework alone breaks: "
        f"{', '.join(sorted(ALLOWED))}, and the contrast of the shortcut on a button.",
        "",
        "| view | light | dark |",
        "|---|---|---|",
        *(f"| {view or 'home'} | {cell(f'{view}, light')} | {cell(f'{view}, dark')} |" for view in views),
    ]
    report = ROOT / "build" / "accessibility.md"
    report.parent.mkdir(exist_ok=True)
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _look(page: Page, view: str, problems: dict[str, list[str]]) -> None:
    """Look at what is shown: at all in the light theme, then at its colours in the dark one."""
    in_theme(page, "light")
    problems[f"{view}, light"] = [
        *at_rest(lambda: page.evaluate(SILENT)),
        *at_rest(lambda: page.evaluate(FAINT)),
        *at_rest(lambda: broken(page)),
    ]
    # What stands beside the views of a page is the same for all of them.
    further = ":" in view
    if THOROUGH or not further:
        in_theme(page, "dark")
        problems[f"{view}, dark"] = [
            *at_rest(lambda: page.evaluate(FAINT)),
            *at_rest(lambda: broken(page, OF_COLOUR, within=MAIN if further else None)),
        ]


def views(app: App, slug: str) -> Iterator[str]:
    """Show one view of a page after the other, each with all that can be opened in it, and give its name."""
    shown, name = set(), slug
    while True:
        _wait(app)
        if app.page.evaluate(OPEN_ALL):
            _wait(app)
        yield name
        offered = app.page.evaluate(OFFERED, VIEWS)
        shown |= {said for said, chosen in offered if chosen}
        # From the last to the first: what a tab offers stands behind the tabs, and is gone with it.
        said = next((said for said, _ in reversed(offered) if said not in shown), None)
        if said is None:
            return
        name = f"{slug}: {said}"
        app.page.locator(VIEWS).filter(visible=True).filter(has_text=re.compile(rf"^{re.escape(said)}$")).last.click()


def _wait(app: App) -> None:
    """Wait until the page is drawn and no work on it is under way."""
    app.drawn()
    expect(app.page.locator("[class*='st-key-cancel-']")).to_have_count(0, timeout=300_000)
