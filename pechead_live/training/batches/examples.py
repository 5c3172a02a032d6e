"""`Examples`: batches out of chunks, with the guide of every frame drawn on the CPU."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.facemodel.model import load_face_model
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, MotionState, initial_motion_state, retarget
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.colour import colour_matrix, recoloured
from pechead_live.training.batches.portraits import (
    frame_avatar,
    mirrored_measurement,
    portrait_avatar,
)
from pechead_live.training.batches.sampling import Pick, Portrait, SamplingConfig, picks, usable
from pechead_live.training.data.chunk import SIDE, Chunk

_MOTION = MotionConfig(mode="relative")
"""The portrait is a frame of the clip: the driver's anchor is that very frame."""


class OpenPortrait(NamedTuple):
    """A portrait that can be drawn, and what networks are told of it."""

    renderer: AnalyticRenderer
    rest: Coefficients
    anchored: MotionState
    """Motion that starts from the portrait's own frame."""

    pixels: Pixels
    condition: FloatArray
    landmarks: FloatArray


class Examples:
    """A pure function of the step: the same step gives the same batch, whoever asks."""

    def __init__(self, chunks: Sequence[Chunk], config: SamplingConfig) -> None:
        """Raises `InputError` if no chunk can be used."""
        self._chunks, self._config = usable(chunks, config), config
        self._open: OrderedDict[Portrait, OpenPortrait] = OrderedDict()

    def batch(self, step: int, rank: int = 0, world: int = 1) -> Batch:
        """The share of process ``rank`` of ``world`` in the examples of ``step``."""
        mine = share_of(picks(self._chunks, self._config, step), rank, world)
        examples = [self._example(pick) for pick in mine]
        return Batch(
            **{
                name: torch.from_numpy(np.stack([getattr(example, name) for example in examples]))
                for name in Batch._fields
            }
        )

    def _example(self, pick: Pick) -> "_Example":
        chunk = self._chunks[pick.portrait.chunk]
        mirrored = pick.portrait.mirrored
        if pick.sources:
            sources = [self._moving(chunk, place, mirrored) for place in pick.sources]
            drawn_by = sources
        else:
            sources = [self._still(pick.portrait)]
            drawn_by = sources * len(pick.driving)
        truths = [truth_of(chunk, place, mirrored) for place in pick.driving]
        motion = drawn_by[0].anchored
        driven: list[Coefficients] = []
        for (_, truth, _), source in zip(truths, drawn_by, strict=True):
            if pick.sources:
                motion = source.anchored
            moved, motion = retarget(truth, source.rest, motion, _MOTION)
            driven.append(moved)
        guides = [s.renderer.guide(c) for s, c in zip(drawn_by, driven, strict=True)]
        random = np.random.default_rng(pick.colour_seed)
        colour = colour_matrix(random, self._config.jitter)
        return _Example(
            source=pictures_of([s.pixels for s in sources], colour),
            source_condition=np.stack([s.condition for s in sources]),
            source_landmarks=np.stack([s.landmarks for s in sources]),
            driving=pictures_of([pixels for pixels, _, _ in truths], colour),
            driving_condition=np.stack([condition_of(c) for c in driven]),
            driving_landmarks=np.stack([guide.landmarks for guide in guides]),
            truth_landmarks=np.stack([points for _, _, points in truths]),
            truth_condition=np.stack([condition_of(c) for _, c, _ in truths]),
            identity=truths[0][1].identity,
            guide_picture=pictures_of([guide.picture for guide in guides], colour),
            guide_flow=np.stack([guide.flow for guide in guides]),
            guide_share=np.stack([guide.share for guide in guides]),
        )

    def _still(self, portrait: Portrait) -> OpenPortrait:
        if portrait in self._open:
            self._open.move_to_end(portrait)
        else:
            chunk = self._chunks[portrait.chunk]
            avatar = portrait_avatar(chunk, portrait.number, mirrored=portrait.mirrored)
            place = chunk.portraits[portrait.number]
            self._open[portrait] = _opened(avatar, chunk, place, portrait.mirrored)
            while len(self._open) > self._config.pool:
                self._open.popitem(last=False)
        return self._open[portrait]

    def _moving(self, chunk: Chunk, place: int, mirrored: bool) -> OpenPortrait:
        return _opened(frame_avatar(chunk, place, mirrored=mirrored), chunk, place, mirrored)


class _Example(NamedTuple):
    """`Batch` without its first dimension."""

    source: FloatArray
    source_condition: FloatArray
    source_landmarks: FloatArray
    driving: FloatArray
    driving_condition: FloatArray
    driving_landmarks: FloatArray
    truth_landmarks: FloatArray
    truth_condition: FloatArray
    identity: FloatArray
    guide_picture: FloatArray
    guide_flow: FloatArray
    guide_share: FloatArray


def _opened(avatar: Avatar, chunk: Chunk, place: int, mirrored: bool) -> OpenPortrait:
    renderer = AnalyticRenderer(avatar, SIDE, SIDE)
    _, tracked, _ = truth_of(chunk, place, mirrored)
    _, anchored = retarget(tracked, avatar.rest, initial_motion_state(), _MOTION)
    return OpenPortrait(
        renderer=renderer,
        rest=avatar.rest,
        anchored=anchored,
        pixels=renderer.portrait(),
        condition=condition_of(avatar.rest),
        landmarks=avatar.points[list(NETWORK_LANDMARKS)].astype(np.float32),
    )


def share_of(all_picks: list[Pick], rank: int, world: int) -> list[Pick]:
    """Those of process ``rank`` of ``world``; `InputError` if they cannot be split evenly."""
    total = len(all_picks)
    if total % world:
        raise InputError(
            f"a batch of {total} cannot be split over {world} processes: give a multiple of {world}"
        )
    share = total // world
    return all_picks[rank * share : (rank + 1) * share]


def truth_of(chunk: Chunk, place: int, mirrored: bool) -> tuple[Pixels, Coefficients, FloatArray]:
    """Frame, its fitted coefficients, its measured landmarks (70, 2)."""
    pixels, coefficients = chunk.frames[place], chunk.coefficients[place]
    measured = chunk.measurement(place)
    if mirrored:
        model = load_face_model()
        pixels, coefficients = pixels[:, ::-1], model.mirror(coefficients)
        measured = mirrored_measurement(measured, model)
    landmarks = measured.points[list(NETWORK_LANDMARKS), :2].astype(np.float32)
    return pixels, coefficients, landmarks


def pictures_of(pixels: list[Pixels], colour: FloatArray) -> FloatArray:
    """(n, 3, H, W) in [0, 1], of n pictures (H, W, 3), their colours changed by ``colour``."""
    return np.stack([recoloured(np.ascontiguousarray(one), colour) for one in pixels])
