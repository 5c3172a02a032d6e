"""Clips and methods for the tests of the evaluation: the bundled portrait, moved."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from still_samples import astronaut

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.method import Method
from pechead_live.evaluation.motion_asked import asked_motion
from pechead_live.frame import Frame, Picture
from pechead_live.motion import Overrides, apply_overrides
from pechead_live.recording import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer, AnalyticState
from pechead_live.samples import sample
from pechead_live.sink.file import FileSink

FRAMES = 18
"""Of a clip: one window of eFVD, and two more."""

QUICK = EvaluationConfig(identity_frames=0, perceptual=False, stride=6)
"""Without the networks that the metrics may have."""


def moving_clip(folder: Path, name: str = "talk.mp4", first: int = 0) -> Path:
    """A clip of the astronaut who talks fast, every eighth frame of the recording, shakes the head,
    and smiles and wonders by turns: expressions that no detector misses."""
    recording = read_recording(sample("talking.npz"))
    chosen = recording.coefficients[first::8][:FRAMES]
    renderer = AnalyticRenderer(astronaut(), 320, 320)
    sink = FileSink(folder / name, 320, 320, recording.fps)
    try:
        for i, moved in enumerate(asked_motion(chosen, astronaut().rest, "relative")):
            smile, wonder = max(0.0, math.sin(0.7 * i)), max(0.0, -math.sin(0.7 * i))
            expressions = {"mouthSmileLeft": smile, "mouthSmileRight": smile, "browInnerUp": wonder}
            asked = Overrides(yaw=15 * math.sin(0.5 * i), expressions=expressions)
            turned = apply_overrides(moved, asked)
            picture, _ = renderer.render(turned, renderer.initial_state())
            sink.write(replace(picture, captured_at=i / recording.fps))
    finally:
        sink.close()
    return folder / name


class NoisyRenderer:
    """Draws as `AnalyticRenderer` does, under snow."""

    def __init__(self, avatar: Avatar, width: int, height: int) -> None:
        self._inner = AnalyticRenderer(avatar, width, height)

    def initial_state(self) -> AnalyticState:
        return self._inner.initial_state()

    def render(
        self, coefficients: Coefficients, state: AnalyticState
    ) -> tuple[Picture, AnalyticState]:
        picture, state = self._inner.render(coefficients, state)
        snow = np.random.default_rng(0).integers(0, 40, picture.pixels.shape)
        pixels = np.clip(picture.pixels + snow, 0, 255).astype(np.uint8)
        return Picture(pixels=pixels, captured_at=picture.captured_at), state


class Mirror:
    """Follows pictures: gives back the frame it is shown."""

    def __init__(self, avatar: Avatar, width: int, height: int) -> None:
        del avatar, width, height

    def initial_state(self) -> int:
        return 0

    def render_frame(self, frame: Frame, state: int) -> tuple[Picture, int]:
        return Picture(pixels=frame.pixels, captured_at=frame.captured_at), state + 1


NOISY = Method("noisy", NoisyRenderer)
MIRROR = Method("mirror", Mirror)
