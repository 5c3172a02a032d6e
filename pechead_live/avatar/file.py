"""The avatar file: a zip of PNGs, plain arrays and a JSON card; never pickle.

``card.json`` holds the format's version, name, consent, date, coefficients and the SHA-256 of
everything else, which is checked when the file is opened.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE, Coefficients
from pechead_live.errors import InputError, OutputError

VERSION = 1
_PICTURES = ("person", "matte", "background")
_CARD = "card.json"
_LARGEST = 64_000_000
"""Bytes; no member of a real avatar file comes near."""


def content_digest(person: np.ndarray, matte: np.ndarray, points: np.ndarray) -> str:
    """SHA-256 over what the photo gave, hexadecimal."""
    digest = hashlib.sha256()
    for part in (person, matte, points):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def save_avatar(avatar: Avatar, path: Path) -> None:
    """Writes ``avatar``; the file appears whole or not at all. Raises `OutputError`."""
    rest = {f.name: np.asarray(getattr(avatar.rest, f.name)).tolist() for f in fields(Coefficients)}
    card = {
        "format": "pechead-live avatar",
        "version": VERSION,
        "name": avatar.name,
        "consent": avatar.consent,
        "created": avatar.created,
        "digest": avatar.digest,
        "rest": rest,
    }
    partial = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_CARD, json.dumps(card, indent=1))
            for name in _PICTURES:
                pixels: np.ndarray = getattr(avatar, name)
                archive.writestr(f"{name}.png", _encode(pixels))
            for name in ("points", "delta"):
                buffer = io.BytesIO()
                np.save(buffer, getattr(avatar, name), allow_pickle=False)
                archive.writestr(f"{name}.npy", buffer.getvalue())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"the avatar cannot be written to {path}: {error.strerror}") from error


def open_avatar(path: Path) -> Avatar:
    """Reads what `save_avatar` wrote. Raises `InputError` if it is broken or something else."""
    if not path.is_file():
        raise InputError(
            f"there is no avatar {path}: make one with 'pechead-live avatar new PHOTO -o {path}'"
        )
    advice = "make it anew with 'pechead-live avatar new'"
    try:
        with zipfile.ZipFile(path) as archive:
            if any(info.file_size > _LARGEST for info in archive.infolist()):
                raise InputError(f"{path} holds more than an avatar would: {advice}")
            card = json.loads(archive.read(_CARD))
            if card.get("format") != "pechead-live avatar" or card.get("version") != VERSION:
                raise InputError(
                    f"{path} is an avatar of version {card.get('version')}, "
                    f"this program reads version {VERSION}: {advice}"
                )
            parts: dict[str, Any] = {n: _decode(archive.read(f"{n}.png")) for n in _PICTURES}
            for name, width in (("points", 2), ("delta", 3)):
                array = np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                if array.shape != (478, width) or array.dtype != np.float32:
                    raise InputError(f"{path} holds {name} of shape {array.shape}: {advice}")
                parts[name] = array
        rest = _coefficients(card["rest"])
        texts = {key: str(card[key]) for key in ("name", "consent", "created", "digest")}
    except InputError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, OSError, EOFError,
            NotImplementedError, RuntimeError, cv2.error) as error:
        raise InputError(f"{path} is not an avatar, or broken ({error!r}): {advice}") from error
    if content_digest(parts["person"], parts["matte"], parts["points"]) != texts["digest"]:
        raise InputError(f"{path} does not match its own checksum: {advice}")
    if not rest.is_finite() or not all(np.isfinite(parts[n]).all() for n in ("points", "delta")):
        raise InputError(f"{path} holds numbers that are not finite: {advice}")
    if not texts["consent"].strip():
        raise InputError(f"{path} carries no consent line: {advice} and --consent")
    sizes = {parts[name].shape[:2] for name in _PICTURES}
    if len(sizes) != 1 or parts["matte"].ndim != 2:
        raise InputError(f"{path} holds pictures of different sizes: {advice}")
    return Avatar(rest=rest, **parts, **texts)


def _coefficients(values: dict[str, Any]) -> Coefficients:
    shapes = {
        "identity": (IDENTITY_SIZE,),
        "expression": (EXPRESSION_SIZE,),
        "rotation": (3, 3),
        "translation": (2,),
    }
    arrays = {n: np.array(values[n], np.float32).reshape(s) for n, s in shapes.items()}
    return Coefficients(
        scale=float(values["scale"]), confidence=float(values["confidence"]), **arrays
    )


def _encode(pixels: np.ndarray) -> bytes:
    bgr = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    ok, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    assert ok
    return data.tobytes()


def _decode(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError("a picture in it cannot be decoded")
    return np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image
