"""A driven portrait as the ports of a network take it, kept in a file: bytes, and who reads it
needs neither the portrait nor the renderer that guides."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from export.parity.driving import Driving, driving_of
from pechead_live.avatar.file import open_avatar
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels
from pechead_live.recording import read_recording
from pechead_live.samples import sample
from pechead_live.whole_file import write_whole

FRAMES = 50
"""That differ; after the last comes the first. More would be memory that is not the network's."""

PORTRAIT, MOTION = "astronaut.avatar", "talking.npz"
"""Bundled samples."""

Ports = dict[str, NDArray[Any]]


class Clip(NamedTuple):
    """What a network is given."""

    source: Ports
    """Once."""

    frames: list[Ports]
    """One after the other."""


def bundled_clip(kind: str, size: int) -> Clip:
    """The bundled portrait and motion for a network of ``kind`` that sees ``size`` pixels."""
    recording = read_recording(sample(MOTION))
    return clip_of(kind, driving_of(open_avatar(sample(PORTRAIT)), recording, size, FRAMES))


def clip_of(kind: str, driving: Driving) -> Clip:
    """``driving`` under the names of the ports of a network of ``kind``."""
    source: Ports = {"portrait": _bytes(driving.portrait), "condition": driving.condition}
    frames = driving.frames
    if kind == "reconstructor":
        return Clip({}, [{"crop": _bytes(frame.picture)} for frame in frames])
    if kind == "pechead":
        return Clip(
            {**source, "landmarks": driving.landmarks},
            [
                {"condition": each.condition, "landmarks": each.landmarks, "prior_flow": each.flow}
                for each in frames
            ],
        )
    return Clip(
        source,
        [
            {
                "condition": each.condition,
                "guide_picture": _bytes(each.picture),
                "guide_flow": each.flow,
                "guide_share": each.share,
            }
            for each in frames
        ],
    )


def write_clip(path: Path, clip: Clip) -> None:
    """Keeps ``clip``; `OutputError` if it cannot be written."""
    arrays: dict[str, Any] = {f"source.{name}": array for name, array in clip.source.items()}
    for name in clip.frames[0]:
        arrays[f"frames.{name}"] = np.stack([frame[name] for frame in clip.frames])
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_whole(path, content.getvalue())


def read_clip(path: Path) -> Clip:
    """What `write_clip` kept."""
    with np.load(path) as arrays:
        kept = {name: np.ascontiguousarray(arrays[name]) for name in arrays.files}
    source = {n.removeprefix("source."): a for n, a in kept.items() if n.startswith("source.")}
    stacked = {n.removeprefix("frames."): a for n, a in kept.items() if n.startswith("frames.")}
    count = len(next(iter(stacked.values())))
    return Clip(source, [{name: a[i] for name, a in stacked.items()} for i in range(count)])


def _bytes(picture: FloatArray) -> Pixels:
    return np.rint(picture * 255).astype(np.uint8)
