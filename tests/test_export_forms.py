"""Exported without the operator for deformable convolutions, pictures as bytes."""

import onnx
import pytest
from export_samples import Running, export_parts, host_picture, levels, near, opened, ports
from exported_pechead import FRAMES, SIDE, STEP, expected, played

from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.model.pechead import PECHead


@pytest.fixture(scope="module")
def toy() -> PECHead:
    module = untrained("toy").module
    assert isinstance(module, PECHead)
    return module


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Running:
    folder = tmp_path_factory.mktemp("decomposed")
    config = ExportConfig(form="decomposed")
    return opened(folder, export_parts(untrained("toy"), folder, config, "step"))["step"]


def test_decomposed_it_draws_the_same_bytes_without_that_operator(sampled: Running, toy: PECHead):
    assert sampled.manifest.form == "decomposed"
    assert ports(sampled.manifest) == {**STEP, "picture": ("uint8", (SIDE, SIDE, 3))}
    source, outputs, last = expected(toy)
    pictures, state = played(sampled, source, FRAMES)
    for picture, output in zip(pictures, outputs, strict=True):
        apart = picture.int() - levels(host_picture(output.picture)).int()
        assert apart.abs().max() <= 1
        assert apart.float().abs().mean() < 0.01
    for name, each in last.items():
        assert state[name] == near(each, 5e-5), name


def test_decomposed_there_is_no_operator_that_a_runtime_may_lack(sampled: Running):
    model = onnx.load(sampled.session._model_path)
    kinds = {node.op_type for node in model.graph.node}
    assert "DeformConv" not in kinds
    assert "GridSample" in kinds
    assert {node.domain for node in model.graph.node} == {""}
