"""MMFA, Motion-Aware Multi-Scale Feature Alignment (PECHead, 3.2, Fig. 3), and its ablations.

A branch is a motion estimator with the alignment of one level by it. The whole module has two: the
learned keypoints move f_low, the predefined landmarks move f. The settings of Table 4 differ in
which points a branch is given and which level it moves, and in nothing else.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pechead_live.model.alignment import DeformableAlignment, FlowAlignment
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.motion_estimator import (
    Deformation,
    PointMotion,
    PointPairs,
    PriorMotion,
    pose_turn,
)
from pechead_live.model.residual import ResBlock, res_blocks
from pechead_live.model.signals import Driving, Motion, Source
from pechead_live.model.warp import resize_flow


class Plan(NamedTuple):
    """What a branch is given."""

    learned: bool
    """The K keypoints move it."""

    predefined: bool
    """The N landmarks move it, and the prior flow where there is one."""

    low: bool
    """It aligns f_low, not f."""


PLANS: dict[str, tuple[Plan | None, Plan | None]] = {
    "kp": (Plan(True, False, False), None),
    "lmk": (None, Plan(False, True, False)),
    "direct": (None, Plan(True, True, False)),
    "featcat": (Plan(True, False, False), Plan(False, True, False)),
    "mmfa": (Plan(True, False, True), Plan(False, True, False)),
    "full": (Plan(True, False, True), Plan(False, True, False)),
}
"""Global and local branch of each setting of Table 4."""


def uses_keypoints(setting: str) -> bool:
    """Whether a setting has learned keypoints, and with them an estimator E."""
    return any(plan is not None and plan.learned for plan in PLANS[setting])


class Branch(nn.Module):
    """One Φ and the alignment of one level."""

    def __init__(self, dimensions: Dimensions, plan: Plan) -> None:
        super().__init__()
        d = dimensions
        self.plan = plan
        self.pose_jacobian = d.pose_jacobian
        variance = [d.keypoint_variance] * (d.keypoints * plan.learned)
        variance += [d.landmark_variance] * (d.landmarks * plan.predefined)
        kind = PriorMotion if d.prior_flow and plan.predefined else PointMotion
        self.motion = kind(
            torch.tensor(variance), d.hourglass_width, d.hourglass_cap, d.hourglass_depth
        )
        self.alignment = (
            DeformableAlignment(
                d.low_channels if plan.low else d.channels,
                d.hourglass_width,
                d.align_width,
                d.align_groups,
            )
            if d.dcn
            else FlowAlignment()
        )

    def forward(
        self, source: Source, driving: Driving, keypoints: Tensor
    ) -> tuple[Tensor, Deformation]:
        """The aligned level, of its own size and channels, and how it was moved.

        ``driving.prior_flow`` is on the grid already, ``keypoints`` (B, K, 2) are k^d.
        """
        deformation = self.motion(source.thumbnail, self.pairs(source, driving, keypoints))
        level = source.low if self.plan.low else source.feature
        return self.alignment(level, deformation), deformation

    def pairs(self, source: Source, driving: Driving, keypoints: Tensor) -> PointPairs:
        """The points that this branch sees, the learned ones first."""
        learned = (keypoints, source.keypoints) if self.plan.learned else None
        predefined = (driving.landmarks, source.landmarks) if self.plan.predefined else None
        given = [pair for pair in (learned, predefined) if pair is not None]
        to, back = (torch.cat(each, dim=1) for each in zip(*given, strict=True))
        turn = to.new_zeros(*to.shape[:2], 2, 2)
        if learned is not None and self.pose_jacobian:
            head = pose_turn(source.condition, driving.condition)
            turned = head[:, None].expand(-1, keypoints.shape[1], -1, -1)
            turn = torch.cat([turned, turn[:, keypoints.shape[1] :]], dim=1)
        return PointPairs(to, back, turn, driving.prior_flow)


class MMFA(nn.Module):
    """Both branches and the fusion of what they aligned."""

    def __init__(self, dimensions: Dimensions) -> None:
        super().__init__()
        d = dimensions
        above, local = PLANS[d.setting]
        self.has_low = above is not None and above.low
        pre = d.preactivation
        if self.has_low:
            self.down = ResBlock(d.channels, d.low_channels, preactivation=pre, resize="down")
            k = d.fuse_kernel
            self.widen = nn.Conv2d(d.low_channels, d.channels, k, padding=k // 2)
        self.global_branch = None if above is None else Branch(d, above)
        self.local_branch = None if local is None else Branch(d, local)
        if above is not None and local is not None:
            self.merge = nn.Conv2d(2 * d.channels, d.channels, 3, padding=1)
        self.fuse = res_blocks(d.channels, d.fuse_blocks, preactivation=pre)

    def low(self, feature: Tensor) -> Tensor:
        """f (B, C2, h, h) to f_low (B, C1, h/2, h/2); C1 = 0 in a setting of one level."""
        if self.has_low:
            return self.down(feature)
        side = feature.shape[-1] // 2
        return feature.new_zeros(len(feature), 0, side, side)

    def forward(self, source: Source, driving: Driving, keypoints: Tensor) -> tuple[Tensor, Motion]:
        """f^a (B, C2, h, h), the source's features brought to the driving frame, and the motion.

        ``keypoints`` (B, K, 2) are k^d.
        """
        side = source.feature.shape[-1]
        driving = driving._replace(prior_flow=resize_flow(driving.prior_flow, side, side))
        aligned: list[Tensor] = []
        moved: list[Deformation] = []
        for branch in (self.global_branch, self.local_branch):
            if branch is None:
                continue
            level, deformation = branch(source, driving, keypoints)
            aligned.append(self._widened(level) if branch.plan.low else level)
            moved.append(deformation)
        fused = aligned[0] if len(aligned) == 1 else self.merge(torch.cat(aligned, dim=1))
        above, local = moved[0], moved[-1]
        motion = Motion(above.flow, local.flow, above.occlusion, local.occlusion)
        return self.fuse(fused), motion

    def _widened(self, level: Tensor) -> Tensor:
        """a_g to f's size and channels; a 1x1 convolution costs less before than after."""
        if self.widen.kernel_size == (1, 1):
            return _doubled(self.widen(level))
        return self.widen(_doubled(level))


def _doubled(level: Tensor) -> Tensor:
    return functional.interpolate(level, scale_factor=2.0, mode="bilinear", align_corners=False)
