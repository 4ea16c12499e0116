"""How long an analyst waits on every page, how much memory the app takes and how much it sends, by number of rows.

    python benchmarks/pages.py                             # 100,000 rows, every view
    python benchmarks/pages.py --rows 1000000 --workspace FOLDER     # keeps the project: making it takes minutes
    python benchmarks/pages.py --only collect annotate/Table         # pages, or views of them
    python benchmarks/pages.py --start                     # the first paint after a start instead

A project of so many rows x 20 columns, three classes and some wrong labels, with a batch in the pool, a rule, two turns
and a review under way; the app as a user starts it; headless Chromium. Each view (a page or one of its tabs) is opened
once, its background work is waited for, then it is left and entered again and its cheap controls are used in turn:
pagination, select boxes, choices, check boxes, expanders. Buttons are left alone: they change data or begin long work.

- run: time that a script run of the view took on the server, first to last line, measured in the server itself.
- work: processor time of the server in it, which other work on the machine does not change much.
- paint: from the press of the mouse to the first frame after the page's script has ended, measured in the browser.
- sent: the most that one run sent through the web socket and by requests (without the app's own scripts and styles).
- memory: resident, of the server's process: after the view, and the most it ever was.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from conftest import ROOT, WIDE, Server

RUN, PAINT, SENT, MEMORY = 500, 900, 2.0, 3.0
TABS = {
    "collect": ("Findings", "Checks", "Data", "Columns", "Missing", "Map", "Add rows"),
    "annotate": ("Review", "Table", "Audited fix", "Test labels", "Guidelines", "Pool", "Annotators", "Rules"),
    "evaluate": (
        *("Metrics", "Mistakes", "Hardest", "Error slices", "Balance", "Threshold", "Calibration"),
        "Test set",
    ),
    "ledger": ("Turns", "Side by side", "Branches", "Edits", "Export"),
}
PAGES = ("overview", "collect", "annotate", "generate", "train", "evaluate", "monitor", "ledger", "race")
LOG = "runs.jsonl"
# What can be used without changing anything. A select box is opened, and an entry of its list chosen.
CONTROLS = ", ".join(
    f'[data-testid="stMain"] {control}:visible'
    for control in (
        '[data-testid="stPagination"] button:not([disabled])',
        '[data-testid="stButtonGroup"] button:not([disabled])',
        '[data-testid="stRadio"] label',
        '[data-testid="stCheckbox"] label',
        '[data-testid="stSelectbox"] input:not([disabled])',
        '[data-testid="stExpander"] summary',
    )
)
BROKEN = '[data-testid="stException"]'
NAME = "(element) => element.ariaLabel ?? element.innerText"
WATCH = """
() => {
  const app = document.querySelector('[data-testid="stApp"]');
  window.waits = [];
  let wait = null;
  addEventListener('pointerdown', () => { wait = {at: performance.now(), ran: false}; }, true);
  new MutationObserver(records => {
    if (!wait) return;
    // A short run may have ended before anybody is told that it began.
    wait.ran ||= app.dataset.testScriptState !== 'notRunning' || records.some(each => each.oldValue !== 'notRunning');
    if (!wait.ran || app.dataset.testScriptState !== 'notRunning') return;
    const now = wait;
    wait = null;
    // The frame in which it is drawn has been shown when the next one begins.
    requestAnimationFrame(() => requestAnimationFrame(() => window.waits.push(performance.now() - now.at)));
  }).observe(app, {attributes: true, attributeFilter: ['data-test-script-state'], attributeOldValue: true});
}
"""


@dataclass
class View:
    """What was measured of a page or one of its tabs."""

    slug: str
    tab: str | None = None
    first: float = float("nan")
    ready: float = float("nan")
    paints: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    memory: float = float("nan")
    wrong: str = ""

    @property
    def name(self) -> str:
        return f"{self.slug}/{self.tab}" if self.tab else self.slug

    def row(self) -> list[str]:
        """One line of the table."""

        def at(values: list[float], share: float) -> str:
            return f"{np.percentile(values, share):.0f}" if values else "–"

        return [
            self.name,
            f"{self.first:.0f}",
            f"{self.ready / 1000:.1f}",
            *(at(values, share) for values in (self.runs, self.work, self.paints) for share in (50, 95)),
            f"{max(self.sent, default=0):.2f}",
            f"{self.memory:.2f}",
            f"{len(self.paints)}{' ' + self.wrong if self.wrong else ''}",
        ]


HEAD = ["view", "first, ms", "ready, s", "run p50", "p95"]
HEAD += ["work p50", "p95", "paint p50", "p95", "sent, MB", "memory, GB", "clicks"]


# --- the project ----------------------------------------------------------------------------------------------------


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    """Numbers, some missing, categories, a date and a flag; three classes, 7 % of the labels drawn anew."""
    from turn import made_table

    chance = np.random.default_rng(seed + 1)
    made = made_table(rows, classes=3, seed=seed).drop(columns=["number_13", "number_14"])
    made["since"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 700, rows), unit="D")
    made["active"] = chance.random(rows) < 0.6
    turned = chance.random(rows) < 0.07
    made.loc[turned, "label"] = np.array([f"class {code}" for code in range(3)])[chance.integers(0, 3, turned.sum())]
    return made


def make(folder: Path, rows: int, recipe: str) -> None:
    """Make the project through core."""
    from core.annotate import Rule
    from core.annotate.conditions import Compares
    from core.dataset import Dataset
    from core.flywheel import Exclude, Project, SetRules, decide, examine_batch, merge_batch, start_queue

    project = Project.create(folder, Dataset.from_frame(table(rows), label="label"), recipe=recipe, name=folder.name)
    project.turn()
    report, new = examine_batch(project, table(max(rows // 50, 200), seed=7))
    merge_batch(project, report, new, name="spring", by="benchmark", into_pool=True)
    project.apply(SetRules([Rule("high", "class 2", Compares("number_3", ">=", (1.0,)))], by="benchmark"))
    project.apply(Exclude(tuple(project.dataset.ids("train")[:10]), by="benchmark", reason="twins"))
    turn = project.turn()
    queue = start_queue(project, turn.suspects, source="all labels of turn 1", turn=1)
    for place in range(20):
        decide(project, queue, place, "keep", by="benchmark")
    project.close()


# --- the server -----------------------------------------------------------------------------------------------------


class TimedServer(Server):
    """The app, with a note of how long each run of a script took."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, __file__, "--serve", *super().command[3:]]

    def memory(self, what: str = "VmRSS") -> float:
        """Gigabytes in memory, now or (``VmHWM``) at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"{what}:\s+(\d+)", status).group(1)) / 1024**2

    def runs(self) -> list[tuple[float, float]]:
        """The milliseconds that each run took, and the processor time of the process meanwhile."""
        log = self.workspace / LOG
        return [tuple(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def serve(arguments: list[str]) -> None:
    """Be Streamlit, with a clock around each run of a script."""
    # The app's own pages are found under the name of this file.
    sys.path[:] = [path for path in sys.path if Path(path) != ROOT / "benchmarks"]
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.web import cli

    run, lock = ScriptRunner._run_script, threading.Lock()
    log = (Path(os.environ["FLYWHEEL_HOME"]) / LOG).open("w", encoding="ascii")

    def timed(self: ScriptRunner, data: object) -> None:
        start, work = time.perf_counter(), time.process_time()
        try:
            run(self, data)
        finally:
            with lock:
                spent = (time.perf_counter() - start, time.process_time() - work)
                log.write(json.dumps([1000 * seconds for seconds in spent]) + "\n")
                log.flush()

    ScriptRunner._run_script = timed
    cli.main(arguments)


# --- the browser ----------------------------------------------------------------------------------------------------


class Analyst:
    """Goes from view to view and uses what is there, at a human's pace."""

    def __init__(self, page, server: TimedServer) -> None:
        self.page, self.server, self.bytes = page, server, 0
        self.own: set[str] = set()
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.webSocketFrameReceived", self._frame)
        network.on("Network.responseReceived", self._response)
        network.on("Network.dataReceived", self._data)

    def _frame(self, event: dict) -> None:
        data, text = event["response"]["payloadData"], event["response"]["opcode"] == 1
        self.bytes += len(data) if text else len(base64.b64decode(data))

    def _response(self, event: dict) -> None:
        if "/static/" in event["response"]["url"]:
            self.own.add(event["requestId"])

    def _data(self, event: dict) -> None:
        if event["requestId"] not in self.own:
            self.bytes += event["dataLength"]

    def quiet(self, *, seconds: float = 1.0, most: float = 1800) -> None:
        """Wait until the server has run no script for a while: nothing polls, nothing is being made."""
        end, seen, since = time.monotonic() + most, -1, time.monotonic()
        while time.monotonic() < end:
            runs = len(self.server.runs())
            if runs != seen:
                seen, since = runs, time.monotonic()
            still = self.page.locator('[data-test-script-state="notRunning"]').count()
            if still and time.monotonic() - since > seconds:
                return
            self.page.wait_for_timeout(100)
        raise TimeoutError(f"The page was not quiet within {most:.0f} s.")

    def press(self, target, view: View | None = None, *, settle: float = 0.5) -> None:
        """Click, and note what came of it; a click that runs no script (a list that opens) is none."""
        before, runs, self.bytes = self.page.evaluate("waits.length"), len(self.server.runs()), 0
        # What a slow run came from is said; afterwards it may be gone from the page.
        named = f"'{target.evaluate(NAME, timeout=10_000)[:60]}'" if view else ""
        target.click(timeout=30_000)
        if not self._painted(before, runs, seconds=1.5 if view else 120):
            if len(self.server.runs()) == runs and view:
                return
            if not self._painted(before, runs, seconds=120):
                # A press that met a redraw is lost; somebody who sees that nothing came of it presses again.
                target.click(timeout=30_000)
                self._painted(before, runs, seconds=600)
        if self.page.evaluate("waits.length") == before:
            # It ran and changed nothing that the browser could see.
            return
        paint = self.page.evaluate("waits.at(-1)")
        self.quiet(seconds=settle)
        if view is not None:
            view.paints.append(paint)
            slow = [spent for spent, _ in self.server.runs()[runs:] if spent > RUN]
            if slow:
                print(f"  {view.name}: {max(slow):.0f} ms after {named}", file=sys.stderr)
            view.runs += [spent for spent, _ in self.server.runs()[runs:]]
            view.work += [work for _, work in self.server.runs()[runs:]]
            view.sent.append(self.bytes / 1e6)

    def _painted(self, before: int, runs: int, *, seconds: float) -> bool:
        """Wait until a press is painted, or has long run without anything to paint."""
        end, since = time.monotonic() + seconds, None
        while time.monotonic() < end:
            if self.page.evaluate("waits.length") > before:
                return True
            still = self.page.locator('[data-test-script-state="notRunning"]').count()
            if len(self.server.runs()) > runs and still:
                since = since or time.monotonic()
                if time.monotonic() - since > 3:
                    return True
            else:
                since = None
            self.page.wait_for_timeout(20)
        return False

    def link(self, slug: str):
        """The way to a page."""
        return self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=slug.capitalize(), exact=True)

    def tab(self, name: str):
        """The way to a tab."""
        return self.page.get_by_role("tab", name=name, exact=True).first

    def look(self, view: View, clicks: int) -> None:
        """Open a view for the first time, then use it."""
        way, away = self.ways(view)
        start = time.monotonic()
        if view.tab is None or not self.tab(view.tab).count():
            self.press(self.link(view.slug))
        if view.tab is not None and self.tab(view.tab).get_attribute("aria-selected") != "true":
            self.press(self.tab(view.tab))
        view.first = self.page.evaluate("waits.at(-1)")
        # A poll of a job comes each half second.
        self.quiet(seconds=2.5)
        view.ready = 1000 * (time.monotonic() - start - 2.5)
        for click in range(clicks):
            if click % 3 == 0:
                self.press(away)
                self.press(way, view)
            else:
                self.use(view, click)
        view.memory = self.server.memory()
        if self.page.locator(BROKEN).count():
            view.wrong = "FAILED"

    def ways(self, view: View) -> tuple:
        """The way to a view, and to the one beside it."""
        if view.tab is None:
            return self.link(view.slug), self.link("monitor" if view.slug == "race" else "race")
        tabs = TABS[view.slug]
        return self.tab(view.tab), self.tab(tabs[(tabs.index(view.tab) + 1) % len(tabs)])

    def use(self, view: View, click: int) -> None:
        """Use one of the controls, another one each time."""
        controls = self.page.locator(CONTROLS)
        found = controls.count()
        if not found:
            return
        control = controls.nth(click % found)
        before = len(view.paints)
        try:
            self.press(control, view)
            options = self.page.get_by_role("option")
            if len(view.paints) == before and options.count():
                self.press(options.nth(click % options.count()), view)
        except Exception as missed:
            print(f"  {view.name}: a control was not there any more ({str(missed).splitlines()[0]})", file=sys.stderr)
        self.page.keyboard.press("Escape")


