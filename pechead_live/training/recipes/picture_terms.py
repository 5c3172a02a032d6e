"""The loss terms of a drawn picture, which PECHead, lite and the baseline have in common."""

import torch
from torch import Tensor

from pechead_live.expressions import EXPRESSION_INDEX
from pechead_live.facemodel.condition import POSE_SIZE
from pechead_live.model.landmark_flow import landmark_flow
from pechead_live.training.batches.batch import Batch
from pechead_live.training.losses.detail import detail_crops
from pechead_live.training.losses.perceptual import perceptual_loss
from pechead_live.training.losses.pixel import masked_l1, pixel_loss
from pechead_live.training.losses.regions import eyes_mask, face_weight, mouth_mask
from pechead_live.training.losses.temporal import temporal_loss
from pechead_live.training.losses.trunk import Trunk, load_trunk
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.recipe import Terms

_BLINK = [POSE_SIZE + EXPRESSION_INDEX[name] for name in ("eyeBlinkLeft", "eyeBlinkRight")]

FLOW_SIDE = 64
"""Lattice of the flow between two frames: it is as smooth as the landmarks are far apart."""


def trunk_for(weights: LossConfig, given: Trunk | None) -> Trunk | None:
    """``given``, or the one that is found if L_v or L_d has a weight; raises as `load_trunk`."""
    wanted = weights.perceptual > 0 or weights.detail > 0
    return load_trunk() if given is None and wanted else given


def picture_terms(weights: LossConfig, trunk: Trunk | None, drawn: Tensor, batch: Batch) -> Terms:
    """L_p, L_v, L_d, eyes, mouth and L_t of ``drawn`` (B, T, 3, H, W) against the batch's truth."""
    terms: Terms = {}
    truth = flat(batch.driving)
    pictures = flat(drawn).float()
    landmarks = flat(batch.truth_landmarks)
    height, width = truth.shape[-2:]
    if weights.pixel:
        region = face_weight(landmarks, height, width, weights.face) if weights.face != 1 else None
        terms["pixel"] = weights.pixel * pixel_loss(pictures, truth, region)
    if weights.perceptual:
        terms["perceptual"] = weights.perceptual * perceptual(weights, trunk, pictures, truth)
    if weights.detail:
        terms["detail"] = weights.detail * _detail(weights, trunk, pictures, batch)
    if weights.eyes:
        mask = eyes_mask(landmarks, height, width)
        shut = 1 + weights.shut * flat(batch.truth_condition)[:, _BLINK].amin(dim=1)
        terms["eyes"] = weights.eyes * masked_l1(pictures, truth, mask, shut)
    if weights.mouth:
        mask = mouth_mask(landmarks, height, width)
        terms["mouth"] = weights.mouth * masked_l1(pictures, truth, mask)
    if weights.temporal and drawn.shape[1] > 1:
        terms["temporal"] = weights.temporal * _temporal(drawn.float(), batch)
    return terms


def perceptual(weights: LossConfig, trunk: Trunk | None, pictures: Tensor, truth: Tensor) -> Tensor:
    """() L_v without its weight; pictures (B, 3, H, W) in [0, 1]."""
    assert trunk is not None, "trunk_for gives one whenever the weight is above 0"
    return perceptual_loss(
        trunk.to(pictures.device),
        pictures,
        truth,
        scales=weights.perceptual_scales,
        layers=weights.perceptual_layers,
    )


def _detail(weights: LossConfig, trunk: Trunk | None, pictures: Tensor, batch: Batch) -> Tensor:
    """() L_d without its weight."""
    assert trunk is not None, "trunk_for gives one whenever the weight is above 0"
    crops = detail_crops(pictures, flat(batch.driving), flat(batch.truth_landmarks))
    return perceptual_loss(
        trunk.to(pictures.device), *crops, scales=(1.0,), layers=weights.detail_layers
    )


def flat(clips: Tensor) -> Tensor:
    """(B, T, ...) to (B T, ...)."""
    return clips.flatten(0, 1)


def _temporal(drawn: Tensor, batch: Batch) -> Tensor:
    """() L_t over all neighbouring frames."""
    marks = batch.truth_landmarks
    with torch.no_grad():
        flow = landmark_flow(flat(marks[:, 1:]), flat(marks[:, :-1]), FLOW_SIDE)
    return temporal_loss(
        flat(drawn[:, 1:]),
        flat(drawn[:, :-1]),
        flat(batch.driving[:, 1:]),
        flat(batch.driving[:, :-1]),
        flow,
    )
