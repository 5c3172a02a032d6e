"""Reading shards: each is checked, and its videos are decoded once into a file of raw pixels.

That file is mapped into memory: several processes share its pages, no decoder runs while training,
and what does not fit into memory stays on the disk. Neither MediaPipe nor torch is needed.
"""

import contextlib
import hashlib
import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pechead_live.errors import InputError, OutputError
from pechead_live.training.data.chunk import SIDE, Chunk
from pechead_live.training.data.clip import decode_clip
from pechead_live.training.data.manifest import ADVICE, ShardEntry, read_manifest
from pechead_live.training.data.shard_members import read_chunk, read_member

logger = logging.getLogger(__name__)

CACHE = "cache"
"""Folder of the decoded frames, beside the shards unless another is given."""

_FRAME = SIDE * SIDE * 3


def read_shards(folder: Path, cache: Path | None = None) -> list[Chunk]:
    """Every chunk of prepared data; ``frames`` of each is a part of a mapped file in ``cache``.

    `InputError` names a shard that is missing, cut off, changed or damaged; `OutputError` if the
    decoded frames (0.2 MB each) cannot be kept.
    """
    manifest = read_manifest(folder)
    chunks = [chunk for s in manifest.shards for chunk in _read(folder, s, cache or folder / CACHE)]
    if not chunks:
        raise InputError(f"{folder} holds no chunk yet: wait for 'pechead-live data prepare'")
    return chunks


def check_shard(folder: Path, shard: ShardEntry) -> None:
    """`InputError` unless the file has the length and the hash that the manifest names."""
    path = folder / shard.name
    try:
        size = path.stat().st_size
        if size != shard.bytes:
            raise InputError(f"{path} is cut off ({size} of {shard.bytes} bytes): {ADVICE}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(f"the shard {path} is missing: {ADVICE}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): {ADVICE}") from error
    if digest != shard.sha256:
        raise InputError(f"{path} was changed or damaged (its SHA-256 is another): {ADVICE}")


def _read(folder: Path, shard: ShardEntry, cache: Path) -> list[Chunk]:
    check_shard(folder, shard)
    path = folder / shard.name
    try:
        with zipfile.ZipFile(path) as archive:
            frames = _frames(archive, shard, cache)
            chunks: list[Chunk] = []
            first = 0
            for entry in shard.chunks:
                chunks.append(read_chunk(archive, entry, frames[first : first + entry.frames]))
                first += entry.frames
            return chunks
    except OutputError:
        raise
    except (InputError, zipfile.BadZipFile, OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} cannot be used, {error}: {ADVICE}") from error


def _frames(archive: zipfile.ZipFile, shard: ShardEntry, cache: Path) -> npt.NDArray[np.uint8]:
    """(T, 256, 256, 3) all frames of a shard, mapped."""
    path = cache / f"{Path(shard.name).stem}-{shard.sha256[:16]}.u8"
    if not path.is_file() or path.stat().st_size != shard.frames * _FRAME:
        _decode(archive, shard, path)
    shape = (shard.frames, SIDE, SIDE, 3)
    return np.memmap(path, np.uint8, "r", shape=shape)


def _decode(archive: zipfile.ZipFile, shard: ShardEntry, path: Path) -> None:
    """Decodes each video of a shard into one raw file, which appears whole or not at all."""
    logger.info("decoding %d frames of %s into %s", shard.frames, shard.name, path.parent)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for entry in shard.chunks:
                frames = np.empty((entry.frames, SIDE, SIDE, 3), np.uint8)
                content = read_member(archive, f"{entry.name}.mp4")
                try:
                    decode_clip(content, frames)
                except InputError as error:
                    raise InputError(f"its chunk {entry.name} holds {error}") from error
                file.write(frames.data)  # not through a map: a full disk would end the process
        os.replace(part, path)
    except OSError as error:
        raise OutputError(
            f"the decoded frames cannot be kept in {path.parent} ({error.strerror}): they need "
            f"{shard.frames * _FRAME / 1e9:.1f} GB, free some space or give another cache folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
