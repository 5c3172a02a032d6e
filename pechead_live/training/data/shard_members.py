"""A chunk as the members of a shard: ``NAME.mp4``, ``NAME.npz`` and ``NAME-mattes.png``.

Points are whole numbers of `UNIT`, each frame's as the difference from the frame before, which
packs into half of what float16 takes; scores are float16, the pose is float32. The mattes stand one
below the other in one picture.
"""

import io
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import POINTS
from pechead_live.training.data.chunk import Chunk
from pechead_live.training.data.clip import encode_clip
from pechead_live.training.data.manifest import ChunkEntry

UNIT = 1 / 2048
"""Picture units of a stored point: rounded to 0.03 pixel of 256, far below a detector's noise."""

_MOST_BYTES = 64 * 1024 * 1024
"""Of one member: ten times the largest chunk's."""

_MOST_PIXELS = 64_000_000
"""Of a chunk's mattes, likewise."""

_DAMAGED = (
    zipfile.BadZipFile,
    tokenize.TokenError,  # numpy, of a damaged header
    SyntaxError,
    zlib.error,
    struct.error,
    cv2.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)

Numbers = dict[str, npt.NDArray[Any]]


def entry_of(chunk: Chunk) -> ChunkEntry:
    """What the manifest says about it."""
    return ChunkEntry(
        name=chunk.name,
        identity=chunk.identity,
        licence=chunk.licence,
        source=chunk.source,
        fps=chunk.fps,
        frames=len(chunk.frames),
        portraits=chunk.portraits,
        truths=chunk.truths,
    )


def encode_members(chunk: Chunk) -> dict[str, bytes]:
    """Member name to content."""
    c = chunk.coefficients
    steps = np.rint(np.clip(chunk.points / UNIT, -32767, 32767)).astype(np.int16)
    numbers: Numbers = {
        "points": np.diff(steps, axis=0, prepend=np.zeros_like(steps[:1])),
        "scores": chunk.scores.astype(np.float16),
        "expression": np.array([one.expression for one in c], np.float16),
        "confidence": np.array([one.confidence for one in c], np.float16),
        "rotation": np.array([one.rotation for one in c], np.float32),
        "translation": np.array([one.translation for one in c], np.float32),
        "scale": np.array([one.scale for one in c], np.float32),
        "captured_at": np.array([one.captured_at for one in c], np.float32),
        "identity": c[0].identity,
    }
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **numbers)
    members = {
        f"{chunk.name}.mp4": encode_clip(chunk.frames, chunk.fps),
        f"{chunk.name}.npz": file.getvalue(),
    }
    if len(chunk.mattes):
        stacked = chunk.mattes.reshape(-1, chunk.mattes.shape[2])
        done, png = cv2.imencode(".png", stacked)
        if not done:
            raise ValueError(f"mattes of {stacked.shape} cannot be encoded as PNG")
        members[f"{chunk.name}-mattes.png"] = png.tobytes()
    return members


def read_chunk(archive: zipfile.ZipFile, entry: ChunkEntry, frames: npt.NDArray[np.uint8]) -> Chunk:
    """The chunk of ``entry``; its ``frames`` were decoded before. `InputError` if it is damaged."""
    count = entry.frames
    shapes: dict[str, tuple[int, ...]] = {
        "points": (count, POINTS, 3),
        "scores": (count, EXPRESSION_SIZE),
        "expression": (count, EXPRESSION_SIZE),
        "confidence": (count,),
        "rotation": (count, 3, 3),
        "translation": (count, 2),
        "scale": (count,),
        "captured_at": (count,),
        "identity": (IDENTITY_SIZE,),
    }
    try:
        with np.load(io.BytesIO(read_member(archive, f"{entry.name}.npz"))) as file:
            n: Numbers = {name: np.asarray(file[name]) for name in shapes}
        wrong = [name for name, shape in shapes.items() if n[name].shape != shape]
        if not wrong:
            # in int16 the sums wrap around as the differences did
            n["points"] = np.cumsum(n["points"], axis=0, dtype=np.int16) * np.float32(UNIT)
            n = {name: value.astype(np.float32) for name, value in n.items()}
        if wrong or not all(bool(np.isfinite(value).all()) for value in n.values()):
            raise InputError(f"numbers that do not fit ({', '.join(wrong) or 'not finite'})")
        mattes = _mattes(archive, entry)
    except _DAMAGED as error:
        raise InputError(f"its chunk {entry.name} is damaged ({error})") from error
    coefficients = tuple(
        Coefficients(
            identity=n["identity"],
            expression=n["expression"][i],
            rotation=n["rotation"][i],
            translation=n["translation"][i],
            scale=float(n["scale"][i]),
            confidence=float(n["confidence"][i]),
            captured_at=float(n["captured_at"][i]),
        )
        for i in range(count)
    )
    return Chunk(
        name=entry.name,
        identity=entry.identity,
        licence=entry.licence,
        source=entry.source,
        fps=entry.fps,
        frames=frames,
        coefficients=coefficients,
        points=n["points"],
        scores=n["scores"],
        portraits=entry.portraits,
        mattes=mattes,
        truths=entry.truths,
    )


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member; ValueError or KeyError unless it is one of `encode_members`."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > _MOST_BYTES:
        raise ValueError(f"{name} is packed otherwise")
    return archive.read(info)


def _mattes(archive: zipfile.ZipFile, entry: ChunkEntry) -> npt.NDArray[np.uint8]:
    count = len(entry.portraits)
    if not count:
        return np.zeros((0, 1, 1), np.uint8)
    content = read_member(archive, f"{entry.name}-mattes.png")
    width, height = struct.unpack(">II", content[16:24])  # of the PNG, before it is decoded
    if width * height > _MOST_PIXELS or height % count:
        raise ValueError(f"mattes of {width}x{height} for {count} portraits")
    stacked = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if stacked is None:
        raise ValueError("mattes that cannot be decoded")
    return np.asarray(stacked, np.uint8).reshape(count, -1, width)
