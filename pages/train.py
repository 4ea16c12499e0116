"""Train."""

from __future__ import annotations

from pages.parts import frame

frame.guard()
project = frame.project_or_stop("train")
frame.heading("train")
