"""Taking a picture in: an upload's bytes to an avatar, prepared in a process that may die.

What strangers send is decoded in a process of its own (`intake_worker`), one picture each, of
bounded memory and time. It gives back the bytes of an avatar file, which is read as any other.
"""

import asyncio
import json
import logging
import multiprocessing
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import decode_avatar
from pechead_live.errors import InputError
from pechead_live.studio.body import too_large
from pechead_live.studio.intake_worker import DONE, FAILED, Limits, prepare
from pechead_live.studio.refusal import ApiRefusal

logger = logging.getLogger(__name__)

LARGEST_ANSWER = 64_000_000
"""Bytes of an avatar file that is taken from the process."""

_ENDED_WITHIN_S = 5.0
"""For a process to be gone after it answered or was killed."""


@dataclass(frozen=True, kw_only=True)
class IntakeConfig:
    """How much one upload may take of this machine."""

    landmarker: Path | None = None
    """The face landmarker's .task file; None looks it up."""

    largest_bytes: int = 16 * 1024 * 1024
    """Of a picture."""

    most_pixels: int = 50_000_000
    """Of a picture; judged before it is decoded."""

    seconds: float = 60.0
    """Until a picture's process is killed; about 3 are needed."""

    memory: int = 4 * 1024**3
    """Bytes of address space of that process, where the system has such a limit; 50 megapixels
    were prepared with 1.2 GiB, and more processors take more."""

    waiting: int = 4
    """Pictures that wait while one is prepared; the next is refused."""

    def __post_init__(self) -> None:
        if min(self.largest_bytes, self.most_pixels, self.seconds, self.memory) <= 0:
            raise InputError(f"an intake with {self}: give sizes and times above 0")
        if self.waiting < 0:
            raise InputError(f"{self.waiting} waiting pictures: give 0 or more")


class Intake:
    """Prepares uploaded pictures, one at a time. `close` it."""

    def __init__(self, config: IntakeConfig | None = None) -> None:
        self._config = config or IntakeConfig()
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._process: BaseProcess | None = None
        self._taken = 0
        self._closed = False
        self._lock = threading.Lock()

    async def take(self, picture: bytes, *, name: str, consent: str) -> Avatar:
        """The avatar of ``picture``: a JPEG, PNG or WebP by its content, of one person's face.

        Raises `ApiRefusal`: too_large, bad_picture, no_face, or too_fast when others wait.
        """
        if len(picture) > self._config.largest_bytes:
            raise too_large(self._config.largest_bytes)
        if not looks_like_a_picture(picture):
            raise ApiRefusal(
                400,
                "bad_picture",
                "this file is empty: give a photo of a face"
                if not picture
                else "this file is not a picture that can be read: give a PNG, JPEG or WebP photo",
            )
        with self._lock:
            if self._closed:
                raise ApiRefusal(503, "draining", "the server is ending: ask another one")
            if self._taken > self._config.waiting:
                raise ApiRefusal(
                    429,
                    "too_fast",
                    "other pictures are being prepared: wait some seconds and send it again",
                    {"Retry-After": "5"},
                )
            self._taken += 1
            prepared = self._lane.submit(self._prepared, picture)
        prepared.add_done_callback(self._left)
        avatar = await asyncio.wrap_future(prepared)
        return replace(avatar, name=name, consent=consent)

    def close(self) -> None:
        """Refuses what waits and ends what is being prepared."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            self._kill(process)
        self._lane.shutdown(cancel_futures=True)

    def _kill(self, process: BaseProcess) -> None:
        with self._lock:
            if self._process is process:
                process.kill()

    def _left(self, _: "Future[Avatar]") -> None:
        with self._lock:
            self._taken -= 1

    def _prepared(self, picture: bytes) -> Avatar:
        """In the lane's thread."""
        answer = self._asked(picture)
        if answer is None:
            raise ApiRefusal(
                400,
                "bad_picture",
                "this picture took too long or too much memory: give a smaller one, or save it "
                "anew as a JPEG",
            )
        if answer[:1] == DONE:
            return decode_avatar(answer[1:], "the prepared picture")
        told = json.loads(answer[1:])
        code, message = str(told["code"]), str(told["message"])
        if code == FAILED:
            raise RuntimeError(f"a picture could not be prepared: {message}")
        status = 503 if code == "not_installed" else 400
        raise ApiRefusal(status, code, message)

    def _asked(self, picture: bytes) -> bytes | None:
        """What the process of ``picture`` answers; None if it died or was killed."""
        config = self._config
        limits = Limits(config.most_pixels, config.memory, config.seconds)
        landmarker = None if config.landmarker is None else str(config.landmarker)
        context = multiprocessing.get_context("spawn")  # a forked MediaPipe would hang
        ours, theirs = context.Pipe()
        process = context.Process(target=prepare, args=(theirs, limits, landmarker), daemon=True)
        process.start()
        theirs.close()
        with self._lock:
            self._process = process
            if self._closed:
                process.kill()
        killer = threading.Timer(
            config.seconds, self._kill, [process]
        )  # also ends a pipe nobody reads
        killer.daemon = True
        killer.start()
        try:
            ours.send_bytes(picture)
            return ours.recv_bytes(LARGEST_ANSWER)
        except (EOFError, OSError):
            process.kill()
            process.join(_ENDED_WITHIN_S)
            logger.warning("an uploaded picture ended its process: %s", process.exitcode)
            return None
        finally:
            killer.cancel()
            ours.close()
            process.join(_ENDED_WITHIN_S)
            with self._lock:
                self._process = None
            if process.exitcode is None:
                process.kill()
                process.join(_ENDED_WITHIN_S)
            process.close()


def looks_like_a_picture(content: bytes) -> bool:
    """True if it begins as a JPEG, PNG or WebP does."""
    riff = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return riff or content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
