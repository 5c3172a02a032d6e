"""The avatar file: a zip of PNGs, plain arrays and a JSON card; never pickle.

``card.json`` holds the format's version, name, consent, date and the SHA-256 of what the photo gave
(person, matte, measurement), which is checked when the file is opened. Nothing in it is
compressed but the PNGs and what a network has learned (`avatar.personal`), so a file takes as much
memory as it is long, and the sizes of those are looked at before they are unpacked. A program that
does not know a member leaves it alone.
"""

import hashlib
import io
import json
import logging
import struct
import tokenize
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.fitting import portrait_fit
from pechead_live.avatar.personal import HEADER, NUMBERS, Personal, packed, unpacked
from pechead_live.avatar.plate import on_stage
from pechead_live.coefficients import EXPRESSION_SIZE, Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.facemodel.measurement import Measurement, face_size
from pechead_live.facemodel.model import load_face_model
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

VERSION = 1
_PICTURES = ("person", "matte", "background")
_CARD = "card.json"
_LARGEST = 64_000_000
"""Bytes; no real avatar file comes near."""

_SIDES = range(64, 4097)
"""Heights and widths of a picture that is decoded, pixels."""

_REACH = 20.0
"""Largest coordinate of a point, and of what the model lacks; a face lies within [-1, 1]."""

_SMALLEST, _WIDEST = 0.02, 4.0
"""Smallest face, picture units: five pixels of 512; and the largest: twice the picture."""

_SMALLEST_SCALE = 1e-3
"""Smallest `Coefficients.scale` of a fitted portrait; a face of `_SMALLEST` has 0.01."""

_NUMBERS = {"points": (478, 3), "scores": (EXPRESSION_SIZE,)}
"""The measurement's arrays and their shapes."""


_ADVICE = "make it anew with 'pechead-live avatar new'"


def content_digest(person: np.ndarray, matte: np.ndarray, measured: Measurement) -> str:
    """SHA-256 over what the photo gave, hexadecimal."""
    digest = hashlib.sha256()
    for part in (person, matte, measured.points, measured.scores):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def save_avatar(avatar: Avatar, path: Path) -> None:
    """Writes ``avatar``; the file appears whole or not at all. Raises `OutputError`."""
    write_whole(path, encode_avatar(avatar))


def encode_avatar(avatar: Avatar) -> bytes:
    """The avatar file of ``avatar``."""
    card = {
        "format": "pechead-live avatar",
        "version": VERSION,
        "name": avatar.name,
        "consent": avatar.consent,
        "created": avatar.created,
        "digest": avatar.digest,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_CARD, json.dumps(card, indent=1))
        for name in _PICTURES:
            pixels: np.ndarray = getattr(avatar, name)
            archive.writestr(f"{name}.png", _encode(pixels))
        for name in _NUMBERS:
            buffer = io.BytesIO()
            np.save(buffer, getattr(avatar.measured, name), allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())
        if avatar.personal is not None:
            for name, content in packed(avatar.personal).items():
                archive.writestr(name, content)
    return file.getvalue()


def open_avatar(path: Path) -> Avatar:
    """Reads what `save_avatar` wrote. Raises `InputError` if it is broken or something else."""
    try:
        if not path.is_file():
            raise InputError(
                f"there is no avatar {path}: make one with 'pechead-live avatar new PHOTO -o NAME'"
            )
        size = path.stat().st_size
        if not 0 < size <= _LARGEST:
            raise InputError(f"{path} has {size} bytes, which no avatar has: {_ADVICE}")
        content = path.read_bytes()
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not an avatar, or it is damaged: {_ADVICE}") from error
    return decode_avatar(content, str(path))


