"""Hair that the photo cuts off at its top edge: a dome of mirrored hair completes the head, so that
a nod or a tilt does not bring a straight edge into the picture."""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray

ROOM = 0.18
"""Height added above the stage, in stage heights."""

RADIUS = 0.30
"""Radius of a round head, in stage heights: the dome continues its circle over the cut."""


def with_crown(stage: np.ndarray) -> tuple[np.ndarray, FloatArray]:
    """The (H, W, 4) person layer with room above, and (2,) where its old corner now lies.

    The room is filled with the mirrored layer under a dome over the columns where the person
    touches the top edge, and is transparent elsewhere.
    """
    height, width = stage.shape[:2]
    room = round(ROOM * height)
    mirrored = np.asarray(cv2.copyMakeBorder(stage, room, 0, 0, 0, cv2.BORDER_REFLECT))
    touching = np.flatnonzero(stage[0, :, 3] > 127)
    share = np.zeros((room, width), np.float32)
    if len(touching) > 2:
        left, right = float(touching[0]), float(touching[-1])
        half = (right - left) / 2 + 1
        radius = max(RADIUS * height, 1.15 * half)
        x = np.arange(width, dtype=np.float32) - (left + right) / 2
        arc = np.sqrt(np.clip(radius**2 - x * x, 0, None)) - np.sqrt(radius**2 - half**2)
        above = np.arange(room, 0, -1, dtype=np.float32)[:, None]
        share = np.clip((arc[None, :] - above) / 3 + 0.5, 0, 1) * (np.abs(x) < half)
    mirrored[:room, :, 3] = (mirrored[:room, :, 3] * share + 0.5).astype(np.uint8)
    return mirrored, np.array([0, room], np.float32)
