"""The loss terms of E's learned keypoints: L_k, L_e, and what keeps them on the pose."""

from torch import Tensor

from pechead_live.model.lite.keypoints import placed, spread_points
from pechead_live.model.pechead import PECHead
from pechead_live.model.warp import downsample
from pechead_live.training.losses.equivariance import (
    consistency_loss,
    draw_transform,
    equivariance_loss,
)
from pechead_live.training.losses.keypoints import landmark_loss, spread_loss
from pechead_live.training.losses.weights import LossConfig
from pechead_live.training.recipes.recipe import Terms

TIED_UNTIL = 0.5
"""Share of stage 0 in which the tie to the head's points fades to nothing."""


def keypoint_terms(
    weights: LossConfig,
    network: PECHead,
    picture: Tensor,
    condition: Tensor,
    keypoints: Tensor,
    source_keypoints: Tensor,
) -> Terms:
    """L_k on k^s and k^d, L_e on the driving frame, and the self-consistency of E.

    ``picture`` (B, 3, H, W) x^d, ``condition`` (B, 61) c^d, ``keypoints`` (B, K, 2) k^d = E(x^s,
    c^d), ``source_keypoints`` k^s. Nothing in a setting without E.
    """
    terms: Terms = {}
    if network.estimator is None:
        return terms
    if weights.spread:
        both = spread_loss(keypoints) + spread_loss(source_keypoints)
        terms["spread"] = weights.spread * both
    if not (weights.equivariance or weights.consistency):
        return terms
    thumbnail = downsample(picture)
    from_truth = network.keypoints(thumbnail, condition)
    if weights.equivariance:
        transform = draw_transform(len(thumbnail), thumbnail)
        loss = equivariance_loss(network.keypoints, thumbnail, condition, from_truth, transform)
        terms["equivariance"] = weights.equivariance * loss
    if weights.consistency:
        terms["consistency"] = weights.consistency * consistency_loss(keypoints, from_truth)
    return terms


def tie_term(
    weights: LossConfig, keypoints: Tensor, condition: Tensor, step: int, steps: int
) -> Terms:
    """E's keypoints (B, K, 2) pulled to points of the head at ``condition`` (B, 61), ever less.

    Only where there are as many keypoints as head points.
    """
    left = 1 - step / (TIED_UNTIL * steps)
    points = keypoints.new_tensor(spread_points())
    if weights.tie == 0 or left <= 0 or keypoints.shape[1] != len(points):
        return {}
    return {"tie": left * weights.tie * landmark_loss(keypoints, placed(points, condition))}
