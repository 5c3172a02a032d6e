"""A PECHead's ONNX files: their ports, and what they draw from frame to frame."""

from pathlib import Path

import onnx
import pytest
from export_samples import (
    Running,
    host_picture,
    near,
    opened,
    ports,
)
from exported_pechead import DRIVING, FRAMES, SIDE, SOURCE, STATE, STEP, expected, known, played
from pechead_samples import conditions, landmarks, portrait, source_of
from shared_exports import export_once

from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.model.pechead import PECHead

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def toy() -> PECHead:
    """Nothing folded: what the files are compared with."""
    module = untrained("toy").module
    assert isinstance(module, PECHead)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deform")


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Running]:
    config = ExportConfig(pixels="float32")
    return opened(folder, export_once(tmp_path_factory, "toy", folder, config, "source", "step"))


def test_ports_have_the_names_types_and_shapes_that_engines_know(exported: dict[str, Running]):
    first = {"portrait": ("float32", (SIDE, SIDE, 3)), **DRIVING, **SOURCE}
    assert list(ports(exported["source"].manifest).items()) == list(first.items())
    assert list(ports(exported["step"].manifest).items()) == list(STEP.items())


def test_the_state_that_is_carried_is_told_by_its_name(exported: dict[str, Running]):
    assert exported["step"].manifest.carried == {f"next_{name}": name for name in STATE}


def test_the_source_is_what_torch_makes_of_the_portrait(exported: dict[str, Running], toy: PECHead):
    ours = exported["source"](
        portrait=host_picture(portrait()),
        condition=conditions(1, 1)[0],
        landmarks=landmarks(1, 1)[0],
    )
    for name, each in known(source_of(toy)).items():
        assert ours[name] == near(each, TOLERANCE), name


def test_frame_after_frame_it_draws_what_torch_draws(exported: dict[str, Running], toy: PECHead):
    source, outputs, last = expected(toy)
    pictures, state = played(exported["step"], source, FRAMES)
    for picture, output in zip(pictures, outputs, strict=True):
        assert picture == near(host_picture(output.picture), TOLERANCE)
    for name, each in last.items():
        assert state[name] == near(each, 5 * TOLERANCE), name  # features reach 3
    assert (outputs[-1].picture - outputs[0].picture).abs().mean() > 0.005
    assert outputs[-1].picture.std() > 0.05


def test_each_alignment_is_one_standard_operator(exported: dict[str, Running], folder: Path):
    kinds = [node.op_type for node in onnx.load(folder / "step.onnx").graph.node]
    assert kinds.count("DeformConv") == 2
    assert "BatchNormalization" not in kinds
    assert exported["step"].manifest.form == "deform"
    assert exported["source"].manifest.form == "none"
