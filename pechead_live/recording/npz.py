"""Our own recording: an ``.npz`` that `numpy.load` opens without pickle, exact or compact.

Members: ``version`` (), ``fps`` (), ``name`` (UTF-8 bytes), ``captured_at`` (T,), ``confidence``
(T,), ``scale`` (T,), ``translation`` (T, 2), ``identity`` (T or 1, 50), and either ``rotation``
(T, 3, 3) with ``expression`` (T, 52) float32 (exact), or ``rotation`` (T, 3) rotation vectors in
radians with ``expression`` (T, 52) uint8, 255 for 1 (compact: 0.002 of an expression, 0.03 degrees,
1/30 pixel at 256). Files come from strangers, so the arrays are read by hand: what a header claims
is checked against the bytes that are there before anything is allocated.
"""

import io
import re
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, IDENTITY_SIZE
from pechead_live.errors import InputError
from pechead_live.recording.recording import Arrays, Recording, stack, unstack
from pechead_live.rotation import rotation_from_vector, rotation_vector

VERSION = 1

MAX_MEMBER_BYTES = 64 * 1024 * 1024
"""Unpacked bytes of one array: a million frames of expressions, compact."""

_HEADER = re.compile(
    rb"^\{'descr': '([<|][fiu][1248])', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,8},? ?){0,3})\), \} *\n$"
)
_PREFIX = b"\x93NUMPY\x01\x00"

NumberArray = npt.NDArray[Any]


def encode_npz(recording: Recording, *, compact: bool) -> bytes:
    """A recording as the bytes of an ``.npz`` file."""
    arrays = stack(recording.coefficients)
    same_person = bool((arrays.identity == arrays.identity[:1]).all())
    members: dict[str, NumberArray] = {
        "version": np.array(VERSION, np.int64),
        "fps": np.array(recording.fps, np.float64),
        "name": np.frombuffer(recording.name.encode(), np.uint8),
    }
    if compact:
        members |= {
            "identity": arrays.identity[:1].astype(np.float16),
            "expression": np.rint(np.clip(arrays.expression, 0, 1) * 255).astype(np.uint8),
            "rotation": np.array([rotation_vector(r) for r in arrays.rotation], np.float16),
            "translation": arrays.translation.astype(np.float16),
            "scale": arrays.scale.astype(np.float16),
            # Rounding up keeps "seen" and "not seen" apart.
            "confidence": np.ceil(arrays.confidence * 255).astype(np.uint8),
            "captured_at": arrays.captured_at,
        }
    else:
        members |= arrays._asdict()
        if same_person:
            members["identity"] = arrays.identity[:1]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **members)
    return buffer.getvalue()


def decode_npz(content: bytes, name: str) -> Recording:
    """The bytes of an ``.npz`` file as a recording; anything wrong raises `InputError`."""
    try:
        members = _read_members(content)
    except (
        zipfile.BadZipFile,
        tokenize.TokenError,  # numpy, of a damaged header
        SyntaxError,
        zlib.error,
        struct.error,
        EOFError,
        KeyError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            f"recording {name!r} is not an .npz file or is cut off ({error}): record it again"
        ) from error
    version = members.get("version", np.zeros(0))
    found = float(version) if version.shape == () else None  # a stranger's may be infinite
    if found != VERSION:
        called = "no version" if found is None else f"version {found:g}"
        raise InputError(
            f"recording {name!r} has {called}, and this program reads {VERSION}: "
            "it is no recording, or another release made it"
        )
    names = (*Arrays._fields, "fps")
    missing = [member for member in names if member not in members]
    if missing:
        raise InputError(f"recording {name!r} lacks {', '.join(missing)}: record it again")
    return _assemble(members, name)


def _assemble(members: dict[str, NumberArray], name: str) -> Recording:
    compact = members["rotation"].ndim == 2
    count = int(members["captured_at"].size)
    persons = 1 if members["identity"].shape == (1, IDENTITY_SIZE) else count
    shapes: dict[str, tuple[int, ...]] = {
        "fps": (),
        "captured_at": (count,),
        "confidence": (count,),
        "scale": (count,),
        "translation": (count, 2),
        "expression": (count, EXPRESSION_SIZE),
        "rotation": (count, 3) if compact else (count, 3, 3),
        "identity": (persons, IDENTITY_SIZE),
    }
    wrong = [member for member, shape in shapes.items() if members[member].shape != shape]
    if wrong or count == 0:
        what = f"arrays that do not fit together ({', '.join(wrong)})" if count else "no frame"
        raise InputError(f"recording {name!r} holds {what}: record it again")
    values = {member: members[member].astype(np.float64) for member in shapes}
    if members["expression"].dtype == np.uint8:
        values["expression"] /= 255
    if members["confidence"].dtype == np.uint8:
        values["confidence"] /= 255
    rotation = values["rotation"]
    if compact:
        finite = np.where(np.isfinite(rotation), rotation, 0)
        matrices = np.array([rotation_from_vector(vector) for vector in finite], np.float64)
        matrices[~np.isfinite(rotation).all(axis=1)] = np.nan  # refused with its frame's number
        rotation = matrices
    with np.errstate(over="ignore"):  # beyond float32 becomes infinite, and that is refused
        arrays = Arrays(
            identity=np.broadcast_to(values["identity"], (count, IDENTITY_SIZE)).astype(np.float32),
            expression=values["expression"].astype(np.float32),
            rotation=rotation.astype(np.float32),
            translation=values["translation"].astype(np.float32),
            scale=values["scale"],
            confidence=values["confidence"],
            captured_at=values["captured_at"],
        )
    return unstack(arrays, float(values["fps"]), name)


def _read_members(content: bytes) -> dict[str, NumberArray]:
    known = {f"{member}.npy": member for member in (*Arrays._fields, "version", "fps")}
    members: dict[str, NumberArray] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if entry.filename not in known:
                continue
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{entry.filename} is packed in an unknown way")
            with archive.open(entry) as file:
                data = file.read(MAX_MEMBER_BYTES + 1)
            if len(data) > MAX_MEMBER_BYTES:
                raise ValueError(f"{entry.filename} is too large")
            members[known[entry.filename]] = _read_array(data, entry.filename)
    return members


def _read_array(data: bytes, filename: str) -> NumberArray:
    (length,) = struct.unpack_from("<H", data, len(_PREFIX))
    start = len(_PREFIX) + 2 + length
    header = _HEADER.match(data[len(_PREFIX) + 2 : start])
    if not data.startswith(_PREFIX) or header is None:
        raise ValueError(f"{filename} is no plain array")
    shape = tuple(int(word) for word in re.findall(rb"\d+", header[2]))
    try:
        dtype = np.dtype(header[1].decode())
    except TypeError as error:
        raise ValueError(f"{filename} has an unknown number type") from error
    size = dtype.itemsize
    for length in shape:
        size *= length
    if size != len(data) - start:
        raise ValueError(f"{filename} is not as long as it says")
    return np.frombuffer(data, dtype, offset=start).reshape(shape)
