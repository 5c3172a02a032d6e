"""Which frames make an example: identity, then a clip of it, then frames of the same clip.

Everything is a pure function of the seed and the step, so that a run that is taken up again, or
split over many processes, sees what one unbroken process would have seen. Portraits come from a
pool that lasts for some steps, because opening one costs ten times as much as drawing with it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pechead_live.errors import InputError
from pechead_live.training.data.chunk import Chunk


class Portrait(NamedTuple):
    """A portrait to draw with."""

    chunk: int
    """Place of the chunk among those that are sampled."""

    number: int
    """Which of its portraits."""

    mirrored: bool
    """Whether left and right are swapped."""


class Pick(NamedTuple):
    """One example."""

    portrait: Portrait
    """Who is drawn."""

    sources: tuple[int, ...]
    """Frames of a moving source; empty if the portrait stands still."""

    driving: tuple[int, ...]
    """T frames of the same chunk, in the order in which they are drawn."""

    colour_seed: int
    """For the colour jitter."""


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How examples are drawn."""

    batch: int
    """Examples a step, over all processes."""

    frames: int = 1
    """T: 1 for image pairs."""

    largest_stride: int = 3
    """Frames of a clip are 1 to so many frames apart."""

    still: float = 1.0
    """Share of steps whose source stands still; the paper's sources move, a photo never does."""

    pool: int = 64
    """Portraits in use at a time."""

    refresh: int = 32
    """Steps that a pool lasts."""

    mirror: float = 0.5
    """Share of portraits that are mirrored."""

    reverse: float = 0.5
    """Share of clips that run backwards."""

    photos: float = 0.4
    """Share of portraits that are drawings of a photo, where there are such chunks and others."""

    jitter: float = 0.1
    """Largest change of brightness, contrast, saturation and hue."""

    seed: int = 0
    """Another seed, other examples."""

    def __post_init__(self) -> None:
        if min(self.batch, self.frames, self.largest_stride, self.pool, self.refresh) < 1:
            raise ValueError(f"{self}: batch, frames, stride, pool and refresh must be >= 1")
        shares = (self.still, self.mirror, self.reverse, self.photos)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"{self}: still, mirror, reverse and photos are shares in [0, 1]")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter is {self.jitter}: give a value in [0, 1)")


def split_by_identity(
    chunks: Sequence[Chunk], validation: float
) -> tuple[list[Chunk], list[Chunk]]:
    """For training and for validation: no person is in both. ``validation`` is a share of people.

    Who is held out depends on the name alone, so that more data moves nobody.
    """
    names = sorted({chunk.identity for chunk in chunks}, key=_place)
    held = set(names[: round(validation * len(names))])
    return (
        [chunk for chunk in chunks if chunk.identity not in held],
        [chunk for chunk in chunks if chunk.identity in held],
    )


def _place(name: str) -> int:
    """Of a person in the order; the name may be that of a file in no known encoding."""
    return zlib.crc32(name.encode(errors="surrogatepass"))


def usable(chunks: Sequence[Chunk], config: SamplingConfig) -> list[Chunk]:
    """Those with a portrait and enough frames; `InputError` if there is none."""
    found = [c for c in chunks if c.portraits and (c.truths or len(c.points) >= config.frames)]
    if not found:
        raise InputError(
            f"none of {len(chunks)} chunks has a portrait and {config.frames} frames: give fewer "
            "--frames, a smaller --validation, or more footage to 'pechead-live data prepare'"
        )
    return found


def picks(chunks: Sequence[Chunk], config: SamplingConfig, step: int) -> list[Pick]:
    """The ``config.batch`` examples of ``step``; ``chunks`` must be `usable`."""
    pool = portrait_pool(chunks, config, step // config.refresh)
    random = np.random.default_rng((config.seed, 1, step))
    still = config.frames == 1 or random.random() < config.still
    return [_pick(chunks, config, pool, still, random) for _ in range(config.batch)]


def portrait_pool(chunks: Sequence[Chunk], config: SamplingConfig, turn: int) -> list[Portrait]:
    """The portraits in use during the ``turn``-th stretch of ``config.refresh`` steps."""
    random = np.random.default_rng((config.seed, 0, turn))
    filmed, photographed = _people(chunks, photos=False), _people(chunks, photos=True)
    share = config.photos if filmed and photographed else float(not filmed)
    pool: list[Portrait] = []
    for _ in range(config.pool):
        # without photos no chance is drawn: such data keeps the order that it had before them
        people = photographed if share and random.random() < share else filmed
        places = people[int(random.integers(len(people)))]
        lengths = np.array([len(chunks[place].coefficients) for place in places], float)
        place = int(random.choice(places, p=lengths / lengths.sum()))
        number = int(random.integers(len(chunks[place].portraits)))
        pool.append(Portrait(place, number, bool(random.random() < config.mirror)))
    return pool


def _people(chunks: Sequence[Chunk], *, photos: bool) -> list[list[int]]:
    """The places of each person's chunks, in the order of their names."""
    people: dict[str, list[int]] = {}
    for place, chunk in enumerate(chunks):
        if bool(chunk.truths) == photos:
            people.setdefault(chunk.identity, []).append(place)
    return [people[name] for name in sorted(people)]


def _pick(
    chunks: Sequence[Chunk],
    config: SamplingConfig,
    pool: Sequence[Portrait],
    still: bool,
    random: np.random.Generator,
) -> Pick:
    portrait = pool[int(random.integers(len(pool)))]
    chunk = chunks[portrait.chunk]
    if chunk.truths:  # a photo stands still
        truth = chunk.truths[int(random.integers(len(chunk.truths)))]
        source = chunk.portraits[portrait.number]
        sources = () if still else (source,) * config.frames
        return Pick(portrait, sources, (truth,) * config.frames, int(random.integers(2**31)))
    total = len(chunk.coefficients)
    stride = int(random.integers(1, config.largest_stride + 1))
    if config.frames > 1:
        stride = max(1, min(stride, (total - 1) // (config.frames - 1)))
    span = stride * (config.frames - 1)
    driving = _window(int(random.integers(total - span)), stride, config.frames)
    sources = _window(int(random.integers(total - span)), stride, config.frames)
    if random.random() < config.reverse:
        driving, sources = driving[::-1], sources[::-1]
    seed = int(random.integers(2**31))
    return Pick(portrait, () if still else sources, driving, seed)


def _window(start: int, stride: int, frames: int) -> tuple[int, ...]:
    return tuple(start + stride * i for i in range(frames))
