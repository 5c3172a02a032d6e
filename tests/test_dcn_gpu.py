"""The kernel and the plugin on a GPU: torchvision's numbers, CUDA graphs, memory, speed."""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dcn_samples import Array, Call, call, deform_conv, kind_of
from torch import Tensor

from engines.dcn.definition import Sizes
from engines.dcn.kernel import Kernel, launch, load_kernel
from engines.dcn.plugin import last_failure, register
from engines.dcn.reference import deform_im2col
from engines.tensorrt.flavour import RTX_TARGETS
from engines.tensorrt.library import load_tensorrt
from export.graphs.plugin_rewrite import rewrite
from pechead_live.errors import MissingDependencyError
from pechead_live.model.deformable import sampled_deform_conv2d

pytestmark = pytest.mark.gpu

ROOT = Path(__file__).resolve().parent.parent

ALIGNMENT = Sizes(1, 256, 64, 64, 8, 3)
"""Of the size of those in PECHead at 256 pixels."""

KINDS = [(np.float32, np.float32), (np.float16, np.float16), (np.float16, np.float32)]

TOLERANCE = {"f32": 1e-5, "f16": 4e-3, "f16_offset_f32": 4e-3}


@pytest.fixture(scope="module")
def cupy() -> Any:
    return importlib.import_module("cupy")


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return load_kernel()


def queue(cupy: Any, kernel: Kernel, given: Call) -> tuple[Any, Callable[[Any], None]]:
    """Columns, and what fills them on a CuPy stream."""
    arrays = [cupy.asarray(each) for each in given[1:]]
    # nothing here makes CuPy compile a kernel, for which it needs CUDA's headers
    columns = cupy.asarray(np.full(given.sizes.columns, 7, given.x.dtype))
    pointers = (*(each.data.ptr for each in arrays), columns.data.ptr)

    def fill(stream: Any, _kept: Any = arrays) -> None:
        launch(kernel, given.sizes, kind_of(given), pointers, stream.ptr)

    return columns, fill


@pytest.mark.parametrize(("x", "offset"), KINDS)
@pytest.mark.parametrize("sizes", [ALIGNMENT, Sizes(3, 30, 17, 23, 3, 5), Sizes(2, 8, 1, 4, 1, 1)])
@pytest.mark.parametrize("spread", [1.0, 500.0])
def test_a_gpu_computes_the_reference_s_columns(
    cupy: Any, kernel: Kernel, sizes: Sizes, x: Any, offset: Any, spread: float
):
    given = call(sizes, x=x, offset=offset, spread=spread)
    columns, fill = queue(cupy, kernel, given)
    fill(cupy.cuda.Stream.null)
    expected = deform_im2col(*given[1:], kernel=sizes.kernel, groups=sizes.groups)
    near = TOLERANCE[kind_of(given)]
    assert cupy.asnumpy(columns) == pytest.approx(expected, abs=near, rel=near)


def torchvision_s(given: Call, weight: Array) -> tuple[Tensor, Callable[[], Tensor]]:
    """The whole convolution by torchvision, once and again and again."""
    operators: Any = importlib.import_module("torchvision.ops")
    x, offset, mask, by = (torch.from_numpy(each).cuda() for each in (*given[1:], weight))
    pad = given.sizes.kernel // 2

    def convolved() -> Tensor:
        return operators.deform_conv2d(x, offset, by, padding=pad, mask=mask)

    return convolved(), convolved


def test_with_a_product_it_is_torchvision_s_convolution(cupy: Any, kernel: Kernel):
    given = call(ALIGNMENT)
    weight = np.random.default_rng(0).standard_normal((256, 256, 3, 3)).astype(np.float32) / 50
    expected, _ = torchvision_s(given, weight)
    columns, fill = queue(cupy, kernel, given)
    fill(cupy.cuda.Stream.null)
    found = torch.from_numpy(cupy.asnumpy(columns)).double().flatten(2)
    product = torch.from_numpy(weight).double().flatten(1) @ found
    assert product.reshape(expected.shape).numpy() == pytest.approx(
        expected.cpu().double().numpy(), abs=1e-3
    )


def test_a_cuda_graph_captures_a_launch_and_repeats_it(cupy: Any, kernel: Kernel):
    given = call(ALIGNMENT, x=np.float16)
    columns, fill = queue(cupy, kernel, given)
    fill(cupy.cuda.Stream.null)
    expected = cupy.asnumpy(columns)
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        fill(stream)
        graph = stream.end_capture()
        columns.data.memset_async(0, columns.nbytes, stream)
        graph.launch(stream)
    stream.synchronize()
    assert (cupy.asnumpy(columns) == expected).all()


def milliseconds(run: Callable[[], Any], *, times: int = 50) -> float:
    """Median of single runs on torch's stream, after a warm-up."""
    for _ in range(10):
        run()
    taken: list[float] = []
    for _ in range(times):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        end.synchronize()
        taken.append(start.elapsed_time(end))
    return float(np.median(taken))


