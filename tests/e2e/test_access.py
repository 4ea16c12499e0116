"""Every page is checked with axe in both themes; what the framework itself breaks is allowed by name, nothing else."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import WIDE
from driving import App
from small import make_project

pytestmark = pytest.mark.browser

SLUGS = ("overview", "collect", "annotate", "generate", "train", "evaluate", "monitor", "ledger")
# Streamlit's uploader, its grid, and the shortcut on a button.
ALLOWED = {"presentation-role-conflict", "empty-table-header"}
SHORTCUT = "kbd"


def broken(page) -> list[str]:
    """The rules that a page breaks, with the elements."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        nodes = [node for node in violation["nodes"] if not _allowed(violation["id"], node["html"])]
        found += [f"{violation['id']}: {node['html'][:160]}" for node in nodes]
    return found


def _allowed(rule: str, html: str) -> bool:
    return rule in ALLOWED or (rule == "color-contrast" and f"<{SHORTCUT}" in html)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_axe(browser, server, theme):
    make_project(server.workspace, turns=2, queue=True, name=f"access-{theme}")
    context = browser.new_context(viewport=WIDE, color_scheme=theme)
    app = App(context.new_page(), server)
    app.page.set_default_timeout(30_000)
    problems = {}
    for slug in SLUGS:
        app.goto(slug, project=f"access-{theme}")
        problems[slug] = broken(app.page)
    context.close()

    assert not any(problems.values()), problems
