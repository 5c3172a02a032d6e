"""Faces that a very small network can read: three dots and a bright patch, drawn into a picture.

`DotNetwork` is a `ReconstructorNetwork` and `DotFinder` a `FaceFinder`: both really look at pixels,
so what a tracker cuts out, and where it believes it to lie, decides what they see.
"""

import math

import cv2
import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.expressions import EXPRESSION_INDEX
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import LEFT_OUTER_EYE, RIGHT_OUTER_EYE
from pechead_live.footage.points import to_pixels
from pechead_live.frame import Frame, Pixels
from pechead_live.tracker.reconstructor_network import CropReading

JAW = EXPRESSION_INDEX["jawOpen"]
RED, BLUE, GREEN = 0, 2, 1
"""The right outer eye corner, the left one, and the patch between them as bright as jawOpen."""


def dotted_frame(
    *faces: Coefficients, at: float = 0.0, width: int = 320, height: int = 240
) -> Frame:
    """A black picture with ``faces``, of which it shows place, size, roll and jawOpen."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for face in faces:
        points = points_of(load_face_model(), face)
        right, left = to_pixels(points[[RIGHT_OUTER_EYE, LEFT_OUTER_EYE]], width, height)
        radius = 0.12 * float(np.linalg.norm(left - right))
        for place, channel, level in (
            (right, RED, 255),
            (left, BLUE, 255),
            ((left + right) / 2, GREEN, round(100 + 155 * float(face.expression[JAW]))),
        ):
            colour = [0, 0, 0]
            colour[channel] = level
            centre = (round(16 * float(place[0])), round(16 * float(place[1])))
            cv2.circle(pixels, centre, round(16 * radius), colour, cv2.FILLED, cv2.LINE_AA, 4)
    return Frame(pixels=pixels, captured_at=at)


class DotNetwork:
    """Reads a crop of ``size`` pixels; ``bias`` is added to every x it reads, crop units."""

    provider = "dots"

    def __init__(self, size: int = 96, bias: float = 0.0) -> None:
        self.size, self._bias = size, bias
        self.reads = 0
        self.closed = False

    def read(self, crop: Pixels) -> CropReading:
        """The largest face in ``crop``."""
        assert crop.shape == (self.size, self.size, 3) and crop.dtype == np.uint8
        self.reads += 1
        found = largest(crop)
        if found is None:
            nothing = Coefficients(confidence=0.01)
            return _reading(nothing)
        moved = found.translation + np.array([self._bias, 0], np.float32)
        return _reading(found)._replace(translation=moved)

    def close(self) -> None:
        self.closed = True


class DotFinder:
    """Finds the largest face of a whole picture, and counts how often it was asked."""

    def __init__(self) -> None:
        self.searches: list[float] = []
        self.sides: list[int] = []
        self.closed = False

    def measure(self, pixels: Pixels, captured_at: float = 0.0) -> Measurement | None:
        self.searches.append(captured_at)
        self.sides.append(pixels.shape[1])
        found = largest(pixels)
        if found is None:
            return None
        points = np.zeros((478, 3), np.float32)
        points[:, :2] = points_of(load_face_model(), found)
        return Measurement(points=points, scores=found.expression, presence=1.0, faces=1)

    def close(self) -> None:
        self.closed = True


def largest(pixels: Pixels) -> Coefficients | None:
    """The face with the largest distance of its dots; None without a pair of dots."""
    half = (min(pixels.shape[:2]) - 1) / 2
    middle = np.array([(pixels.shape[1] - 1) / 2, (pixels.shape[0] - 1) / 2])
    reds, blues = (_dots(pixels[..., channel]) for channel in (RED, BLUE))
    pairs = [_nearest_pair(red, blues) for red in reds] if blues else []
    if not pairs:
        return None
    right, left = max(pairs, key=lambda pair: float(np.linalg.norm(pair[1] - pair[0])))
    between = (left + right) / 2
    row, column = (round(float(v)) for v in (between[1], between[0]))
    level = float(pixels[row, column, GREEN])
    expression = np.zeros(52, np.float32)
    expression[JAW] = min(1.0, max(0.0, (level - 100) / 155))
    away = (left - right) / half
    return _placed(expression, (right - middle) / half, away)


def _placed(expression: FloatArray, right: FloatArray, away: FloatArray) -> Coefficients:
    """The face whose right outer eye corner is at ``right`` and its left one ``away`` from it."""
    roll = math.atan2(float(away[1]), float(away[0]))
    turn = np.eye(3, dtype=np.float32)
    turn[:2, :2] = [[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]]
    shape = load_face_model().shape(np.zeros(50, np.float32), expression)
    corner, other = shape[RIGHT_OUTER_EYE], shape[LEFT_OUTER_EYE]
    scale = float(np.linalg.norm(away)) / float(np.linalg.norm((other - corner)[:2]))
    return Coefficients(
        expression=expression,
        rotation=turn,
        translation=(right - scale * (turn @ corner)[:2]).astype(np.float32),
        scale=scale,
    )


def _dots(channel: np.ndarray) -> list[FloatArray]:
    """Centres (x, y) of what is bright, by brightness."""
    count, labels, _, _ = cv2.connectedComponentsWithStats((channel > 60).astype(np.uint8))
    rows, columns = np.mgrid[: channel.shape[0], : channel.shape[1]]
    weights = [np.where(labels == label, channel, 0).astype(float) for label in range(1, count)]
    return [
        np.array([(w * columns).sum(), (w * rows).sum()], np.float32) / np.float32(w.sum())
        for w in weights
        if w.sum() > 0
    ]


def _nearest_pair(red: FloatArray, blues: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    return red, min(blues, key=lambda blue: float(np.linalg.norm(blue - red)))


def _reading(found: Coefficients) -> CropReading:
    return CropReading(
        found.identity,
        found.expression,
        found.rotation,
        found.translation,
        found.scale,
        found.confidence,
    )
