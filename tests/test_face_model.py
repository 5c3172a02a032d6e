"""The shipped face model and its file: what it promises, and files that are no face model."""

import contextlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_samples import face, random_face

import pechead_live.facemodel.model as module
from pechead_live.errors import InputError, OutputError
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.mirror import mirrored
from pechead_live.facemodel.model import (
    FaceModel,
    load_face_model,
    points_of,
    read_face_model,
    save_face_model,
)
from pechead_live.facemodel.topology import (
    CHIN,
    FACE_OVAL,
    FOREHEAD,
    LEFT_LOWER_LID,
    LEFT_OUTER_EYE,
    LEFT_UPPER_LID,
    MIDDLE,
    MIRROR_POINTS,
    NOSE_TIP,
    RIGHT_LOWER_LID,
    RIGHT_OUTER_EYE,
    RIGHT_UPPER_LID,
)

SHIPPED = Path(module.__file__).with_name("face_model.npz")


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def test_the_shipped_file_is_small_and_has_a_card():
    assert SHIPPED.stat().st_size <= 500_000
    assert SHIPPED.with_suffix(".md").read_text().startswith("# Face model")


def test_the_mean_face_stands_upright_with_its_eyes_one_unit_apart(model: FaceModel):
    eyes = model.mean[LEFT_OUTER_EYE] - model.mean[RIGHT_OUTER_EYE]
    assert eyes == pytest.approx((1, 0, 0), abs=1e-6)
    assert model.mean.mean(axis=0) == pytest.approx((0, 0, 0), abs=1e-6)
    assert model.mean[FOREHEAD, 1] < model.mean[NOSE_TIP, 1] < model.mean[CHIN, 1]
    assert model.mean[:, 2].argmin() in (NOSE_TIP, 1)


def test_the_mean_face_is_exactly_its_own_mirror_image(model: FaceModel):
    assert np.array_equal(mirrored(model.mean, model.mirror_points), model.mean)
    assert np.array_equal(model.mirror_points, MIRROR_POINTS)


def test_mirror_pairs_are_the_mesh_s_own(model: FaceModel):
    pairs = np.array(MIRROR_POINTS)
    assert np.array_equal(pairs[pairs], np.arange(478))
    assert np.flatnonzero(pairs == np.arange(478)).tolist() == list(MIDDLE)
    for right, left in (
        (RIGHT_UPPER_LID, LEFT_UPPER_LID),
        (RIGHT_LOWER_LID, LEFT_LOWER_LID),
        (FACE_OVAL, FACE_OVAL[:1] + FACE_OVAL[:0:-1]),
    ):
        assert np.array_equal(pairs[list(right)], left)
    mesh = {frozenset(triangle) for triangle in model.triangles.tolist()}
    flipped = {frozenset(triangle) for triangle in pairs[model.triangles].tolist()}
    assert len(mesh & flipped) > 0.98 * len(mesh)  # six squares are cut along the other diagonal


def test_every_direction_is_exactly_symmetric_or_changes_sign(model: FaceModel):
    signs = model.mirror_identity[:, None, None]
    flipped = mirrored(model.identity_basis, model.mirror_points)
    assert np.array_equal(flipped * signs, model.identity_basis)
    assert set(model.mirror_identity) == {-1, 1}
    flipped = mirrored(model.expression_basis[model.mirror_expression], model.mirror_points)
    assert np.array_equal(flipped, model.expression_basis)


@pytest.mark.parametrize("seed", range(3))
def test_mirrored_coefficients_draw_the_mirrored_face(model: FaceModel, seed: int):
    seen = random_face(seed)
    in_mirror = points_of(model, model.mirror(seen))
    assert in_mirror == pytest.approx(
        points_of(model, seen)[model.mirror_points] * (-1, 1), abs=1e-5
    )
    twice = model.mirror(model.mirror(seen))
    assert np.array_equal(twice.identity, seen.identity)
    assert np.array_equal(twice.expression, seen.expression)
    assert twice.rotation == pytest.approx(seen.rotation)


def test_the_head_goes_beyond_the_mesh_and_is_symmetric(model: FaceModel):
    assert 250 <= len(model.head) <= 350
    assert model.head[:, 1].min() < model.mean[FOREHEAD, 1] - 0.3
    assert model.head[:, 1].max() < model.mean[CHIN, 1] + 0.1
    assert model.head[:, 2].max() > model.mean[:, 2].max() + 0.5
    assert np.linalg.norm(model.head_normals, axis=1) == pytest.approx(1, abs=2e-3)
    for points in (model.head, model.head_normals):
        here, there = (sorted(map(tuple, p.tolist())) for p in (points, points * (-1, 1, 1)))
        assert np.array_equal(here, there)


