"""`Sitting`: a clip of the portrait's person, seen through the portrait's own square.

The clip may be of another day and camera. It is cut to a still square in which the face that is
nearest to the portrait's has its place and size, and followed as a clip for training is.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.plate import Crop, cut_plate
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.fit import fit
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.file_frames import file_frames
from pechead_live.footage.looks import LOOK_EVERY
from pechead_live.footage.person import settled_person
from pechead_live.footage.points import to_pixels
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels
from pechead_live.motion.anchor import find_anchor

MOST_FRAMES = 1200
"""Read of a clip: 40 s at 30 frames a second; they are kept in memory, 0.2 MB each."""

FEWEST_FRAMES = 50
"""With a face: two seconds."""

SMALLEST_SIDE = 96
"""Pixels of the square in the clip; below it there is no detail to learn from."""

LEAST_CONFIDENCE = 0.5
"""Of a fit, as in training data."""

MOST_CALIBRATION = 150
"""Frames, spread over the clip, from which its person's identity is fitted."""


class Sitting(NamedTuple):
    """The frames with a face, in the portrait's picture coordinates."""

    pixels: list[Pixels]
    """(256, 256, 3) each."""

    places: list[int]
    """Of each within the clip."""

    measurements: list[Measurement]
    """What the landmarker saw in each."""

    coefficients: list[Coefficients]
    """Fitted to each with one identity."""

    seen: npt.NDArray[np.bool_]
    """(256, 256) what of the square the clip shows."""

    nearest: int
    """Place in these lists of the frame that is nearest to the portrait."""

    anchor: Coefficients
    """The driver's face that is the portrait's own, for relative motion: the nearest frame's, at
    the place and the size that make its points meet the portrait's."""


def read_sitting(clip: Path, avatar: Avatar, landmarker: Path | None = None) -> Sitting:
    """Cuts and follows the face in the first `MOST_FRAMES` frames of ``clip``.

    ``landmarker``: MediaPipe's ``.task`` file, None looks it up. Raises `NoFaceError` where the
    clip shows too little of a face, `InputError` where it is no clip.
    """
    crop = _portrait_square(clip, avatar, landmarker)
    pixels: list[Pixels] = []
    found: list[tuple[float, Measurement]] = []
    places: list[int] = []
    seen = np.ones((SIDE, SIDE), np.bool_)
    length = 0
    with Landmarker(landmarker, faces=1) as tracker:
        for place, frame in enumerate(file_frames(clip, MOST_FRAMES)):
            length = place + 1
            square, seen = _cut(frame.pixels, crop)
            if (measured := tracker.measure(square, frame.captured_at)) is not None:
                pixels.append(square)
                found.append((frame.captured_at, measured))
                places.append(place)
    _check_enough(clip, len(found), length)
    fitted = _fitted(found)
    good = [i for i, c in enumerate(fitted) if c.confidence >= LEAST_CONFIDENCE and c.is_finite()]
    _check_enough(clip, len(good), length)
    coefficients = [fitted[i] for i in good]
    nearest = find_anchor(coefficients, avatar.rest)
    return Sitting(
        pixels=[pixels[i] for i in good],
        places=[places[i] for i in good],
        measurements=[found[i][1] for i in good],
        coefficients=coefficients,
        seen=seen,
        nearest=nearest,
        anchor=anchor_at(coefficients[nearest], found[good[nearest]][1], avatar),
    )


def anchor_at(driver: Coefficients, measured: Measurement, avatar: Avatar) -> Coefficients:
    """``driver``, measured as ``measured``, as an anchor with which relative motion draws the
    portrait's points where ``measured`` has them."""
    zoom, shift = placed(avatar.points, measured.points[:, :2])
    rest = avatar.rest
    scale = driver.scale / zoom
    moved = (zoom - 1) * rest.translation + shift
    translation = driver.translation - moved * (scale / rest.scale)
    return replace(driver, scale=scale, translation=translation.astype(np.float32))


def placed(points: FloatArray, there: FloatArray) -> tuple[float, FloatArray]:
    """Factor and (2,) shift that bring (N, 2) ``points`` nearest to ``there``: no turn."""
    own, other = points - points.mean(axis=0), there - there.mean(axis=0)
    zoom = float((own * other).sum() / (own * own).sum())
    return zoom, (there.mean(axis=0) - zoom * points.mean(axis=0)).astype(np.float32)


def _portrait_square(clip: Path, avatar: Avatar, landmarker: Path | None) -> Crop:
    """Where in the clip's pictures the portrait's square lies, by the frame nearest to it: if the
    photo is of the same sitting, what is behind the person lies where it does on the photo."""
    found: list[tuple[float, Measurement]] = []
    length = width = height = 0
    with Landmarker(landmarker, faces=1) as tracker:
        for length, frame in enumerate(file_frames(clip, MOST_FRAMES), start=1):
            if (length - 1) % LOOK_EVERY:
                continue
            height, width = frame.pixels.shape[:2]
            if (measured := tracker.measure(frame.pixels, frame.captured_at)) is not None:
                found.append((frame.captured_at, measured))
    _check_enough(clip, len(found) * LOOK_EVERY, length)
    nearest = find_anchor(_fitted(found), avatar.rest)
    points = to_pixels(found[nearest][1].points, width, height)
    half, centre = placed(avatar.points, points)
    side = 2 * half + 1
    if side < SMALLEST_SIDE:
        raise NoFaceError(
            f"the head in {clip.name} fills only {side:.0f} x {side:.0f} pixels: "
            f"give a clip in which it has at least {SMALLEST_SIDE}"
        )
    return Crop(float(centre[0]), float(centre[1]), side)


def _fitted(found: Sequence[tuple[float, Measurement]]) -> list[Coefficients]:
    """Of each (time, measurement), with one identity."""
    model = load_face_model()
    person = settled_person(_spread([measured for _, measured in found]))
    return [fit(measured, model, person, captured_at=at)[0] for at, measured in found]


def _cut(pixels: Pixels, crop: Crop) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """The square at 256 x 256 pixels, and what of it lies in the picture."""
    plate, inside = cut_plate(pixels, crop)
    height, width = plate.shape[:2]
    left = (width - height) // 2
    middle = slice(left, left + height)
    square, shown = plate[:, middle], inside[:, middle]
    if height != SIDE:
        square, shown = (
            np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
            for part in (square, shown)
        )
    return np.ascontiguousarray(square), shown == 255


def _check_enough(clip: Path, faces: int, length: int) -> None:
    if faces < FEWEST_FRAMES:
        raise NoFaceError(
            f"{clip.name} shows a face in {min(faces, length)} of {length} frames and at least "
            f"{FEWEST_FRAMES} are needed: give a longer clip, half a minute of talking and "
            "looking around is good"
        )


def _spread(measurements: Sequence[Measurement]) -> list[Measurement]:
    count = min(len(measurements), MOST_CALIBRATION)
    places = np.unique(np.linspace(0, len(measurements) - 1, count).astype(int))
    return [measurements[place] for place in places]
