"""Runs scripts that left the app, each in a process of its own and without this project; itself run as a script.

It has imported what they import, which takes far longer than what they do, and is forked for each. Each line that it is
told is one to run, in JSON: ``folder``, ``script``, ``arguments``, and the file for what is ``said``; the answer is its
exit code.
"""

import json
import os
import runpy
import sys
import traceback

import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import sklearn.ensemble
import sklearn.feature_extraction.text
import sklearn.linear_model
import sklearn.metrics
import sklearn.pipeline
import sklearn.preprocessing  # noqa: F401
import skops.io  # noqa: F401


def run(asked: dict) -> None:
    """Run one script as ``python script arguments`` does."""
    os.chdir(asked["folder"])
    for stream, ending in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{asked['said']}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = [asked["script"], *asked["arguments"]]
    runpy.run_path(asked["script"], run_name="__main__")


def exit_code(asked: dict) -> int:
    try:
        run(asked)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = exit_code(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
