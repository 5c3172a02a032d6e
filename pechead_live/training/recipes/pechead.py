"""Stages 0, 1a, 1b and 2: PECHead, from its motion alone to clips with context (eq. 5)."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from pechead_live.errors import InputError
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.discriminator import MultiScaleDiscriminator
from pechead_live.model.frame_flow import FrameFlow
from pechead_live.model.pechead import PECHead
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.perceptual import perceptual_loss
from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.losses.warping import resize_picture, warp_picture, warping_loss
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.adversary import (
    discriminator_terms,
    generator_terms,
    judged,
    ramped,
)
from pechead_live.training.recipes.clips import (
    FROZEN_FROM,
    backwards,
    set_training,
    source_place,
    starts_carried,
)
from pechead_live.training.recipes.keypoint_terms import keypoint_terms
from pechead_live.training.recipes.motion import MotionRecipe, motion_parameters
from pechead_live.training.recipes.pechead_play import Played, play, play_pairs
from pechead_live.training.recipes.picture_terms import flat, picture_terms, trunk_for
from pechead_live.training.recipes.recipe import Recipe, Terms

PecheadStage = Literal["0", "1a", "1b", "2"]
"""Motion alone; pairs; pairs with a discriminator; clips."""

SLOW = 0.1
"""Share of the learning rate for E and Φ in stage 2: they are nearly done."""

_WARPED_SIDE = 64  # pixels of the perceptual part of L_w


def pechead_recipe(
    dimensions: Dimensions,
    stage: PecheadStage,
    weights: LossConfig,
    trunk: Trunk | None = None,
    frame_flow: FrameFlow | None = None,
) -> Recipe:
    """``trunk``: the one that is found if None and L_v has a weight (`MissingAssetError` if there
    is none). ``frame_flow``: of a moving source in stage 2; None takes its landmarks' flow."""
    if dimensions.upscale != 1:
        raise InputError(
            f"upscale is {dimensions.upscale}: train with pictures of the size that goes in, 1"
        )
    network = PECHead(dimensions)
    if stage == "0":
        return MotionRecipe(network, weights)
    has_judge = stage in ("1b", "2") and weights.adversarial > 0
    discriminator = MultiScaleDiscriminator(dimensions.discriminator_width) if has_judge else None
    return PecheadRecipe(
        network, discriminator, stage == "2", weights, trunk_for(weights, trunk), frame_flow
    )


class PecheadRecipe:
    """Stages 1a, 1b and 2; see `pechead_recipe`."""

    kind = "pechead"

    def __init__(
        self,
        network: PECHead,
        discriminator: nn.Module | None,
        clips: bool,
        weights: LossConfig,
        trunk: Trunk | None,
        frame_flow: FrameFlow | None,
    ) -> None:
        self.network = network
        self.discriminator = discriminator
        self.weights = weights
        self._clips = clips
        self._trunk = trunk
        self._frame_flow = frame_flow
        self._step = 0  # of the last `losses`, for the gradient penalty's turn

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """All of eq. 5, and feature matching, eyes, mouth and L_t where they have a weight."""
        self._step = step
        set_training(self.network, frozen=self._clips or step >= FROZEN_FROM * steps)
        played = self._play(batch)
        drawn = torch.stack([output.picture for output in played.outputs], dim=1)
        terms = picture_terms(self.weights, self._trunk, drawn, batch)
        terms |= self._motion_terms(played, batch)
        share = ramped(self.weights, step, steps)
        if self.discriminator is not None and share > 0:
            pictures, truth = judged(self.weights, drawn, batch), flat(batch.driving)
            terms |= generator_terms(self.weights, self.discriminator, pictures, truth, share)
        return terms, drawn

    def adversarial_weight(self, step: int, steps: int) -> float:
        """λ_G times its ramp; 0 without a discriminator."""
        if self.discriminator is None:
            return 0.0
        return self.weights.adversarial * ramped(self.weights, step, steps)

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        """() L_D."""
        assert self.discriminator is not None
        seen, truth = flat(pictures), flat(batch.driving)
        return discriminator_terms(self.weights, self.discriminator, seen, truth, self._step)

    @torch.no_grad()
    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        """(B, T, 3, H, W): pairs in stage 1, the clip from zeros on in stage 2."""
        assert isinstance(network, PECHead)
        network.eval()
        played = (
            play(network, batch, frame_flow=self._frame_flow)
            if self._clips
            else play_pairs(network, batch)
        )
        return torch.stack([output.picture for output in played.outputs], dim=1)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """In stage 2 E and Φ at a tenth of the learning rate."""
        if not self._clips:
            return [{"params": list(network.parameters())}]
        slow = {id(parameter) for parameter in motion_parameters(network)}
        fast = [parameter for parameter in network.parameters() if id(parameter) not in slow]
        return [{"params": fast}, {"params": motion_parameters(network), "share": SLOW}]

    def _play(self, batch: Batch) -> Played:
        if not self._clips:
            return play_pairs(self.network, batch)
        state = None
        if starts_carried(batch):
            with torch.no_grad():
                state = play(self.network, backwards(batch), frame_flow=self._frame_flow).state
        return play(self.network, batch, state, self._frame_flow)

    def _motion_terms(self, played: Played, batch: Batch) -> Terms:
        """L_k, L_e and L_w, means over the frames."""
        frames: list[Terms] = []
        for t, output in enumerate(played.outputs):
            truth, condition = batch.driving[:, t], batch.driving_condition[:, t]
            found = keypoint_terms(
                self.weights,
                self.network,
                truth,
                condition,
                output.keypoints,
                played.sources[t].keypoints,
            )
            if self.weights.warping:
                source = batch.source[:, source_place(batch, t)]
                flows = {id(f): f for f in (output.motion.global_flow, output.motion.local_flow)}
                losses = [self._warping(source, truth, flow) for flow in flows.values()]
                found["warping"] = self.weights.warping * torch.stack(losses).sum()
            frames.append(found)
        return {name: torch.stack([f[name] for f in frames]).mean() for name in frames[0]}

    def _warping(self, source: Tensor, truth: Tensor, flow: Tensor) -> Tensor:
        """() L_w of one flow: L1, and a part of it perceptual."""
        loss = warping_loss(source, truth, flow)
        part = self.weights.warping_perceptual
        if not part or self._trunk is None:
            return loss
        side = min(_WARPED_SIDE, source.shape[-1])
        moved = warp_picture(resize_picture(source, side), flow)
        perceived = perceptual_loss(
            self._trunk.to(moved.device),
            moved,
            resize_picture(truth, side),
            scales=(1.0,),
            layers=self.weights.perceptual_layers,
        )
        return loss + part * perceived
