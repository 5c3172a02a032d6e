"""Stage 3: lite, trained directly on the truth or distilled from a PECHead as its teacher."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pechead_live.errors import InputError
from pechead_live.model.discriminator import SMALLEST, MultiScaleDiscriminator
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.network import Lite, LiteOutput, LiteSource, LiteState
from pechead_live.model.pechead import PECHead
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.detail import CROP, detail_crops
from pechead_live.training.losses.pixel import pixel_loss
from pechead_live.training.losses.regions import face_weight
from pechead_live.training.losses.trunk import Trunk
from pechead_live.training.losses.warping import endpoint_error, resize_flow, warping_loss
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
from pechead_live.training.recipes.picture_terms import flat, perceptual, picture_terms, trunk_for
from pechead_live.training.recipes.recipe import Recipe, Terms
from pechead_live.training.recipes.teacher import Lesson, teach

JUDGE_WIDTH = 32
"""Of the discriminator: it looks at crops of a quarter of the side, and a CPU must train it."""


BEHIND = 0.3
"""Share of the discriminator's learning rate that the network has (TTUR, Heusel et al. 2017)."""


def lite_recipe(
    dimensions: LiteDimensions,
    weights: LossConfig,
    teacher: PECHead | None = None,
    trunk: Trunk | None = None,
) -> Recipe:
    """Stage 3. ``teacher``: trained, of the same picture size. ``trunk``: the one that is found if
    None and L_v or L_d has a weight (`MissingAssetError` if there is none)."""
    if weights.adversarial > 0 and dimensions.size // CROP < SMALLEST:
        raise InputError(
            f"a discriminator sees crops of {dimensions.size // CROP} pixels of this network and "
            f"needs {SMALLEST}: give losses without one, such as 'lite'"
        )
    network = Lite(dimensions)
    discriminator = MultiScaleDiscriminator(JUDGE_WIDTH) if weights.adversarial > 0 else None
    return LiteRecipe(network, discriminator, weights, teacher, trunk_for(weights, trunk))


