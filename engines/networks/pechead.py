"""A PECHead run by engines: `source` once for a portrait, `step` for each frame."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from engines.engine import Engine, Stream, StreamState
from engines.networks.files import open_parts
from pechead_live.coefficients import FloatArray
from pechead_live.frame import Pixels


class PecheadSource(NamedTuple):
    """A portrait, where the engine computes."""

    stream: Stream


class EnginePechead:
    """`PecheadNetwork` of the engines `source` and `step`; the memory stays on the device."""

    def __init__(self, source: Engine, step: Engine) -> None:
        self._source, self._step = source, step

    @property
    def size(self) -> int:
        """Side of a picture, pixels."""
        return next(p.shape[0] for p in self._source.manifest.inputs if p.name == "portrait")

    @property
    def provider(self) -> str:
        """What really computes."""
        return self._step.provider

    def source(
        self, portrait: Pixels, condition: FloatArray, landmarks: FloatArray
    ) -> PecheadSource:
        """See `PecheadNetwork`."""
        given = {"portrait": portrait, "condition": condition, "landmarks": landmarks}
        found = self._source.run({name: given[name] for name in _inputs(self._source)})
        known = {name: found[name] for name in _inputs(self._step) if name in found}
        return PecheadSource(self._step.stream(known))

    def initial_state(self, source: PecheadSource) -> StreamState:
        """Zeros."""
        return source.stream.initial_state()

    def step(
        self,
        source: PecheadSource,
        condition: FloatArray,
        landmarks: FloatArray,
        prior_flow: FloatArray,
        state: StreamState,
    ) -> tuple[Pixels, StreamState]:
        """See `PecheadNetwork`."""
        given = {"condition": condition, "landmarks": landmarks, "prior_flow": prior_flow}
        wanted = {name: given[name] for name in _inputs(self._step) if name in given}
        drawn, state = source.stream.step(wanted, state)
        if not np.isfinite(drawn["memory_level"]):
            raise FloatingPointError("the network's memory is not finite")
        return drawn["picture"], state


def open_pechead(folder: Path, preset: str, device: str | None = None) -> EnginePechead:
    """The PECHead that was exported to ``folder``; ``device`` as `open_engine` has it. Raises
    `InputError`."""
    source, step = open_parts(folder, ("source", "step"), "pechead", preset, device)
    return EnginePechead(source, step)


def _inputs(engine: Engine) -> list[str]:
    return [port.name for port in engine.manifest.inputs]
