"""Reading a photo: upright, RGB, of a size that can be handled, or one clear sentence why not."""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pechead_live.errors import InputError
from pechead_live.frame import Pixels

LONGEST_SIDE = 12_000
"""Largest side in pixels that is taken; a face in a portrait needs a tenth of it."""

MOST_PIXELS = 64_000_000
"""Decoded at most: 200 MB as RGB. A JPEG is reduced while it is decoded and rarely meets this."""

WORKING_SIDE = 2_400
"""Larger photos are reduced to this longest side as they are read."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
"""What is tried. Not TIFF: libtiff writes lines of its own to stderr when a file is damaged."""

DEEP_MODES = ("I", "I;16", "I;16B", "I;16L")
"""Pillow's grey pictures with more than 8 bits."""


def read_photo(path: Path) -> Pixels:
    """(H, W, 3) uint8 RGB, upright by its EXIF orientation; transparent parts become white.

    Raises `InputError` when the file is missing, empty, no picture, cut off, or too large.
    """
    _check_file(path)
    return _read(path, str(path), FORMATS, None)


def decode_photo(
    content: bytes, name: str, *, formats: tuple[str, ...], most_pixels: int
) -> Pixels:
    """The photo that a file of these bytes holds, as `read_photo` gives it.

    ``name`` is what messages call it. ``formats``: those of `FORMATS` that are tried.
    ``most_pixels``: refused before it is decoded if it has more. Raises `InputError` as
    `read_photo` does, and for a moving picture.
    """
    if not content:
        raise InputError(f"{name} is empty (0 bytes): give a photo of a face")
    return _read(io.BytesIO(content), name, formats, most_pixels)


def _read(
    source: Path | BinaryIO, name: str, formats: tuple[str, ...], most_pixels: int | None
) -> Pixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is judged here, metadata do not matter
            with Image.open(source, formats=formats) as image:
                if most_pixels is not None:
                    _check_still(image, name, most_pixels)
                return _decoded(image, name)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            f"{name} is not a picture that can be read: give a PNG, JPEG or WebP photo"
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name} has too many pixels: scale it down to at most {LONGEST_SIDE} "
            "on the longer side"
        ) from error
    except (
        OSError,
        ValueError,
        SyntaxError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        ArithmeticError,
        EOFError,
        MemoryError,
        RuntimeError,
        struct.error,
        zlib.error,
    ) as error:  # what Pillow's readers raise for damaged files (found by fuzzing)
        raise InputError(
            f"{name} is a damaged or cut-off picture: give a whole PNG, JPEG or WebP photo"
        ) from error


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a photo of a face")
        if not path.is_file():
            raise InputError(f"there is no picture {path}: give the path of a photo of a face")
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes): give a photo of a face")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from error


def _check_still(image: Image.Image, name: str, most_pixels: int) -> None:
    # a phone's JPEG may carry a second picture, such as a depth map; that is no film
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise InputError(f"{name} is a moving picture: give a still photo")
    if image.width * image.height > most_pixels:
        raise InputError(
            f"{name} has {image.width} x {image.height} pixels: scale it down to at most "
            f"{most_pixels // 1_000_000} million"
        )


def _decoded(image: Image.Image, name: str) -> Pixels:
    if max(image.size) > LONGEST_SIDE:
        raise InputError(
            f"{name} has {image.width} x {image.height} pixels: "
            f"scale it down to at most {LONGEST_SIDE} on the longer side"
        )
    image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
    if image.width * image.height > MOST_PIXELS:
        raise InputError(
            f"{name} has {image.width} x {image.height} pixels: scale it down to at most "
            f"{MOST_PIXELS // 1_000_000} million"
        )
    upright: Image.Image = ImageOps.exif_transpose(image)
    if upright.mode in DEEP_MODES:
        upright = _eight_bits(upright)
    transparent = "A" in upright.getbands() or "transparency" in upright.info
    upright = upright.convert("RGBA" if transparent else "RGB")
    upright.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    if transparent:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright).convert("RGB")
    return np.array(upright, np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A 16-bit grey picture in 8 bits."""
    values = np.asarray(image, np.float32) * np.float32(255 / 65535)
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))
