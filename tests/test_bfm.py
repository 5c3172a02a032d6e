"""The Basel Face Model's loader, on a small made-up model in the same layout."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from pechead_live.coefficients import rotation_from_euler
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.facemodel.bfm import load_bfm

POINTS, IDENTITIES, EXPRESSIONS = 90, 8, 5


def arrays() -> dict[str, Any]:
    """As Deep3DFaceRecon writes them: decimetres, y up, z to the viewer, indices from 1."""
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (POINTS, 3))
    keypoints = np.arange(POINTS - 68, POINTS)[::-1]
    points[keypoints[36]] = (-0.45, 0.3, 0.5)  # the right eye's outer corner: left in the picture
    points[keypoints[45]] = (0.45, 0.3, 0.5)
    points[keypoints[8]] = (0.0, -0.9, 0.4)  # chin
    points[keypoints[30]] = (0.0, 0.0, 1.2)  # nose tip
    return {
        "meanshape": points.reshape(1, -1),
        "idBase": 0.05 * rng.standard_normal((POINTS * 3, IDENTITIES)),
        "exBase": 0.05 * rng.standard_normal((POINTS * 3, EXPRESSIONS)),
        "tri": rng.integers(1, POINTS + 1, (40, 3)).astype(np.int32),
        "keypoints": (keypoints + 1).reshape(1, 68).astype(np.float64),
        "meantex": rng.uniform(0, 255, (1, POINTS * 3)),
    }


def written(folder: Path, **changes: Any) -> Path:
    """The made-up file; a change to None leaves the array out."""
    path = folder / "BFM_model_front.mat"
    content = {**arrays(), **changes}
    savemat(path, {name: array for name, array in content.items() if array is not None})
    return path


def test_sizes_are_those_of_the_file(tmp_path: Path):
    model = load_bfm(written(tmp_path))
    assert model.mean.shape == (POINTS, 3)
    assert model.identity_basis.shape == (IDENTITIES, POINTS, 3)
    assert model.expression_basis.shape == (EXPRESSIONS, POINTS, 3)
    assert model.triangles.shape == (40, 3)
    assert model.landmark_indices.shape == (68,)
    assert model.mean.dtype == model.identity_basis.dtype == np.float32


def test_axes_unit_and_origin_are_model_space_s(tmp_path: Path):
    model = load_bfm(written(tmp_path))
    marks = model.mean[model.landmark_indices]
    assert marks[45] - marks[36] == pytest.approx((1, 0, 0), abs=1e-6)
    assert marks[8, 1] > marks[36, 1]  # y down
    assert marks[30, 2] < marks[36, 2]  # z away: the nose is nearer
    assert model.mean.mean(axis=0) == pytest.approx((0, 0, 0), abs=1e-6)


def test_shapes_are_the_file_s_up_to_unit_and_axes(tmp_path: Path):
    model = load_bfm(written(tmp_path))
    rng = np.random.default_rng(1)
    alpha = rng.standard_normal(IDENTITIES).astype(np.float32)
    beta = rng.standard_normal(EXPRESSIONS).astype(np.float32)
    raw = arrays()
    flat = raw["meanshape"][0] + raw["idBase"] @ alpha + raw["exBase"] @ beta
    turned = flat.reshape(-1, 3) * (1, -1, -1) / 0.9
    found = model.shape(alpha, beta)
    assert found - found[0] == pytest.approx(turned - turned[0], abs=1e-5)
    seen = model.landmarks(alpha, beta, rotation_from_euler(20, 0, 0), np.zeros(2, np.float32), 0.5)
    assert seen.shape == (POINTS, 2)


def test_indices_count_from_0(tmp_path: Path):
    model = load_bfm(written(tmp_path))
    raw = arrays()
    assert np.array_equal(model.triangles, raw["tri"] - 1)
    assert np.array_equal(model.landmark_indices, raw["keypoints"][0] - 1)


def test_expressions_have_names_that_arkit_s_do_not_reach(tmp_path: Path):
    model = load_bfm(written(tmp_path))
    vector = model.from_arkit({"component_03": 0.5, "jawOpen": 1.0})
    assert vector.tolist() == [0, 0, 0, 0.5, 0]
    assert model.to_arkit(vector)["component_03"] == 0.5


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"exBase": None}, "exBase"),
        ({"keypoints": None}, "keypoints"),
        ({"meanshape": np.zeros((1, 10))}, "reshape"),
        ({"idBase": np.zeros((POINTS, 4))}, "idBase"),
        ({"exBase": np.full((POINTS * 3, 2), np.nan)}, "exBase"),
        ({"tri": np.zeros((4, 3), np.int32)}, "tri"),
        ({"keypoints": np.ones((1, 5))}, "5 landmarks"),
        ({"keypoints": np.ones((1, 68))}, "eye"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, changes: dict[str, Any], named: str):
    path = written(tmp_path, **changes)
    with pytest.raises(InputError, match=named) as refused:
        load_bfm(path)
    assert path.name in str(refused.value)


def test_other_files_are_refused(tmp_path: Path):
    text, empty, cut = (tmp_path / name for name in ("text.mat", "empty.mat", "cut.mat"))
    text.write_text("hello " * 100)
    empty.write_bytes(b"")
    cut.write_bytes(written(tmp_path).read_bytes()[:2000])
    for path in (text, empty, cut, tmp_path / "absent.mat", tmp_path):
        with pytest.raises(InputError, match=path.name):
            load_bfm(path)


def test_without_scipy_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(MissingDependencyError, match=r"pechead-live\[bfm\]"):
        load_bfm(written(tmp_path))
