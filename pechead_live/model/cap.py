"""CAP, Context Adaptation and Propagation: what earlier frames know (PECHead eq. 4, Fig. 5).

The paper's text and equation disagree on when h is updated; this follows the text: with the adapted
feature of the same frame, for use in the next.
"""

import torch
from torch import Tensor, nn

from pechead_live.model.dimensions import Dimensions
from pechead_live.model.initial import start_at_zero
from pechead_live.model.landmark_flow import landmark_flow
from pechead_live.model.precision import at_least_float32
from pechead_live.model.residual import res_blocks
from pechead_live.model.signals import State
from pechead_live.model.warp import resize_flow, warp


class ConvGRU(nn.Module):
    """A gated recurrent unit of 3x3 convolutions: h' = (1 - z) h + z q."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(inputs + hidden, 2 * hidden, 3, padding=1)
        self.candidate = nn.Conv2d(inputs + hidden, hidden, 3, padding=1)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """x (B, inputs, H, W), h (B, hidden, H, W) to the new h, float32."""
        update, reset = torch.sigmoid(self.gates(torch.cat([x, hidden], dim=1))).chunk(2, dim=1)
        candidate = torch.tanh(self.candidate(torch.cat([x, reset * hidden], dim=1)))
        return hidden + at_least_float32(update) * (at_least_float32(candidate) - hidden)


class CAP(nn.Module):
    """Context adaptation CA, feature refinement FR and the ConvGRU.

    In a setting without context there is FR alone, and the state stays as it is.
    """

    def __init__(self, dimensions: Dimensions) -> None:
        super().__init__()
        d = dimensions
        self.propagates = d.setting == "full"
        self.align_state = d.align_state
        self.refine = res_blocks(d.channels, d.refine_blocks, preactivation=d.preactivation)
        if self.propagates:
            last = nn.Conv2d(d.channels, d.channels, 3, padding=1)
            # a network that learned single pictures first goes on exactly as it was
            start_at_zero(last)
            self.adapt = nn.Sequential(
                nn.Conv2d(3 * d.channels + d.hidden, d.channels, 3, padding=1),
                nn.LeakyReLU(0.1),
                last,
            )
            self.gru = ConvGRU(d.channels, d.hidden)

    def forward(
        self, aligned: Tensor, propagated: Tensor, landmarks: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """f^a and f̃ (B, C2, h, h), l^d (B, N, 2) and the state to f^c and the next state."""
        if not self.propagates:
            return self.refine(aligned), state
        feature, hidden = state.feature, state.hidden
        if self.align_state:
            flow = landmark_flow(landmarks, state.landmarks, aligned.shape[-1])
            feature, hidden = warp(feature, flow), warp(hidden, flow)
        context = torch.cat([aligned, propagated.to(aligned.dtype), feature, hidden], dim=1)
        adapted = self.refine(self.adapt(context) + aligned)
        kept = at_least_float32(adapted)
        return adapted, State(kept, self.gru(adapted, hidden), landmarks)

    def alone(self, aligned: Tensor) -> Tensor:
        """f^c = FR(f^a), without context: for single pictures."""
        return self.refine(aligned)


def two_step_warp(feature: Tensor, frame_flow: Tensor, local_flow: Tensor) -> Tensor:
    """f̃ = W(W(f_{t-1}, frame flow), w_l): (B, C2, h, h) by flows (B, ., ., 2) and (B, h, h, 2).

    The frame flow leads from a place on the new source frame to the one before it.
    """
    height, width = feature.shape[-2:]
    return warp(warp(feature, resize_flow(frame_flow, height, width)), local_flow)
