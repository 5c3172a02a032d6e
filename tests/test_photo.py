"""Reading a photo: any kind comes out upright and RGB, anything else is one clear sentence."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from still_samples import astronaut_photo, difference, saved

from pechead_live.avatar.photo import LONGEST_SIDE, WORKING_SIDE, read_photo
from pechead_live.errors import InputError

quick = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

AS_STORED: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation to how a camera stores an upright picture with it."""


def small_photo() -> Image.Image:
    return astronaut_photo().resize((96, 75))


@pytest.mark.parametrize("orientation", AS_STORED)
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_photo_is_upright_whatever_its_exif_orientation(
    tmp_path: Path, orientation: int, ending: str
):
    upright, turn = small_photo(), AS_STORED[orientation]
    exif = Image.Exif()
    exif[0x112] = orientation
    stored = upright if turn is None else upright.transpose(turn)
    path = saved(stored, tmp_path / f"a.{ending}", exif=exif, quality=95)
    pixels = read_photo(path)
    assert pixels.shape == (75, 96, 3)
    assert difference(pixels, np.asarray(upright)) < 4


def test_an_absurd_orientation_is_ignored(tmp_path: Path):
    exif = Image.Exif()
    exif[0x112] = 99
    assert read_photo(saved(small_photo(), tmp_path / "a.jpg", exif=exif)).shape == (75, 96, 3)


@pytest.mark.parametrize(
    ("mode", "ending", "tolerance"),
    [
        ("RGB", "png", 0.1),
        ("RGB", "webp", 6),
        ("RGB", "bmp", 0.1),
        ("RGBA", "png", 0.1),
        ("CMYK", "jpg", 8),
        ("P", "png", 25),
        ("P", "gif", 25),
        ("L", "png", 0.6),
        ("L", "jpg", 5),
        ("LA", "png", 0.6),
    ],
)
def test_every_kind_of_picture_comes_out_as_rgb(
    tmp_path: Path, mode: str, ending: str, tolerance: float
):
    photo = small_photo()
    pixels = read_photo(saved(photo.convert(mode), tmp_path / f"a.{ending}"))
    wanted = photo.convert("L").convert("RGB") if mode.startswith("L") else photo
    assert pixels.dtype == np.uint8
    assert difference(pixels, np.asarray(wanted)) < tolerance


def test_sixteen_bit_grey_keeps_its_brightness(tmp_path: Path):
    grey = np.asarray(small_photo().convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    pixels = read_photo(saved(deep, tmp_path / "a.png"))
    assert difference(pixels[..., 0], grey) < 1.5


def test_what_is_transparent_becomes_white(tmp_path: Path):
    clear = Image.new("RGBA", (40, 30), (200, 0, 0, 0))
    clear.paste((0, 0, 200, 255), (20, 0, 40, 30))
    pixels = read_photo(saved(clear, tmp_path / "a.png"))
    assert pixels[5, 5].tolist() == [255, 255, 255]
    assert pixels[5, 35].tolist() == [0, 0, 200]


def test_a_picture_of_one_pixel_is_read(tmp_path: Path):
    assert read_photo(saved(Image.new("RGB", (1, 1)), tmp_path / "a.png")).shape == (1, 1, 3)


def test_a_large_photo_is_reduced(tmp_path: Path):
    large = Image.new("L", (6000, 4500), 90)
    assert max(read_photo(saved(large, tmp_path / "a.jpg")).shape) == WORKING_SIDE


def unreadable(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.jpg"
    whole = saved(small_photo(), folder / "whole.jpg").read_bytes()
    png = saved(small_photo(), folder / "whole.png").read_bytes()
    contents = {
        "empty": b"",
        "tiff": b"II*\0" + bytes(60),
        "text": b"a letter to somebody\n" * 100,
        "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF",
        "half a jpeg": whole[: len(whole) // 2],
        "a jpeg's start": whole[:100],
        "half a png": png[: len(png) // 2],
        "a png's start": png[:40],
    }
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "x")
    elif kind == "folder":
        path.mkdir()
    elif kind == "wide png":
        saved(Image.new("1", (20_000, 300)), path, format="png")
    elif kind == "wide jpeg":
        saved(Image.new("L", (20_000, 300)), path)
    elif kind == "bomb":
        saved(Image.new("1", (20_000, 20_000)), path, format="png")
    elif kind == "many pixels":
        saved(Image.new("1", (9_000, 8_000)), path, format="png")
    elif kind == "long name":
        return folder / ("x" * 300 + ".jpg")
    elif kind != "missing":
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("empty", "empty"),
        ("text", "not a picture"),
        ("tiff", "not a picture"),
        ("pdf", "not a picture"),
        ("zip", "not a picture"),
        ("half a jpeg", "damaged or cut-off"),
        ("a jpeg's start", "damaged or cut-off"),
        ("half a png", "damaged or cut-off"),
        ("a png's start", "picture"),
        ("missing", "there is no picture"),
        ("folder", "is a folder"),
        ("long name", "cannot be read"),
        ("wide png", f"20000 x 300 pixels.*{LONGEST_SIDE}"),
        ("wide jpeg", f"20000 x 300 pixels.*{LONGEST_SIDE}"),
        ("bomb", f"too many pixels.*{LONGEST_SIDE}"),
        ("many pixels", "9000 x 8000 pixels.*million"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_what_to_do(
    tmp_path: Path, kind: str, reason: str
):
    path = unreadable(tmp_path, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow's own warning would be a second line
        with pytest.raises(InputError, match=reason) as caught:
            read_photo(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    assert ": " in message.rpartition(str(path))[2]


@pytest.mark.parametrize("kind", ["wide png", "wide jpeg", "bomb", "many pixels"])
def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
):
    path, small = unreadable(tmp_path, kind), saved(small_photo(), tmp_path / "small.png")

    def decode(image: Image.Image) -> None:
        raise AssertionError(f"{image.size} pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    with pytest.raises(InputError, match="scale it down"):
        read_photo(path)
    with pytest.raises(AssertionError, match=r"96, 75"):
        read_photo(small)


def read_or_refuse(path: Path) -> None:
    try:
        pixels = read_photo(path)
    except InputError:
        return
    assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    assert 1 <= max(pixels.shape[:2]) <= WORKING_SIDE


@quick
@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_an_input_error(tmp_path: Path, content: bytes):
    path = tmp_path / "fuzzed"
    path.write_bytes(content)
    read_or_refuse(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif", "bmp"])
@quick
@given(data=st.data())
def test_a_damaged_picture_is_read_or_refused(tmp_path: Path, ending: str, data: st.DataObject):
    whole = tmp_path / f"whole.{ending}"
    if not whole.exists():
        saved(small_photo().resize((32, 25)), whole)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, min(len(content), 400)))
        content[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "fuzzed"
    path.write_bytes(bytes(content))
    read_or_refuse(path)
