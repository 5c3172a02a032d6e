"""Reading a photo: upright, RGB, of a size that can be handled, or one clear sentence why not."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pechead_live.errors import InputError
from pechead_live.frame import Pixels

LONGEST_SIDE = 12_000
"""Largest side in pixels that is decoded; a face in a portrait needs a tenth of it."""

WORKING_SIDE = 2_400
"""Larger photos are reduced to this longest side as they are read."""


def read_photo(path: Path) -> Pixels:
    """(H, W, 3) uint8 RGB, upright by its EXIF orientation; transparent parts become white.

    Raises `InputError` when the file is missing, no picture, broken, or too large.
    """
    if not path.is_file():
        raise InputError(f"there is no picture {path}: give the path of a photo of a face")
    try:
        with Image.open(path) as image:
            if max(image.size) > LONGEST_SIDE:
                raise InputError(
                    f"{path} has {image.width} x {image.height} pixels: "
                    f"scale it down to at most {LONGEST_SIDE} on the longer side"
                )
            image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("I", "I;16", "F"):
                upright = upright.point(lambda value: value / 256).convert("L")
            rgba = upright.convert("RGBA")
            rgba.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
            white = Image.new("RGBA", rgba.size, "white")
            return np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))
    except InputError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(
            f"{path} is not a picture that can be read ({type(error).__name__}): "
            "give a PNG, JPEG or WebP photo"
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large to decode: scale it down") from error
