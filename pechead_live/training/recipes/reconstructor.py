"""Stage 0 of R: coefficients as they were fitted to whole clips, from one crop (eq. 1)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.facemodel.condition import CONDITION_STD, POSE_SIZE
from pechead_live.model.face_shape import FaceShape
from pechead_live.model.heatmaps import heatmaps
from pechead_live.model.reconstructor import (
    Reconstructor,
    ReconstructorDimensions,
    ReconstructorOutput,
)
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.keypoints import landmark_loss
from pechead_live.training.losses.warping import resize_picture
from pechead_live.training.losses.weights import ReconstructionConfig
from pechead_live.training.recipes.clips import FROZEN_FROM, set_training
from pechead_live.training.recipes.face_crops import FaceCrops, cut_crops, place_crops
from pechead_live.training.recipes.picture_terms import flat
from pechead_live.training.recipes.recipe import Recipe, Terms

LANDMARK_WEIGHTS = (*[1.0] * 27, *[2.0] * 9, *[4.0] * 12, *[2.0] * 12, *[4.0] * 8, 4.0, 4.0)
"""Of jaw and brows, nose, eyes, outer lips, inner lips and irises (Deep3D: 20 on inner lips): what
an avatar shows most, and what moves least."""

DOT_VARIANCE = 2e-4
"""Of a landmark as it is drawn, in crop coordinates squared."""


def reconstructor_recipe(
    dimensions: ReconstructorDimensions, weights: ReconstructionConfig | None = None
) -> Recipe:
    """R on crops of the driving frames, each cut at a random place."""
    return ReconstructorRecipe(Reconstructor(dimensions), weights or ReconstructionConfig())


class ReconstructorRecipe:
    """See `reconstructor_recipe`."""

    kind = "reconstructor"
    discriminator: nn.Module | None = None

    def __init__(self, network: Reconstructor, weights: ReconstructionConfig) -> None:
        self.network = network
        self.weights = weights
        self._shape = FaceShape()

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """Pose, expression, identity, landmarks and confidence; pictures as `draw` has them."""
        set_training(self.network, frozen=step >= FROZEN_FROM * steps)
        crops = self._crops(batch, self.network, jitter=1.0, absent=self.weights.absent)
        output: ReconstructorOutput = self.network(crops.pictures)
        output = ReconstructorOutput(*(value.float() for value in output))
        identity = batch.identity[:, None].expand(-1, batch.driving.shape[1], -1)
        terms = self._terms(output, crops, flat(identity))
        with torch.no_grad():
            drawn = dotted(crops.pictures, self._landmarks(output))
        return terms, drawn.unflatten(0, batch.driving.shape[:2])

    def adversarial_weight(self, step: int, steps: int) -> float:
        """0: nothing is painted."""
        del step, steps
        return 0.0

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        """Never asked for."""
        del batch
        return pictures.new_zeros(())

    @torch.no_grad()
    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        """(B, T, 3, H, W) the crops, in the pictures' size, with the landmarks that R sees."""
        assert isinstance(network, Reconstructor)
        crops = self._crops(batch, network.eval(), jitter=0.0, absent=0.0)
        shown = dotted(crops.pictures, self._landmarks(network(crops.pictures)))
        return resize_picture(shown, batch.driving.shape[-1]).unflatten(0, batch.driving.shape[:2])

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """All alike."""
        return [{"params": list(network.parameters())}]

    def _crops(
        self, batch: Batch, network: Reconstructor, *, jitter: float, absent: float
    ) -> FaceCrops:
        landmarks = flat(batch.truth_landmarks)
        transform, present = place_crops(landmarks, jitter=jitter, absent=absent)
        pictures, condition = flat(batch.driving), flat(batch.truth_condition)
        size = network.dimensions.size
        return cut_crops(transform, present, size, pictures, condition, landmarks)

    def _terms(self, output: ReconstructorOutput, crops: FaceCrops, identity: Tensor) -> Terms:
        weights, present = self.weights, crops.present
        std = crops.condition.new_tensor(CONDITION_STD)
        columns = output.rotation[:, :, :2].transpose(1, 2).flatten(1)
        pose = torch.cat([columns, output.translation, output.scale.log()[:, None]], dim=1)
        read = torch.cat([pose, output.expression], dim=1)
        away = ((read - crops.condition) / std).abs()
        logit = torch.logit(output.confidence, eps=1e-6)
        held = 1 - weights.absent
        astray = (output.identity - identity).abs()
        return {
            "pose": weights.pose * mean_of_faces(away[:, :POSE_SIZE], present, held),
            "expression": weights.expression * mean_of_faces(away[:, POSE_SIZE:], present, held),
            "identity": weights.identity * mean_of_faces(astray, present, held),
            "landmarks": weights.landmarks * self._landmark_loss(output, crops),
            "confidence": weights.confidence
            * functional.binary_cross_entropy_with_logits(logit, present),
        }

    def _landmark_loss(self, output: ReconstructorOutput, crops: FaceCrops) -> Tensor:
        """() mean over the crops that hold a face; the others' landmarks are set equal."""
        held = crops.present[:, None, None] > 0
        read = torch.where(held, self._landmarks(output), crops.landmarks)
        loss = landmark_loss(read, crops.landmarks, crops.landmarks.new_tensor(LANDMARK_WEIGHTS))
        return loss / (1 - self.weights.absent)

    def _landmarks(self, output: ReconstructorOutput) -> Tensor:
        shape = self._shape.to(output.rotation.device)
        return shape.landmarks(*output[:5])


def mean_of_faces(values: Tensor, present: Tensor, held: float) -> Tensor:
    """() mean of ``values`` (B, C) over the crops that are ``present`` (B,), 1 or 0.

    Their number is the one expected, a share ``held`` of all, not the one counted: so the mean of
    two processes' means is that of all their crops.
    """
    return (values.mean(dim=1) * present).mean() / held


def dotted(pictures: Tensor, landmarks: Tensor) -> Tensor:
    """(B, 3, size, size) ``pictures`` with a green dot at each of ``landmarks`` (B, N, 2)."""
    variance = landmarks.new_full((landmarks.shape[1],), DOT_VARIANCE)
    dots = heatmaps(landmarks, variance, pictures.shape[-1]).amax(dim=1, keepdim=True)
    green = pictures.new_tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
    return pictures + dots * (green - pictures)
