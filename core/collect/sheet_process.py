"""Opens a workbook in a process of its own and writes its rows to the standard output.

The reader of workbooks is compiled: a file of five kilobytes whose cells lie at opposite corners of a sheet makes it
ask for hundreds of gigabytes and abort, and the app with it. Here only this process ends. It imports nothing of the
app, so that it starts in a few milliseconds.

It is called with what is wanted as JSON, ``null`` for the names of the sheets, ``{"sheet": …}`` for the rows of one,
and with its limits, ``{"memory": bytes, "cells": …}``, and reads the workbook from the standard input. It answers in
lines of JSON: ``{"names": […]}`` or ``{"error": …}`` first, then for each sheet it opens ``{"sheet": name}`` and its
rows, and ``{"done": true}`` at the end.
"""

from __future__ import annotations

import datetime
import io
import json
import sys
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError

__all__ = ["MAX_CELLS", "MEMORY", "lines"]

# Of the address space, where the system can limit it. A full sheet of twenty columns takes 1.5 GB.
MEMORY = 5 * 1024**3 // 2
MAX_CELLS = 30_000_000


def lines(data: bytes, wanted: dict[str, Any] | None, most: int | None = None) -> Iterator[dict[str, Any] | list[Any]]:
    """Open a workbook and give, one after the other, what is to be written; ``most`` cells, by default `MAX_CELLS`."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(workbook.sheet_names)
        yield {"names": names}
        if wanted is not None:
            yield from _rows(workbook, _candidates(names, wanted["sheet"]), most or MAX_CELLS)
        yield {"done": True}
    except (KeyboardInterrupt, SystemExit):
        raise
    except PasswordError:
        yield {"error": "password"}
    except BaseException as error:
        # Panics of compiled code are no ordinary exceptions.
        yield {"error": " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__}


def _candidates(names: list[str], sheet: str | int | None) -> list[str]:
    """The one sheet that is asked for; all, to look for the first that holds anything; none if it is not there."""
    if sheet is None:
        return names
    if isinstance(sheet, int):
        return [names[sheet]] if 0 <= sheet < len(names) else []
    return [sheet] if sheet in names else []


def _rows(workbook: CalamineWorkbook, names: list[str], most: int) -> Iterator[dict[str, Any] | list[Any]]:
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        yield {"sheet": name}
        if sheet.width * sheet.height > most:
            yield {"cells": sheet.width * sheet.height}
            return
        found = False
        for row in sheet.iter_rows():
            if any(value != "" for value in row):
                found = True
                yield row
        if found:
            return


def _tagged(value: object) -> dict[str, Any]:
    """Write what JSON does not know."""
    if isinstance(value, datetime.timedelta):
        return {"seconds": value.total_seconds()}
    assert isinstance(value, datetime.datetime | datetime.date | datetime.time)
    return {type(value).__name__: value.isoformat()}


def _main() -> None:
    limits = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    try:
        import resource
    except ImportError:
        pass
    else:
        resource.setrlimit(
            resource.RLIMIT_AS, (limits.get("memory", MEMORY), resource.getrlimit(resource.RLIMIT_AS)[1])
        )
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    write = sys.stdout.write
    encode = json.JSONEncoder(default=_tagged, check_circular=False).encode
    for line in lines(sys.stdin.buffer.read(), json.loads(sys.argv[1]), limits.get("cells")):
        write(encode(line) + "\n")


if __name__ == "__main__":
    _main()
