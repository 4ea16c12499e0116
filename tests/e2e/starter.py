"""Starts and kills the app many times in a short while: each server is forked from a process that has its libraries.

A server forked from it has read the libraries that the app stands on, but nothing of the app itself: the first request
finds Streamlit as it is right after a start. Run as a script it is that process: a line on standard input starts a
server, its process id is the answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

__all__ = ["ForkedServer", "Starter"]

ROOT = Path(__file__).parents[2]
LIBRARIES = (
    "PIL.Image",
    "anyio._backends._asyncio",
    "cleanlab.filter",
    "cleanlab.rank",
    "imblearn.over_sampling",
    "pandas",
    "plotly.graph_objects",
    "plotly.io",
    "pyarrow.csv",
    "pyarrow.parquet",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "streamlit.web.bootstrap",
    "uvicorn.main",
    "uvicorn.protocols.websockets.auto",
)


class Starter:
    """The process that servers are forked from.

    Parameters
    ----------
    more : str
        Modules to read beside the libraries; those of the app itself where only its speed is wanted.
    """

    def __init__(self, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, *more],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, workspace: Path, port: int) -> int:
        """Start a server; its process id, which is its group as well."""
        self.process.stdin.write(json.dumps([str(workspace), port]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class ForkedServer:
    """The app on a workspace of its own; the face of ``conftest.Server``."""

    def __init__(self, starter: Starter, workspace: Path) -> None:
        self.starter = starter
        self.workspace = workspace
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self.group: int | None = None

    def start(self, *, seconds: float = 60) -> None:
        self.group = self.starter.fork(self.workspace, self.port)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1) as said,
            ):
                if said.read() == b"ok":
                    return
            time.sleep(0.05)
        raise TimeoutError(f"The app did not start within {seconds} s:\n{self.said()[-3000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.group is not None:
            os.killpg(self.group, signal.SIGKILL)
            while alive(self.group):
                time.sleep(0.01)
            self.group = None

    def said(self) -> str:
        return (self.workspace / "server.log").read_text(encoding="utf-8", errors="replace")


def alive(process: int) -> bool:
    """Whether a process is there; one that has ended and was waited for is not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Read the libraries, then fork a server for each line."""
    import importlib

    for library in (*LIBRARIES, *sys.argv[1:]):
        importlib.import_module(library)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        workspace, port = json.loads(line)
        child = os.fork()
        if child:
            print(child, flush=True)
        else:
            serve(Path(workspace), port)


def serve(workspace: Path, port: int) -> None:
    """Become a server, as ``streamlit run app.py`` is one."""
    from streamlit.web import cli

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ |= {"FLYWHEEL_HOME": str(workspace), "FLYWHEEL_RANKING_ROWS": "0"}
    log = os.open(workspace / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor, to in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(descriptor, to)
    arguments = ["run", "app.py", "--server.port", str(port), "--server.headless", "true"]
    cli.main([*arguments, "--server.fileWatcherType", "none"])


if __name__ == "__main__":
    main()
