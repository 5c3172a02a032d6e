"""A clip for machines that have none: the bundled portrait, moved by the bundled motion."""

from pathlib import Path

from pechead_live.avatar.file import open_avatar
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.recording import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.sink.file import FileSink
from pechead_live.steps import motion_step

SIDE = 480
"""Of the clip, pixels: about a web camera's height."""


def write_moving_portrait(path: Path, frames: int | None = None) -> Path:
    """Draws the clip, the motion's first ``frames`` or all of it, unless ``path`` is there."""
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = read_recording(sample("talking.npz"))
    avatar = open_avatar(sample("astronaut.avatar"))
    renderer = AnalyticRenderer(avatar, SIDE, SIDE)
    step = motion_step(avatar.rest, MotionConfig(), Overrides())
    motion, memory = step.initial(), renderer.initial_state()
    sink = FileSink(path, SIDE, SIDE, recording.fps)
    try:
        for coefficients in recording.coefficients[:frames]:
            moved, motion = step.apply(coefficients, motion)
            if moved is not None:
                picture, memory = renderer.render(moved, memory)
                sink.write(picture)
    finally:
        sink.close()
    return path
