"""Libraries that not everybody has, imported when an engine that needs one is opened."""

import importlib
from typing import Any

from pechead_live.errors import MissingDependencyError

ENDS = 110
"""Characters kept at each end of what a runtime says."""


def load_library(module: str, extra: str | None = None) -> Any:
    """The module; `MissingDependencyError` names the ``extra`` of this package that brings it, or
    without one the module itself, which came with this package."""
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        wanted = module if extra is None else f"'pechead-live[{extra}]'"
        raise MissingDependencyError(
            f"{module} cannot be loaded ({reason(error)}): run pip install {wanted}"
        ) from error


def reason(error: Exception) -> str:
    """What a runtime said, in one line that is not endless: its middle is the runtime's own files
    and line numbers."""
    said = " ".join(str(error).split())
    return said if len(said) <= 2 * ENDS else f"{said[:ENDS]} ... {said[-ENDS:]}"
