"""``manifest.json`` of prepared data: its shards, their hashes, and what is in them."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pechead_live.errors import InputError
from pechead_live.reachable import is_file
from pechead_live.whole_file import write_whole

FILE = "manifest.json"
FORMAT = "pechead-live shards"
VERSION = 1

LONGEST = 4096
"""Frames of a chunk at most."""

ADVICE = "prepare the data again with 'pechead-live data prepare', or copy the folder again"

_SHARD = re.compile(r"shard-\d{5}\.zip")
_CHUNK = re.compile(r"[\w.+=-]{1,200}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class ChunkEntry:
    """What the manifest says about a chunk; the words are those of `Chunk`."""

    name: str
    identity: str
    licence: str
    source: str
    fps: float
    frames: int
    """How many."""

    portraits: tuple[int, ...]
    truths: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ShardEntry:
    """One file of chunks."""

    name: str
    """Of the file, beside the manifest."""

    bytes: int
    """Its length."""

    sha256: str
    """Of its content, hexadecimal."""

    chunks: tuple[ChunkEntry, ...]
    """In their order within it."""

    @property
    def frames(self) -> int:
        """Of all its chunks."""
        return sum(chunk.frames for chunk in self.chunks)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All of it."""

    settings: dict[str, Any]
    """With which the data was prepared."""

    shards: tuple[ShardEntry, ...]
    """In order."""

    @property
    def chunks(self) -> list[ChunkEntry]:
        """Of every shard."""
        return [chunk for shard in self.shards for chunk in shard.chunks]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes it whole; `OutputError` if that cannot be done."""
    content = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    write_whole(folder / FILE, json.dumps(content, indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Reads what `write_manifest` wrote; `InputError` says what is wrong with it."""
    path = folder / FILE
    if not is_file(path):
        raise InputError(
            f"{folder} holds no {FILE}: give a folder made by 'pechead-live data prepare'"
        )
    try:
        content = json.loads(path.read_bytes())
        if content.get("format") != FORMAT:
            raise InputError(f"{path} is no list of shards: {ADVICE}")
        if content.get("version") != VERSION:
            raise InputError(
                f"{path} has version {content.get('version')}, this program reads {VERSION}: "
                f"{ADVICE}"
            )
        shards = tuple(_shard(entry) for entry in content["shards"])
        manifest = Manifest(settings=dict(content["settings"]), shards=shards)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}): {ADVICE}") from error
    names = [chunk.name for chunk in manifest.chunks]
    if len(set(names)) < len(names):
        raise InputError(f"{path} names a chunk twice: {ADVICE}")
    return manifest


def _shard(entry: Any) -> ShardEntry:
    chunks = tuple(chunk_entry(chunk) for chunk in entry["chunks"])
    shard = ShardEntry(
        name=str(entry["name"]),
        bytes=int(entry["bytes"]),
        sha256=str(entry["sha256"]),
        chunks=chunks,
    )
    if not (_SHARD.fullmatch(shard.name) and _SHA256.fullmatch(shard.sha256) and chunks):
        raise ValueError(f"shard {shard.name!r}")
    return shard


def chunk_entry(entry: Any) -> ChunkEntry:
    """A chunk's entry from JSON; ValueError, KeyError or TypeError for anything else."""
    chunk = ChunkEntry(
        name=str(entry["name"]),
        identity=str(entry["identity"]),
        licence=str(entry["licence"]),
        source=str(entry["source"]),
        fps=float(entry["fps"]),
        frames=int(entry["frames"]),
        portraits=tuple(int(place) for place in entry["portraits"]),
        truths=tuple(int(place) for place in entry.get("truths", ())),
    )
    if (
        not _CHUNK.fullmatch(chunk.name)
        or not 0 < chunk.fps < 1e6
        or not 1 <= chunk.frames <= LONGEST
    ):
        raise ValueError(f"chunk {chunk.name!r} of {chunk.frames} frames at {chunk.fps} fps")
    if any(not 0 <= place < chunk.frames for place in (*chunk.portraits, *chunk.truths)):
        raise ValueError(f"a portrait or a truth of {chunk.name!r} that it does not have")
    return chunk