def views(only: list[str]) -> Iterator[View]:
    """Every view, or those that were named."""
    for slug in PAGES:
        for view in [View(slug, tab) for tab in TABS.get(slug, (None,))]:
            if not only or slug in only or view.name in only:
                yield view


def measure(workspace: Path, project: str, only: list[str], clicks: int) -> tuple[list[View], float]:
    """Measure the views in one browser; the most memory that the server took."""
    from browser import find_browser
    from playwright.sync_api import sync_playwright

    server, found = TimedServer(workspace), []
    server.start()
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
            )
            page = chromium.new_page(viewport=WIDE)
            page.set_default_timeout(600_000)
            analyst = Analyst(page, server)
            page.goto(f"{server.address}/race?project={project}")
            page.wait_for_selector('[data-test-script-state="notRunning"]', state="attached", timeout=600_000)
            analyst.quiet(seconds=2.5)
            page.evaluate(WATCH)
            print(" | ".join(HEAD), flush=True)
            for view in views(only):
                analyst.look(view, clicks)
                found.append(view)
                print(" | ".join(view.row()), flush=True)
            chromium.close()
        return found, server.memory("VmHWM")
    finally:
        server.kill()


def tell(found: list[View], most: float) -> None:
    """Say how it compares with the targets."""
    for what, kind, target in (
        ("run on the server", "runs", RUN),
        ("processor time of it", "work", RUN),
        ("click to paint", "paints", PAINT),
    ):
        values = [value for view in found for value in getattr(view, kind)]
        middle, high = np.percentile(values, [50, 95])
        print(f"{what}: p50 {middle:.0f} ms, p95 {high:.0f} ms over {len(values)} (target p95 {target} ms)")
    sent = max(found, key=lambda view: max(view.sent, default=0))
    print(f"most sent by a run: {max(sent.sent):.2f} MB, {sent.name} (target {SENT:.0f} MB)")
    print(f"memory: at most {most:.2f} GB (target {MEMORY:.0f} GB)")
    slow = [view.name for view in found if view.runs and np.percentile(view.runs, 95) > RUN]
    late = [view.name for view in found if view.paints and np.percentile(view.paints, 95) > PAINT]
    print(f"views over a target: run {', '.join(slow) or 'none'}; paint {', '.join(late) or 'none'}")