class LiteRecipe:
    """See `lite_recipe`."""

    kind = "lite"

    def __init__(
        self,
        network: Lite,
        discriminator: nn.Module | None,
        weights: LossConfig,
        teacher: PECHead | None,
        trunk: Trunk | None,
    ) -> None:
        self.network = network
        self.discriminator = discriminator
        self.weights = weights
        self.teacher = teacher.eval().requires_grad_(False) if teacher is not None else None
        self.trunk = trunk
        self._step = 0  # of the last `losses`, for the gradient penalty's turn

    def losses(self, batch: Batch, step: int, steps: int) -> tuple[Terms, Tensor]:
        """L_p, L_v, L_d, eyes, mouth, L_t, L_w, what is painted, the residual, L_G and feature
        matching, the teacher's."""
        self._step = step
        set_training(self.network, frozen=step >= FROZEN_FROM * steps)
        outputs = self._play(batch)
        drawn = torch.stack([output.picture for output in outputs], dim=1)
        terms = picture_terms(self.weights, self.trunk, drawn, batch)
        terms |= self._own_terms(outputs, batch)
        share = ramped(self.weights, step, steps)
        if self.discriminator is not None and share > 0:
            seen = _crops(judged(self.weights, drawn, batch), batch)
            terms |= generator_terms(self.weights, self.discriminator, *seen, share)
        if self.teacher is not None and self.weights.teacher:
            lesson = teach(self.teacher.to(drawn.device), batch)
            terms |= self._teacher_terms(outputs, drawn, lesson)
        return terms, drawn

    def adversarial_weight(self, step: int, steps: int) -> float:
        """λ_G times its ramp; 0 without a discriminator."""
        if self.discriminator is None:
            return 0.0
        return self.weights.adversarial * ramped(self.weights, step, steps)

    def discriminator_loss(self, batch: Batch, pictures: Tensor) -> Tensor:
        """() L_D of crops at full size, other ones than the network's losses saw."""
        assert self.discriminator is not None
        seen = _crops(flat(pictures), batch)
        return discriminator_terms(self.weights, self.discriminator, *seen, self._step)

    @torch.no_grad()
    def draw(self, network: nn.Module, batch: Batch) -> Tensor:
        """(B, T, 3, H, W) from zeros, as a live run starts."""
        assert isinstance(network, Lite)
        outputs, _ = play(network.eval(), batch)
        return torch.stack([output.picture for output in outputs], dim=1)

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """All alike; slower than a discriminator, which has to be ahead."""
        share = 1.0 if self.discriminator is None else BEHIND
        return [{"params": list(network.parameters()), "share": share}]

    def _play(self, batch: Batch) -> list[LiteOutput]:
        """The clip's frames; half of the time after a first run through it, backwards."""
        state = None
        if starts_carried(batch):
            with torch.no_grad():
                state = play(self.network, backwards(batch))[1]
        return play(self.network, batch, state)[0]

    def _own_terms(self, outputs: list[LiteOutput], batch: Batch) -> Terms:
        weights, truth = self.weights, flat(batch.driving)
        terms: Terms = {}
        if weights.warping:
            flow = flat(torch.stack([output.flow for output in outputs], dim=1))
            source = batch.source.expand_as(batch.driving)
            terms["warping"] = weights.warping * warping_loss(flat(source), truth, flow)
        if weights.painted:
            painted = flat(torch.stack([output.painted for output in outputs], dim=1))
            landmarks = flat(batch.truth_landmarks)
            region = face_weight(landmarks, truth.shape[-2], truth.shape[-1], weights.face)
            terms["painted"] = weights.painted * pixel_loss(painted.float(), truth, region)
        if weights.residual:
            residual = torch.stack([output.residual for output in outputs])
            terms["residual"] = weights.residual * residual.abs().mean()
        return terms

    def _teacher_terms(self, outputs: list[LiteOutput], drawn: Tensor, lesson: Lesson) -> Terms:
        weights = self.weights
        pictures, wanted = flat(drawn).float(), flat(lesson.pictures)
        terms: Terms = {
            "teacher_pixel": weights.teacher * weights.pixel * pixel_loss(pictures, wanted)
        }
        if weights.perceptual:
            loss = perceptual(weights, self.trunk, pictures, wanted)
            terms["teacher_perceptual"] = weights.teacher * weights.perceptual * loss
        if weights.flow:
            flow = flat(torch.stack([output.flow for output in outputs], dim=1))
            wanted_flow = resize_flow(flat(lesson.flow), flow.shape[1], flow.shape[2])
            terms["teacher_flow"] = (
                weights.teacher * weights.flow * endpoint_error(flow, wanted_flow)
            )
        return terms


def _crops(pictures: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    return detail_crops(pictures, flat(batch.driving), flat(batch.truth_landmarks))


def play(
    network: Lite, batch: Batch, state: LiteState | None = None
) -> tuple[list[LiteOutput], LiteState]:
    """Draws the clip's frames in order, from ``state`` or from zeros."""
    sources: list[LiteSource] = [
        network.encode(batch.source[:, s], batch.source_condition[:, s])
        for s in range(batch.source.shape[1])
    ]
    if state is None:
        state = network.initial_state(batch.source.shape[0], batch.source.device)
    each = [sources[source_place(batch, t)] for t in range(batch.driving.shape[1])]
    return draw_frames(network, each, batch, state)


def draw_frames(
    network: Lite, sources: Sequence[LiteSource], batch: Batch, state: LiteState
) -> tuple[list[LiteOutput], LiteState]:
    """Draws the clip's frames in order from ``state``; ``sources``: one for each frame."""
    outputs: list[LiteOutput] = []
    for t, source in enumerate(sources):
        output, state = network.step(
            source,
            batch.driving_condition[:, t],
            batch.guide_picture[:, t],
            batch.guide_flow[:, t],
            batch.guide_share[:, t],
            state,
        )
        outputs.append(output)
    return outputs, state
