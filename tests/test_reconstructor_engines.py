"""R run by torch and by an engine: the same numbers, and files that are refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.networks.reconstructor import open_reconstructor
from engines.torch.reconstructor import TorchReconstructor, open_torch_reconstructor
from export.graphs.file import write_onnx
from export.parts.networks import load_network, parts_of
from export.parts.shaken import shaken
from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.model.baseline.dimensions import PRESETS as BASELINES
from pechead_live.model.baseline.network import Baseline
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.reconstructor import PRESETS, Reconstructor
from pechead_live.tracker.reconstructor_network import CropReading


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy R of which every output depends on the crop."""
    torch.manual_seed(3)
    network = shaken(Reconstructor(PRESETS["toy"]), 3)
    path = tmp_path_factory.mktemp("run") / "toy.safetensors"
    save_checkpoint(path, network.state_dict(), "reconstructor", PRESETS["toy"])
    return path


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder of ONNX."""
    folder = tmp_path_factory.mktemp("exported")
    network = load_network(checkpoint)
    (part,) = parts_of(network)
    write_onnx(part, folder, network)
    return folder


def crops(count: int) -> list[Pixels]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(count)]


def flat(reading: CropReading) -> FloatArray:
    return np.concatenate([np.ravel(value) for value in reading]).astype(np.float32)


def test_an_exported_one_reads_what_torch_reads(checkpoint: Path, exported: Path):
    torch_one, engine_one = open_torch_reconstructor(checkpoint), open_reconstructor(exported)
    assert torch_one.size == engine_one.size == 64
    assert (torch_one.provider, engine_one.provider) == ("torch CPU", "CPUExecutionProvider")
    readings = [(torch_one.read(crop), engine_one.read(crop)) for crop in crops(5)]
    for by_torch, by_engine in readings:
        assert flat(by_engine) == pytest.approx(flat(by_torch), abs=1e-4)
        for value in by_engine[:4]:
            assert isinstance(value, np.ndarray) and value.dtype == np.float32
        assert by_engine.rotation.shape == (3, 3)
        assert 0 <= by_engine.confidence <= 1
    assert np.abs(flat(readings[0][0]) - flat(readings[1][0])).max() > 1e-3
    torch_one.close()
    engine_one.close()
    engine_one.close()


def test_bytes_are_read_as_training_reads_fractions(checkpoint: Path):
    network = Reconstructor(PRESETS["toy"])
    network.load_state_dict(load_network(checkpoint).module.state_dict())
    (crop,) = crops(1)
    found = TorchReconstructor(network).read(crop)
    with torch.no_grad():
        expected = network(torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255)
    for name, value in found._asdict().items():
        assert np.ravel(value) == pytest.approx(np.ravel(getattr(expected, name)), abs=1e-6), name


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path):
    other = tmp_path / "other.safetensors"
    dimensions = BASELINES["baseline-toy"]
    save_checkpoint(other, Baseline(dimensions).state_dict(), "baseline", dimensions)
    with pytest.raises(InputError, match="kind 'baseline', not 'reconstructor'"):
        open_torch_reconstructor(other)


def test_weights_that_are_cut_off_are_refused(checkpoint: Path, tmp_path: Path):
    short = tmp_path / "short.safetensors"
    short.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(InputError, match="cut off"):
        open_torch_reconstructor(short)


def test_an_export_that_is_cut_off_is_refused(exported: Path, tmp_path: Path):
    for file in exported.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "reconstructor.onnx").write_bytes(b"onnx")
    with pytest.raises(InputError, match="export it again"):
        open_reconstructor(tmp_path)


def test_a_folder_without_one_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"no reconstructor\.engine or reconstructor\.onnx"):
        open_reconstructor(tmp_path)


def test_an_export_of_another_network_is_refused(exported: Path, tmp_path: Path):
    for file in exported.iterdir():
        shutil.copy(file, tmp_path)
    manifest = tmp_path / "reconstructor.onnx.json"
    manifest.write_text(manifest.read_text().replace('"kind": "reconstructor"', '"kind": "lite"'))
    with pytest.raises(InputError, match=r"\(lite\), not 'toy' \(reconstructor\)"):
        open_reconstructor(tmp_path)
