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
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.matte import fill
from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE
from pechead_live.errors import InputError
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

PARTS = ("rest", "missing", "person", "matte", "background")
REST = 9 + 2 + 1 + IDENTITY_SIZE + EXPRESSION_SIZE
SIDES = range(48, 1081)
"""Heights of a plate, pixels."""


_QUALITIES = (90, 80, 70, 60, 50, 40, 30, 25, 20, 16, 12, 6, 1)
"""WebP's, of the person; whatever is behind has less the smaller it is."""
SMALL = 128
"""Height of a plate, pixels, below which a point off by half a pixel is not seen."""

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
        if self.height not in SIDES or not 1500 <= self.most_bytes <= MOST_BYTES:
            raise InputError(
                f"a still {self.height} pixels high of at most {self.most_bytes} bytes: give "
                f"{SIDES.start} to {SIDES.stop - 1} pixels, and 1500 to {MOST_BYTES} bytes"
            )


GLIMPSE = Edition(height=80, most_bytes=1700)
"""What a thin line brings within a second or two: a call begins with it."""

FULL = Edition(height=512, most_bytes=30_000)
"""As sharp as a picture of 512 x 512 shows it."""

FRESH, FRESH_THIN = Edition(height=384, most_bytes=16_000), Edition(height=192, most_bytes=5000)
"""Of a camera, to be shown soon; over a thin line 5 kB take 10 s beside sound."""


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
    """The part and its step: a quarter of a pixel (of a small picture a half), or more where that
    would not reach."""
    missing = avatar.points - points_of(load_face_model(), avatar.rest)
    step = max((1.0 if height < SMALL else 0.5) / height, float(np.abs(missing).max()) / 127)
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
    behind = max(1, quality * quality // 100)
    qualities = {"person": quality, "matte": behind, "background": behind}
    parts |= {name: _webp(plate, qualities[name]) for name, plate in plates.items()}
    height, width = plates["matte"].shape
    card = json.dumps(
        {
            "name": _cut(shown_text(avatar.name, "name"), longest),
            "consent": _cut(shown_text(avatar.consent, "consent"), longest),
            "created": _cut(shown_text(avatar.created, "created"), longest),
            "width": width,
            "height": height,
            "missing_step": step,
            "parts": [len(parts[name]) for name in PARTS],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    head = MAGIC + bytes([VERSION]) + len(card).to_bytes(4, "big")
    return head + card + b"".join(parts[name] for name in PARTS)


def _cut(text: str, longest: int) -> str:
    """As much of ``text`` as has ``longest`` bytes; a larger edition has more of it."""
    return text[:LONGEST_TEXT].encode()[:longest].decode(errors="ignore")


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def shown_text(text: str, name: str) -> str:
    """Without anything that a terminal obeys."""
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    if not text:
        raise InputError(f"the avatar's still has no {name}: it cannot be shown")
    return text
