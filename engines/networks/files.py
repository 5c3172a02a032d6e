"""An exported network is a folder with a file for each part; its parts must be of one export."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from engines.engine import Engine
from engines.manifest import REBUILD, Manifest
from engines.open import open_engine
from pechead_live.errors import InputError
from pechead_live.reachable import is_file

ENDINGS = (".engine", ".onnx")
"""Of parts, the one that is preferred first."""


def open_parts(
    folder: Path,
    parts: Sequence[str],
    kind: str,
    preset: str,
    device: str | None = None,
    threads: int | None = None,
) -> list[Engine]:
    """Opens the files of ``parts`` in ``folder``; ``device`` and ``threads`` as `open_engine`.

    `InputError` if a part is missing, or they are not the network ``kind`` and ``preset``, or not
    of one checkpoint and precision.
    """
    with ExitStack() as opened:
        engines: list[Engine] = []
        for part in parts:
            engine = open_engine(_file_of(folder, part, device), device, threads=threads)
            opened.callback(engine.close)
            _check(folder, engine.manifest, part, kind, preset)
            engines.append(engine)
        first = engines[0].manifest
        for engine in engines[1:]:
            if engine.manifest.checkpoint_sha256 != first.checkpoint_sha256:
                raise InputError(
                    f"{folder} holds '{first.part}' and '{engine.manifest.part}' of different "
                    f"weights: {REBUILD}"
                )
        opened.pop_all()
    return engines


def has_part(folder: Path, part: str, device: str | None = None) -> bool:
    """Whether ``folder`` holds a file of ``part`` that ``device`` runs."""
    return any(is_file(folder / f"{part}{ending}") for ending in _endings(device))


def _file_of(folder: Path, part: str, device: str | None) -> Path:
    for ending in _endings(device):
        if is_file(file := folder / f"{part}{ending}"):
            return file
    wanted = " or ".join(f"{part}{ending}" for ending in _endings(device))
    raise InputError(
        f"{folder} holds no {wanted}: give the folder of an exported network, or {REBUILD}"
    )


def _endings(device: str | None) -> tuple[str, ...]:
    if device is None:
        return ENDINGS
    return (".engine",) if device.startswith("tensorrt") else (".onnx",)


def _check(folder: Path, manifest: Manifest, part: str, kind: str, preset: str) -> None:
    if manifest.part != part:
        raise InputError(f"{folder}: the file of {part} holds '{manifest.part}': {REBUILD}")
    names = (preset, preset.removeprefix("lite-"))  # lite-toy is the toy among the lite networks
    if manifest.kind != kind or manifest.preset not in names:
        raise InputError(
            f"{folder} is the network '{manifest.preset}' ({manifest.kind}), not '{preset}' "
            f"({kind}): give another folder, or ask for its own model"
        )
