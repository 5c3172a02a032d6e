"""The network of a case, opened as a renderer opens it and called as a renderer calls it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.engine.cases import RUNTIMES, Case
from benchmarks.engine.clip import Clip
from benchmarks.engine.files import onnx_folder
from benchmarks.engine.gpu import TorchOnGpu, tensorrt_engines
from engines.networks.files import open_parts
from engines.networks.lite import SplitLite, WholeLite
from engines.networks.pechead import EnginePechead
from engines.networks.quantised_decode import open_quantised
from engines.networks.reconstructor import EngineReconstructor


class Network(NamedTuple):
    """Bytes in, bytes out; what a step returns first is in host memory."""

    provider: str
    """What really computes."""

    source: Callable[[], Any]
    """What depends on the portrait alone."""

    initial_state: Callable[[Any], Any]
    """Of a source."""

    step: Callable[[Any, int, Any], tuple[Any, Any]]
    """Source, number of the frame and state to what is drawn and the next state."""


def open_network(case: Case, clip: Clip, cache: Path) -> Network:
    """Raises one of our errors, which says why it cannot be opened."""
    network = _by_torch(case) if RUNTIMES[case.runtime].by_torch else _by_engine(case, cache)
    return _driven(network, case.kind, clip)


def _driven(network: Any, kind: str, clip: Clip) -> Network:
    def source() -> Any:
        return network.source(**clip.source)

    def step(source: Any, number: int, state: Any) -> tuple[Any, Any]:
        return network.step(source, **clip.frames[number % len(clip.frames)], state=state)

    def read(_source: Any, number: int, state: Any) -> tuple[Any, Any]:
        return network.read(**clip.frames[number % len(clip.frames)]), state

    if kind == "reconstructor":  # neither looks at a portrait nor remembers
        return Network(network.provider, _nothing, _nothing, read)
    return Network(network.provider, source, network.initial_state, step)


def _nothing(*_given: Any) -> None:
    """In place of what a network does not have."""


def _by_torch(case: Case) -> Any:
    import torch

    from benchmarks.engine.export import network_of
    from engines.torch.lite import TorchLite
    from engines.torch.pechead import TorchPechead
    from engines.torch.reconstructor import TorchReconstructor

    runtime, network = RUNTIMES[case.runtime], network_of(case)
    if runtime.on_gpu:
        return TorchOnGpu(network, compiled=not runtime.plain, half=case.precision == "fp16")
    torch.set_num_threads(case.threads)
    of = {"lite": TorchLite, "pechead": TorchPechead, "reconstructor": TorchReconstructor}
    module: Any = network.module
    return of[case.kind](module)


def _by_engine(case: Case, cache: Path) -> Any:
    runtime, folder = RUNTIMES[case.runtime], onnx_folder(case, cache)
    if runtime.device == "tensorrt":
        engines: Any = tensorrt_engines(folder, case.parts, graphs=not runtime.plain)
    else:
        engines = open_parts(
            folder, case.parts, case.kind, case.preset, runtime.device, case.threads
        )
    if case.precision == "int8":  # itself, also where it is slower and a user would not get it
        encode, motion, decode = engines
        quantised = open_quantised(folder, decode, runtime.device, threads=case.threads)
        decode.close()
        return SplitLite(encode, motion, quantised)
    if case.kind == "lite":
        return SplitLite(*engines) if runtime.split else WholeLite(*engines)
    return EnginePechead(*engines) if case.kind == "pechead" else EngineReconstructor(*engines)
