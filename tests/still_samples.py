"""Portraits and avatars for tests: the bundled astronaut, cut, scaled and set side by side."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar
from pechead_live.frame import Pixels
from pechead_live.samples import sample


@cache
def astronaut() -> Avatar:
    """The prepared sample."""
    return open_avatar(sample("astronaut.avatar"))


def astronaut_photo() -> Image.Image:
    """The sample's photo, RGB."""
    with Image.open(sample("astronaut.jpg")) as image:
        return image.convert("RGB")


def side_by_side(scales: Sequence[float]) -> Image.Image:
    """The astronaut once for each scale, from left to right, on grey."""
    photo = astronaut_photo()
    copies = [photo.resize((round(photo.width * s), round(photo.height * s))) for s in scales]
    sheet = Image.new("RGB", (sum(c.width for c in copies), max(c.height for c in copies)), "gray")
    left = 0
    for copy in copies:
        sheet.paste(copy, (left, 0))
        left += copy.width
    return sheet


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    """``path``, after the picture was written there."""
    image.save(path, **options)
    return path


def difference(one: Pixels, other: Pixels) -> float:
    """Mean absolute difference, levels of 255."""
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())
