"""Engines that were built before: the second build of the same thing is a copy."""

import contextlib
import hashlib
import json
import logging
from pathlib import Path

import platformdirs

from engines.manifest import Manifest, check_file, manifest_path, read_manifest, write_manifest
from pechead_live.errors import InputError, OutputError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CACHE = Path(platformdirs.user_cache_dir("pechead-live")) / "engines"
"""Where engines are kept; the folder may be deleted at any time."""

LARGEST = 4 * 2**30
"""Bytes of engines that are kept; the oldest go first."""

RECIPE = 2
"""Of `export.tensorrt.network.build`: raised when it would build another engine of the same."""


def cache_key(manifest: Manifest, gpu: str) -> str:
    """Name for the engine that ``manifest`` describes, out of everything that it depends on.

    ``gpu``: the model that the full TensorRT measures on, "" for TensorRT-RTX.
    """
    depends = [
        RECIPE,
        manifest.onnx_sha256,
        manifest.runtime,
        manifest.runtime_version,
        manifest.plugin,
        sorted(manifest.targets),
        gpu,
    ]
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:32]


def cached(folder: Path, key: str) -> bytes | None:
    """The engine of that key; None if there is none, or it is damaged."""
    file = folder / f"{key}.engine"
    with contextlib.suppress(InputError, OSError):
        check_file(file, read_manifest(file))
        file.touch()
        return file.read_bytes()
    return None


def keep(folder: Path, key: str, content: bytes, manifest: Manifest) -> None:
    """Keeps an engine for the next time. A folder that cannot be written to is no fault: a line in
    the log."""
    file = folder / f"{key}.engine"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
        write_manifest(file, manifest)
        _shrink(folder)
    except (OutputError, OSError) as error:
        logger.warning("the engine is not kept for another time: %s", error)


def _shrink(folder: Path) -> None:
    """The oldest go until the rest is small enough."""
    files = sorted(folder.glob("*.engine"), key=lambda file: file.stat().st_mtime)
    excess = sum(file.stat().st_size for file in files) - LARGEST
    for file in files[:-1]:
        if excess <= 0:
            return
        excess -= file.stat().st_size
        file.unlink(missing_ok=True)
        manifest_path(file).unlink(missing_ok=True)
