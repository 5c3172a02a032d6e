"""Does an exported network draw what torch draws? Frame after frame, each on its own memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from engines.networks.files import open_parts
from engines.networks.lite import SplitLite, WholeLite
from engines.networks.pechead import EnginePechead
from engines.tensorrt.cuda_device import open_cuda_device
from engines.tensorrt.flavour import RTX_TARGETS
from export.graphs.config import ExportConfig
from export.graphs.file import write_onnx
from export.parity.driving import Driving
from export.parity.reference import composed, lite_pictures, pechead_pictures, reconstructions
from export.parts.networks import Exportable, parts_of
from export.tensorrt.build import build_engine
from export.tensorrt.targets import TensorRTConfig
from pechead_live.coefficients import FloatArray
from pechead_live.errors import DeviceError, MissingDependencyError
from pechead_live.model.lite.network import Lite
from pechead_live.model.pechead import PECHead
from pechead_live.model.reconstructor import Reconstructor

_ORT, _OPENVINO, _BF16 = "onnxruntime:cpu", "openvino:cpu", "openvino:cpu-bf16"

LIMITS = {"fp32": ("worst", 1e-3), "fp16": ("mean", 2 / 255)}
"""Of a precision: which difference of a picture in [0, 1], and how large it may be."""


class Way(NamedTuple):
    """One way to run an exported network."""

    parts: tuple[str, ...]
    """Files that are opened."""

    precision: str
    """Of the files."""

    form: str
    """Of deformable convolutions."""

    device: str
    """As `engines.open.open_engine` has it."""

    @property
    def limit(self) -> tuple[str, float]:
        """Of `LIMITS`; a device that computes in 16 bits is held to those of fp16."""
        return LIMITS["fp16" if self.device == _BF16 else self.precision]


class Row(NamedTuple):
    """What a way's numbers were."""

    way: Way

    provider: str
    """What really computed."""

    frames: int
    """That were compared."""

    worst: float
    """Largest difference of any number of any picture, which is in [0, 1]."""

    mean: float
    """Mean difference."""

    last: float
    """Largest difference in the last frame: what has added up in the memory."""

    @property
    def holds(self) -> bool:
        """Whether the difference that counts is within its limit."""
        which, limit = self.way.limit
        return bool(getattr(self, which) <= limit)


_SPLIT, _WHOLE, _PECHEAD = ("encode", "motion", "decode"), ("encode", "step"), ("source", "step")

WAYS: dict[str, tuple[Way, ...]] = {
    "lite": (
        Way(_SPLIT, "fp32", "none", _ORT),
        Way(_WHOLE, "fp32", "none", _ORT),
        Way(_WHOLE, "fp32", "none", _OPENVINO),
        Way(_WHOLE, "fp16", "none", _ORT),
        Way(_WHOLE, "fp32", "none", _BF16),
    ),
    "pechead": (
        Way(_PECHEAD, "fp32", "deform", _ORT),
        Way(_PECHEAD, "fp32", "decomposed", _ORT),
        Way(_PECHEAD, "fp32", "decomposed", _OPENVINO),
        Way(_PECHEAD, "fp16", "deform", _ORT),
    ),
    "reconstructor": (
        Way(("reconstructor",), "fp32", "none", _ORT),
        Way(("reconstructor",), "fp32", "none", _OPENVINO),
        Way(("reconstructor",), "fp16", "none", _ORT),
    ),
}
"""Of each kind of network, on a machine without a GPU."""

_CUDA, _TENSORRT = "onnxruntime:cuda", "tensorrt"

GPU_WAYS: dict[str, tuple[Way, ...]] = {
    kind: tuple(
        Way(parts, precision, form, device)
        for device in (_CUDA, _TENSORRT)
        for precision in ("fp32", "fp16")
    )
    for kind, parts, form in (
        ("lite", _WHOLE, "none"),
        ("pechead", _PECHEAD, "deform"),
        ("reconstructor", ("reconstructor",), "none"),
    )
}
"""What an NVIDIA GPU adds."""


