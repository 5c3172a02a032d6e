"""What the photo cuts off at its upper and lower edge: a dome of mirrored hair completes the head,
mirrored shoulders go on below, so that a nod or a step back brings no straight edge into view."""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray

ROOM, FOOT = 0.18, 0.15
"""Heights added above and below the stage, in stage heights."""

RADIUS = 0.30
"""Radius of a round head, in stage heights: the dome continues its circle over the cut."""


def with_crown(stage: np.ndarray, hair: int) -> tuple[np.ndarray, FloatArray]:
    """The (H, W, 4) person layer with room above and below, and (2,) where its old corner lies.

    ``hair``: how many of the stage's first rows are hair where there is a head. They fill the room
    above, mirrored to and fro, under a dome over the columns where the person
    touches the top edge, and is transparent elsewhere; its first row is transparent throughout.
    """
    height, width = stage.shape[:2]
    room, foot = round(ROOM * height), round(FOOT * height)
    away = np.arange(room - 1, -1, -1) % (2 * hair)
    above = stage[np.minimum(away, 2 * hair - 1 - away)]
    below = np.asarray(cv2.copyMakeBorder(stage, 0, foot, 0, 0, cv2.BORDER_REFLECT))
    mirrored = np.concatenate([above, below])
    touching = np.flatnonzero(stage[0, :, 3] > 127)
    share = np.zeros((room, width), np.float32)
    if len(touching) > 2:
        left, right = float(touching[0]), float(touching[-1])
        half = (right - left) / 2 + 1
        radius = max(RADIUS * height, 1.15 * half)
        x = np.arange(width, dtype=np.float32) - (left + right) / 2
        arc = np.sqrt(np.clip(radius**2 - x * x, 0, None)) - np.sqrt(radius**2 - half**2)
        up = np.arange(room, 0, -1, dtype=np.float32)[:, None]
        share = np.clip((arc[None, :] - up) / 3 + 0.5, 0, 1) * (np.abs(x) < half)
    share[0] = 0
    mirrored[:room, :, 3] = (mirrored[:room, :, 3] * share + 0.5).astype(np.uint8)
    return mirrored, np.array([0, room], np.float32)
