"""R, the Reconstructor, and the face model in torch that turns what it reads into landmarks."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import CONDITION_MEAN
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.model.face_shape import FaceShape
from pechead_live.model.reconstructor import (
    PRESETS,
    Reconstructor,
    ReconstructorDimensions,
    rotation_from_columns,
)


def parameters(module: torch.nn.Module) -> float:
    return sum(weight.numel() for weight in module.parameters()) / 1e6


@pytest.mark.parametrize(
    ("preset", "trunk", "channels"), [("resnet50", 23.508, 2048), ("lite0", 3.371, 1280)]
)
def test_its_trunk_is_as_large_as_the_published_one(preset: str, trunk: float, channels: int):
    with torch.device("meta"):
        network = Reconstructor(PRESETS[preset])
        maps = network.trunk(torch.empty(1, 3, 224, 224))
    assert parameters(network.trunk) == pytest.approx(trunk, abs=1e-3)
    assert maps.shape == (1, channels, 7, 7)


def test_resnet_carries_torchvision_s_names():
    with torch.device("meta"):
        names = set(Reconstructor(PRESETS["resnet50"]).trunk.state_dict())
    assert {
        "conv1.weight",
        "bn1.running_var",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.bias",
        "layer4.2.conv3.weight",
    } <= names
    assert len(names) == 318  # torchvision's 320 less the classifier's two


@pytest.mark.parametrize("preset", ["toy", "lite0"])
def test_untrained_it_sees_the_mean_person_looking_ahead(preset: str):
    network = Reconstructor(PRESETS[preset]).eval()
    size = network.dimensions.size
    with torch.no_grad():
        found = network(torch.rand(2, 3, size, size))
    assert torch.equal(found.identity, torch.zeros(2, 50))
    assert found.expression == pytest.approx(torch.full((2, 52), 0.15), abs=1e-6)
    assert torch.equal(found.rotation, torch.eye(3).expand(2, 3, 3))
    assert found.translation == pytest.approx(torch.from_numpy(CONDITION_MEAN[6:8]).expand(2, 2))
    assert found.scale == pytest.approx(torch.full((2,), float(np.exp(CONDITION_MEAN[8]))))
    assert found.confidence == pytest.approx(torch.full((2,), 0.5))


def test_it_learns_a_pose_and_an_expression():
    torch.manual_seed(0)
    network, shape = Reconstructor(PRESETS["toy"]), FaceShape()
    crops = torch.rand(4, 3, 64, 64)
    truth = shape.landmarks(
        torch.randn(4, 50),
        torch.rand(4, 52),
        torch.tensor(np.stack([rotation_from_euler(20 * i - 30, 5, 0) for i in range(4)])),
        torch.zeros(4, 2),
        torch.full((4,), 0.4),
    )
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    errors: list[float] = []
    for _ in range(60):
        found = network(crops)
        error = (shape.landmarks(*found[:5]) - truth).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert errors[-1] < 0.4 * errors[0]
    assert all(bool(torch.isfinite(value).all()) for value in found)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-3, 3, width=32), min_size=6, max_size=6))
def test_any_two_columns_become_a_proper_rotation(columns: list[float]):
    first, second = torch.tensor(columns).split(3)
    assume(torch.linalg.norm(torch.linalg.cross(first, second)) > 1e-2)
    rotation = rotation_from_columns(torch.tensor([columns]))[0]
    assert rotation @ rotation.T == pytest.approx(torch.eye(3), abs=1e-3)
    assert torch.det(rotation).item() == pytest.approx(1, abs=1e-3)


def test_a_rotation_s_own_columns_give_it_back():
    rotation = rotation_from_euler(30, -10, 5)
    columns = torch.tensor([[*rotation[:, 0], *rotation[:, 1]]])
    assert rotation_from_columns(columns)[0].numpy() == pytest.approx(rotation, abs=1e-6)


@pytest.mark.parametrize(
    ("field", "value"), [("backbone", "vgg"), ("size", 16), ("identity", 0), ("expression", 0)]
)
def test_dimensions_that_cannot_be_are_refused(field: str, value: object):
    with pytest.raises(InputError, match=field):
        ReconstructorDimensions(preset="mine", **{field: value})


@pytest.mark.parametrize("seed", range(3))
def test_the_face_model_in_torch_equals_the_one_in_numpy(seed: int):
    numbers = np.random.default_rng(seed)
    faces = [
        Coefficients(
            identity=numbers.standard_normal(50).astype(np.float32),
            expression=numbers.random(52).astype(np.float32),
            rotation=rotation_from_euler(*numbers.uniform(-40, 40, 3)),
            translation=numbers.uniform(-0.5, 0.5, 2).astype(np.float32),
            scale=float(numbers.uniform(0.2, 0.6)),
        )
        for _ in range(2)
    ]
    model, shape = load_face_model(), FaceShape()
    identity = torch.tensor(np.stack([face.identity for face in faces]))
    expression = torch.tensor(np.stack([face.expression for face in faces]))
    points = shape.shape(identity, expression)
    for found, face in zip(points, faces, strict=True):
        expected = model.shape(face.identity, face.expression)
        assert found.numpy() == pytest.approx(expected, abs=1e-5)
    pose = (
        torch.tensor(np.stack([face.rotation for face in faces])),
        torch.tensor(np.stack([face.translation for face in faces])),
        torch.tensor([face.scale for face in faces]),
    )
    landmarks = shape.landmarks(identity, expression, *pose)
    assert landmarks.shape == (2, 70, 2)
    for found, face in zip(landmarks, faces, strict=True):
        expected = points_of(model, face)[list(NETWORK_LANDMARKS)]
        assert found.numpy() == pytest.approx(expected, abs=1e-5)


def test_delta_moves_the_landmarks_as_the_pose_turns_it():
    shape = FaceShape()
    nobody, still = torch.zeros(1, 50), torch.zeros(1, 52)
    quarter = torch.tensor(rotation_from_euler(0, 0, 90))[None]
    pose = (quarter, torch.zeros(1, 2), torch.tensor([0.5]))
    delta = torch.zeros(1, 478, 3)
    delta[..., 0] = 0.1  # to the model's x, which a roll of 90 degrees turns down
    moved = shape.landmarks(nobody, still, *pose, delta) - shape.landmarks(nobody, still, *pose)
    assert moved == pytest.approx(torch.tensor([0.0, 0.05]).expand(1, 70, 2), abs=1e-6)


def test_the_face_model_s_arrays_are_not_in_checkpoints():
    assert FaceShape().state_dict() == {}
