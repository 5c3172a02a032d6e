"""The process that decodes and prepares one uploaded picture, with little that it may take."""

import contextlib
import importlib
import json
import logging
import math
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from pechead_live.errors import (
    InputError,
    MissingAssetError,
    MissingDependencyError,
    NoFaceError,
)

logger = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP")
"""What is taken, by content."""

DONE, REFUSED = b"+", b"-"
"""First byte of the answer: the avatar file follows, or ``{"code", "message"}``."""

FAILED = "failed"
"""Code of a refusal that is our own fault."""

_CALLED = "this picture"
"""In messages: a name or path from outside has no business here."""

_LARGEST_FILE = 64_000_000
"""Bytes; the face landmarker's model, where it has to be fetched, is a tenth."""

_POLITE = 5
"""Steps of niceness: a call that runs beside comes first."""


class Limits(NamedTuple):
    """What one picture may take."""

    most_pixels: int
    memory: int
    """Bytes of address space."""

    seconds: float
    """Of one processor."""


def prepare(pipe: "Connection[Any, Any]", limits: Limits, landmarker: str | None) -> None:
    """The process's whole life: reads a picture's bytes from ``pipe``, writes its answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
    limit_this_process(limits)
    with contextlib.closing(pipe):
        pipe.send_bytes(_answer(pipe.recv_bytes(), limits, landmarker))


def _answer(picture: bytes, limits: Limits, landmarker: str | None) -> bytes:
    try:
        return DONE + _prepared(picture, limits.most_pixels, landmarker)
    except NoFaceError as error:
        return _refused("no_face", str(error))
    except InputError as error:
        return _refused("bad_picture", str(error))
    except (MissingAssetError, MissingDependencyError) as error:
        logger.warning("%s", error)
        return _refused(
            "not_installed", "the server lacks what it finds faces with: see the server's log"
        )
    except MemoryError:
        return _refused("bad_picture", f"{_CALLED} takes too much memory: scale it down")
    except Exception as error:
        logger.exception("a picture could not be prepared")
        return _refused(FAILED, repr(error))


def _prepared(picture: bytes, most_pixels: int, landmarker: str | None) -> bytes:
    from pechead_live.avatar.file import encode_avatar
    from pechead_live.avatar.photo import decode_photo

    photo = decode_photo(picture, _CALLED, formats=FORMATS, most_pixels=most_pixels)
    # what is no picture is refused without these
    import cv2

    from pechead_live.avatar.prepare import FACES, prepare_avatar
    from pechead_live.detector.landmarker import Landmarker

    cv2.setNumThreads(1)
    model = None if landmarker is None else Path(landmarker)
    with Landmarker(model, still=True, faces=FACES) as found:
        avatar = prepare_avatar(photo, consent=_CALLED, name=_CALLED, landmarker=found)
    return encode_avatar(avatar)


def _refused(code: str, message: str) -> bytes:
    return REFUSED + json.dumps({"code": code, "message": message}).encode()


def limit_this_process(limits: Limits) -> None:
    """Bounds memory, processor time and files where the system can, and steps back for others."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_POLITE)
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows has none
        return
    seconds = math.ceil(limits.seconds)
    for name, most in (
        ("RLIMIT_AS", limits.memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", _LARGEST_FILE),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        with contextlib.suppress(ValueError, OSError):  # macOS has no RLIMIT_AS that it keeps
            if kind is not None:
                resource.setrlimit(kind, (most, most))
