"""The kernel on a GPU: compiled once per machine, loaded once per process, launched on pointers.

A launch allocates nothing and waits for nothing, so that a CUDA graph can capture it.
"""

import functools
import importlib
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from engines.dcn.compiler import INSTALL, compile_for, load_nvrtc, target_for, version_of
from engines.dcn.definition import Sizes
from engines.dcn.source import source_digest
from pechead_live.destination import make_folder
from pechead_live.errors import DeviceError, MissingDependencyError, OutputError
from pechead_live.reachable import is_file
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CACHE = Path(platformdirs.user_cache_dir("pechead-live")) / "kernels"
"""Where compiled kernels are kept, by source, compiler and GPU."""

THREADS = 128
"""Of a block, as the kernel's THREADS."""

CHANNELS = 8
"""Of a thread, as the kernel's CHANNELS."""

MOST_BLOCKS = 65535
"""In y and z, the same on every GPU."""

ELEMENT = {"f32": 4, "f16": 2, "f16_offset_f32": 2}
"""Kinds of the kernel: what it computes with, to the bytes of an element of x. The offsets of
"f16_offset_f32" are float32: in float16 they would step by 1/64 pixel beyond 16."""


class Kernel(NamedTuple):
    """The loaded functions of one GPU."""

    functions: dict[str, Any]
    """Entry point to CuPy function."""

    stream: Any
    """CuPy's class for a stream of others."""


class Launch(NamedTuple):
    """Which entry point runs and how many blocks of it."""

    entry: str
    grid: tuple[int, int, int]


def launch_of(sizes: Sizes, kind: str, *, pairs: bool) -> Launch:
    """``kind`` of `ELEMENT`; ``pairs``: two places of a row at a time, for even widths and pointers
    at whole pairs."""
    lanes = 2 if pairs else 1
    places = sizes.height * sizes.width // lanes
    chunks = -(-sizes.channels // sizes.groups // CHANNELS)
    rows = sizes.groups * chunks * sizes.kernel**2
    grid = (-(-places // THREADS), min(rows, MOST_BLOCKS), min(sizes.batch, MOST_BLOCKS))
    return Launch(f"deform_im2col_{kind}" + ("_pairs" if pairs else ""), grid)


def may_pair(sizes: Sizes, kind: str, pointers: tuple[int, int, int, int]) -> bool:
    """Of (x, offset, mask, columns): are the width and all pointers made of whole pairs?"""
    wide = [2 * ELEMENT[kind]] * 4
    if kind.endswith("offset_f32"):
        wide[1] = 2 * ELEMENT["f32"]
    whole = all(pointer % width == 0 for pointer, width in zip(pointers, wide, strict=True))
    return whole and sizes.width % 2 == 0


def launch(
    kernel: Kernel,
    sizes: Sizes,
    kind: str,
    pointers: tuple[int, int, int, int],
    stream: int,
) -> None:
    """Queues one call on ``stream``, a CUDA stream's address, and returns at once.

    ``pointers``: of x, offset, mask and columns, contiguous in the current GPU's memory, of
    ``sizes`` and ``kind`` (of `ELEMENT`). `DeviceError` if the GPU refuses it.
    """
    entry, grid = launch_of(sizes, kind, pairs=may_pair(sizes, kind, pointers))
    given = (*(np.intp(each) for each in pointers), *(np.int32(each) for each in sizes))
    try:
        kernel.functions[entry](grid, (THREADS,), given, stream=kernel.stream(stream))
    except Exception as error:
        raise DeviceError(f"the GPU refuses {entry} ({error}): update its driver") from error


def load_kernel() -> Kernel:
    """Of the current GPU: from the cache, or compiled now, which takes a second.

    `MissingDependencyError` without CuPy, NVRTC or a driver; `DeviceError` if it does not load.
    """
    cupy = load_cupy()
    try:
        device = int(cupy.cuda.Device().id)
        capability = str(cupy.cuda.Device().compute_capability)
    except Exception as error:
        raise MissingDependencyError(
            f"no NVIDIA GPU can be used ({error}): install its driver, or open an .onnx file"
        ) from error
    return _loaded(device, capability)


def load_cupy() -> Any:
    """The module; `MissingDependencyError` says what to install."""
    try:
        return importlib.import_module("cupy")
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingDependencyError(f"CuPy cannot be loaded ({error}): {INSTALL}") from error


@functools.cache
def _loaded(device: int, capability: str) -> Kernel:
    cupy = load_cupy()
    code, origin = compiled(capability)
    try:
        module = cupy.cuda.function.Module()
        module.load(code)
        entries = [f"deform_im2col_{kind}{wide}" for kind in ELEMENT for wide in ("", "_pairs")]
        functions = {entry: module.get_function(entry) for entry in entries}
    except Exception as error:
        raise DeviceError(
            f"GPU {device} cannot load {origin} ({error}): delete that file and update the driver"
        ) from error
    return Kernel(functions, cupy.cuda.ExternalStream)


def compiled(capability: str) -> tuple[bytes, Path]:
    """The kernel for a GPU of compute capability "89", and the file that keeps it from now on.

    A fatbin of `build_fatbin` in `CACHE` is taken first. A cache that cannot be written costs the
    time of compiling again, no error.
    """
    if is_file(shipped := fatbin_path()):
        return shipped.read_bytes(), shipped
    target = target_for(capability)
    ending = "cubin" if target.startswith("sm_") else "ptx"
    release = version_of(load_nvrtc())
    kept = CACHE / f"deform_im2col-{source_digest()}-nvrtc{release}-{target}.{ending}"
    try:
        return kept.read_bytes(), kept
    except OSError:
        code = compile_for(target)
    try:
        make_folder(CACHE)
        write_whole(kept, code)
    except OutputError as error:
        logger.warning("the compiled kernel is not kept: %s", error)
    logger.info("compiled the deformable sampling for %s, %d bytes", target, len(code))
    return code, kept


def fatbin_path() -> Path:
    """Where `build_fatbin` of this source is looked for."""
    return CACHE / f"deform_im2col-{source_digest()}.fatbin"
