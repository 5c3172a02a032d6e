"""Whatever lies in a file, a reader gives a recording or an InputError."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motion_samples import random_recording

from pechead_live.errors import InputError
from pechead_live.recording.json_lines import decode_json_lines, encode_json_lines
from pechead_live.recording.live_link_face import decode_csv, encode_csv
from pechead_live.recording.npz import decode_npz, encode_npz
from pechead_live.recording.recording import Recording

Decode = Callable[[bytes, str], Recording]

SAMPLE = random_recording(9, frames=4)
FORMATS: dict[str, tuple[Decode, bytes]] = {
    "npz": (decode_npz, encode_npz(SAMPLE, compact=False)),
    "compact": (decode_npz, encode_npz(SAMPLE, compact=True)),
    "csv": (decode_csv, encode_csv(SAMPLE)),
    "jsonl": (decode_json_lines, encode_json_lines(SAMPLE)),
}

quick = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def read(decode: Decode, content: bytes) -> None:
    try:
        recording = decode(content, "fuzzed")
    except InputError:
        return
    assert all(coefficients.is_finite() for coefficients in recording.coefficients)


@pytest.mark.parametrize("name", FORMATS)
@quick
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(name: str, content: bytes):
    read(FORMATS[name][0], content)


@pytest.mark.parametrize("name", FORMATS)
@quick
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(name: str, data: st.DataObject):
    decode, valid = FORMATS[name]
    content = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        stop = start + data.draw(st.integers(0, 20))
        content[start:stop] = data.draw(st.binary(max_size=20))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    read(decode, bytes(content))


def npz_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def array_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def repacked(**changed: np.ndarray | bytes | None) -> bytes:
    """The sample with members replaced, or left out where None."""
    with np.load(io.BytesIO(FORMATS["npz"][1])) as arrays:
        members: dict[str, bytes] = {name: array_bytes(arrays[name]) for name in arrays.files}
    for name, value in changed.items():
        if value is None:
            del members[name]
        else:
            members[name] = value if isinstance(value, bytes) else array_bytes(value)
    return npz_of(members)


@quick
@given(
    member=st.sampled_from(["expression", "rotation", "scale", "captured_at", "fps", "version"]),
    dtype=st.sampled_from(["<f4", "<f8", "<f2", "|u1", "<i8", "|i1"]),
    shape=st.lists(st.integers(0, 6), max_size=3),
    value=st.floats(-1e30, 1e30),
)
def test_arrays_of_any_shape_and_type_are_read_or_refused(
    member: str, dtype: str, shape: list[int], value: float
):
    with np.errstate(all="ignore"):
        array = np.full(shape, value).astype(dtype)
    read(decode_npz, repacked(**{member: array}))


def test_an_absurd_shape_is_refused_without_taking_memory():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999, 9), }\n"
    absurd = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(100)
    content = repacked(expression=absurd)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="not as long as it says"):
            decode_npz(content, "absurd")
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_refused():
    with pytest.raises(InputError, match="too large"):
        decode_npz(npz_of({"expression": bytes(100 * 1024 * 1024)}), "bomb")


def test_pickled_arrays_are_refused():
    with pytest.raises(InputError, match="no plain array"):
        decode_npz(repacked(expression=np.array([{}], object)), "pickle")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"version": np.array(99)}, "version 99"),
        ({"version": None}, "no version"),
        ({"scale": None}, "lacks scale"),
        ({"expression": np.zeros((3, 52), np.float32)}, "do not fit together"),
        ({"expression": np.full((4, 52), np.nan, np.float32)}, "NaN"),
        ({"captured_at": np.zeros(4)}, "must grow"),
        ({"rotation": np.zeros((4, 3, 3), np.float32)}, "rotation matrix"),
        ({"fps": np.array(-1.0)}, "frames per second"),
    ],
)
def test_an_npz_with_a_fault_is_refused_with_the_reason(
    changed: dict[str, np.ndarray | None], reason: str
):
    with pytest.raises(InputError, match=reason):
        decode_npz(repacked(**changed), "faulty")
