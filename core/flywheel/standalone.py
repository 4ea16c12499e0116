"""Several files of this project as one that needs none of the others: what leaves is the code that made the numbers."""

from __future__ import annotations

import inspect
import re
from types import ModuleType

__all__ = ["standalone"]

_IMPORT = re.compile(r"^from core\.[\w.]+ import (?:\([^)]*\)|.*)\n", flags=re.MULTILINE)
_FUTURE = re.compile(r"^from __future__ .*\n", flags=re.MULTILINE)


def standalone(*modules: ModuleType) -> str:
    """The sources of some modules, one after the other, in one file.

    Parameters
    ----------
    modules : modules
        Each may import, of this project, only those before it; none may define a name that another defines.
    """
    sources = [_IMPORT.sub("", inspect.getsource(module)) for module in modules]
    return "\n\n".join([sources[0], *(_FUTURE.sub("", source) for source in sources[1:])])
