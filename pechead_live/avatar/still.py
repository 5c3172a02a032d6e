"""`Still`: an avatar as it goes over a line, in a few kilobytes, once.

``PHST``, the version (1 byte), the card's length (4 bytes, big-endian), the card (JSON in UTF-8),
then the parts that it lists with their lengths, in this order:

- ``rest``: float32 little-endian, rotation (9, by rows), translation (2), scale, identity (50),
  expression (52): `Coefficients` of the portrait itself;
- ``missing``: (478, 2) int8, deflated (RFC 1950): what the face model at ``rest`` lacks to meet the
  portrait's points, picture coordinates, in steps of ``missing_step``;
- ``person``, ``matte``, ``background``: WebP, lossy and opaque, one size: the avatar's plates. The
  person's colours go on smoothly beyond the matte; the matte is the grey of its picture.

It is named by the SHA-256 of its bytes.
"""

import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.matte import fill
from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, points_of

VERSION = 1
MAGIC = b"PHST"
MOST_BYTES = 256 * 1024
"""Of a still that is taken."""

TEXT_SHARE = 12
"""A name or a consent line may have a twelfth of a still's bytes."""

LARGEST_CARD = 8192
LONGEST_TEXT = 400
"""Characters of the name and of the consent line."""

_PARTS = ("rest", "missing", "person", "matte", "background")
_REST = 9 + 2 + 1 + IDENTITY_SIZE + EXPRESSION_SIZE
_SIDES = range(48, 1081)
"""Heights of a plate, pixels."""

_REACH = 20.0
_PLATE = 1.25
"""Picture coordinates: a face is not farther out than a little beyond the crop's edge."""

_LACK = 0.5
"""Of the face model, half a face's width: what it lacks of any face is less."""

_QUALITIES = (90, 80, 70, 60, 50, 40, 30, 20, 12, 6, 1)
_BEYOND = 0.03
"""How far the person's own colours are kept beyond the matte, in plate heights."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """How much of an avatar goes."""

    height: int
    """Of the plates, pixels; their width is 16/9 of it."""

    most_bytes: int
    """The best quality that fits into so many is taken."""

    def __post_init__(self) -> None:
        if self.height not in _SIDES or not 1500 <= self.most_bytes <= MOST_BYTES:
            raise InputError(
                f"a still {self.height} pixels high of at most {self.most_bytes} bytes: give "
                f"{_SIDES.start} to {_SIDES.stop - 1} pixels, and 1500 to {MOST_BYTES} bytes"
            )


GLIMPSE = Edition(height=80, most_bytes=2200)
"""What a thin line brings within a second or two: a call begins with it."""

FULL = Edition(height=512, most_bytes=30_000)
"""As sharp as a picture of 512 x 512 shows it."""


class Still(NamedTuple):
    """Its bytes and their name."""

    content: bytes
    digest: str
    """SHA-256, hexadecimal."""


def still_of(avatar: Avatar, edition: Edition) -> Still:
    """``avatar`` in ``edition``. Raises `InputError` if it does not fit."""
    plates = _plates(avatar, edition.height)
    facts = _rest_bytes(avatar), *_missing_bytes(avatar, edition.height)
    for quality in _QUALITIES:
        content = _packed(avatar, plates, facts, quality, edition.most_bytes // TEXT_SHARE)
        if len(content) <= edition.most_bytes:
            return Still(content, digest_of(content))
    raise InputError(
        f"{avatar.name}: a still {edition.height} pixels high does not fit into "
        f"{edition.most_bytes} bytes: allow more, or fewer pixels"
    )


def digest_of(content: bytes) -> str:
    """The name of a still of these bytes."""
    return hashlib.sha256(content).hexdigest()


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


def _plates(avatar: Avatar, height: int) -> dict[str, np.ndarray]:
    width = round(avatar.matte.shape[1] * height / avatar.matte.shape[0])
    reach = max(1, round(_BEYOND * avatar.matte.shape[0])) * 2 + 1
    near = cv2.dilate(avatar.matte, np.ones((reach, reach), np.uint8))
    known = ((np.asarray(near) > 0) * 255).astype(np.uint8)
    person = fill(avatar.person, known)
    plates = {"person": person, "matte": avatar.matte, "background": avatar.background}
    interpolation = cv2.INTER_AREA if height < avatar.matte.shape[0] else cv2.INTER_LINEAR
    return {
        name: np.asarray(cv2.resize(plate, (width, height), interpolation=interpolation))
        for name, plate in plates.items()
    }


def _rest_bytes(avatar: Avatar) -> bytes:
    c = avatar.rest
    parts = c.rotation.reshape(-1), c.translation, [c.scale], c.identity, c.expression
    return np.concatenate(parts).astype("<f4").tobytes()


def _missing_bytes(avatar: Avatar, height: int) -> tuple[bytes, float]:
    """The part and its step: a quarter of a pixel, or more where that would not reach."""
    missing = avatar.points - points_of(load_face_model(), avatar.rest)
    step = max(0.5 / height, float(np.abs(missing).max()) / 127)
    levels = np.round(missing / step).astype(np.int8)
    return zlib.compress(levels.T.tobytes(), 9), step


def _packed(
    avatar: Avatar,
    plates: dict[str, np.ndarray],
    facts: tuple[bytes, bytes, float],
    quality: int,
    longest: int,
) -> bytes:
    """``longest``: bytes of each text."""
    rest, missing, step = facts
    parts = {"rest": rest, "missing": missing}
    parts |= {name: _webp(plate, quality) for name, plate in plates.items()}
    height, width = plates["matte"].shape
    card = json.dumps(
        {
            "name": _cut(_shown(avatar.name, "name"), longest),
            "consent": _cut(_shown(avatar.consent, "consent"), longest),
            "created": _cut(_shown(avatar.created, "created"), longest),
            "width": width,
            "height": height,
            "missing_step": step,
            "parts": [len(parts[name]) for name in _PARTS],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    head = MAGIC + bytes([VERSION]) + len(card).to_bytes(4, "big")
    return head + card + b"".join(parts[name] for name in _PARTS)


def _cut(text: str, longest: int) -> str:
    """As much of ``text`` as has ``longest`` bytes; a larger edition has more of it."""
    return text[:LONGEST_TEXT].encode()[:longest].decode(errors="ignore")


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


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
    if len(lengths) != len(_PARTS) or any(type(n) is not int or n < 0 for n in lengths):
        raise ValueError("its parts are not those of a still")
    if at + sum(lengths) != len(content):
        raise ValueError("it is longer or shorter than it says")
    parts: dict[str, bytes] = {}
    for name, length in zip(_PARTS, lengths, strict=True):
        parts[name] = content[at : at + length]
        at += length
    return card, parts


def _rest_from(data: bytes) -> Coefficients:
    values = np.frombuffer(data, "<f4").astype(np.float32)
    if len(values) != _REST or not bool((np.abs(values) <= _REACH).all()):  # also refuses NaN
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
    if height not in _SIDES or not 1 <= width / height <= 2:
        raise ValueError(f"its pictures are {width} x {height}")
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        if image.size != size:
            raise ValueError("its pictures are of different sizes")
        return np.ascontiguousarray(image.convert(mode))


def _text(card: dict[str, Any], name: str) -> str:
    text = card[name]
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise ValueError(f"its {name} is no text")
    return _shown(text, name)


def _shown(text: str, name: str) -> str:
    """Without anything that a terminal obeys."""
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    if not text:
        raise InputError(f"the avatar's still has no {name}: it cannot be shown")
    return text
