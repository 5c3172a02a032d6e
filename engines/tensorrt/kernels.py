"""TensorRT-RTX finishes an engine's kernels on the user's GPU: those are kept for the next time."""

import logging
from pathlib import Path
from typing import Any

import platformdirs

from pechead_live.errors import OutputError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CACHE = Path(platformdirs.user_cache_dir("pechead-live")) / "kernels"
"""Where they are kept; the folder may be deleted at any time."""


class KernelCache:
    """Kernels of one engine; of the full TensorRT, which has none to finish, nothing."""

    def __init__(self, engine: Any, file: Path) -> None:
        """``engine``: TensorRT's. ``file`` may be absent; one of another GPU, driver or version is
        found out by TensorRT and replaced."""
        self._engine, self._file = engine, file
        self._config: Any = None
        self._kernels: Any = None
        self._kept = file.is_file()
        if not hasattr(engine, "create_runtime_config"):
            return
        config = engine.create_runtime_config()
        if not hasattr(config, "create_runtime_cache"):
            return
        self._config, self._kernels = config, config.create_runtime_cache()
        if self._kept:
            self._kept = bool(self._kernels.deserialize(file.read_bytes()))
        config.set_runtime_cache(self._kernels)

    def context(self) -> Any:
        """A new context of the engine: kernels are finished now, or at its first frame."""
        if self._config is None:
            return self._engine.create_execution_context()
        return self._engine.create_execution_context(self._config)

    def keep(self) -> None:
        """Writes the file once a context has run. A folder that cannot be written to is no fault: a
        line in the log."""
        if self._kernels is None or self._kept:
            return
        self._kept = True
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, bytes(self._kernels.serialize()))
        except (OutputError, OSError, TypeError) as error:  # TypeError: it had nothing to give
            logger.warning("the finished kernels are not kept for another time: %s", error)
