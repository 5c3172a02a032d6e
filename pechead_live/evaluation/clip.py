"""A clip as test material: cut as the field cuts its test clips, and tracked.

FOMM's protocol (video-preprocessing, crop_vox.py): a box of the face in every frame, their union
over the clip, grown to a square that stays where it is, so that the head moves within a still
picture, 256 x 256. Our boxes are those of MediaPipe's mesh, which ends at the hairline, so they
grow by more than FOMM's 1.2 to show the whole head. The person's identity is settled on the first
second and then frozen, as it is after the first second of a call.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.camera.file import open_video_file
from pechead_live.coefficients import Coefficients
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.evaluation.metrics.regions import to_pixels
from pechead_live.facemodel.fit import FitConfig, FitState, fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.frame import Frame, Pixels

SIDE = 256
"""Of the cropped picture, pixels: the size of every published number."""

GROWTH = 1.55
"""Square's side over the larger side of the union of the boxes."""

RISE = 0.1
"""How far the square's centre lies above the union's, in heights of the union."""

LOOK_EVERY = 4
"""The box is measured in every fourth frame: a head moves little in 0.15 s."""

FEWEST_FRAMES = 3
"""With a face, that a clip must have: one is the source, and a tremor needs three."""


class Driving(NamedTuple):
    """A clip as the methods see it; the frames without a face are left out."""

    name: str
    """Its file name."""

    side: int
    """Of the square in the file, pixels; below 256 the file holds less detail than is compared."""

    length: int
    """Frames that were read."""

    frames: list[Frame]
    """256 x 256 each, with their presentation times; the first one is the first with a face."""

    places: list[int]
    """Place of each within the clip, from the first one on; a gap is a frame without a face."""

    measurements: list[Measurement]
    """What the tracker saw in each."""

    coefficients: list[Coefficients]
    """What drives: each fitted with the settled identity, unfiltered."""

    person: FitState
    """The settled identity, for measuring the results too."""


def open_clip(path: Path, limit: int | None = None, landmarker: Path | None = None) -> Driving:
    """Cuts and tracks the first ``limit`` frames of a clip (None: all).

    ``landmarker``: MediaPipe's ``.task`` file, None looks it up. Raises `NoFaceError`, naming the
    clip, when fewer than `FEWEST_FRAMES` frames show a face.
    """
    left, top, side = _square(path, limit, landmarker)
    frames = [
        Frame(
            pixels=_resized(frame.pixels[top : top + side, left : left + side]),
            captured_at=frame.captured_at,
        )
        for frame in _frames(path, limit)
    ]
    with Landmarker(landmarker, faces=1) as tracker:
        found = [tracker.measure(frame.pixels, frame.captured_at) for frame in frames]
    seen = [(i, m) for i, m in enumerate(found) if m is not None]
    if len(seen) < FEWEST_FRAMES:
        raise NoFaceError(
            f"{path.name} shows a face in {len(seen)} frames: at least {FEWEST_FRAMES} are needed"
        )
    measurements = [m for _, m in seen]
    person = settled_person(measurements)
    model, first = load_face_model(), seen[0][0]
    return Driving(
        name=path.name,
        side=side,
        length=len(frames),
        frames=[frames[i] for i, _ in seen],
        places=[i - first for i, _ in seen],
        measurements=measurements,
        coefficients=[fit(m, model, person, captured_at=frames[i].captured_at)[0] for i, m in seen],
        person=person,
    )


def settled_person(measurements: list[Measurement]) -> FitState:
    """Who it is, from the first second of ``measurements``; every later fit leaves it as it is."""
    model, fitting = load_face_model(), FitConfig()
    person = initial_fit_state(model)
    for measurement in measurements[: fitting.calibration_frames]:
        _, person = fit(measurement, model, person, captured_at=0.0, config=fitting)
    return person._replace(frames=fitting.calibration_frames)


def _square(path: Path, limit: int | None, landmarker: Path | None) -> tuple[int, int, int]:
    """left, top and side of the crop, pixels, within the picture."""
    lows: list[np.ndarray] = []
    highs: list[np.ndarray] = []
    width = height = 0
    with Landmarker(landmarker, faces=1) as tracker:
        for number, frame in enumerate(_frames(path, limit)):
            height, width = frame.pixels.shape[:2]
            if number % LOOK_EVERY:
                continue
            measurement = tracker.measure(frame.pixels, frame.captured_at)
            if measurement is not None:
                points = to_pixels(measurement.points, width, height)
                lows.append(points.min(axis=0))
                highs.append(points.max(axis=0))
    if not lows:
        raise NoFaceError(f"no face in any frame of {path.name}: give a clip of a face")
    low, high = np.min(lows, axis=0), np.max(highs, axis=0)
    side = int(min(GROWTH * float((high - low).max()), width, height))
    x, y = (low + high) / 2 - (0, RISE * (high[1] - low[1]))
    left = int(np.clip(x - side / 2, 0, width - side))
    top = int(np.clip(y - side / 2, 0, height - side))
    return left, top, side


def _frames(path: Path, limit: int | None) -> Iterator[Frame]:
    camera = open_video_file(path)
    try:
        count = 0
        while (limit is None or count < limit) and (frame := camera.read()) is not None:
            count += 1
            yield frame
    finally:
        camera.close()


def _resized(pixels: Pixels) -> Pixels:
    interpolation = cv2.INTER_AREA if pixels.shape[0] >= SIDE else cv2.INTER_CUBIC
    scaled = cv2.resize(np.ascontiguousarray(pixels), (SIDE, SIDE), interpolation=interpolation)
    return np.asarray(scaled, np.uint8)
