"""The baseline's and the reconstructor's recipes, and the crops that R learns from."""

from dataclasses import replace

import pytest
import torch
from drawn_heads import drawn_batch, drawn_face, landmarks_of
from torch.nn import functional

from pechead_live.model.baseline.dimensions import PRESETS as BASELINES
from pechead_live.model.reconstructor import PRESETS as RECONSTRUCTORS
from pechead_live.training.losses.weights import LOSSES, ReconstructionConfig
from pechead_live.training.recipes.baseline import baseline_recipe
from pechead_live.training.recipes.face_crops import cut_crops, place_crops
from pechead_live.training.recipes.reconstructor import (
    LANDMARK_WEIGHTS,
    dotted,
    reconstructor_recipe,
)


def test_the_baseline_learns_a_pair() -> None:
    torch.manual_seed(0)
    weights = replace(LOSSES["baseline"], perceptual=0.0, pixel=10.0)
    recipe = baseline_recipe(BASELINES["baseline-toy"], weights)
    batch = drawn_batch(2)
    adam = torch.optim.Adam(recipe.network.parameters(), lr=2e-3)
    pixel: list[float] = []
    for step in range(15):
        terms, pictures = recipe.losses(batch, step, 1000)
        assert set(terms) == {"pixel", "equivariance", "jacobian"}
        adam.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        adam.step()
        pixel.append(float(terms["pixel"].detach()))
    assert pictures.shape == batch.driving.shape
    assert pixel[-1] < 0.6 * pixel[0]
    assert recipe.draw(recipe.network, batch).shape == batch.driving.shape


def test_the_reconstructor_learns_eight_faces() -> None:
    torch.manual_seed(0)
    recipe = reconstructor_recipe(RECONSTRUCTORS["toy"])
    batch = drawn_batch(8)
    adam = torch.optim.Adam(recipe.network.parameters(), lr=3e-3)
    history: list[dict[str, float]] = []
    for step in range(40):
        terms, pictures = recipe.losses(batch, step, 1000)
        adam.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        adam.step()
        history.append({name: float(term.detach()) for name, term in terms.items()})
    assert pictures.shape == (8, 1, 3, 64, 64)
    first, last = history[0], history[-1]
    assert last["landmarks"] < 0.7 * first["landmarks"]
    assert last["expression"] < 0.6 * first["expression"]
    assert recipe.draw(recipe.network, batch).shape == batch.driving.shape


@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_a_crop_shows_its_landmarks_where_it_says(jitter: float) -> None:
    torch.manual_seed(1)
    batch = drawn_batch(4)
    marks = batch.truth_landmarks[:, 0]
    # a picture whose colour is its place
    line = torch.linspace(-1, 1, 64)
    place = torch.stack([line.expand(64, 64), line[:, None].expand(64, 64), line.expand(64, 64)])
    transform, present = place_crops(marks, jitter=jitter, absent=0.0)
    pictures = place.expand(4, -1, -1, -1)
    crops = cut_crops(transform, present, 48, pictures, batch.truth_condition[:, 0], marks)
    inner = slice(27, 68)
    shown = functional.grid_sample(
        crops.pictures[:, :2], crops.landmarks[:, None, inner], align_corners=True
    )[:, :, 0].transpose(1, 2)
    assert torch.allclose(shown, marks[:, inner], atol=0.03)
    assert crops.pictures.shape == (4, 3, 48, 48)


def test_a_crop_holds_the_whole_face_unless_it_lies_beside_it() -> None:
    torch.manual_seed(0)
    marks = landmarks_of(drawn_face())[None].expand(200, -1, -1)
    pictures, condition = torch.zeros(200, 3, 8, 8), torch.zeros(200, 61)
    transform, present = place_crops(marks, jitter=1.0, absent=0.3)
    crops = cut_crops(transform, present, 8, pictures, condition, marks)
    middle = crops.landmarks.mean(dim=1).norm(dim=-1)
    assert float(middle[present == 1].max()) < 0.8
    assert float(middle[present == 0].min()) > 0.9
    assert 0.15 < float(1 - present.mean()) < 0.45
    everything = place_crops(marks, jitter=1.0, absent=0.0)[1]
    assert float(everything.min()) == 1


def test_without_jitter_the_crop_is_centred_on_the_landmarks_box() -> None:
    marks = landmarks_of(drawn_face(yaw=10))[None]
    transform, present = place_crops(marks, jitter=0.0, absent=0.0)
    crops = cut_crops(transform, present, 8, torch.zeros(1, 3, 8, 8), torch.zeros(1, 61), marks)
    low, high = crops.landmarks.amin(1), crops.landmarks.amax(1)
    assert torch.allclose(low + high, torch.zeros(1, 2), atol=1e-5)
    assert float((high - low).max()) == pytest.approx(2 / 1.6, rel=1e-4)


def test_absent_faces_teach_the_confidence_alone() -> None:
    torch.manual_seed(0)
    recipe = reconstructor_recipe(RECONSTRUCTORS["toy"], ReconstructionConfig(absent=0.999))
    terms, _ = recipe.losses(drawn_batch(4), 0, 10)
    assert {name for name, term in terms.items() if float(term.detach()) > 0} == {"confidence"}


def test_every_landmark_has_a_weight_and_is_drawn() -> None:
    assert len(LANDMARK_WEIGHTS) == 70
    picture = dotted(torch.zeros(1, 3, 65, 65), torch.zeros(1, 70, 2))
    assert picture[0, :, 32, 32].tolist() == [0.0, 1.0, 0.0]
    assert float(picture[0, :, 0, 0].sum()) == 0
