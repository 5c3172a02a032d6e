"""A PECHead, exported and built for TensorRT, draws on a GPU what torch draws."""

from pathlib import Path

import numpy as np
import pytest
from pechead_samples import drive, play, source_of
from shared_exports import export_once
from tensorrt_samples import config_for_gpu

from engines.engine import Stream
from engines.manifest import read_manifest
from engines.tensorrt.engine import open_tensorrt
from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from export.tensorrt.build import build_engine
from export.tensorrt.targets import TensorRTConfig
from pechead_live.model.pechead import PECHead

FRAMES = 10


@pytest.fixture(scope="module")
def toy() -> PECHead:
    module = untrained("toy").module
    assert isinstance(module, PECHead)
    return module


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pechead")
    export_once(tmp_path_factory, "toy", folder, ExportConfig(pixels="float32"), "step")
    return folder / "step.onnx"


def test_an_exported_pechead_is_built_with_its_ports_and_the_plugin(
    exported: Path, tmp_path: Path
) -> None:
    config = TensorRTConfig(targets=("sm_89", "sm_120"))
    built = build_engine(exported, tmp_path, config, cache=None).manifest
    source = read_manifest(exported)
    assert source.form == "deform"
    assert (built.kind, built.preset, built.form, built.plugin) == ("pechead", "toy", "plugin", "1")
    assert (built.inputs, built.outputs) == (source.inputs, source.outputs)
    assert built.carried["next_state_hidden"] == "state_hidden"


def largest_difference(toy: PECHead, stream: Stream) -> float:
    """Between torch's pictures and the stream's, over recurrent frames; of a range of 1."""
    clip = drive(FRAMES)
    wanted, _ = play(toy, source_of(toy), clip)
    state = stream.initial_state()
    worst = 0.0
    for driving, output in zip(clip, wanted, strict=True):
        given = {name: each[0].numpy() for name, each in driving._asdict().items()}
        drawn, state = stream.step(given, state)
        picture = output.picture[0].permute(1, 2, 0).numpy()
        worst = max(worst, float(np.abs(drawn["picture"] - picture).max()))
    return worst


def constants_of(toy: PECHead, exported: Path) -> dict[str, np.ndarray]:
    """The ports of the portrait."""
    named = {f"source_{name}": each.numpy() for name, each in source_of(toy)._asdict().items()}
    return {p.name: named[p.name] for p in read_manifest(exported).inputs if p.name in named}


@pytest.mark.gpu
def test_an_engine_draws_what_torch_draws_from_frame_to_frame(
    toy: PECHead, exported: Path, tmp_path: Path
) -> None:
    built = build_engine(exported, tmp_path, config_for_gpu(), cache=None)
    stream = open_tensorrt(built.file, built.manifest).stream(constants_of(toy, exported))
    assert largest_difference(toy, stream) < 1e-3
