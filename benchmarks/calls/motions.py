"""What is sent in a call: the motion of real clips, as the avatar makes it, 25 frames a second."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pechead_live.camera.file import open_video_file
from pechead_live.cli.face_files import find_face_files
from pechead_live.cli.track import record, smoothed
from pechead_live.coefficients import Coefficients
from pechead_live.errors import NoFaceError
from pechead_live.motion import MotionConfig
from pechead_live.recording.recording import Recording
from pechead_live.steps import motion_of
from pechead_live.tracker.mediapipe import open_mediapipe_tracker

FPS = 25

SHORTEST = 50
"""Frames with a face: what is shorter tells nothing of a rate."""


class Motion(NamedTuple):
    """Of one clip."""

    name: str
    coefficients: list[Coefficients]
    """The avatar's; frames without a face are left out."""


def motions_of(data: Path, rest: Coefficients, *, landmarker: Path | None) -> list[Motion]:
    """Of the clips below ``data``, tracked and smoothed as in a live call, for the avatar that is
    ``rest`` at rest."""
    found: list[Motion] = []
    for file in find_face_files([data]):
        if not file.is_clip:
            continue
        camera, tracker = open_video_file(file.path), open_mediapipe_tracker(landmarker)
        try:
            recording = record(camera, tracker, name=file.path.name)
        except NoFaceError:
            continue
        finally:
            tracker.close()
            camera.close()
        moved = motion_of(_at_25(smoothed(recording, "live")), rest, MotionConfig())
        if len(moved) >= SHORTEST:
            found.append(Motion(file.path.stem, moved))
    return found


def _at_25(recording: Recording) -> list[Coefficients]:
    """The newest frame at each 25th of a second, as a camera of that rate would have it."""
    frames = recording.coefficients
    taken: list[Coefficients] = []
    place, began = 0, frames[0].captured_at
    while True:
        time = began + len(taken) / FPS
        if time > frames[-1].captured_at:
            return taken
        while place + 1 < len(frames) and frames[place + 1].captured_at <= time + 1e-6:
            place += 1
        taken.append(replace(frames[place], captured_at=time))
