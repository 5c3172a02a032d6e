"""L_t: what changes between two frames changes as it does in the truth.

L_t = mean |(x̂_t − W(x̂_{t−1})) − (x^d_t − W(x^d_{t−1}))| (blind video consistency, Lai et al. 2018,
with the truth's own change subtracted). W moves frame t − 1 onto frame t by a flow that follows the
landmarks, whose motion is known without an optical flow network.
"""

from torch import Tensor

from pechead_live.training.losses.warping import warp_picture


def temporal_loss(
    drawn: Tensor, drawn_before: Tensor, truth: Tensor, truth_before: Tensor, flow: Tensor
) -> Tensor:
    """() as above. Pictures (B, 3, H, W) in [0, 1]; ``flow`` (B, h, w, 2) from t to t − 1.

    W is linear, so the difference of the pictures is moved once.
    """
    moved = warp_picture(drawn_before - truth_before, flow)
    return ((drawn - truth) - moved).abs().mean()
