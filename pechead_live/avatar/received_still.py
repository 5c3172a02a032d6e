"""A still of whoever is at the other end, back to an avatar: nothing in it is believed."""

import io
import json
import zlib
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.still import (
    LARGEST_CARD,
    LONGEST_TEXT,
    MAGIC,
    MOST_BYTES,
    PARTS,
    REST,
    SIDES,
    VERSION,
    digest_of,
    shown_text,
)
from pechead_live.coefficients import IDENTITY_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, points_of

_REACH = 20.0

_PLATE = 1.25
"""Picture coordinates: a face is not farther out than a little beyond the crop's edge."""

_LACK = 0.5
"""Of the face model, half a face's width: what it lacks of any face is less."""


def open_still(content: bytes) -> Avatar:
    """The avatar of a still, whoever sent it. Raises `InputError` if it is none."""
    try:
        card, parts = _unpacked(content)
        rest = _rest_from(parts["rest"])
        step = float(card["missing_step"])
        missing = _missing_from(parts["missing"], step)
        size = int(card["width"]), int(card["height"])
        person, matte, background = (
            _picture(parts[name], size, mode)
            for name, mode in (("person", "RGB"), ("matte", "L"), ("background", "RGB"))
        )
        texts: dict[str, Any] = {name: _text(card, name) for name in ("name", "consent", "created")}
    except InputError:
        raise
    except (
        KeyError,
        ValueError,  # also of JSON and Unicode
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        OSError,
        SyntaxError,
        EOFError,
        zlib.error,
        UnidentifiedImageError,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(f"what came is no avatar's still, or it is damaged ({error})") from error
    points = np.zeros((len(missing), 3), np.float32)
    points[:, :2] = points_of(load_face_model(), rest) + missing
    turned = np.zeros_like(points)
    turned[:, :2] = missing / rest.scale
    if np.abs(points).max() > _PLATE or np.abs(turned).max() > _LACK:
        raise InputError("what came is no avatar's still: its face is none")
    return Avatar(
        person=person,
        matte=matte,
        background=background,
        measured=Measurement(points=points, scores=rest.expression, presence=1.0, faces=1),
        rest=rest,
        delta=(turned @ rest.rotation).astype(np.float32),
        digest=digest_of(content),
        **texts,
    )


def _unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    if not 9 < len(content) <= MOST_BYTES or content[:4] != MAGIC:
        raise ValueError("it does not begin as one, or is too long")
    if content[4] != VERSION:
        raise InputError(
            f"the avatar's still is of version {content[4]}, this program reads version {VERSION}: "
            "use the same release at both ends"
        )
    at = 9 + int.from_bytes(content[5:9], "big")
    if at - 9 > LARGEST_CARD:
        raise ValueError("its card is too long")
    card = json.loads(content[9:at])
    lengths = card["parts"]
    if len(lengths) != len(PARTS) or any(type(n) is not int or n < 0 for n in lengths):
        raise ValueError("its parts are not those of a still")
    if at + sum(lengths) != len(content):
        raise ValueError("it is longer or shorter than it says")
    parts: dict[str, bytes] = {}
    for name, length in zip(PARTS, lengths, strict=True):
        parts[name] = content[at : at + length]
        at += length
    return card, parts


def _rest_from(data: bytes) -> Coefficients:
    values = np.frombuffer(data, "<f4").astype(np.float32)
    if len(values) != REST or not bool((np.abs(values) <= _REACH).all()):  # also refuses NaN
        raise ValueError("its pose is none")
    rotation, place, scale, identity, expression = np.split(values, [9, 11, 12, 12 + IDENTITY_SIZE])
    turn = rotation.reshape(3, 3)
    turned_only = np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) and np.linalg.det(turn) > 0
    if not turned_only or not 1e-3 <= scale[0] <= _REACH:
        raise ValueError("its pose is none")
    return Coefficients(
        rotation=turn.copy(),
        translation=place.copy(),
        scale=float(scale[0]),
        identity=identity.copy(),
        expression=np.clip(expression, 0, 1),
    )


def _missing_from(data: bytes, step: float) -> FloatArray:
    """(478, 2) picture coordinates."""
    count = 2 * len(load_face_model().mean)
    unpack = zlib.decompressobj()
    levels = unpack.decompress(data, count + 1)
    if len(levels) != count or not 0 < step <= 1:
        raise ValueError("its points are not those of a face")
    return (np.frombuffer(levels, np.int8).reshape(2, -1).T * step).astype(np.float32)


def _picture(data: bytes, size: tuple[int, int], mode: str) -> np.ndarray:
    """(H, W, 3) or (H, W); the size is looked at before anything is unpacked."""
    width, height = size
    if height not in SIDES or not 1 <= width / height <= 2:
        raise ValueError(f"its pictures are {width} x {height}")
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        if image.size != size:
            raise ValueError("its pictures are of different sizes")
        return np.ascontiguousarray(image.convert(mode))


def _text(card: dict[str, Any], name: str) -> str:
    text = card[name]
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise ValueError(f"its {name} is no text")
    return shown_text(text, name)
