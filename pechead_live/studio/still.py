"""An avatar's portrait as a small JPEG."""

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar

SIDE = 256
"""Pixels."""

QUALITY = 88
"""Of 100; about 15 KB."""


def still_jpeg(avatar: Avatar) -> bytes:
    """JPEG, `SIDE` x `SIDE`: the person over their background, the crop that the avatar shows."""
    height, width = avatar.matte.shape
    middle = slice((width - height) // 2, (width - height) // 2 + height)
    share = avatar.matte[:, middle, None] / np.float32(255)
    whole = avatar.person[:, middle] * share + avatar.background[:, middle] * (1 - share)
    small = cv2.resize(whole, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    bgr = np.clip(small + 0.5, 0, 255).astype(np.uint8)[..., ::-1]
    encoded, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert encoded
    return content.tobytes()
