"""Stage 0: E and both Φ without the rest, taught by flows that are known exactly.

The target is the source itself, moved by the flow of geometry: a picture whose true flow, pose and
expression are known. Hundreds of such pairs go through in the time of one drawn picture.
"""

from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.model.pechead import PECHead
from pechead_live.model.warp import resize_flow, resize_share
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.warping import endpoint_error, warp_picture, warping_loss
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.clips import FROZEN_FROM, set_training, source_place
from pechead_live.training.recipes.keypoint_terms import keypoint_terms, tie_term
from pechead_live.training.recipes.pechead_play import Moved, move
from pechead_live.training.recipes.recipe import Terms

BACKGROUND = 0.1
"""Weight of a place outside the person in the flow's error; the person's is 1."""


class MotionRecipe:
    """Flow end-point error, L_k, L_e, L_w; see `pechead_recipe`."""

    kind = "pechead"
    discriminator: nn.Module | None = None

    def __init__(self, network: PECHead, weights: LossConfig) -> None:
        self.network = network
        self.weights = weights

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """Means over the frames; the pictures are the source moved by the local flow."""
        set_training(self.network, frozen=step >= FROZEN_FROM * steps)
        frames: list[Terms] = []
        pictures: list[Tensor] = []
        for t in range(batch.driving.shape[1]):
            source = batch.source[:, source_place(batch, t)]
            moved = move(self.network, batch, t)
            target = warp_picture(source, batch.guide_flow[:, t])
            condition = batch.driving_condition[:, t]
            found = keypoint_terms(
                self.weights,
                self.network,
                target,
                condition,
                moved.keypoints,
                moved.source_keypoints,
            )
            found |= tie_term(self.weights, moved.keypoints, condition, step, steps)
            found |= self._flow_terms(moved, source, target, batch, t)
            frames.append(found)
            pictures.append(warp_picture(source, moved.flows[-1]))
        terms = {name: torch.stack([f[name] for f in frames]).mean() for name in frames[0]}
        return terms, torch.stack(pictures, dim=1)

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
        """(B, T, 3, H, W) the source moved by the local flow."""
        assert isinstance(network, PECHead)
        network.eval()
        pictures = [
            warp_picture(batch.source[:, source_place(batch, t)], move(network, batch, t).flows[-1])
            for t in range(batch.driving.shape[1])
        ]
        return torch.stack(pictures, dim=1)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """E and Φ; the rest waits for stage 1."""
        return [{"params": motion_parameters(network)}]

    def _flow_terms(
        self, moved: Moved, source: Tensor, target: Tensor, batch: Batch, t: int
    ) -> Terms:
        weights = self.weights
        terms: Terms = {}
        if weights.flow:
            side = moved.flows[0].shape[1]
            wanted = resize_flow(batch.guide_flow[:, t], side, side)
            share = resize_share(batch.guide_share[:, t], side)
            share = BACKGROUND + (1 - BACKGROUND) * share
            errors = [endpoint_error(flow, wanted, share) for flow in moved.flows]
            terms["flow"] = weights.flow * torch.stack(errors).sum()
        if weights.warping:
            losses = [warping_loss(source, target, flow) for flow in moved.flows]
            terms["warping"] = weights.warping * torch.stack(losses).sum()
        return terms


def motion_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Of E and of both Φ."""
    return [
        parameter
        for name, parameter in network.named_parameters()
        if name.startswith("estimator.") or "_branch.motion." in name
    ]
