"""The FOMM-style baseline: its own losses, perceptual and equivariance (Siarohin et al. 2019)."""

from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.model.baseline.dimensions import BaselineDimensions
from pechead_live.model.baseline.keypoints import Keypoints, inverse
from pechead_live.model.baseline.network import Baseline, BaselineOutput
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.equivariance import (
    draw_transform,
    transform_jacobian,
    transform_picture,
    transform_points,
)
from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.clips import FROZEN_FROM, set_training, source_place
from pechead_live.training.recipes.picture_terms import flat, picture_terms, trunk_for
from pechead_live.training.recipes.recipe import Recipe, Terms


def baseline_recipe(
    dimensions: BaselineDimensions, weights: LossConfig, trunk: Trunk | None = None
) -> Recipe:
    """``trunk``: the one that is found if None and the perceptual loss has a weight
    (`MissingAssetError` if there is none)."""
    return BaselineRecipe(Baseline(dimensions), weights, trunk_for(weights, trunk))


class BaselineRecipe:
    """See `baseline_recipe`. Every frame is a pair with the source."""

    kind = "baseline"
    discriminator: nn.Module | None = None

    def __init__(self, network: Baseline, weights: LossConfig, trunk: Trunk | None) -> None:
        self.network = network
        self.weights = weights
        self._trunk = trunk

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """Picture terms, and equivariance of the driving frames' places and Jacobians."""
        set_training(self.network, frozen=step >= FROZEN_FROM * steps)
        outputs = _play(self.network, batch)
        drawn = torch.stack([output.picture for output in outputs], dim=1)
        terms = picture_terms(self.weights, self._trunk, drawn, batch)
        if self.weights.equivariance or self.weights.jacobian:
            places = flat(torch.stack([o.keypoints.places for o in outputs], dim=1))
            jacobians = flat(torch.stack([o.keypoints.jacobians for o in outputs], dim=1))
            found = Keypoints(places, jacobians)
            terms |= equivariance_terms(self.weights, self.network, flat(batch.driving), found)
        return terms, drawn

    def adversarial_weight(self, step: int, steps: int) -> float:
        """0: FOMM as it is best known has no discriminator."""
        del step, steps
        return 0.0

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        """Never asked for."""
        del batch
        return pictures.new_zeros(())

    @torch.no_grad()
    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        """(B, T, 3, H, W) driven by the true frames, absolute."""
        assert isinstance(network, Baseline)
        outputs = _play(network.eval(), batch)
        return torch.stack([output.picture for output in outputs], dim=1)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """All alike."""
        return [{"params": list(network.parameters())}]


def equivariance_terms(
    weights: LossConfig, network: Baseline, picture: Tensor, found: Keypoints
) -> Terms:
    """mean |k − T(k_T)| and mean |1 − J⁻¹ T'(k_T) J_T| (FOMM eq. 9 and 10).

    ``found``: k and J of ``picture`` (B, 3, H, W); k_T and J_T are those of its warped copy.
    """
    transform = draw_transform(len(picture), picture)
    copy = network.detector(transform_picture(transform, picture))
    terms: Terms = {}
    if weights.equivariance:
        back = transform_points(transform, copy.places)
        terms["equivariance"] = weights.equivariance * (found.places - back).abs().mean()
    if weights.jacobian:
        turned = transform_jacobian(transform, copy.places) @ copy.jacobians
        still = torch.eye(2, device=turned.device)
        loss = (still - inverse(found.jacobians) @ turned).abs().mean()
        terms["jacobian"] = weights.jacobian * loss
    return terms


def _play(network: Baseline, batch: Batch) -> list[BaselineOutput]:
    sources = [network.source(batch.source[:, s]) for s in range(batch.source.shape[1])]
    return [
        network.step(sources[source_place(batch, t)], network.detector(batch.driving[:, t]))
        for t in range(batch.driving.shape[1])
    ]