def test_with_a_product_it_is_faster_than_torchvision_and_than_grid_samples(
    cupy: Any, kernel: Kernel, record_property: Callable[[str, object], None]
):
    given = call(ALIGNMENT)
    weight = np.random.default_rng(0).standard_normal((256, 256, 3, 3)).astype(np.float32) / 50
    columns, fill = queue(cupy, kernel, given)
    stream = cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream)
    flat, by = torch.as_tensor(columns, device="cuda"), torch.from_numpy(weight).cuda().flatten(1)

    def ours() -> Tensor:
        fill(stream)
        return by @ flat[0].flatten(1)

    _, theirs = torchvision_s(given, weight)
    x, offset, mask = (torch.from_numpy(each).cuda() for each in given[1:])
    square, bias = by.reshape(weight.shape), torch.zeros(256, device="cuda")
    groups = given.sizes.groups
    taken = {
        "ours": milliseconds(ours),
        "torchvision": milliseconds(theirs),
        "grid samples": milliseconds(
            lambda: sampled_deform_conv2d(x, square, bias, offset, mask, groups)
        ),
    }
    for name, each in taken.items():
        record_property(name, round(each, 4))
    assert taken["ours"] < taken["torchvision"], taken
    assert taken["ours"] < taken["grid samples"], taken


SANITIZED = """
import sys
sys.path.insert(0, "tests")
import cupy
from dcn_samples import *
from test_dcn_gpu import KINDS, queue
from engines.dcn.kernel import load_kernel
for width in (1, 5, 8):
    for x, offset in KINDS:
        given = call(Sizes(2, 10, 3, width, 2, 3), x=x, offset=offset, spread=1e4)
        given.offset[0, 0] = np.nan
        columns, fill = queue(cupy, load_kernel(), given)
        fill(cupy.cuda.Stream.null)
        cupy.cuda.Stream.null.synchronize()
"""


@pytest.mark.skipif(
    shutil.which("compute-sanitizer") is None, reason="compute-sanitizer is not installed"
)
@pytest.mark.parametrize("tool", ["memcheck", "initcheck", "racecheck"])
def test_compute_sanitizer_finds_nothing(tool: str):
    command = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9"]
    run = subprocess.run(
        [*command, sys.executable, "-c", SANITIZED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]


@pytest.mark.parametrize("flavour", ["tensorrt_rtx", "tensorrt"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_an_engine_with_the_plugin_computes_the_convolution(cupy: Any, flavour: str, dtype: Any):
    """Captured, too, as the live path runs it."""
    try:
        trt = load_tensorrt(flavour)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    target = f"sm_{cupy.cuda.Device().compute_capability}"
    if flavour == "tensorrt_rtx" and target not in RTX_TARGETS:
        pytest.skip("TensorRT for RTX builds nothing for this data-centre GPU")
    register(trt)
    given = call(Sizes(1, 16, 16, 16, 4, 3), x=dtype)
    weight = np.random.default_rng(0).standard_normal((8, 16, 3, 3)).astype(dtype) / 5
    model = rewrite(deform_conv(given, weight, np.ones(8, dtype)))
    log = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(log)
    network = builder.create_network(0)
    assert trt.OnnxParser(network, log).parse(model.SerializeToString())
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)
    if flavour == "tensorrt_rtx":
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)  # or it cannot be captured
    plan = builder.build_serialized_network(network, config)
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    arrays = (cupy.asarray(each) for each in given[1:])
    ports = dict(zip(("x", "offset", "mask"), arrays, strict=True))
    ports["y"] = cupy.zeros((1, 8, 16, 16), dtype)
    for name, array in ports.items():
        assert context.set_tensor_address(name, array.data.ptr)
    cupy.cuda.Device().synchronize()
    stream = cupy.cuda.Stream(non_blocking=True)
    assert context.execute_async_v3(stream.ptr), last_failure()
    stream.synchronize()
    wide = (torch.from_numpy(each.astype(np.float32)) for each in given[1:])
    x, offset, mask = wide
    by, bias = torch.from_numpy(weight.astype(np.float32)), torch.ones(8)
    expected = sampled_deform_conv2d(x, by, bias, offset, mask, 4).numpy()
    near = 1e-4 if dtype is np.float32 else 3e-2
    assert cupy.asnumpy(ports["y"]) == pytest.approx(expected, abs=near)
    ports["y"].data.memset(0, ports["y"].nbytes)
    cupy.cuda.Device().synchronize()
    with stream:
        stream.begin_capture()
        assert context.execute_async_v3(stream.ptr), last_failure()
        graph = stream.end_capture()
        graph.launch(stream)
    stream.synchronize()
    assert cupy.asnumpy(ports["y"]) == pytest.approx(expected, abs=near)
