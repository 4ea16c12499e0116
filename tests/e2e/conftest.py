"""One server and one browser for the session; each journey that needs a server of its own starts one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from browser import find_browser
from driving import LISTEN
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
WIDE = {"width": 1440, "height": 900}
NO_GPU = ("--disable-gpu", "--disable-gpu-rasterization", "--disable-software-rasterizer")
# How long a test waits for what must come: nothing is lost where it comes at once, and others run beside this one.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE / 2)


def environment(workspace: Path) -> dict[str, str]:
    """What a server is started with: no better ranking is made by itself, beside a test of something else."""
    return {"FLYWHEEL_HOME": str(workspace), "FLYWHEEL_RANKING_ROWS": "0", "PYTHONPATH": str(ROOT)}


class Server:
    """The app, started as a user starts it, on a workspace of its own."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self.process: subprocess.Popen | None = None

    @property
    def command(self) -> list[str]:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        return [*command, "--server.headless", "true", "--server.fileWatcherType", "none"]

    def start(self, *, seconds: float = 60) -> None:
        self.log = (self.workspace / "server.log").open("ab")
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=os.environ | environment(self.workspace),
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1) as answer,
            ):
                if answer.read() == b"ok":
                    return
            time.sleep(0.1)
        raise TimeoutError(f"The app did not start within {seconds} s:\n{self.said()[-3000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
            self.log.close()

    def said(self) -> str:
        return (self.workspace / "server.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("workspace"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_server(tmp_path):
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            args=[
                "--no-sandbox",
                *NO_GPU,
                "--disable-background-networking",
                "--disable-component-update",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(browser):
    """The tab of all journeys: most of what a new one costs is to load and compile the framework."""
    context = browser.new_context(viewport=WIDE, accept_downloads=True)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab):
    """The tab as a new one is: another address loads the app anew, and with it begins a session of its own."""
    tab.set_viewport_size(WIDE)
    # What moves is drawn frame by frame, and most of what a browser here does is to draw.
    tab.emulate_media(reduced_motion="reduce", color_scheme="light")
    yield tab
    for other in tab.context.pages:
        if other != tab:
            other.close()
