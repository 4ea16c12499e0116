"""Drives the app as a person would: goes to pages, waits until they are drawn, clicks and types at a human's pace."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, TimeoutError, expect

__all__ = ["LISTEN", "PACE", "App"]

# Presses that come at once can be dropped: no person types like that.
PACE = 0.15
# Put into each page: since when the server has been asked for something without an answer. A new page will ask.
LISTEN = """{
  const { send } = WebSocket.prototype;
  const heard = new WeakSet();
  window.asked = Infinity;
  WebSocket.prototype.send = function (...message) {
    if (!heard.has(this)) {
      heard.add(this);
      for (const said of ['message', 'close']) this.addEventListener(said, () => { window.asked = null; });
    }
    window.asked = performance.now();
    return send.apply(this, message);
  };
}"""
# Nothing is asked that is not answered (some of what is said needs no answer), nothing runs, and that for five looks: a
# page may run twice on end, and a busy browser looks late.
DRAWN = """(call) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const { testConnectionState, testScriptState } = app?.dataset ?? {};
  const asks = window.asked !== null && performance.now() - window.asked < 5000;
  const rests = testConnectionState === 'CONNECTED' && testScriptState === 'notRunning' && !asks;
  if (window.resting?.call !== call) window.resting = { call, looks: 0 };
  window.resting.looks = rests ? window.resting.looks + 1 : 0;
  return window.resting.looks >= 5;
}"""
CALLS = itertools.count()
# What has the focus, by name, and whether it can be seen that it has.
FOCUSED = """() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
  const ringed = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  const named = one.matches('a, button, input, textarea, summary, [role]');
  return { name: named ? one.ariaLabel || one.innerText : '', seen: ringed };
}"""


class App:
    """The app in one browser page.

    Parameters
    ----------
    page : Page
    server : Server
        See ``conftest``; it may be killed and started again meanwhile.
    """

    def __init__(self, page: Page, server) -> None:
        self.page = page
        self.server = server

    def goto(self, slug: str = "", *, project: str | None = None) -> None:
        """Open a page by its address."""
        self.page.goto(f"{self.server.address}/{slug}" + (f"?project={project}" if project else ""))
        self.drawn()

    def drawn(self) -> None:
        """Wait until the page's script has run to its end, and not only between two reruns."""
        self.page.wait_for_function(DRAWN, arg=next(CALLS), polling=40, timeout=60_000)

    def insist(self, act: Callable[[], object], seen: Locator, *, gone: bool = False, seconds: float = 10) -> None:
        """Do something, and once more if after so many seconds nothing has come of it.

        A click or a key that meets a redraw is lost: the framework joins the two into what is being drawn, or has just
        replaced what was clicked. Who sees that nothing happened does it again.

        Parameters
        ----------
        act : callable
        seen : Locator
            What is to be seen afterwards.
        gone : bool
            It is no longer there, rather than seen.
        seconds : float
        """
        state = "detached" if gone else "visible"
        for _ in range(2):
            with contextlib.suppress(TimeoutError):
                act()
                seen.wait_for(state=state, timeout=1000 * seconds)
                return
        seen.wait_for(state=state, timeout=60_000)

    def turn_to(self, tab: str, seen: Locator) -> None:
        """Go on with the arrow keys, from the tab that has the focus, to the one of that name, and wait for its view.

        An arrow opens the tab it comes to. One pressed while the one before is still being drawn is taken back by the
        framework: who sees that goes on.
        """
        named = re.compile(f"^{re.escape(tab)}$")
        chosen = self.page.get_by_role("tab", selected=True).filter(has_text=named)

        def step() -> None:
            for _ in range(20):
                if chosen.count():
                    return
                self.press("ArrowRight")

        self.insist(step, seen)
        self.drawn()

    def visit(self, title: str) -> None:
        """Go to a page through the navigation, as a click does."""
        link = self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title)
        self.insist(link.click, self.page.get_by_role("heading", name=title, level=1))
        self.drawn()

    def keyed(self, key: str) -> Locator:
        """The element with a widget key."""
        return self.page.locator(f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}").first

    def click(self, key: str) -> None:
        """Click the button with a widget key and wait until the page is drawn anew."""
        self.keyed(key).get_by_role("button").first.click()
        self.drawn()

    def press(self, key: str) -> None:
        """Press a key and wait until the page is drawn anew."""
        self.page.keyboard.press(key)
        self.drawn()

    def reach(self, name: str | re.Pattern[str], *, most: int = 120) -> None:
        """Press Tab until something of that name has the focus, which has to be seen."""
        said: list[str] = []
        for _ in range(most):
            focused = self.page.evaluate(FOCUSED)
            said.append(focused["name"].strip())
            if re.search(name, said[-1]):
                assert focused["seen"], f"Nobody sees that '{name}' has the focus."
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"'{name}' is not reached with Tab, only {list(dict.fromkeys(said))}.")

    def see(self, text: str | re.Pattern[str], *, seconds: float = 30) -> Locator:
        """Wait until a text is to be seen."""
        found = self.page.get_by_text(text).first
        expect(found).to_be_visible(timeout=1000 * seconds)
        return found

    def run_turn(self, number: int) -> None:
        """Run the next turn on Train and wait for what it said."""
        self.visit("Train")
        said = self.page.get_by_text(f"What turn {number} said")
        self.insist(lambda: self.click("run-turn"), said.or_(self.keyed("cancel-turn")).first)
        expect(said.first).to_be_visible(timeout=180_000)
        self.drawn()

    @property
    def project(self) -> str:
        """The id of the open project, from the address."""
        found = re.search(r"[?&]project=([^&]+)", self.page.url)
        assert found is not None, self.page.url
        return found.group(1)

    @property
    def trace(self) -> bool:
        """Whether a stack trace or Streamlit's own error box is on screen."""
        body = self.page.locator("body").inner_text()
        return (
            "Traceback" in body or "encountered an error" in body or self.page.get_by_test_id("stException").count() > 0
        )
