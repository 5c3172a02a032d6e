"""CSIM-ArcFace: alignment, the network's ports, and files that are something else."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.evaluation.metrics.arcface import (
    FIVE_POINTS,
    SIDE,
    TEMPLATE,
    ArcFaceEmbedder,
    aligned_face,
    csim_arcface,
)
from pechead_live.frame import Pixels


def averaging_network(path: Path, side: int = SIDE) -> Path:
    """An ONNX file whose embedding is the mean of each channel."""
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["data"], ["embedding"])],
        "averages",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, side, side])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 3, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def points_at(pixels: np.ndarray, side: int) -> FloatArray:
    """(478, 2) picture coordinates whose five points lie at ``pixels`` (5, 2) of a square."""
    points = np.zeros((478, 2), np.float32)
    points[list(FIVE_POINTS)] = (pixels - (side - 1) / 2) / ((side - 1) / 2)
    return points


def coloured(side: int = SIDE) -> Pixels:
    row, column = np.mgrid[:side, :side]
    return np.stack([row, column, (row + column) // 2], axis=-1).astype(np.uint8)


def test_a_face_that_lies_on_the_template_is_not_moved() -> None:
    face = aligned_face(coloured(), points_at(np.array(TEMPLATE), SIDE))
    assert np.abs(face.astype(int) - coloured()).max() <= 1


def test_a_turned_and_larger_face_is_brought_upright() -> None:
    # the template turned by 90 degrees, 1.5 times as large, in a picture of 200
    x, y = (np.array(TEMPLATE) - SIDE / 2).T * 1.5
    picture = np.zeros((200, 200, 3), np.uint8)
    turned = np.stack([100 - y, 100 + x], axis=1)
    eye_x, eye_y = turned[0].round().astype(int)
    picture[eye_y - 4 : eye_y + 5, eye_x - 4 : eye_x + 5] = 255
    face = aligned_face(picture, points_at(turned, 200))
    assert face.shape == (SIDE, SIDE, 3)
    bright = np.argwhere(face[..., 0] > 128).mean(axis=0)[::-1]
    assert bright == pytest.approx(TEMPLATE[0], abs=1.0)


def test_the_network_sees_rgb_from_minus_one_to_one(tmp_path: Path) -> None:
    embedder = ArcFaceEmbedder(averaging_network(tmp_path / "w600k.onnx"))
    picture = np.full((SIDE, SIDE, 3), (255, 0, 127), np.uint8)
    embedding = embedder.embed(picture, points_at(np.array(TEMPLATE), SIDE))
    assert embedding == pytest.approx([1, -1, -0.5 / 127.5], abs=2e-2)
    assert embedder.name == "w600k.onnx"


def test_the_cosine_is_one_for_the_same_and_knows_no_length() -> None:
    a = np.array([3, 4], np.float32)
    assert csim_arcface(a, 2 * a) == pytest.approx(1)
    assert csim_arcface(a, np.array([4, -3], np.float32)) == pytest.approx(0, abs=1e-6)
    assert csim_arcface(a, np.array([1, 0], np.float32)) == pytest.approx(0.6)


def test_another_network_is_refused_with_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"64, 64.*\(1, 3, 112, 112\)"):
        ArcFaceEmbedder(averaging_network(tmp_path / "other.onnx", side=64))


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(InputError, match="cannot be loaded"):
        ArcFaceEmbedder(broken)
    with pytest.raises(InputError, match="there is no file"):
        ArcFaceEmbedder(tmp_path / "none.onnx")


def test_a_picture_without_a_face_is_refused() -> None:
    with pytest.raises(InputError, match="without a face"):
        aligned_face(coloured(), np.full((478, 2), np.nan, np.float32))


def test_a_missing_onnxruntime_is_named_with_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="run pip install onnxruntime"):
        ArcFaceEmbedder(tmp_path / "any.onnx")
