"""Ends a writer at any moment, at any byte, or takes the disk from it; run as a script, in a process of its own.

``python faulty.py kills FOLDER NUMBER`` and ``python faulty.py writes FOLDER``. A limit on the size of files cuts a
write off at exactly that byte, in blobs, in the write-ahead log and in the database itself: with its signal as it comes
the process dies there, with the signal ignored the write fails as on a full disk. Each line of the answer is one
fault: what was acknowledged before it, and what the folder held when it was opened again.
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path

from effort import effort

from core.errors import FlywheelError
from core.flywheel import Collect, Decide, Project, start_queue

MOST = resource.RLIM_INFINITY
WORDS = "word " * 400


def say(pipe: int, *words: object) -> None:
    os.write(pipe, (" ".join(map(str, words)) + "\n").encode())


def limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, MOST))


def forked(work) -> tuple[list[list[str]], int]:
    """Run ``work(pipe)`` in a child; its lines, and the signal that ended it (0: none)."""
    listen, pipe = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(listen)
        try:
            work(pipe)
        except BaseException as error:
            say(pipe, "broken", type(error).__name__, error)
            os._exit(1)
        os._exit(0)
    os.close(pipe)
    with os.fdopen(listen, "rb") as file:
        lines = [line.split() for line in file.read().decode().splitlines()]
    _, status = os.waitpid(child, 0)
    return lines, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


# --- kills ----------------------------------------------------------------------------------------------------------


def kills(folder: Path, number: int) -> None:
    """Kill a writer so many times: every other time after a random while, else at a random byte of a write."""
    chance = random.Random(5)
    known: dict = {}
    known_log: list = []
    for round in range(number):
        torn = round % 2
        listen, ready = os.pipe()
        acknowledged, pipe = os.pipe()
        # Up to there a write of the log or a blob is cut off, beyond it the move of the log into the database.
        most = 30_000 if round % 4 == 1 else (folder / "project.sqlite").stat().st_size
        size = chance.randrange(most) if torn else MOST
        after, pause = chance.randrange(4), chance.uniform(0.0, 0.02)
        child = os.fork()
        if child == 0:
            try:
                write_for_ever(folder, round, known, size, ready, pipe)
            except BaseException as error:
                say(pipe, "broken", type(error).__name__, error)
            finally:
                os._exit(1)
        os.close(ready)
        os.close(pipe)
        assert select.select([listen], [], [], 60)[0], "the writer did not start"
        with os.fdopen(acknowledged, "rb", buffering=0) as file:
            heard = b""
            if not torn:
                while heard.count(b"\n") < after and (more := file.read(4096)):
                    heard += more
                time.sleep(pause)
                os.kill(child, signal.SIGKILL)
            said = [line.split() for line in (heard + file.read()).decode().splitlines()]
        _, status = os.waitpid(child, 0)
        os.close(listen)
        assert os.WIFSIGNALED(status), f"the writer ended by itself: {said[-1:]}"
        project = Project.open(folder)
        # Versions are kept under the entries they were made of: what a kill took from the log could not hide here.
        project.versions._kept.update(known)
        log = project.log
        held = {entry.seq: entry.kind for entry in log[len(known_log) :]}
        report = {
            "signal": os.WTERMSIG(status),
            "lost": [line for line in said if held.get(int(line[0])) != line[1]],
            "acknowledged": len(said),
            "unsaid": len(held) - len(said),
            "in order": [entry.seq for entry in log] == list(range(1, len(log) + 1)),
            "kept": log[: len(known_log)] == known_log,
            "version": project.dataset.version,
            "said": project.said,
        }
        known, known_log = dict(project.versions._kept), log
        project.close()
        print(json.dumps(report), flush=True)


def write_for_ever(folder: Path, round: int, known: dict, size: int, ready: int, pipe: int) -> None:
    project = Project.open(folder)
    project.versions._kept.update(known)
    train = list(project.dataset.ids("train"))
    if size != MOST:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        limit(size)
    os.write(ready, b".")
    for number in range(10_000):
        if number % 3 == 2:
            rows = project.dataset.frame.iloc[:1].assign(key=f"k{round}-{number}", x=number / 7)
            edit = Collect(rows)
        else:
            edit = Decide({train[(round * 31 + number) % len(train)]: ("other", "yes" if number % 2 else "no")})
        entry = project.apply(edit)
        say(pipe, entry.seq, entry.kind)
        if size != MOST and number % 4 == 3:
            # The last one who closes moves the write-ahead log into the database: that write is cut off, too.
            project.close()
            project = Project.open(folder)


# --- every write ----------------------------------------------------------------------------------------------------


def writes(folder: Path) -> None:
    """Cut each write of a fixed series of changes off at one byte after the other: dead there, or refused."""
    train = list(Project.open(folder).dataset.ids("train"))
    early, late = range(3_000, 18_000, effort(3_000, 1_500)), range(18_000, 90_000, effort(12_000, 6_000))
    for size in [0, 1, 100, 600, 1_500, *early, *late, 120_000, 160_000]:
        for dies in (True, False):
            copy = folder.with_name(f"cut-{size}-{dies}")
            shutil.copytree(folder, copy)
            lines, ended = forked(lambda pipe, copy=copy, size=size, dies=dies: series(copy, train, size, dies, pipe))
            project = Project.open(copy)
            held = {f"{entry.kind}-{entry.seq}" for entry in project.log} | {
                f"guideline-{len(text)}" for text in project.guidelines.values()
            }
            held |= {f"queue-{number}" for (number,) in project.store.execute("SELECT number FROM queue")}
            report = {
                "size": size,
                "dies": dies,
                "signal": ended,
                "acknowledged": [line[1] for line in lines if line[0] == "done"],
                "refused": [" ".join(line[1:]) for line in lines if line[0] == "refused"],
                "broken": [" ".join(line[1:]) for line in lines if line[0] == "broken"],
                "held": sorted(held),
                "rows": len(project.dataset),
                "damaged": [str(each) for each in project.store.damaged()],
                "left": [path.name for path in (copy / "blobs").glob(".*")],
                "said": project.said,
                "goes on": project.apply(Decide({train[3]: ("skip", None)})).kind,
            }
            project.close()
            shutil.rmtree(copy)
            print(json.dumps(report), flush=True)


def series(folder: Path, train: list[str], size: int, dies: bool, pipe: int) -> None:
    project = Project.open(folder)
    rows = project.dataset.frame.iloc[:2].assign(key=["new-a", "new-b"], x=[0.5, 0.25])
    cards = project.dataset.frame.loc[train[:5], ["label"]].assign(given="yes", suggested="no", score=0.5, flagged=True)

    def decide() -> str:
        return f"decide-{project.apply(Decide({train[0]: ('other', 'no')})).seq}"

    def collect() -> str:
        return f"collect-{project.apply(Collect(rows)).seq}"

    def define() -> str:
        project.define("yes", WORDS)
        return f"guideline-{len(WORDS)}"

    def queue() -> str:
        return f"queue-{start_queue(project, cards.drop(columns='label'), source='all', turn=0).number}"

    def undo() -> str:
        return f"undo-{project.undo().seq}"

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if dies else signal.SIG_IGN)
    limit(size)
    for act in (collect, decide, define, queue, undo, decide):
        try:
            done = act()
        except FlywheelError as error:
            say(pipe, "refused", str(error).replace("\n", " "))
        else:
            say(pipe, "done", done.replace(" ", "_"))
    # Moves the log into the database.
    project.close()
    limit(MOST)


if __name__ == "__main__":
    if sys.argv[1] == "kills":
        kills(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        writes(Path(sys.argv[2]))