def decode_avatar(content: bytes, name: str) -> Avatar:
    """The avatar whose file holds ``content``; messages call it ``name``. Raises `InputError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            card = _card(archive)
            parts: dict[str, Any] = {n: _decode(_member(archive, f"{n}.png")) for n in _PICTURES}
            numbers = {n: _numbers(_member(archive, f"{n}.npy"), s) for n, s in _NUMBERS.items()}
            personal = _personal(archive)
        measured = Measurement(**numbers, presence=1.0, faces=1)
        texts: dict[str, Any] = {k: str(card[k]) for k in ("name", "consent", "created", "digest")}
        _check(parts, measured, texts)
        rest, delta = portrait_fit(measured, load_face_model())
        _check_fit(rest, delta)
    except InputError as error:
        raise InputError(f"{name} {error}") from error
    except (
        zipfile.BadZipFile,
        tokenize.TokenError,  # numpy, of a damaged header
        SyntaxError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
        struct.error,
        cv2.error,
    ) as error:
        logger.debug("%s: %r", name, error)
        raise InputError(f"{name} is not an avatar, or it is damaged: {_ADVICE}") from error
    return Avatar(measured=measured, rest=rest, delta=delta, personal=personal, **parts, **texts)


def _card(archive: zipfile.ZipFile) -> dict[str, Any]:
    card = json.loads(_member(archive, _CARD))
    if card.get("format") != "pechead-live avatar":
        raise InputError(f"is not an avatar: {_ADVICE}")
    if card.get("version") != VERSION:
        raise InputError(
            f"is an avatar of version {card.get('version')}, this program reads version "
            f"{VERSION}: {_ADVICE}, or use the program that made it"
        )
    return card


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > _LARGEST:
        raise ValueError(f"{name} is packed otherwise than `save_avatar` does")
    return archive.read(info)


def _personal(archive: zipfile.ZipFile) -> Personal | None:
    if not {HEADER, NUMBERS} & set(archive.namelist()):
        return None
    return unpacked(_member(archive, HEADER), _member(archive, NUMBERS))


def _numbers(data: bytes, shape: tuple[int, ...]) -> FloatArray:
    """The plain float32 array of ``shape`` in an .npy file; ValueError for anything else.

    The header is read first: numpy would take the memory that it asks for.
    """
    stream = io.BytesIO(data)
    np.lib.format.read_magic(stream)
    found, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if found != shape or fortran or dtype != np.float32:
        raise ValueError(f"numbers of shape {found} {dtype}")
    return np.frombuffer(data[stream.tell() :], np.float32).reshape(shape).copy()


def _check(parts: dict[str, Any], measured: Measurement, texts: dict[str, str]) -> None:
    """`InputError` unless the parts fit together."""
    if content_digest(parts["person"], parts["matte"], measured) != texts["digest"]:
        raise InputError(f"does not match its own checksum: {_ADVICE}")
    scores = measured.scores
    if (
        not bool((np.abs(measured.points) <= _REACH).all())  # also refuses NaN
        or not _SMALLEST <= face_size(measured.points) <= _WIDEST
        or not on_stage(measured.points)
        or not bool(((scores >= 0) & (scores <= 1)).all())
    ):
        raise InputError(f"holds numbers that no face has: {_ADVICE}")
    if not texts["consent"].strip():
        raise InputError(f"carries no consent line: {_ADVICE} and --consent")
    height, width = parts["matte"].shape[:2]
    wanted = {"person": (height, width, 3), "background": (height, width, 3)}
    fits = parts["matte"].shape == (height, width)
    fits = fits and all(parts[name].shape == shape for name, shape in wanted.items())
    if not fits or any(parts[name].dtype != np.uint8 for name in _PICTURES):
        raise InputError(f"holds pictures that do not fit together: {_ADVICE}")
    if not 1 <= width / height <= 2:
        raise InputError(f"holds a stage of {width} x {height} pixels: {_ADVICE}")


def _check_fit(rest: Coefficients, delta: FloatArray) -> None:
    """`InputError` unless the points are those of a face, however few of them lie apart."""
    near = bool((np.abs(delta) <= _REACH).all())  # also refuses NaN
    if not (rest.is_finite() and rest.scale >= _SMALLEST_SCALE and near):
        raise InputError(f"holds numbers that no face has: {_ADVICE}")


def _encode(pixels: np.ndarray) -> bytes:
    bgr = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    ok, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    assert ok
    return data.tobytes()


def _decode(data: bytes) -> np.ndarray:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise ValueError("a picture in it is no PNG")
    width, height = struct.unpack(">II", data[16:24])
    if width not in _SIDES or height not in _SIDES:
        raise ValueError(f"a picture in it has {width} x {height} pixels")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError("a picture in it cannot be decoded")
    return np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image
