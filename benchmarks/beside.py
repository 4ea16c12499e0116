"""What long work costs in the app, beside a page that shows how far it is, against the same work by itself.

    python benchmarks/beside.py                # "Fix data, or add data?" of 240 rows: 250 small fits

Core is called in a process of its own; in the app, started as a user starts it, the button is pressed in headless
Chromium and the page polls as it does for everybody. Both are seconds by the clock, once after the other, three times.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))

from browser import find_browser
from conftest import NO_GPU, ROOT, WIDE, Server
from driving import App
from playwright.sync_api import sync_playwright
from small import make_project

from core.flywheel import Project, rank

PAIRS = 3
ALONE = """
import sys, time
from core.flywheel import Project, fix_or_add
project = Project.open(sys.argv[1])
start = time.perf_counter()
fix_or_add(project)
print(time.perf_counter() - start)
"""


def alone(folder: Path) -> float:
    """Seconds of the work in a process that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def in_the_app(app: App, project: str) -> float:
    """Seconds from the press of the button until the answer stands on the page."""
    app.goto("train", project=project)
    start = time.perf_counter()
    app.keyed("measure-fix-or-add").get_by_role("button").click()
    app.page.get_by_role("heading", name="more examples").wait_for(timeout=600_000)
    return time.perf_counter() - start


def main() -> None:
    """Measure the pairs and print them."""
    pairs = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Path(folder)
        for number in range(2 * PAIRS):
            project = Project.open(workspace / make_project(workspace, name=f"p{number}"))
            rank(project, project.turns[-1])
            project.close()
        server = Server(workspace)
        server.start()
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", *NO_GPU])
        page = browser.new_page(viewport=WIDE)
        try:
            for pair in range(PAIRS):
                app = in_the_app(App(page, server), f"p{2 * pair}")
                page.goto("about:blank")
                pairs.append((app, alone(workspace / f"p{2 * pair + 1}")))
                print(f"in the app {pairs[-1][0]:.1f} s, by itself {pairs[-1][1]:.1f} s", flush=True)
        finally:
            browser.close()
            server.kill()
    ratios = [app / core for app, core in pairs]
    print(f"ratio: median {statistics.median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
