"""Taking pictures in: real photos become avatars, everything else is refused in one sentence."""

import asyncio
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from still_samples import astronaut, astronaut_photo, side_by_side

from pechead_live.avatar.avatar import Avatar
from pechead_live.errors import InputError
from pechead_live.samples import sample
from pechead_live.studio.intake import Intake, IntakeConfig
from pechead_live.studio.refusal import ApiRefusal


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def taken(picture: bytes, config: IntakeConfig | None = None) -> Avatar:
    """What the intake makes of ``picture``."""
    intake = Intake(config)
    try:
        return asyncio.run(intake.take(picture, name="Ada", consent="my own face"))
    finally:
        intake.close()


def refused(picture: bytes, config: IntakeConfig | None = None) -> ApiRefusal:
    """How the intake refuses ``picture``."""
    with pytest.raises(ApiRefusal) as caught:
        taken(picture, config)
    message = caught.value.message
    assert "\n" not in message and ": " in message
    return caught.value


def phone_photo() -> bytes:
    """The astronaut lying on their side, upright by the EXIF entry, with a second picture."""
    exif = Image.Exif()
    exif[0x112] = 6
    stored = astronaut_photo().transpose(Image.Transpose.ROTATE_90)
    depth = [Image.new("RGB", (64, 64), "gray")]
    return encoded(stored, "MPO", exif=exif, save_all=True, append_images=depth, quality=95)


def deep() -> bytes:
    """A grey photo of 16 bits."""
    grey = np.asarray(astronaut_photo().convert("L"), np.uint16) * 257
    return encoded(Image.fromarray(grey), "PNG")


def film(kind: str) -> bytes:
    """Two pictures that are shown in turn."""
    first = astronaut_photo()
    return encoded(first, kind, save_all=True, append_images=[first.rotate(5)], duration=100)


PHOTOS: dict[str, Callable[[], bytes]] = {
    "a CMYK JPEG": lambda: encoded(astronaut_photo().convert("CMYK"), "JPEG", quality=95),
    "a phone's photo that lies on its side": phone_photo,
    "a PNG of 16 bits": deep,
    "two people, of whom the larger is taken": lambda: encoded(side_by_side([0.7, 1.0]), "WEBP"),
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_becomes_an_avatar(kind: str, face_landmarker: Path) -> None:
    avatar = taken(PHOTOS[kind](), IntakeConfig(landmarker=face_landmarker))
    assert (avatar.name, avatar.consent) == ("Ada", "my own face")
    assert abs(avatar.rest.scale - astronaut().rest.scale) < 0.1 * astronaut().rest.scale
    if kind != "a PNG of 16 bits":
        height, width = avatar.matte.shape
        face = (slice(height // 3, height // 2), slice(width // 2 - 20, width // 2 + 20))
        assert np.argmax(avatar.person[face].mean(axis=(0, 1))) == 0  # skin is red, not blue


def test_the_photo_s_own_avatar_comes_out(face_landmarker: Path) -> None:
    assert taken(sample("astronaut.jpg").read_bytes()).digest == astronaut().digest


JPEG = sample("astronaut.jpg").read_bytes()

REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "nothing": (lambda: b"", "bad_picture", "empty"),
    "a text": (lambda: b"a letter\n" * 99, "bad_picture", "not a picture"),
    "a text that begins as a JPEG": (lambda: JPEG[:4] + b"x" * 99, "bad_picture", "picture"),
    "a GIF": (lambda: encoded(astronaut_photo(), "GIF"), "bad_picture", "PNG, JPEG or WebP"),
    "a TIFF": (lambda: encoded(astronaut_photo(), "TIFF"), "bad_picture", "PNG, JPEG or WebP"),
    "half a JPEG": (lambda: JPEG[: len(JPEG) // 2], "bad_picture", "cut-off"),
    "an animated WebP": (lambda: film("WEBP"), "bad_picture", "moving"),
    "an animated PNG": (lambda: film("PNG"), "bad_picture", "moving"),
    "an empty wall": (lambda: encoded(Image.new("RGB", (400, 400)), "JPEG"), "no_face", "no face"),
    "64 megapixels": (
        lambda: encoded(Image.new("1", (8000, 8000)), "PNG"),
        "bad_picture",
        "8000 x 8000 pixels: scale it down to at most 50 million",
    ),
    "17 MiB": (lambda: JPEG + bytes(17 * 2**20), "too_large", "16 MiB"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_portrait_is_refused(kind: str, face_landmarker: Path) -> None:
    make, code, reason = REFUSED[kind]
    told = refused(make())
    assert (told.status, told.code) == (413 if code == "too_large" else 400, code)
    assert reason in told.message


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_is_taken() -> None:
    async def work() -> None:
        began = time.monotonic()
        with pytest.raises(ApiRefusal, match="too long") as caught:
            await intake.take(JPEG, name="Ada", consent="mine")
        assert caught.value.code == "bad_picture"
        assert time.monotonic() - began < 5
        with pytest.raises(ApiRefusal, match="too long"):
            await intake.take(JPEG, name="Ada", consent="mine")

    intake = Intake(IntakeConfig(seconds=0.2))
    try:
        asyncio.run(work())
    finally:
        intake.close()


@pytest.mark.skipif("sys.platform != 'linux'", reason="no other system keeps this limit")
def test_a_picture_that_takes_too_much_memory_is_refused() -> None:
    large = encoded(Image.new("RGB", (7000, 7000)), "PNG")
    assert refused(large, IntakeConfig(memory=450_000_000)).code == "bad_picture"


def test_a_process_that_dies_is_replaced(face_landmarker: Path) -> None:
    async def work() -> None:
        first = asyncio.create_task(intake.take(JPEG, name="Ada", consent="mine"))
        while intake._process is None:
            await asyncio.sleep(0.01)
        intake._process.kill()
        with pytest.raises(ApiRefusal):
            await first
        assert (await intake.take(JPEG, name="Ada", consent="mine")).digest == astronaut().digest

    intake = Intake()
    try:
        asyncio.run(work())
    finally:
        intake.close()


def test_when_others_wait_the_next_is_told_to_come_back() -> None:
    async def work() -> None:
        others = [
            asyncio.create_task(intake.take(JPEG, name="Ada", consent="mine")) for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(ApiRefusal) as caught:
            await intake.take(JPEG, name="Ada", consent="mine")
        assert (caught.value.status, caught.value.code) == (429, "too_fast")
        assert int(caught.value.headers["Retry-After"]) > 0
        ended = await asyncio.gather(*others, return_exceptions=True)
        assert [type(one) for one in ended] == [ApiRefusal, ApiRefusal]
        with pytest.raises(ApiRefusal, match="too long"):  # there is room again
            await intake.take(JPEG, name="Ada", consent="mine")

    intake = Intake(IntakeConfig(seconds=0.2, waiting=1))
    try:
        asyncio.run(work())
    finally:
        intake.close()


def test_closing_ends_what_is_being_prepared() -> None:
    async def work() -> None:
        task = asyncio.create_task(intake.take(JPEG, name="Ada", consent="mine"))
        while intake._process is None:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await asyncio.to_thread(intake.close)
        assert time.monotonic() - began < 5
        with pytest.raises(ApiRefusal):
            await task
        with pytest.raises(ApiRefusal) as caught:
            await intake.take(JPEG, name="Ada", consent="mine")
        assert caught.value.code == "draining"

    intake = Intake()
    asyncio.run(work())


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"memory": -1}, {"waiting": -1}])
def test_wrong_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="give"):
        IntakeConfig(**wrong)
