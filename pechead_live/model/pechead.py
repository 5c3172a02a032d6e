"""PECHead: one portrait, animated frame by frame (Gao et al., CVPR 2023, Fig. 2).

The generator with the estimator E; the reconstructor R, which measures pose, expression and
landmarks, and the discriminators are modules of their own.
"""

from torch import Tensor, nn

from pechead_live.model.cap import CAP, two_step_warp
from pechead_live.model.decoder import Decoder
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.encoder import Encoder
from pechead_live.model.estimator import Estimator
from pechead_live.model.mmfa import MMFA, uses_keypoints
from pechead_live.model.signals import Driving, Motion, Output, Source, State
from pechead_live.model.warp import downsample, warp

__all__ = ["Driving", "Motion", "Output", "PECHead", "Source", "State"]


class PECHead(nn.Module):
    """Encoder, E, MMFA, CAP and decoder. A frame: `source` once, then `step` after `step`."""

    def __init__(self, dimensions: Dimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.encoder = Encoder(dimensions)
        self.estimator = _estimator(dimensions) if uses_keypoints(dimensions.setting) else None
        self.mmfa = MMFA(dimensions)
        self.cap = CAP(dimensions)
        self.decoder = Decoder(dimensions)

    def source(self, portrait: Tensor, condition: Tensor, landmarks: Tensor) -> Source:
        """Everything that depends on the portrait alone.

        ``portrait`` (B, 3, size, size) RGB in [0, 1], its ``condition`` (B, 61) and ``landmarks``
        (B, N or more, 2), of which the first N are used.
        """
        feature = self.encoder(portrait)
        thumbnail = downsample(portrait)
        return Source(
            feature,
            self.mmfa.low(feature),
            thumbnail,
            condition,
            self.keypoints(thumbnail, condition),
            landmarks[:, : self.dimensions.landmarks],
        )

    def initial_state(self, source: Source) -> State:
        """Before the first frame: zeros."""
        d = self.dimensions
        batch, side = len(source.feature), source.feature.shape[-1]
        zeros = source.landmarks.new_zeros
        return State(
            zeros(batch, d.channels, side, side),
            zeros(batch, d.hidden, side, side),
            zeros(batch, d.landmarks, 2),
        )

    def step(self, source: Source, driving: Driving, state: State) -> tuple[Output, State]:
        """The next frame of a still portrait; its frame flow is the identity, f̃ = W(f, w_l)."""
        driving, keypoints, aligned, motion = self._aligned(source, driving)
        propagated = warp(source.feature, motion.local_flow)
        feature, state = self.cap(aligned, propagated, driving.landmarks, state)
        return Output(self.decoder(feature), motion, keypoints), state

    def step_moving(
        self,
        source: Source,
        previous: Source,
        frame_flow: Tensor,
        driving: Driving,
        state: State,
    ) -> tuple[Output, State]:
        """The next frame of a source that moves: ``source`` is its frame t, ``previous`` t - 1.

        ``frame_flow`` (B, h, w, 2) leads from frame t's places to frame t - 1's.
        """
        driving, keypoints, aligned, motion = self._aligned(source, driving)
        propagated = two_step_warp(previous.feature, frame_flow, motion.local_flow)
        feature, state = self.cap(aligned, propagated, driving.landmarks, state)
        return Output(self.decoder(feature), motion, keypoints), state

    def pair(self, source: Source, driving: Driving) -> Output:
        """A single picture without context: f^c = FR(f^a)."""
        _, keypoints, aligned, motion = self._aligned(source, driving)
        return Output(self.decoder(self.cap.alone(aligned)), motion, keypoints)

    def keypoints(self, thumbnail: Tensor, condition: Tensor) -> Tensor:
        """E of (B, 3, h, h) and (B, 61): (B, K, 2); K = 0 in a setting without E (eq. 2)."""
        if self.estimator is None:
            return condition.new_zeros(len(condition), 0, 2)
        return self.estimator(thumbnail, condition)

    def _aligned(self, source: Source, driving: Driving) -> tuple[Driving, Tensor, Tensor, Motion]:
        """``driving`` with the landmarks that are used, k^d, f^a and the motion."""
        landmarks = driving.landmarks[:, : self.dimensions.landmarks]
        driving = driving._replace(landmarks=landmarks)
        keypoints = self.keypoints(source.thumbnail, driving.condition)
        aligned, motion = self.mmfa(source, driving, keypoints)
        return driving, keypoints, aligned, motion


def _estimator(d: Dimensions) -> Estimator:
    return Estimator(d.estimator_width, d.estimator_cap, d.keypoints, d.condition, d.grid)
