"""Half precision: convolutions and what flows between them; coordinates stay as they are."""

from pathlib import Path

import onnx
import pytest
import torch
from export_samples import Running, carried, export_parts, host_picture, levels, opened, ports
from exported_pechead import FRAMES, SIDE, STEP, expected, played
from lite_samples import clip_of, draw
from onnx import TensorProto

from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.model.lite.network import Lite
from pechead_live.model.pechead import PECHead

MEAN = 2 / 255
"""Of the difference between a picture and torch's, after frames on their own memories."""

HALF = ExportConfig(precision="fp16")

HALVES = {"source_feature", "source_low", "state_feature", "state_hidden"}
LITE_HALVES = {
    "source_features_64",
    "source_features_128",
    "source_motion_features",
    "state_hidden",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("half")


@pytest.fixture(scope="module")
def step(folder: Path) -> Running:
    return opened(folder, export_parts(untrained("toy"), folder, HALF, "step"))["step"]


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Running:
    folder = tmp_path_factory.mktemp("lite")
    return opened(folder, export_parts(untrained("lite-toy"), folder, HALF, "step"))["step"]


def halves(running: Running) -> set[str]:
    known = ports(running.manifest)
    return {name.removeprefix("next_") for name, (dtype, _) in known.items() if dtype == "float16"}


def test_features_and_memory_are_float16_and_nothing_else(step: Running, lite: Running):
    assert halves(step) == HALVES
    assert halves(lite) == LITE_HALVES
    shapes = {name: shape for name, (_, shape) in ports(step.manifest).items()}
    assert shapes == {name: shape for name, (_, shape) in STEP.items()}
    assert step.manifest.precision == "fp16"


def test_a_pechead_in_half_precision_draws_nearly_the_same(step: Running):
    toy = untrained("toy").module
    assert isinstance(toy, PECHead)
    source, outputs, _ = expected(toy)
    pictures, _ = played(step, source, FRAMES)
    for picture, output in zip(pictures, outputs, strict=True):
        assert picture.shape == (SIDE, SIDE, 3)
        apart = picture.int() - levels(host_picture(output.picture)).int()
        assert 0 < apart.float().abs().mean() / 255 <= MEAN


def test_a_lite_network_in_half_precision_paints_nearly_the_same(lite: Running):
    toy = untrained("lite-toy").module
    assert isinstance(toy, Lite)
    clip = clip_of(toy, FRAMES)
    expected_pictures, _ = draw(toy, clip)
    with torch.no_grad():
        first = toy.encode(clip.portrait, clip.rest)
    source = {
        "source_features_64": host_picture(first.features_64),
        "source_features_128": host_picture(first.features_128),
        "source_motion_features": first.motion_features,
        "source_keypoints": first.keypoints,
    }
    state = {"state_hidden": torch.zeros(1, 8, 8, 8)}
    for t, output in enumerate(expected_pictures):
        drawn = lite(
            **source,
            **state,
            condition=clip.conditions[t],
            guide_picture=levels(host_picture(clip.pictures[t : t + 1])),
            guide_flow=clip.flows[t],
            guide_share=clip.shares[t],
        )
        apart = drawn["painted"].int() - levels(host_picture(output.painted)).int()
        assert apart.float().abs().mean() / 255 <= MEAN
        assert (drawn["alpha"] - output.alpha[0, 0]).abs().mean() <= MEAN
        state = carried(drawn)


def test_convolutions_are_halved_but_the_estimator_s_are_not(step: Running, folder: Path):
    graph = onnx.load(folder / "step.onnx").graph
    types = {each.name: each.data_type for each in graph.initializer}
    users = [node for node in graph.node if node.op_type in ("Conv", "DeformConv")]
    weights = {node.input[1]: types[node.input[1]] for node in users}
    whole = {name for name, kind in weights.items() if kind == TensorProto.FLOAT}
    assert set(weights.values()) == {TensorProto.FLOAT, TensorProto.FLOAT16}
    assert whole == {name for name in weights if "estimator" in name}


def test_no_number_is_rounded_twice(step: Running, folder: Path):
    """A float16 that becomes a float32 only to be a float16 again."""
    graph = onnx.load(folder / "step.onnx").graph
    casts = {node.output[0]: node for node in graph.node if node.op_type == "Cast"}
    chained = [node for node in casts.values() if node.input[0] in casts]
    assert [each for each in chained if each.attribute[0].i == TensorProto.FLOAT16] == []
    assert 0 < len(casts) < 30
