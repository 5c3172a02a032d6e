"""Deformable convolutions to test with, and the kernel compiled for this processor."""

import ctypes
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engines.dcn.definition import Sizes
from engines.dcn.kernel import THREADS, launch_of, may_pair
from engines.dcn.source import SHIM, SOURCE

Array = NDArray[Any]

FLAGS = ("-std=c++17", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas")


class Call(NamedTuple):
    """Inputs of one `DeformIm2Col`."""

    sizes: Sizes
    x: Array
    offset: Array
    mask: Array


def call(
    sizes: Sizes, *, seed: int = 0, spread: float = 2.0, x: Any = np.float32, offset: Any = None
) -> Call:
    """Normal features, offsets of ``spread`` pixels and masks in [0, 1], of these dtypes."""
    draw = np.random.default_rng(seed)
    shape = (sizes.batch, sizes.channels, sizes.height, sizes.width)
    return Call(
        sizes,
        draw.standard_normal(shape).astype(x),
        (spread * draw.standard_normal(sizes.offset)).astype(x if offset is None else offset),
        draw.random(sizes.mask).astype(x),
    )


def kind_of(given: Call) -> str:
    """Of the kernel."""
    if given.x.dtype == np.float32:
        return "f32"
    return "f16" if given.offset.dtype == np.float16 else "f16_offset_f32"


def compile_for_processor(folder: Path, *flags: str) -> Path:
    """The kernel's source through g++ and the shim."""
    made = folder / "deform_im2col.so"
    command = ["g++", *FLAGS, *(flags or ("-O2",)), "-include", str(SHIM), "-x", "c++", str(SOURCE)]
    subprocess.run([*command, "-o", str(made)], check=True)
    return made


def run_on_processor(
    library: ctypes.CDLL, given: Call, *, grid: tuple[int, int, int] | None = None
) -> Array:
    """Columns, as a launch of the same grid would compute them."""
    columns = np.full(given.sizes.columns, 7, given.x.dtype)
    arrays = tuple(np.ascontiguousarray(each) for each in (*given[1:], columns))
    pointers = tuple(each.ctypes.data for each in arrays)
    kind = kind_of(given)
    pairs = may_pair(given.sizes, kind, pointers)
    entry, wanted = launch_of(given.sizes, kind, pairs=pairs)
    library.run_grid(
        getattr(library, entry),
        *(ctypes.c_void_p(pointer) for pointer in pointers),
        (ctypes.c_int * 6)(*given.sizes),
        (ctypes.c_int * 3)(*(grid or wanted)),
        THREADS,
    )
    return arrays[3]


def deform_conv(
    given: Call, weight: Array, bias: Array | None, *, attributes: dict[str, Any] | None = None
) -> onnx.ModelProto:
    """One standard `DeformConv` with inputs x, offset and mask of the dtype of ``weight``."""
    kind = TensorProto.FLOAT if weight.dtype == np.float32 else TensorProto.FLOAT16
    kernel = given.sizes.kernel
    known = {
        "kernel_shape": [kernel, kernel],
        "pads": [kernel // 2] * 4,
        "offset_group": given.sizes.groups,
    }
    names = ["x", "weight", "offset", "bias" if bias is not None else "", "mask"]
    node = helper.make_node("DeformConv", names, ["y"], "align", **(known | (attributes or {})))
    inputs = [
        helper.make_tensor_value_info(name, kind, array.shape)
        for name, array in (("x", given.x), ("offset", given.offset), ("mask", given.mask))
    ]
    output = helper.make_tensor_value_info(
        "y", kind, (given.x.shape[0], len(weight), *given.x.shape[2:])
    )
    weights = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    graph = helper.make_graph(
        [node],
        "alignment",
        inputs,
        [output],
        [numpy_helper.from_array(each, name) for name, each in weights.items()],
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10)
