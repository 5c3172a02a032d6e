"""Clips that a lite network can be run on: prepared footage, or the portrait that ships with this.

They are what numbers of a network are taken from that only real pictures give: the range of its
activations, and how well it draws.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from pechead_live.avatar.file import open_avatar
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, find_anchor, initial_motion_state, retarget
from pechead_live.recording import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.square import resized
from pechead_live.samples import sample
from pechead_live.training.batches.examples import Examples
from pechead_live.training.batches.sampling import SamplingConfig, split_by_identity, usable
from pechead_live.training.data.chunk import SIDE
from pechead_live.training.data.shard import read_shards

LENGTH = 10
"""Frames of a clip: the memory fills in about half as many."""

HELD_OUT = 0.1
"""Share of the people that no training sees (`TrainConfig.validation`)."""

MOTIONS = ("talking.npz", "expressions.npz")
"""Recordings that ship with this program."""

_MOTION = MotionConfig(mode="relative")
_Place = tuple[tuple[Coefficients, ...], int]
"""A recording and a first frame."""


class LiteFrame(NamedTuple):
    """What a lite network is given for one frame; S is its picture's side."""

    condition: FloatArray
    """(61,) of the driving frame."""

    guide_picture: Pixels
    """(S, S, 3) RGB."""

    guide_flow: FloatArray
    """(64, 64, 2) backward, absolute, picture coordinates."""

    guide_share: FloatArray
    """(64, 64) in [0, 1]."""

    truth: Pixels | None
    """(S, S, 3) what it should draw, None where nobody knows."""


class LiteClip(NamedTuple):
    """A portrait, and frames in the order in which they are drawn."""

    portrait: Pixels
    """(S, S, 3) RGB."""

    rest: FloatArray
    """(61,) condition of the portrait."""

    frames: tuple[LiteFrame, ...]
    """At least one."""


class LiteFootage(NamedTuple):
    """Clips to measure with, and others to judge by."""

    measured: Iterator[LiteClip]
    """As many as were asked for, made one by one."""

    judged: Iterator[LiteClip]
    """None of them among ``measured``."""

    people: str
    """Who is seen in ``judged``, in words."""


def prepared_footage(shards: Path, size: int, frames: int, judged: int) -> LiteFootage:
    """Of prepared training data, with the truth of every frame; raises `InputError`.

    ``size``: S, pixels. ``frames`` are measured with, coloured and mirrored as in training;
    ``judged`` are judged by, as they are, and show people that the training held out.
    """
    known, held_out = split_by_identity(read_shards(shards), HELD_OUT)
    plain = SamplingConfig(batch=1, frames=LENGTH, pool=1, refresh=1, mirror=0.0, jitter=0.0)
    coloured = SamplingConfig(batch=1, frames=LENGTH, pool=1, refresh=1, seed=1)
    for chunks in (known, held_out):
        if not chunks:
            raise InputError(
                f"{shards} shows too few people to hold some of them out: prepare more footage"
            )
        usable(chunks, plain)
    return LiteFootage(
        measured=_examples(Examples(known, coloured), size, frames),
        judged=_examples(Examples(held_out, plain), size, judged),
        people="people whom the training held out",
    )


def sample_footage(size: int, frames: int, judged: int) -> LiteFootage:
    """Of the bundled portrait moved by the bundled recordings; nobody knows the truth.

    Every eighth clip is kept to judge by: there are 490 frames to measure with and 70 others, and
    fewer than are there are spread over the recordings.
    """
    places = _sample_places()
    return LiteFootage(
        measured=_sample_clips([p for i, p in enumerate(places) if i % 8 < 7], size, frames),
        judged=_sample_clips(places[7::8], size, judged),
        people="the bundled portrait",
    )


def _examples(examples: Examples, size: int, frames: int) -> Iterator[LiteClip]:
    for step in range(-(-frames // LENGTH)):
        batch = examples.batch(step)
        count = min(LENGTH, frames - step * LENGTH)
        yield LiteClip(
            portrait=_pixels(batch.source[0, 0], size),
            rest=batch.source_condition[0, 0].numpy(),
            frames=tuple(
                LiteFrame(
                    condition=batch.driving_condition[0, t].numpy(),
                    guide_picture=_pixels(batch.guide_picture[0, t], size),
                    guide_flow=batch.guide_flow[0, t].numpy(),
                    guide_share=batch.guide_share[0, t].numpy(),
                    truth=_pixels(batch.driving[0, t], size),
                )
                for t in range(count)
            ),
        )


def _pixels(picture: Tensor, size: int) -> Pixels:
    """(3, H, W) in [0, 1] to (size, size, 3)."""
    levels = np.round(255 * picture.permute(1, 2, 0).numpy()).clip(0, 255)
    return resized(levels.astype(np.uint8), size)


def _sample_places() -> list[_Place]:
    recordings = [read_recording(sample(name)).coefficients for name in MOTIONS]
    return [
        (driver, first)
        for driver in recordings
        for first in range(0, len(driver) - LENGTH + 1, LENGTH)
    ]


def _sample_clips(places: Sequence[_Place], size: int, frames: int) -> Iterator[LiteClip]:
    avatar = open_avatar(sample("astronaut.avatar"))
    renderer = AnalyticRenderer(avatar, SIDE, SIDE)
    portrait, rest = resized(renderer.portrait(), size), condition_of(avatar.rest)
    count = min(-(-frames // LENGTH), len(places))
    for step in range(count):
        driver, first = places[step * len(places) // count]
        motion = initial_motion_state(driver[find_anchor(driver, avatar.rest)])
        drawn: list[LiteFrame] = []
        for coefficients in driver[first : first + min(LENGTH, frames - step * LENGTH)]:
            moved, motion = retarget(coefficients, avatar.rest, motion, _MOTION)
            moved = replace(moved, expression=np.clip(moved.expression, 0, 1))
            guide = renderer.guide(moved)
            picture = resized(guide.picture, size)
            drawn.append(LiteFrame(condition_of(moved), picture, guide.flow, guide.share, None))
        yield LiteClip(portrait, rest, tuple(drawn))
