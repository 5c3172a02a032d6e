"""What `benchmarks.engine` measures: presets, runtimes, and which of them go together."""

from collections.abc import Sequence
from typing import NamedTuple

KINDS = {
    "lite-s": "lite",
    "lite-m": "lite",
    "base": "pechead",
    "paper": "pechead",
    "lite0": "reconstructor",
    "resnet50": "reconstructor",
    "lite-toy": "lite",
    "toy": "pechead",
    "reconstructor-toy": "reconstructor",
}
"""Preset to the kind of its network."""

DEFAULT_PRESETS = ("lite-s", "lite-m", "base", "paper", "lite0")

PARTS = {"lite": ("encode", "step"), "pechead": ("source", "step")}
"""Files of a whole network; the Reconstructor's is called as its kind is."""

SPLIT_PARTS = ("encode", "motion", "decode")
"""Files of a lite network that is cut at its warps."""


class Runtime(NamedTuple):
    """One way to run a network."""

    device: str
    """As `engines.open.open_engine` has it, or "torch:cpu" or "torch:cuda"."""

    form: str = "deform"
    """Of deformable convolutions, as `export.graphs.config.ExportConfig` has it."""

    split: bool = False
    """Cut at the warps: lite networks only."""

    plain: bool = True
    """Without what the runtime adds beyond running the graph: CUDA graphs, compilation."""

    @property
    def on_gpu(self) -> bool:
        """Whether it needs one."""
        return self.device in ("onnxruntime:cuda", "tensorrt", "torch:cuda")

    @property
    def by_torch(self) -> bool:
        """Whether torch runs the weights, and nothing is exported."""
        return self.device.startswith("torch")


RUNTIMES = {
    "onnxruntime:cpu+split": Runtime("onnxruntime:cpu", split=True),
    "onnxruntime:cpu": Runtime("onnxruntime:cpu"),
    "openvino:cpu": Runtime("openvino:cpu", "decomposed"),
    "torch:cpu": Runtime("torch:cpu"),
    "onnxruntime:cuda": Runtime("onnxruntime:cuda"),
    "tensorrt": Runtime("tensorrt", plain=False),
    "tensorrt+no-graphs": Runtime("tensorrt"),
    "torch:cuda": Runtime("torch:cuda"),
    "torch:cuda+compile": Runtime("torch:cuda", plain=False),
}
"""By the names of `--runtimes`."""


class Case(NamedTuple):
    """One row of the table."""

    preset: str
    """A key of `KINDS`."""

    upscale: int
    """Of a PECHead: its pictures are this many times as large as what it sees, 1 or 2."""

    runtime: str
    """A key of `RUNTIMES`."""

    precision: str
    """Of weights and activations: "fp32", "fp16" or "int8"."""

    threads: int
    """Of the CPU."""

    @property
    def kind(self) -> str:
        """Of its network."""
        return KINDS[self.preset]

    @property
    def parts(self) -> tuple[str, ...]:
        """Files that are opened, without their endings."""
        if RUNTIMES[self.runtime].split:
            return SPLIT_PARTS
        return PARTS.get(self.kind, (self.kind,))


def cases_of(presets: Sequence[str], runtimes: Sequence[str], threads: Sequence[int]) -> list[Case]:
    """All rows, in the order of the table."""
    found: list[Case] = []
    for preset in presets:
        for name in runtimes:
            runtime = RUNTIMES[name]
            if runtime.split and KINDS[preset] != "lite":
                continue
            found += [
                Case(preset, upscale, name, precision, count)
                for upscale in _upscales(preset, runtime)
                for precision in _precisions(preset, runtime)
                for count in (threads[:1] if runtime.on_gpu else threads)
            ]
    return found


def _precisions(preset: str, runtime: Runtime) -> tuple[str, ...]:
    """Half precision is for GPUs. A CPU computes it as float32, between conversions: this is shown
    of the lite networks, which are made for CPUs. Cut, they have a decoder in 8 bits."""
    if runtime.on_gpu:
        return ("fp32", "fp16")
    if runtime.split:
        return ("fp32", "int8")
    shown = KINDS[preset] == "lite" and not runtime.by_torch
    return ("fp32", "fp16") if shown else ("fp32",)


def _upscales(preset: str, runtime: Runtime) -> tuple[int, ...]:
    """A PECHead draws 512 pixels by a pixel-shuffle head; on a CPU it is slow enough at 256."""
    return (1, 2) if runtime.on_gpu and preset in ("base", "paper") else (1,)
