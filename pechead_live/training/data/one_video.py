"""One video to chunks: cut, tracked, its portraits chosen; what could not be used, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pechead_live.errors import InputError
from pechead_live.footage.cut import cut
from pechead_live.footage.looks import look
from pechead_live.frame import Frame
from pechead_live.training.data.chunk import Chunk
from pechead_live.training.data.layouts import Video
from pechead_live.training.data.manifest import LONGEST
from pechead_live.training.data.portrait_choice import choose_portraits, portrait_matte
from pechead_live.training.data.source_frames import video_fps, video_frames
from pechead_live.training.data.spans import Span, spans
from pechead_live.training.data.track import Track, track


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """What becomes a chunk, and how large a shard is."""

    shortest: int = 16
    """Frames of a chunk; FOMM's protocol has 64."""

    longest: int = 1024
    """Frames of a chunk."""

    least_side: int = 96
    """Pixels of the head's square in the video; FOMM's protocol has 256."""

    shard_bytes: int = 45_000_000
    """Largest size of a shard; a single chunk that is larger is one by itself."""

    def __post_init__(self) -> None:
        if not 2 <= self.shortest <= self.longest <= LONGEST:
            raise InputError(
                f"a chunk of {self.shortest} to {self.longest} frames: the shortest must be at "
                f"least 2 and not above the longest, and that at most {LONGEST}"
            )
        if self.least_side < 16 or self.shard_bytes < 100_000:
            raise InputError(
                f"a square of {self.least_side} pixels, shards of {self.shard_bytes} bytes: "
                "they must be at least 16 and 100000"
            )


class Tally:
    """Frames of one video, and why some of them are in no chunk."""

    def __init__(self) -> None:
        self.frames = 0
        self.dropped: Counter[str] = Counter()

    def drop(self, reason: str, frames: int) -> None:
        """Counts frames that are not used."""
        if frames > 0:
            self.dropped[reason] += frames


def video_chunks(
    video: Video, name: str, source: str, config: PrepareConfig, tally: Tally
) -> Iterator[Chunk]:
    """The chunks of a video, one after the other; ``tally`` is filled as they come.

    The video is read twice, so that no more than one chunk of it is in memory.
    """
    looks = look(video_frames(video))
    tally.frames = looks.length
    long: list[Span] = []
    found = spans(looks, config.longest)
    tally.drop("no face", looks.length - sum(span.end - span.first for span in found))
    for span in found:
        if span.square.side < config.least_side:
            reason = f"the head's square is smaller than {config.least_side} pixels"
            tally.drop(reason, span.end - span.first)
        elif span.end - span.first < config.shortest:
            tally.drop(f"shorter than {config.shortest} frames", span.end - span.first)
        else:
            long.append(span)
    fps = video_fps(video)
    for span, frames in _cut_out(video, long):
        tracks = track(frames, config.shortest)
        tally.drop("face lost or fit poor", len(frames) - sum(len(t.coefficients) for t in tracks))
        for one in tracks:
            pixels = [
                frame.pixels for frame in frames[one.first : one.first + len(one.coefficients)]
            ]
            yield _chunk(
                one,
                pixels=np.stack(pixels),
                name=f"{name}-{span.first + one.first:05d}",
                video=video,
                source=source,
                fps=fps,
            )


def _cut_out(video: Video, wanted: list[Span]) -> Iterator[tuple[Span, list[Frame]]]:
    """The cropped frames of each span."""
    if not wanted:
        return
    waiting = list(wanted)
    frames: list[Frame] = []
    for place, frame in enumerate(video_frames(video)):
        span = waiting[0]
        if place >= span.first:
            pixels = cut(frame.pixels, span.square)
            frames.append(Frame(pixels=pixels, captured_at=frame.captured_at))
        if place == span.end - 1:
            yield span, frames
            frames = []
            waiting.pop(0)
            if not waiting:
                return


def _chunk(
    one: Track, *, pixels: np.ndarray, name: str, video: Video, source: str, fps: float
) -> Chunk:
    portraits = choose_portraits(one.coefficients)
    mattes = [
        portrait_matte(pixels[i], one.measurements[i], one.coefficients[i]) for i in portraits
    ]
    return Chunk(
        name=name,
        identity=video.identity,
        licence=video.licence,
        source=source,
        fps=fps,
        frames=pixels,
        coefficients=tuple(one.coefficients),
        points=np.stack([m.points for m in one.measurements]),
        scores=np.stack([m.scores for m in one.measurements]),
        portraits=portraits,
        mattes=np.stack(mattes) if mattes else np.zeros((0, 1, 1), np.uint8),
    )
