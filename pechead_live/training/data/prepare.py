"""Preparing training data: videos in, shards of tracked heads out; it can be interrupted."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av.error
import cv2

from pechead_live.errors import (
    InputError,
    MissingAssetError,
    MissingDependencyError,
    OutputError,
)
from pechead_live.training.data.chunk import Chunk
from pechead_live.training.data.earlier import (
    check_new,
    names_of,
    still_true,
    without_lost,
)
from pechead_live.training.data.journal import (
    VideoRecord,
    file_stamp,
    make_folders,
    read_records,
    write_record,
)
from pechead_live.training.data.layouts import Video
from pechead_live.training.data.manifest import (
    FILE,
    ChunkEntry,
    Manifest,
    read_manifest,
    write_manifest,
)
from pechead_live.training.data.one_photo import is_photo, photo_chunks
from pechead_live.training.data.one_video import PrepareConfig, Tally, video_chunks
from pechead_live.training.data.packing import (
    pack,
    remove_leftovers,
    remove_unpacked,
    write_unpacked,
)
from pechead_live.training.data.processes import in_processes
from pechead_live.training.data.shard_members import encode_members, entry_of

logger = logging.getLogger(__name__)

_UNREADABLE = (
    InputError,
    av.error.FFmpegError,
    cv2.error,
    OSError,
    ValueError,
    RuntimeError,
    MemoryError,
)
"""What a broken video may raise."""


class Job(NamedTuple):
    """A video to be worked on."""

    video: Video
    name: str
    """Unique in the data set."""

    source: str
    """Its path relative to the folder that is prepared, with its part if it is one."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done, and what is done already."""

    folder: Path
    """Of the prepared data."""

    config: PrepareConfig
    """With which all of it is made."""

    jobs: tuple[Job, ...]
    """Every video."""

    records: dict[str, VideoRecord]
    """Name of a video to what became of it."""

    manifest: Manifest
    """The shards that there are."""

    pending: tuple[ChunkEntry, ...]
    """Chunks that are in none yet."""

    @property
    def missing(self) -> list[Job]:
        """Videos that are still to be done."""
        return [job for job in self.jobs if job.name not in self.records]


def plan(root: Path, videos: Sequence[Video], folder: Path, config: PrepareConfig) -> Plan:
    """Looks at what an earlier run has done of it; makes ``folder``.

    A video that could not be used is tried again if its file has changed. `InputError` if the
    folder was made with other settings; `OutputError` if it cannot be written or holds other files.
    """
    check_new(folder)
    make_folders(folder)
    settings = asdict(config)
    manifest = Manifest(settings=settings, shards=())
    if (folder / FILE).exists():
        manifest = read_manifest(folder)
    else:
        write_manifest(folder, manifest)
    if manifest.settings != settings:
        raise InputError(
            f"{folder} was made with other settings ({manifest.settings}, now {settings}): "
            "give the same again, or another folder"
        )
    sources = [_source(root, video) for video in videos]
    records = read_records(folder)
    names = names_of(sources, records)
    jobs = tuple(Job(*job) for job in zip(videos, names, sources, strict=True))
    records = still_true(folder, {job.name: job.video.path for job in jobs}, records)
    records, pending = without_lost(folder, records, manifest)
    remove_leftovers(folder, pending)
    return Plan(
        folder=folder,
        config=config,
        jobs=jobs,
        records=records,
        manifest=manifest,
        pending=pending,
    )


def prepare(plan: Plan, workers: int = 1) -> Iterator[VideoRecord]:
    """Does what is missing, one record for each video as it is finished, and packs the shards.

    Nothing that is finished is lost when it is interrupted: the next `plan` finds it.
    """
    manifest, pending = plan.manifest, list(plan.pending)
    work = partial(prepare_video, folder=plan.folder, config=plan.config)
    died = partial(_died, folder=plan.folder)
    size = plan.config.shard_bytes
    for record in in_processes(work, plan.missing, workers, died):
        pending += record.chunks
        manifest, pending = pack(plan.folder, manifest, pending, shard_bytes=size, everything=False)
        yield record
    pack(plan.folder, manifest, pending, shard_bytes=size, everything=True)


def prepare_video(job: Job, *, folder: Path, config: PrepareConfig) -> VideoRecord:
    """Cuts one video into chunks that wait to be packed, and notes it in the journal.

    A video that cannot be used is noted with its reason; `OutputError` if nothing can be written.
    """
    started = time.monotonic()
    chunks: list[ChunkEntry] = []
    tally = Tally()
    reason = ""
    try:
        for chunk in _chunks(job, config, tally):
            write_unpacked(folder, chunk.name, encode_members(chunk))
            chunks.append(entry_of(chunk))
    except (OutputError, MissingAssetError, MissingDependencyError):
        remove_unpacked(folder, chunks)
        raise
    except _UNREADABLE as error:
        remove_unpacked(folder, chunks)
        chunks = []
        reason = str(error) or type(error).__name__
    if not chunks and not reason:
        dropped = ", ".join(f"{text} ({count} frames)" for text, count in tally.dropped.items())
        reason = f"no usable chunk: {dropped}" if tally.frames else "holds no frame"
    record = VideoRecord(
        name=job.name,
        source=job.source,
        chunks=tuple(chunks),
        frames=tally.frames,
        reason=reason,
        dropped=dict(tally.dropped),
        seconds=round(time.monotonic() - started, 2),
        stamp=file_stamp(job.video.path),
    )
    write_record(folder, record)
    return record


def _chunks(job: Job, config: PrepareConfig, tally: Tally) -> Iterator[Chunk]:
    if is_photo(job.video):
        tally.frames = 1
        return photo_chunks(job.video, job.name, job.source)
    return video_chunks(job.video, job.name, job.source, config, tally)


def _died(job: Job, how: str, *, folder: Path) -> VideoRecord:
    """The record of a video at which a process came to its end."""
    record = VideoRecord(
        name=job.name,
        source=job.source,
        reason=f"the process that read it ended ({how})",
        stamp=file_stamp(job.video.path),
    )
    write_record(folder, record)
    return record


def _source(root: Path, video: Video) -> str:
    path = video.path.relative_to(root).as_posix()
    if video == video._replace(start=0, end=None, region=None):
        return path
    end = "" if video.end is None else f"{video.end:g}"
    region = "" if video.region is None else "&box=" + ",".join(f"{v:g}" for v in video.region)
    return f"{path}#t={video.start:g},{end}{region}"
