"""What a lite network adds to a picture: it is moved a little and painted over."""

import cv2
import numpy as np

from pechead_live.frame import Pixels
from pechead_live.renderer.lattice import finer
from pechead_live.renderer.lite_network import LiteDrawing
from pechead_live.renderer.square import resized


def compose(picture: Pixels, drawing: LiteDrawing, left: int, top: int, side: int) -> None:
    """Moves and paints over the square of ``side`` pixels at ``left``, ``top`` of ``picture``
    (H, W, 3), in place. The painting comes to that size; the picture keeps its own detail."""
    across, down = finer(drawing.residual * np.float32((side - 1) / 2), side)
    place = np.arange(side, dtype=np.float32)
    across += (place + left)[None, :]
    down += (place + top)[:, None]
    moved = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = np.clip(drawing.alpha, 0, 1)
    if side != alpha.shape[0]:
        alpha = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_LINEAR)
    alpha = np.asarray(alpha, np.float32)
    blend = cv2.blendLinear(moved, resized(drawing.painted, side), alpha, 1 - alpha)
    picture[top : top + side, left : left + side] = blend
