"""Deep links: every page answers as the first request of a server, with a project, without one, and with nonsense."""

from __future__ import annotations

import re
from itertools import product

import pytest
from conftest import PATIENCE
from driving import App
from effort import THOROUGH
from playwright.sync_api import expect
from small import make_project
from starter import ForkedServer, Starter

pytestmark = pytest.mark.browser

TITLES = {
    "overview": "Overview",
    "collect": "Collect",
    "annotate": "Annotate",
    "generate": "Generate",
    "train": "Train",
    "evaluate": "Evaluate",
    "monitor": "Monitor",
    "ledger": "Ledger",
    "race": "Race",
}
NONSENSE = ("zzz", "..%2F..%2Fetc", "%3Cb%3Ebold%3C%2Fb%3E")


# The thorough run asks for each page in both ways.
FIRST = list(product(TITLES, ("small", None))) if THOROUGH else [("evaluate", "small"), ("collect", None)]


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    make_project(folder)
    starter = Starter()
    yield ForkedServer(starter, folder)
    starter.close()


@pytest.fixture
def fresh(forked):
    """A server that has answered no request yet."""
    forked.start()
    yield forked
    forked.kill()


def test_the_first_requests_of_a_server_may_come_together(page, fresh):
    """Pages that are run at once import the same packages in other orders: none may see half of one."""
    slugs = ("annotate", "evaluate", "ledger")
    tabs = [page, *(page.context.new_page() for _ in slugs[1:])]
    for tab, slug in zip(tabs, slugs, strict=True):
        tab.goto(f"{fresh.address}/{slug}?project=small", wait_until="commit")
    for tab, slug in zip(tabs, slugs, strict=True):
        expect(tab.get_by_role("heading", name=TITLES[slug], level=1)).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(("slug", "project"), FIRST)
def test_the_first_request_of_a_server_may_be_any_page(page, fresh, slug, project):
    app = App(page, fresh)
    app.goto(slug, project=project)

    expect(page.get_by_role("heading", name=TITLES[slug], level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link", name="Ledger")).to_be_visible()
    if project is not None:
        expect(page.get_by_test_id("stSidebar")).to_contain_text("Small")
        assert app.project == project
    assert not app.trace


def test_nonsense_ids_are_told_in_a_sentence(page, server):
    app = App(page, server)
    for slug, nonsense in zip(("overview", "annotate", "ledger"), NONSENSE, strict=True):
        app.goto(slug, project=nonsense)
        app.see(re.compile("There is no project"))
        assert not app.trace
        assert page.locator("b", has_text="bold").count() == 0


def test_reload_and_back_keep_page_and_project(page, server):
    project = make_project(server.workspace, name="linked")
    app = App(page, server)
    app.goto("train", project=project)
    app.visit("Ledger")
    page.reload()
    app.drawn()
    expect(page.get_by_role("heading", name="Ledger", level=1)).to_be_visible()
    # The address gets its ?project= after the page switch, which is a step of its own in the browser's history.
    for _ in range(2):
        if "/train" not in page.url:
            page.go_back()
            app.drawn()
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebar")).to_contain_text("Linked")
    assert app.project == project
