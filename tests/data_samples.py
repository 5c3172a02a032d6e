"""Small videos of the bundled portrait, chunks and work for processes, for the tests."""

import os
from functools import cache
from pathlib import Path

import numpy as np
from motion_samples import face
from still_samples import astronaut

from pechead_live.coefficients import FloatArray
from pechead_live.errors import OutputError
from pechead_live.frame import Pixels
from pechead_live.motion import MotionConfig, initial_motion_state, retarget
from pechead_live.recording import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.sink.video import VideoWriter
from pechead_live.training.data.chunk import SIDE, Chunk

FPS = 25.0


@cache
def talking_pictures(count: int = 64, width: int = 320, height: int = 256) -> Pixels:
    """(T, height, width, 3): the astronaut says what the recorded person said."""
    renderer = AnalyticRenderer(astronaut(), width, height)
    motion = read_recording(sample("talking.npz")).coefficients[:count]
    state, config = initial_motion_state(), MotionConfig()
    pictures = []
    for coefficients in motion:
        moved, state = retarget(coefficients, astronaut().rest, state, config)
        pictures.append(renderer.render(moved, renderer.initial_state())[0].pixels)
    return np.stack(pictures)


def write_clip(path: Path, pictures: Pixels, fps: float = FPS) -> Path:
    """``path``, after the pictures were written there as a video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures.shape[1:3]
    with VideoWriter(path, width=width, height=height, fps=fps, constant_rate=False) as writer:
        for place, pixels in enumerate(pictures):
            writer.write(pixels, place / fps)
    return path


def empty_room(count: int = 24) -> Pixels:
    """(T, 256, 320, 3): a picture without a face."""
    ramp = np.linspace(40, 200, 320, dtype=np.uint8)
    return np.broadcast_to(ramp[:, None], (count, 256, 320, 3)).copy()


def made_up_chunk(name: str = "v1-00000", frames: int = 5, *, identity: str = "ann") -> Chunk:
    """A chunk of smooth pictures and made-up numbers."""
    rng = np.random.default_rng(len(name) + frames)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    pictures = [
        np.stack([x * 200 + 3 * t, y * 200 + 20, (x + y) * 100 + 2 * t], axis=2)
        for t in range(frames)
    ]
    points: FloatArray = rng.uniform(-1.5, 1.5, (1, 478, 3)).astype(np.float32)
    steps: FloatArray = rng.normal(0, 0.01, (frames, 478, 3)).astype(np.float32)
    person = rng.standard_normal(50).astype(np.float32)
    coefficients = tuple(
        type(c)(
            identity=person,
            expression=c.expression,
            rotation=c.rotation,
            translation=c.translation,
            scale=c.scale,
            confidence=c.confidence,
            captured_at=c.captured_at,
        )
        for c in (
            face(yaw=3.0 * t, x=0.01 * t, at=t / FPS, confidence=0.9, jawOpen=0.1 * t)
            for t in range(frames)
        )
    )
    mattes = np.zeros((2, 256, 456), np.uint8)
    mattes[0, 50:, 150:300] = 255
    mattes[1, 60:, 160:310] = 128
    return Chunk(
        name=name,
        identity=identity,
        licence="CC0",
        source="clips/v1.mp4",
        fps=FPS,
        frames=np.stack(pictures).astype(np.uint8),
        coefficients=coefficients,
        points=points + steps,
        scores=rng.uniform(0, 1, (frames, 52)).astype(np.float32),
        portraits=(0, frames - 1),
        mattes=mattes,
    )


def square_or_die(number: int) -> int:
    """Work for a process: 13 ends it at once, 99 finds the disk full."""
    if number == 13:
        os._exit(7)
    if number == 99:
        raise OutputError("the disk is full: free some space")
    return number * number


def minus_one(number: int, how: str) -> int:
    """What takes the place of work whose process has died."""
    assert "7" in how
    return -number
