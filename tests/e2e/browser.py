"""Finds the Chromium or Chrome that the browser tests drive; run as a script it installs Debian's where it may.

``FLYWHEEL_BROWSER`` names one. Otherwise an installed Chromium or Chrome is taken, and where there is none, and we are
root on a system with apt-get, Debian's ``chromium`` is installed. Playwright's own download is never asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
REMEDY = (
    "No Chromium or Chrome was found for the browser tests. Install one (Debian, Ubuntu: apt-get install chromium), "
    "or name it: FLYWHEEL_BROWSER=/path/to/chrome make test. Everything but the browser tests: make check"
)


def find_browser() -> str | None:
    """Path of the browser to drive, or None."""
    named = os.environ.get("FLYWHEEL_BROWSER")
    if named:
        return shutil.which(named)
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in (*found, *PLACES) if path and Path(path).exists()), None)


def install_browser() -> None:
    """Install Debian's chromium, if we are root and there is an apt-get; say nothing unless it fails."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("Installing Debian's chromium for the browser tests (once)", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
        done = subprocess.run(
            ["apt-get", "-qq", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"apt-get {' '.join(command)} failed:\n{done.stdout}{done.stderr}", file=sys.stderr)
            return


def main() -> int:
    """Make sure that there is a browser; the exit code says whether there is."""
    if find_browser() is None and not os.environ.get("FLYWHEEL_BROWSER"):
        install_browser()
    if find_browser() is None:
        print(REMEDY, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