def parity(
    network: Exportable,
    driving: Driving,
    folder: Path,
    tell: Callable[[str], None],
    *,
    gpu: bool = False,
) -> Iterator[Row]:
    """Exports ``network`` below ``folder`` in every form and compares it on every one of `WAYS`,
    with ``gpu`` of `GPU_WAYS`, too.

    ``tell`` is given a line for each step of the work, and for each way that this machine lacks.
    """
    tell(f"torch draws {len(driving.frames)} frames")
    wanted = np.stack(list(_reference(network, driving)))
    for way in (*WAYS[network.kind], *(GPU_WAYS[network.kind] if gpu else ())):
        where = folder / f"{way.precision}-{way.form}"
        tell(f"{' + '.join(way.parts)} in {way.precision} on {way.device}")
        try:
            if way.device == _TENSORRT:
                open_cuda_device()  # before minutes of building for a GPU that is not there
            _export(network, way, where, tell)
            engines = open_parts(where, way.parts, network.kind, network.preset, way.device)
        except (DeviceError, MissingDependencyError) as error:
            tell(f"left out: {error}")
            continue
        try:
            found = np.stack(list(_drawn(network, driving, engines)))
            provider = engines[-1].provider
        finally:
            for engine in engines:
                engine.close()
        apart = np.abs(found - wanted)
        yield Row(
            way,
            provider,
            len(wanted),
            float(apart.max()),
            float(apart.mean()),
            float(apart[-1].max()),
        )


def _export(network: Exportable, way: Way, where: Path, tell: Callable[[str], None]) -> None:
    form = "deform" if way.form == "none" else way.form
    config = ExportConfig(precision=way.precision, form=form, pixels="float32")
    for part in parts_of(network, config.pixels):
        if part.name in way.parts and not (where / f"{part.name}.onnx").exists():
            tell(f"exporting {part.name} in {way.precision}, {way.form}")
            write_onnx(part, where, network, config)
        if part.name in way.parts and way.device == _TENSORRT:
            tell(f"building {part.name} in {way.precision} for TensorRT")
            target = open_cuda_device().target
            flavour = "rtx" if target in RTX_TARGETS else "full"
            settings = TensorRTConfig(flavour=flavour, targets=(target,))
            build_engine(where / f"{part.name}.onnx", where, settings)


def _reference(network: Exportable, driving: Driving) -> Iterator[FloatArray]:
    module = network.module
    if isinstance(module, Lite):
        return lite_pictures(module, driving)
    if isinstance(module, PECHead):
        return pechead_pictures(module, driving)
    assert isinstance(module, Reconstructor)
    return reconstructions(module, _crops(driving, module.dimensions.size))


def _drawn(network: Exportable, driving: Driving, engines: list[Any]) -> Iterator[FloatArray]:
    module = network.module
    if isinstance(module, Lite):
        return _lite(driving, SplitLite(*engines) if len(engines) == 3 else WholeLite(*engines))
    if isinstance(module, PECHead):
        return _pechead(driving, EnginePechead(*engines))
    assert isinstance(module, Reconstructor)
    return _read(_crops(driving, module.dimensions.size), engines[0])


def _lite(driving: Driving, network: Any) -> Iterator[FloatArray]:
    source = network.source(driving.portrait, driving.condition)
    state = network.initial_state(source)
    for frame in driving.frames:
        given = (frame.condition, frame.picture, frame.flow, frame.share)
        drawing, state = network.step(source, *given, state)
        yield composed(frame.picture, *drawing)


def _pechead(driving: Driving, network: Any) -> Iterator[FloatArray]:
    source = network.source(driving.portrait, driving.condition, driving.landmarks)
    state = network.initial_state(source)
    for frame in driving.frames:
        picture, state = network.step(source, frame.condition, frame.landmarks, frame.flow, state)
        yield picture


def _read(crops: Iterator[FloatArray], engine: Any) -> Iterator[FloatArray]:
    for crop in crops:
        found = engine.run({"crop": crop})
        yield np.concatenate([value.reshape(-1) for value in found.values()])


def _crops(driving: Driving, size: int) -> Iterator[FloatArray]:
    for frame in driving.frames:
        yield np.asarray(cv2.resize(frame.picture, (size, size)), np.float32)
