"""What `benchmarks.engine` needs of a GPU; nothing here is imported, or run, without one."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.manifest import NEXT, read_manifest
from pechead_live.errors import DeviceError

if TYPE_CHECKING:
    from engines.engine import Array, Engine
    from export.parts.networks import Exportable
    from export.parts.part import Part

SIDE = 8192
"""Of the matrices whose product is the ceiling."""

REPEATS = 20


def gpu_name() -> str | None:
    """Of the first NVIDIA GPU; None if there is none."""
    return _asked("name")


def gpu_memory_mb() -> int | None:
    """That is in use on it, by whomever: a quiet GPU shows what a network takes."""
    used = _asked("memory.used")
    if used is None or not used.isdecimal():  # a GPU that is shared does not say
        return None
    return round(int(used) * 2**20 / 1e6)


def tensorrt_engines(folder: Path, parts: tuple[str, ...], *, graphs: bool) -> "list[Engine]":
    """Engines of the ONNX files in ``folder``, built beside them when they are not there.

    TensorRT-RTX where it knows the GPU, else the full TensorRT.
    """
    from engines.tensorrt.cuda_device import open_cuda_device
    from engines.tensorrt.engine import open_tensorrt
    from engines.tensorrt.flavour import RTX_TARGETS
    from export.tensorrt.build import build_engine
    from export.tensorrt.targets import TensorRTConfig

    target = open_cuda_device().target
    flavour = "rtx" if target in RTX_TARGETS else "full"
    config = TensorRTConfig(flavour=flavour, targets=(target,))
    built = folder.parent / f"{folder.name}-{flavour}-{target}"
    engines: list[Engine] = []
    for part in parts:
        file = build_engine(folder / f"{part}.onnx", built, config).file
        engines.append(open_tensorrt(file, read_manifest(file), graphs=graphs))
    return engines


class TorchOnGpu:
    """A network run by torch, through the ports of its exported parts: `LiteNetwork`,
    `PecheadNetwork` or `ReconstructorNetwork`."""

    def __init__(self, network: "Exportable", *, compiled: bool, half: bool) -> None:
        """``half``: convolutions and products in float16, by autocast."""
        from export.parts.networks import parts_of

        _prepare_torch()
        self._half = half
        self._parts = {part.name: part for part in parts_of(network, "uint8")}
        self._modules: dict[str, Callable[..., Any]] = {}
        for part in self._parts.values():
            module = part.module.cuda()
            self._modules[part.name] = _compiled(module) if compiled else module

    @property
    def provider(self) -> str:
        """The GPU."""
        import torch

        return f"torch on {torch.cuda.get_device_name()}"

    def source(self, **ports: "Array") -> dict[str, Any]:
        """Once a portrait."""
        part = self._parts.get("source") or self._parts["encode"]
        given = _sent(ports)
        return self._run(part, given)

    def initial_state(self, source: dict[str, Any]) -> dict[str, Any]:
        """Zeros."""
        del source
        step = self._parts["step"]
        names = [name.removeprefix(NEXT) for name in step.outputs if name.startswith(NEXT)]
        return {name: step.inputs[name].cuda() for name in names}

    def step(
        self, source: dict[str, Any], *, state: dict[str, Any], **ports: "Array"
    ) -> tuple[dict[str, "Array"], dict[str, Any]]:
        """The next frame, to the host."""
        found = self._run(self._parts["step"], {**source, **state, **_sent(ports)})
        carried = {name: found.pop(NEXT + name) for name in state}
        return {name: each.cpu().numpy() for name, each in found.items()}, carried

    def read(self, crop: "Array") -> dict[str, "Array"]:
        """Of R."""
        found = self._run(self._parts["reconstructor"], _sent({"crop": crop}))
        return {name: each.cpu().numpy() for name, each in found.items()}

    def _run(self, part: "Part", given: dict[str, Any]) -> dict[str, Any]:
        import torch

        module = self._modules[part.name]
        with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=self._half):
            found = module(*(given[name] for name in part.inputs))
        torch.cuda.synchronize()
        return dict(zip(part.outputs, found, strict=True))


def gpu_ceiling(precision: str) -> dict[str, float]:
    """GFLOP/s of a large product and of a 3x3 convolution by torch, as `benchmarks.engine.ceiling`;
    float32 is exact, without TF32, as the engines have it."""
    import torch
    from torch.nn import functional

    _prepare_torch()
    dtype = torch.float16 if precision == "fp16" else torch.float32
    torch.backends.cudnn.benchmark = True
    matrix = torch.randn(SIDE, SIDE, device="cuda", dtype=dtype)
    channels, side, batch = 512, 128, 8
    picture = torch.randn(batch, channels, side, side, device="cuda", dtype=dtype)
    picture = picture.contiguous(memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3, device="cuda", dtype=dtype)

    def gflops(work: Callable[[], Any], operations: float) -> float:
        best = float("inf")
        for _ in range(REPEATS):
            torch.cuda.synchronize()
            began = time.perf_counter()
            work()
            torch.cuda.synchronize()
            best = min(best, time.perf_counter() - began)
        return round(operations / best / 1e9, 1)

    convolved = 2 * batch * channels * channels * 9 * side * side
    return {
        "sgemm_gflops": gflops(lambda: matrix @ matrix, 2 * SIDE**3),
        "convolution_gflops": gflops(
            lambda: functional.conv2d(picture, weight, padding=1), convolved
        ),
    }


def _prepare_torch() -> None:
    """float32 is exact; `DeviceError` without a GPU."""
    import torch

    torch.backends.cudnn.allow_tf32 = False
    if not torch.cuda.is_available():
        raise DeviceError(
            f"torch {torch.__version__} finds no NVIDIA GPU here: install its driver and a torch "
            "that is built for CUDA, or give other --runtimes"
        )


def _compiled(module: Any) -> Callable[..., Any]:
    import torch

    return torch.compile(module, dynamic=False)


def _sent(ports: "dict[str, Array]") -> dict[str, Any]:
    import torch

    return {name: torch.from_numpy(array).cuda(non_blocking=True) for name, array in ports.items()}


def _asked(field: str) -> str | None:
    if shutil.which("nvidia-smi") is None:
        return None
    done = subprocess.run(
        ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None
