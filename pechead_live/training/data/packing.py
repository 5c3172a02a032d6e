"""Packing finished chunks into shards: plain zips of at most so many bytes."""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pechead_live.errors import InputError
from pechead_live.training.data.journal import UNPACKED, unpacked_path
from pechead_live.training.data.manifest import ChunkEntry, Manifest, ShardEntry, write_manifest
from pechead_live.whole_file import write_whole

OVERHEAD = 1024
"""Bytes that the zip's own lists add for a chunk, rounded up."""


def write_unpacked(folder: Path, chunk: str, members: dict[str, bytes]) -> None:
    """Keeps a chunk until it is packed; `OutputError` if that fails."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(_info(name), content)
    write_whole(unpacked_path(folder, chunk), file.getvalue())


def pack(
    folder: Path,
    manifest: Manifest,
    pending: Sequence[ChunkEntry],
    *,
    shard_bytes: int,
    everything: bool,
) -> tuple[Manifest, list[ChunkEntry]]:
    """Makes shards of ``pending`` while they fill one, with ``everything`` also of the rest.

    Returns the new manifest, already written, and what is still pending. A shard is whole before
    the manifest names it, and its chunks are removed only then.
    """
    rest = list(pending)
    while rest:
        taken = _first_fitting(folder, rest, shard_bytes)
        if taken == len(rest) and not everything:
            break
        manifest = _write_shard(folder, manifest, rest[:taken])
        remove_unpacked(folder, rest[:taken])
        rest = rest[taken:]
    return manifest, rest


def remove_unpacked(folder: Path, chunks: Iterable[ChunkEntry]) -> None:
    """Removes chunks that are in a shard."""
    for chunk in chunks:
        with contextlib.suppress(OSError):
            unpacked_path(folder, chunk.name).unlink(missing_ok=True)


def remove_leftovers(folder: Path, pending: Iterable[ChunkEntry]) -> None:
    """Removes what a run that was killed left of videos it did not finish."""
    wanted = {unpacked_path(folder, chunk.name) for chunk in pending}
    for path in (folder / UNPACKED).iterdir():
        if path not in wanted and path.suffix in (".zip", ".part"):
            with contextlib.suppress(OSError):
                path.unlink()


def _first_fitting(folder: Path, chunks: Sequence[ChunkEntry], shard_bytes: int) -> int:
    """How many of the first chunks fit into one shard, at least 1."""
    total = 0
    for count, chunk in enumerate(chunks):
        total += unpacked_path(folder, chunk.name).stat().st_size + OVERHEAD
        if total > shard_bytes and count:
            return count
    return len(chunks)


def _write_shard(folder: Path, manifest: Manifest, chunks: Sequence[ChunkEntry]) -> Manifest:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as shard:
        for chunk in chunks:
            path = unpacked_path(folder, chunk.name)
            try:
                with zipfile.ZipFile(path) as archive:
                    for info in archive.infolist():
                        shard.writestr(_info(info.filename), archive.read(info))
            except (OSError, zipfile.BadZipFile) as error:
                raise InputError(
                    f"{path} is damaged ({error}): remove the folder {folder} and prepare it again"
                ) from error
    content = file.getvalue()
    entry = ShardEntry(
        name=f"shard-{len(manifest.shards):05d}.zip",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        chunks=tuple(chunks),
    )
    write_whole(folder / entry.name, content)
    manifest = replace(manifest, shards=(*manifest.shards, entry))
    write_manifest(folder, manifest)
    return manifest


def _info(name: str) -> zipfile.ZipInfo:
    """Without the time of day: the same chunks make the same file."""
    return zipfile.ZipInfo(name)
