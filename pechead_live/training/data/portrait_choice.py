"""Which frames of a chunk may serve as the portrait, and the person's matte on each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pechead_live.avatar.matte import person_matte
from pechead_live.avatar.plate import cut_plate, whole_crop
from pechead_live.coefficients import Coefficients, FloatArray, euler_from_rotation
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.frame import Pixels

MOST = 8
"""Portraits of one chunk."""

LARGEST_YAW = 30.0
"""Degrees; beyond it a portrait lacks one side of the face."""

BEST_SHARE = 0.5
"""Portraits are taken among this share of the frames, those of the highest confidence."""

TURN, FACE, TIME = 10.0, 1.0, 1.0
"""What counts as one step apart: degrees, expressions (length of the difference), chunk lengths."""


def choose_portraits(coefficients: Sequence[Coefficients]) -> tuple[int, ...]:
    """Places, in order, of up to `MOST` frames that differ in pose, expression and time.

    The most frontal one with open eyes comes first, then each time the one farthest from those
    taken (farthest point sampling). None where the head is turned away throughout.
    """
    angles = np.array([euler_from_rotation(c.rotation) for c in coefficients])
    expressions = np.array([c.expression for c in coefficients])
    confidence = np.array([c.confidence for c in coefficients])
    allowed = np.flatnonzero(np.abs(angles[:, 0]) <= LARGEST_YAW)
    if not len(allowed):
        return ()
    least = np.quantile(confidence[allowed], 1 - BEST_SHARE)
    allowed = allowed[confidence[allowed] >= least]
    time = np.arange(len(coefficients))[:, None] / len(coefficients)
    features = np.concatenate([angles / TURN, expressions / FACE, time / TIME], axis=1)[allowed]
    blinks = [name.startswith("eyeBlink") for name in EXPRESSION_NAMES]
    strain = np.abs(angles[allowed, :2]).sum(axis=1) / TURN
    strain += 2 * expressions[allowed][:, blinks].sum(axis=1)
    taken = [int(strain.argmin())]
    distance = np.linalg.norm(features - features[taken[0]], axis=1)
    while len(taken) < min(MOST, len(allowed)):
        taken.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(features - features[taken[-1]], axis=1))
    return tuple(sorted(int(allowed[i]) for i in taken))


def portrait_matte(
    pixels: Pixels, measurement: Measurement, coefficients: Coefficients
) -> npt.NDArray[np.uint8]:
    """(P, W) 255 on the person, on the plate of a square picture, as an avatar has it."""
    plate, inside = cut_plate(pixels, whole_crop(pixels))
    c = coefficients
    skull = project(load_face_model().head, c.rotation, c.translation, c.scale)
    height, width = plate.shape[:2]

    def on_plate(points: FloatArray) -> FloatArray:
        return points * ((height - 1) / 2) + ((width - 1) / 2, (height - 1) / 2)

    matte = person_matte(plate, inside, on_plate(measurement.points[:, :2]), on_plate(skull))
    return np.asarray(matte, np.uint8)
