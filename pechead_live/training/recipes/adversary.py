"""The discriminator's side of a recipe: L_G, feature matching and L_D, with small data's guards."""

import torch
from torch import Tensor, nn

from pechead_live.model.discriminator import Judgement
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.adversarial import (
    augment,
    draw_augmentation,
    feature_matching,
    gradient_penalty,
    hinge_discriminator,
    hinge_generator,
    still_background,
)
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.picture_terms import flat
from pechead_live.training.recipes.recipe import Terms


def ramped(weights: LossConfig, step: int, steps: int) -> float:
    """Share of its full weight that L_G has at ``step`` of ``steps``, in [0, 1]."""
    since = (step + 1) / steps - weights.adversarial_start
    if since <= 0:
        return 0.0
    return min(1.0, since / weights.adversarial_ramp) if weights.adversarial_ramp else 1.0


def judged(weights: LossConfig, drawn: Tensor, batch: Batch) -> Tensor:
    """(B T, 3, H, W) the pictures ``drawn`` (B, T, 3, H, W) as D may change them: the person only,
    where ``weights`` say so."""
    pictures = flat(drawn).float()
    if weights.still_background:
        return still_background(pictures, flat(batch.guide_share))
    return pictures


def generator_terms(
    weights: LossConfig, discriminator: nn.Module, pictures: Tensor, truth: Tensor, share: float
) -> Terms:
    """L_G and feature matching of ``pictures`` (B, 3, H, W), times ``share`` of their weights.

    The caller keeps gradients from D itself. Truth and picture are augmented alike, so that their
    maps compare.
    """
    if weights.augment:
        numbers = draw_augmentation(pictures.shape[0], pictures)
        pictures, truth = augment(pictures, numbers), augment(truth, numbers)
    terms: Terms = {}
    found: list[Judgement] = discriminator(pictures)
    logits = [judgement.logits for judgement in found]
    terms["adversarial"] = share * weights.adversarial * hinge_generator(logits)
    if weights.feature_matching:
        with torch.no_grad():
            real: list[Judgement] = discriminator(truth)
        terms["feature_matching"] = (
            share
            * weights.feature_matching
            * feature_matching([j.features for j in real], [j.features for j in found])
        )
    return terms


def discriminator_terms(
    weights: LossConfig, discriminator: nn.Module, pictures: Tensor, truth: Tensor, step: int
) -> Tensor:
    """() L_D, with the gradient penalty on every ``penalty_every``-th step."""
    pictures = pictures.detach().float()
    if weights.augment:
        numbers = draw_augmentation(pictures.shape[0], pictures)
        pictures, truth = augment(pictures, numbers), augment(truth, numbers)

    def score(seen: Tensor) -> list[Tensor]:
        found: list[Judgement] = discriminator(seen)
        return [judgement.logits for judgement in found]

    loss = hinge_discriminator(score(truth), score(pictures))
    if weights.penalty and step % weights.penalty_every == 0:
        penalty = weights.penalty * gradient_penalty(score, truth)
        loss = loss + weights.penalty_every * penalty
    return loss