def test_named_expressions_move_what_they_name(model: FaceModel):
    def moved(**values: float) -> np.ndarray:
        return model.displacement(face(), face(**values)) / 0.4

    assert moved(jawOpen=1)[CHIN, 1] > 0.1
    lids = {"Left": LEFT_UPPER_LID[4], "Right": RIGHT_UPPER_LID[4]}
    for side, other in (("Left", "Right"), ("Right", "Left")):
        blink = moved(**{f"eyeBlink{side}": 1})
        assert blink[lids[side], 1] > 0.06
        assert abs(blink[lids[other], 1]) < 0.02
    assert moved(browInnerUp=1)[66, 1] < -0.03
    assert moved(mouthSmileLeft=1)[291, 1] < -0.05
    assert not moved(tongueOut=1).any()


def test_shapes_and_landmarks_come_in_batches_as_they_come_alone(model: FaceModel):
    faces = [random_face(seed) for seed in range(3)]
    together = model.landmarks(
        np.stack([c.identity for c in faces]),
        np.stack([c.expression for c in faces]),
        np.stack([c.rotation for c in faces]),
        np.stack([c.translation for c in faces]),
        np.array([c.scale for c in faces], np.float32),
    )
    assert together.shape == (3, 478, 2)
    assert together.dtype == np.float32
    for points, one in zip(together, faces, strict=True):
        assert points == pytest.approx(points_of(model, one), abs=1e-5)
    nobody, still = np.zeros((2, 4, 50), np.float32), np.zeros((2, 4, 52), np.float32)
    assert model.shape(nobody, still).shape == (2, 4, 478, 3)
    assert np.array_equal(model.shape(nobody[0, 0], still[0, 0]), model.mean)


def test_arkit_values_become_a_vector_and_come_back(model: FaceModel):
    vector = model.from_arkit({"jawOpen": 0.25, "eyeBlinkRight": 1.0})
    back = model.to_arkit(vector)
    assert tuple(back) == EXPRESSION_NAMES
    assert {name: value for name, value in back.items() if value} == {
        "jawOpen": 0.25,
        "eyeBlinkRight": 1.0,
    }


def test_arkit_names_that_the_model_lacks_are_left_out(model: FaceModel):
    assert not model.from_arkit({"_neutral": 1.0}).any()


def test_a_saved_model_is_read_as_it_was(model: FaceModel, tmp_path: Path):
    path = tmp_path / "mine"
    save_face_model(model, path)
    again = read_face_model(path)
    for name in FaceModel.__dataclass_fields__:
        assert np.array_equal(getattr(again, name), getattr(model, name)), name
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


def test_a_model_cannot_be_written_into_a_folder_that_is_not_there(
    model: FaceModel, tmp_path: Path
):
    with pytest.raises(OutputError, match="model"):
        save_face_model(model, tmp_path / "no" / "model.npz")


def test_another_version_is_refused_with_advice(tmp_path: Path):
    path = tmp_path / "model.npz"
    np.savez(path, **{**arrays_of(SHIPPED), "version": np.int32(9)})
    with pytest.raises(InputError, match=r"version 9.*reads version 1.*facemodel fit"):
        read_face_model(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mean", np.zeros((68, 3), np.float32)),
        ("mean", np.full((478, 3), np.nan, np.float32)),
        ("expression_basis", np.zeros((52, 478), np.float16)),
        ("landmark_indices", np.full(68, 478, np.int16)),
        ("triangles", np.full((3, 3), -1, np.int16)),
        ("mirror_identity", np.ones(49, np.float32)),
        ("head_normals", np.zeros((1, 3), np.float16)),
    ],
)
def test_an_array_that_does_not_fit_is_named(tmp_path: Path, name: str, value: np.ndarray):
    path = tmp_path / "model.npz"
    np.savez(path, **{**arrays_of(SHIPPED), name: value})
    with pytest.raises(InputError, match=name):
        read_face_model(path)


def test_a_missing_array_is_named(tmp_path: Path):
    path = tmp_path / "model.npz"
    arrays = arrays_of(SHIPPED)
    del arrays["triangles"]
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="triangles"):
        read_face_model(path)


def test_files_that_are_something_else_are_refused(tmp_path: Path):
    text, bare, pickled = (tmp_path / name for name in ("text.npz", "bare.npy", "pickled.npz"))
    text.write_text("hello")
    np.save(bare, np.zeros(3))
    np.savez(pickled, version=np.array([{}], dtype=object))
    for path in (text, bare, pickled, tmp_path / "absent.npz", tmp_path):
        with pytest.raises(InputError, match=path.name):
            read_face_model(path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    content = bytearray(SHIPPED.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "model.npz"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        read_face_model(path)


def test_a_damaged_array_header_is_refused(model: FaceModel, tmp_path: Path):
    path, damaged = tmp_path / "a.npz", tmp_path / "b.npz"
    save_face_model(model, path)
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(damaged, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, whole.read(name).replace(b"}", b"(", 1))
    with pytest.raises(InputError, match="not a face model"):
        read_face_model(damaged)
