"""R run by an engine."""

from pathlib import Path

import numpy as np

from engines.engine import Engine
from engines.manifest import read_manifest
from engines.networks.files import ENDINGS, open_parts
from pechead_live.frame import Pixels
from pechead_live.reachable import is_file
from pechead_live.tracker.reconstructor_network import CropReading

PART = "reconstructor"


class EngineReconstructor:
    """`ReconstructorNetwork` of the engine `reconstructor`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        (crop,) = engine.manifest.inputs
        self._port, self._size = crop.name, crop.shape[0]

    @property
    def size(self) -> int:
        """Side of a crop, pixels."""
        return self._size

    @property
    def provider(self) -> str:
        """What really computes."""
        return self._engine.provider

    def read(self, crop: Pixels) -> CropReading:
        """See `ReconstructorNetwork`."""
        found = self._engine.run({self._port: crop})
        return CropReading(
            identity=found["identity"].astype(np.float32, copy=False),
            expression=found["expression"].astype(np.float32, copy=False),
            rotation=found["rotation"].astype(np.float32, copy=False),
            translation=found["translation"].astype(np.float32, copy=False),
            scale=float(found["scale"]),
            confidence=float(found["confidence"]),
        )

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()


def open_reconstructor(
    folder: Path, device: str | None = None, *, threads: int | None = None
) -> EngineReconstructor:
    """The R, of any preset, that was exported to ``folder``; raises `InputError`.

    ``device`` and ``threads``: as `open_engine` has them.
    """
    files = [folder / f"{PART}{ending}" for ending in ENDINGS]
    preset = next((read_manifest(file).preset for file in files if is_file(file)), "")
    (engine,) = open_parts(folder, (PART,), "reconstructor", preset, device, threads)
    return EngineReconstructor(engine)
