"""What an earlier run has finished of the same videos, and what of that still holds."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from pechead_live.errors import InputError, OutputError
from pechead_live.training.data.journal import (
    JOURNAL,
    UNPACKED,
    VideoRecord,
    file_stamp,
    unique_names,
    unpacked_path,
)
from pechead_live.training.data.manifest import FILE, ChunkEntry, Manifest

logger = logging.getLogger(__name__)


def check_new(folder: Path) -> None:
    """`OutputError` if a folder without a manifest holds anything but an empty start."""
    if not folder.exists() or (folder / FILE).exists():
        return
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    others = [name for name in names if name not in (JOURNAL, UNPACKED)]
    if others:
        raise OutputError(
            f"{folder} holds {others[0]} and no {FILE}: put back the one that belongs there, or "
            "give an empty folder"
        )


def names_of(sources: Sequence[str], records: Mapping[str, VideoRecord]) -> list[str]:
    """A name for each source: the one that it had before, else one that is unique now."""
    before = {record.source: name for name, record in records.items()}
    names = unique_names(list(sources))
    return [before.get(source, name) for source, name in zip(sources, names, strict=True)]


def still_true(
    folder: Path, videos: Mapping[str, Path], records: Mapping[str, VideoRecord]
) -> dict[str, VideoRecord]:
    """The records without those of skipped videos whose file is another now.

    ``videos``: name to file. `InputError` if chunks were made of another file of the same name.
    """
    kept: dict[str, VideoRecord] = {}
    for name, record in records.items():
        stamp = file_stamp(videos[name]) if name in videos else record.stamp
        if record.chunks and stamp.partition("-")[0] != record.stamp.partition("-")[0]:
            raise InputError(
                f"{folder} was made of another {record.source} than {videos[name]}, of other "
                "length: give another folder for the shards"
            )
        if record.chunks or record.stamp == stamp:
            kept[name] = record
    return kept


def without_lost(
    folder: Path, records: Mapping[str, VideoRecord], manifest: Manifest
) -> tuple[dict[str, VideoRecord], tuple[ChunkEntry, ...]]:
    """The records, and the chunks that wait to be packed.

    A video of which every waiting chunk has gone missing is done again if no shard has some of it.
    """
    packed = {chunk.name for chunk in manifest.chunks}
    kept: dict[str, VideoRecord] = {}
    pending: list[ChunkEntry] = []
    for name, record in records.items():
        waiting = [chunk for chunk in record.chunks if chunk.name not in packed]
        there = [chunk for chunk in waiting if unpacked_path(folder, chunk.name).is_file()]
        if len(there) < len(waiting):
            logger.warning("%d chunks of %s are missing", len(waiting) - len(there), name)
            if len(waiting) == len(record.chunks):
                continue
        kept[name] = record
        pending += there
    return kept, tuple(pending)
