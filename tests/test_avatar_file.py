"""The avatar file: what is saved is opened again, everything else is refused in one sentence."""

import errno
import io
import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from still_samples import astronaut

from pechead_live.avatar.file import content_digest, open_avatar, save_avatar
from pechead_live.errors import InputError, OutputError
from pechead_live.samples import sample

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

VALID = sample("astronaut.avatar").read_bytes()


def members() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(VALID)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def card(**changed: Any) -> bytes:
    """The sample's card with entries replaced, or left out where None."""
    values = json.loads(members()["card.json"])
    values.update(changed)
    return json.dumps({k: v for k, v in values.items() if v is not None}).encode()


def png(*shape: int, dtype: type = np.uint8) -> bytes:
    return cv2.imencode(".png", np.zeros(shape, dtype))[1].tobytes()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def measured(**changed: np.ndarray) -> dict[str, bytes | None]:
    """The members of an avatar with other points or scores, and the checksum that fits them."""
    avatar = astronaut()
    other = avatar.measured._replace(**{n: a.astype(np.float32) for n, a in changed.items()})
    digest = content_digest(avatar.person, avatar.matte, other)
    return {"card.json": card(digest=digest)} | {
        f"{name}.npy": npy(getattr(other, name)) for name in changed
    }


def points(value: float | None = None, *, at: Any = ...) -> np.ndarray:
    """The sample's measured points, those at ``at`` replaced by ``value`` if one is given."""
    array = astronaut().measured.points.copy()
    if value is not None:
        array[at] = value
    return array


def absurd_npy() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(100)


def absurd_png() -> bytes:
    small = png(64, 64)
    return small[:16] + struct.pack(">II", 60_000, 60_000) + small[24:]


