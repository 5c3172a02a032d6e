"""Colour jitter as one matrix, so that all pictures of an example change alike.

Brightness, contrast and saturation as FOMM's augmentation has them; hue by a quarter of its, which
would paint faces purple.
"""

import math

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels

LUMA = np.array([0.299, 0.587, 0.114])
"""Rec. 601."""

_TO_YIQ = np.array([LUMA, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


def colour_matrix(random: np.random.Generator, amount: float) -> FloatArray:
    """(3, 4): what a colour in [0, 1], with 1 appended, is multiplied by. 0 changes nothing."""
    brightness, contrast, saturation = 1 + random.uniform(-amount, amount, 3)
    turn = 2 * math.pi * random.uniform(-amount, amount) / 4
    hue = np.eye(3)
    hue[1:, 1:] = [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    grey = np.tile(LUMA, (3, 1))
    matrix = np.linalg.inv(_TO_YIQ) @ hue @ _TO_YIQ
    matrix = (saturation * np.eye(3) + (1 - saturation) * grey) @ matrix
    matrix = brightness * contrast * matrix
    offset = np.full((3, 1), 0.5 * (1 - contrast))
    return np.hstack([matrix, offset]).astype(np.float32)


def recoloured(pixels: Pixels, matrix: FloatArray) -> FloatArray:
    """(H, W, 3) uint8 under ``matrix`` (3, 4): (3, H, W) cut to [0, 1]."""
    scaled = matrix * np.array([1 / 255, 1 / 255, 1 / 255, 1], np.float32)
    turned = np.asarray(cv2.transform(pixels.astype(np.float32), scaled), np.float32)
    return np.ascontiguousarray(np.clip(turned, 0, 1).transpose(2, 0, 1))