def start(folder: Path) -> None:
    """Time from the command to the demos on screen."""
    from browser import find_browser
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-background-networking"]
        )
        for _ in range(4):
            page = chromium.new_context().new_page()
            server = Server(folder)
            began = time.perf_counter()
            server.start()
            page.goto(server.address)
            page.get_by_text("Start with a demo").wait_for()
            seconds.append(time.perf_counter() - began)
            server.kill()
        chromium.close()
    print(f"first paint: median {np.median(seconds[1:]):.2f} s (target 3 s), first {seconds[0]:.2f} s")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--clicks", type=int, default=18, help="in each view; every third leaves it and comes back")
    parser.add_argument("--recipe", default="logistic_regression")
    parser.add_argument("--workspace", type=Path, help="where projects are kept for the next time")
    parser.add_argument("--only", nargs="*", default=[], metavar="VIEW", help="page, or page/tab")
    parser.add_argument("--start", action="store_true", help="measure the first paint after a start instead")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = chosen.workspace or Path(folder)
        if chosen.start:
            start(Path(folder))
            return
        workspace.mkdir(parents=True, exist_ok=True)
        project = f"rows-{chosen.rows}-{chosen.recipe.replace('_', '-')}"
        # Made under another name: one that was not finished is not taken for it.
        if not (workspace / project).exists():
            with tempfile.TemporaryDirectory(dir=workspace, prefix=".") as making:
                make(Path(making) / project, chosen.rows, chosen.recipe)
                (Path(making) / project).rename(workspace / project)
        tell(*measure(workspace, project, chosen.only, chosen.clicks))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2:])
    else:
        main()