def repacked(
    path: Path, changed: dict[str, bytes | None], packing: int = zipfile.ZIP_STORED
) -> Path:
    """The sample with members replaced, or left out where None."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in {**members(), **changed}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_what_is_saved_is_opened_again(tmp_path: Path):
    avatar = astronaut()
    save_avatar(avatar, tmp_path / "größe 日本.avatar")
    again = open_avatar(tmp_path / "größe 日本.avatar")
    for name in ("person", "matte", "background", "points", "delta"):
        assert np.array_equal(getattr(again, name), getattr(avatar, name)), name
    for name in ("points", "scores"):
        assert np.array_equal(getattr(again.measured, name), getattr(avatar.measured, name)), name
    for name in ("identity", "expression", "rotation", "translation"):
        assert np.array_equal(getattr(again.rest, name), getattr(avatar.rest, name)), name
    texts = ("name", "consent", "created", "digest")
    assert [getattr(again, n) for n in texts] == [getattr(avatar, n) for n in texts]
    assert again.rest.scale == avatar.rest.scale
    assert [p.name for p in tmp_path.iterdir()] == ["größe 日本.avatar"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    for path in (tmp_path / "no" / "a.avatar", tmp_path / ("x" * 300 + ".avatar")):
        with pytest.raises(OutputError, match="cannot be written"):
            save_avatar(astronaut(), path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_avatar_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.avatar"
    path.write_bytes(VALID)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        save_avatar(astronaut(), path)
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == VALID


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"card.json": card(version=99)}, "version 99, this program reads version 1"),
        ({"card.json": card(format="a diary")}, "is not an avatar"),
        ({"card.json": b"[" * 50_000}, "not an avatar, or it is damaged"),
        ({"card.json": b"[]"}, "not an avatar, or it is damaged"),
        ({"card.json": None}, "not an avatar, or it is damaged"),
        ({"card.json": card(consent=" ")}, "no consent line"),
        ({"card.json": card(consent=None)}, "damaged"),
        ({"card.json": card(digest="0" * 64)}, "checksum"),
        (measured(points=points(np.nan)), "numbers that no face has"),
        (measured(points=points(np.nan, at=(7, 2))), "numbers that no face has"),
        (measured(points=points(np.inf, at=(7, 2))), "numbers that no face has"),
        (measured(points=points(1e30, at=(0, 0))), "numbers that no face has"),
        (measured(points=points(0.5)), "numbers that no face has"),
        (measured(points=0.01 * points(0.0, at=0)), "numbers that no face has"),
        (measured(points=np.eye(478, 3)), "numbers that no face has"),
        (measured(points=points(20.0, at=(..., 0))), "numbers that no face has"),
        (measured(points=points() + np.array([0, 1.6, 0])), "numbers that no face has"),
        (measured(points=8 * points()), "numbers that no face has"),
        (measured(scores=np.full(52, 7.0)), "numbers that no face has"),
        (measured(scores=np.full(52, -0.1)), "numbers that no face has"),
        (measured(scores=np.full(52, np.nan)), "numbers that no face has"),
        ({"scores.npy": npy(np.zeros(51, np.float32))}, "damaged"),
        ({"scores.npy": npy(np.zeros((52, 1), np.float32))}, "damaged"),
        ({"scores.npy": npy(np.zeros(52, np.float32))}, "checksum"),
        ({"scores.npy": None}, "damaged"),
        ({"person.png": None}, "damaged"),
        ({"person.png": b"GIF89a" + bytes(100)}, "damaged"),
        ({"person.png": absurd_png()}, "damaged"),
        ({"background.png": png(64, 114, 3)}, "do not fit together"),
        ({"background.png": png(256, 456)}, "do not fit together"),
        ({"background.png": png(256, 456, 3, dtype=np.uint16)}, "do not fit together"),
        ({"points.npy": npy(np.zeros((478, 3), np.float32))}, "checksum"),
        ({"points.npy": npy(np.zeros((478, 2), np.float32))}, "damaged"),
        ({"points.npy": npy(np.zeros((478, 3)))}, "damaged"),
        ({"points.npy": npy(np.zeros((478, 3), np.float32, "F"))}, "damaged"),
        ({"points.npy": npy(np.array([{}], object))}, "damaged"),
        ({"points.npy": npy(np.zeros((478, 3), np.float32))[:-9]}, "damaged"),
        ({"points.npy": None}, "damaged"),
    ],
)
def test_an_avatar_with_a_fault_is_refused_in_one_sentence(
    tmp_path: Path, changed: dict[str, bytes | None], reason: str
):
    path = repacked(tmp_path / "a.avatar", changed)
    with pytest.raises(InputError, match=reason) as caught:
        open_avatar(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert "make it anew" in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "0 bytes"),
        (b"hello", "not an avatar"),
        (VALID[: len(VALID) // 2], "damaged"),
        (VALID[: len(VALID) // 2] + b"x" + VALID[len(VALID) // 2 + 1 :], "damaged"),
    ],
)
def test_what_is_no_avatar_is_refused(tmp_path: Path, content: bytes, reason: str):
    path = tmp_path / "a.avatar"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        open_avatar(path)


def test_a_missing_avatar_and_a_folder_are_refused(tmp_path: Path):
    for path in (tmp_path / "a.avatar", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(InputError):
            open_avatar(path)


def test_a_pickle_in_an_array_is_never_loaded(tmp_path: Path):
    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return pytest.fail, ("a pickle was loaded",)

    path = repacked(tmp_path / "a.avatar", {"points.npy": npy(np.array([Trap()], object))})
    with pytest.raises(InputError, match="damaged"):
        open_avatar(path)


@pytest.mark.parametrize("name", ["points.npy", "scores.npy"])
def test_an_absurd_shape_is_refused_without_taking_memory(tmp_path: Path, name: str):
    path = repacked(tmp_path / "a.avatar", {name: absurd_npy()})
    assert refused_within(path) < 20e6


def test_a_zip_bomb_is_refused_without_unpacking_it(tmp_path: Path):
    path = repacked(tmp_path / "a.avatar", {"card.json": bytes(60_000_000)}, zipfile.ZIP_DEFLATED)
    assert refused_within(path) < 20e6


def refused_within(path: Path) -> int:
    """Bytes that were taken at most while ``path`` was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="damaged"):
            open_avatar(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def open_or_refuse(path: Path) -> None:
    try:
        avatar = open_avatar(path)
    except InputError:
        return
    assert avatar.rest.is_finite() and avatar.consent.strip()
    assert np.isfinite(avatar.delta).all()


@quick
@given(content=st.binary(max_size=300))
def test_any_bytes_are_an_avatar_or_an_input_error(tmp_path: Path, content: bytes):
    path = tmp_path / "fuzzed.avatar"
    path.write_bytes(content)
    open_or_refuse(path)


@quick
@given(data=st.data())
def test_a_damaged_avatar_is_opened_or_refused(tmp_path: Path, data: st.DataObject):
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(["start", "end", "anywhere"]))
        low, high = {"start": (0, 400), "end": (len(content) - 500, len(content))}.get(
            place, (0, len(content))
        )
        start = data.draw(st.integers(low, high))
        content[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "fuzzed.avatar"
    path.write_bytes(bytes(content))
    open_or_refuse(path)


@quick
@given(
    name=st.sampled_from(sorted(members())),
    content=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_any_member_is_read_or_refused(tmp_path: Path, name: str, content: bytes):
    open_or_refuse(repacked(tmp_path / "fuzzed.avatar", {name: content}))


@quick
@given(
    key=st.sampled_from(["format", "name", "consent", "digest", "version", "created"]),
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
)
def test_any_card_is_read_or_refused(tmp_path: Path, key: str, value: Any):
    open_or_refuse(repacked(tmp_path / "fuzzed.avatar", {"card.json": card(**{key: value})}))


def test_a_damaged_array_header_is_refused(tmp_path: Path):
    damaged = npy(astronaut().measured.scores).replace(b"}", b"(", 1)
    path = repacked(tmp_path / "a.avatar", {"scores.npy": damaged})
    with pytest.raises(InputError, match="damaged"):
        open_avatar(path)
