"""The most that this machine computes: a matrix product and a dense convolution in each runtime.

Both are run as the engines run a network, with the same settings. A share of the best of them says
how much of the machine a network uses.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.own_process import answer
from engines.manifest import Manifest, Port, sha256_of, write_manifest
from pechead_live.coefficients import FloatArray

SIDE = 1024
"""Of the matrices: larger ones are no faster, and leave the caches."""

CHANNELS, GRID, LAYERS = 96, 64, 4
"""Of the convolutions, 3x3, one after the other: about what a lite network has most of; several, so
that the runtime's change of layout at both ends does not count."""

OPSET = 20

PRODUCT_FLOP = 2 * SIDE**3
CONVOLUTION_FLOP = 2 * LAYERS * CHANNELS**2 * 9 * GRID**2
"""Counted as written: a runtime that needs fewer, as Winograd's form does, is that much faster."""

FEWEST = 5
"""Runs."""


class Ceiling(NamedTuple):
    """The most that was reached."""

    gflops: float
    """10^9 operations a second; a multiply-accumulate is two."""

    by: str
    """What reached it."""


def main() -> int:
    """Answers `benchmarks.engine`."""
    return answer(measure)


def measure(request: dict[str, Any]) -> dict[str, float]:
    """GFLOP/s of both in one runtime; the best of as many runs as fit into ``seconds`` each."""
    device, threads = str(request["device"]), int(request["threads"])
    if device == "torch:cuda":
        from benchmarks.engine.gpu import gpu_ceiling

        return gpu_ceiling(str(request["precision"]))
    works = _by_torch(threads) if device == "torch:cpu" else _by_engine(device, threads)
    product, convolution = (best_s(work, float(request["seconds"])) for work in works)
    return {
        "sgemm_gflops": round(PRODUCT_FLOP / product / 1e9, 2),
        "convolution_gflops": round(CONVOLUTION_FLOP / convolution / 1e9, 2),
    }


def best_s(work: Callable[[], Any], seconds: float) -> float:
    """Of the fastest run: a ceiling is not lowered by what else the machine does."""
    work()
    taken: list[float] = []
    ends = time.perf_counter() + seconds
    while len(taken) < FEWEST or time.perf_counter() < ends:
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def highest(found: Iterable[Mapping[str, Any]]) -> Ceiling | None:
    """The best of several answers, each with its ``runtime``; None if none was measured."""
    reached = [
        Ceiling(row[f"{what}_gflops"], f"{what} in {row['runtime']}")
        for row in found
        for what in ("sgemm", "convolution")
        if f"{what}_gflops" in row
    ]
    return max(reached, default=None)


def _arrays() -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Two matrices; a feature map, and a kernel that keeps its size about what it is."""
    random = np.random.default_rng(0)

    def normal(*shape: int) -> FloatArray:
        return random.standard_normal(shape, np.float32)

    kernel = normal(CHANNELS, CHANNELS, 3, 3) / np.float32(np.sqrt(9 * CHANNELS))
    return normal(SIDE, SIDE), normal(SIDE, SIDE), normal(1, CHANNELS, GRID, GRID), kernel


def _by_torch(threads: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    left, right, feature, kernel = (torch.from_numpy(each) for each in _arrays())
    feature = feature.contiguous(memory_format=torch.channels_last)
    kernel = kernel.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def convolved() -> Any:
        moved = feature
        for _ in range(LAYERS):
            moved = functional.conv2d(moved, kernel, padding=1)
        return moved

    return torch.inference_mode()(lambda: left @ right), convolved


def _by_engine(device: str, threads: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    from onnx import helper

    left, right, feature, kernel = _arrays()
    product = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    names = ["x", *(f"h{i}" for i in range(1, LAYERS)), "y"]
    convolutions = [
        helper.make_node("Conv", [taken, "w"], [given], pads=[1, 1, 1, 1])
        for taken, given in zip(names[:-1], names[1:], strict=True)
    ]
    with tempfile.TemporaryDirectory(prefix="ceiling-") as name:
        folder, how = Path(name), (device, threads)
        return (
            _engine_work(folder / "sgemm.onnx", product, left, right, *how),
            _engine_work(folder / "convolution.onnx", convolutions, feature, kernel, *how),
        )


def _engine_work(
    file: Path, nodes: list[Any], given: FloatArray, weight: FloatArray, device: str, threads: int
) -> Callable[[], Any]:
    """A graph of ``nodes`` from x and w to y, which is as large as x, opened as every engine is."""
    import onnx
    from onnx import helper, numpy_helper

    from engines.open import open_engine

    ports = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, given.shape) for n in "xy"]
    kept = [numpy_helper.from_array(weight, "w")]
    graph = helper.make_graph(nodes, file.stem, ports[:1], ports[1:], kept)
    version = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[version], ir_version=10)
    file.write_bytes(model.SerializeToString())
    sha256 = sha256_of(file)
    described = Manifest(
        kind="ceiling",
        preset=file.stem,
        part=file.stem,
        precision="fp32",
        form="none",
        runtime="onnx",
        runtime_version="",
        targets=(),
        plugin="",
        opset=OPSET,
        version="",
        checkpoint_sha256="",
        onnx_sha256=sha256,
        file_sha256=sha256,
        inputs=(Port("x", "float32", given.shape),),
        outputs=(Port("y", "float32", given.shape),),
    )
    write_manifest(file, described)
    engine = open_engine(file, device, threads=threads)
    return lambda: engine.run({"x": given})


if __name__ == "__main__":
    raise SystemExit(main())
