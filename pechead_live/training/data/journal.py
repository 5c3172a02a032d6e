"""What became of each video, one small file each, so that a run that ends early can go on.

``journal/NAME.json`` is written when a video is finished; its chunks lie in ``unpacked/CHUNK.zip``
until they are part of a shard that the manifest names.
"""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pechead_live.errors import InputError, OutputError
from pechead_live.training.data.manifest import ChunkEntry, chunk_entry
from pechead_live.whole_file import write_whole

JOURNAL, UNPACKED = "journal", "unpacked"
"""Folders of the prepared data."""

_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError)
"""What a damaged entry raises."""


@dataclass(frozen=True, kw_only=True)
class VideoRecord:
    """One video after it was worked on."""

    name: str
    """Of the video, unique in the data set."""

    source: str
    """Its file, relative to the prepared folder."""

    chunks: tuple[ChunkEntry, ...] = ()
    """What was cut from it."""

    frames: int = 0
    """That were read."""

    reason: str = ""
    """Why there is no chunk of it; empty if there is one."""

    dropped: dict[str, int] = field(default_factory=lambda: dict[str, int]())
    """Why frames are in no chunk, and how many."""

    seconds: float = 0.0
    """That it took."""

    stamp: str = ""
    """Size and time of the file: a skipped video that has changed is tried again."""

    @property
    def kept(self) -> int:
        """Frames in its chunks."""
        return sum(chunk.frames for chunk in self.chunks)


def make_folders(folder: Path) -> None:
    """Makes ``folder`` and those of the journal; `OutputError` if that is not allowed."""
    try:
        for name in (JOURNAL, UNPACKED):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {folder} cannot be made ({error.strerror}): give another"
        ) from error


def unpacked_path(folder: Path, chunk: str) -> Path:
    """Where a chunk lies until it is packed."""
    return folder / UNPACKED / f"{chunk}.zip"


def write_record(folder: Path, record: VideoRecord) -> None:
    """Notes that a video is finished."""
    content = json.dumps(asdict(record), indent=1).encode()
    write_whole(folder / JOURNAL / f"{record.name}.json", content)


def read_records(folder: Path) -> dict[str, VideoRecord]:
    """Name of a video to what became of it."""
    records: dict[str, VideoRecord] = {}
    for path in sorted((folder / JOURNAL).glob("*.json")):
        try:
            content = json.loads(path.read_bytes())
            chunks = tuple(chunk_entry(chunk) for chunk in content.pop("chunks"))
            dropped = {str(reason): int(n) for reason, n in content.pop("dropped").items()}
            record = VideoRecord(**content, dropped=dropped)
        except _DAMAGED as error:
            raise InputError(
                f"{path} is damaged ({error}): remove it, and its video is done again"
            ) from error
        records[record.name] = replace(record, chunks=chunks)
    return records


def file_stamp(path: Path) -> str:
    """Size and time of a file; empty if it cannot be looked at."""
    try:
        state = path.stat()
    except OSError:
        return ""
    return f"{state.st_size}-{state.st_mtime_ns}"


def unique_names(sources: list[str]) -> list[str]:
    """A file name for each source: its stem, with a hash of the whole where that is not unique."""
    plain = [re.sub(r"[^\w.+=-]", "_", Path(source).stem, flags=re.ASCII) for source in sources]
    stems = [stem[:80] for stem in plain]
    times: dict[str, int] = {}
    for stem in stems:
        times[stem.lower()] = times.get(stem.lower(), 0) + 1
    return [
        stem if times[stem.lower()] == 1 else f"{stem}-{sha256(source.encode()).hexdigest()[:8]}"
        for stem, source in zip(stems, sources, strict=True)
    ]


def as_json(record: VideoRecord) -> dict[str, Any]:
    """What the report shows of a record."""
    return {
        "source": record.source,
        "chunks": [chunk.name for chunk in record.chunks],
        "frames_read": record.frames,
        "frames_kept": record.kept,
        "reason": record.reason,
        "dropped": record.dropped,
        "seconds": record.seconds,
    }
