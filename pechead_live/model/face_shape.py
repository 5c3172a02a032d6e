"""The face model in torch: coefficients to 3-D points and to the N predefined landmarks.

PECHead eq. 1 with our own face model: l = s * (R S(alpha, e))_xy + t, S linear in identity and
expression. The same numbers as `pechead_live.facemodel.model`, but in batches and with gradients.
"""

import torch
from torch import Tensor, nn

from pechead_live.facemodel.model import load_face_model
from pechead_live.facemodel.topology import NETWORK_LANDMARKS


class FaceShape(nn.Module):
    """The shipped face model. Its arrays are no weights: they are left out of checkpoints."""

    mean: Tensor
    identity_basis: Tensor
    expression_basis: Tensor
    landmark_indices: Tensor

    def __init__(self) -> None:
        super().__init__()
        model = load_face_model()
        arrays = {
            "mean": model.mean,
            "identity_basis": model.identity_basis,
            "expression_basis": model.expression_basis,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array), persistent=False)
        indices = torch.tensor(NETWORK_LANDMARKS)
        self.register_buffer("landmark_indices", indices, persistent=False)

    def shape(self, identity: Tensor, expression: Tensor) -> Tensor:
        """(B, 50) and (B, 52) to all points (B, 478, 3), model space."""
        return _linear(self.mean, self.identity_basis, self.expression_basis, identity, expression)

    def landmarks(
        self,
        identity: Tensor,
        expression: Tensor,
        rotation: Tensor,
        translation: Tensor,
        scale: Tensor,
        delta: Tensor | None = None,
    ) -> Tensor:
        """The N = 70 predefined landmarks (B, N, 2) (x, y), picture coordinates; eq. 1.

        ``identity`` (B, 50), ``expression`` (B, 52) in [0, 1], ``rotation`` (B, 3, 3) from model
        space to the camera, ``translation`` (B, 2), ``scale`` (B,) > 0, ``delta`` (B, 478, 3) what
        the model lacks to meet one portrait exactly, model space.
        """
        at = self.landmark_indices
        points = _linear(
            self.mean[at],
            self.identity_basis[:, at],
            self.expression_basis[:, at],
            identity,
            expression,
        )
        if delta is not None:
            points = points + delta[:, at]
        turned = points @ rotation[:, :2].transpose(1, 2)
        return scale[:, None, None] * turned + translation[:, None]


def _linear(
    mean: Tensor,
    identity_basis: Tensor,
    expression_basis: Tensor,
    identity: Tensor,
    expression: Tensor,
) -> Tensor:
    """mean (N, 3) + identity @ (I, N, 3) + expression @ (E, N, 3), as (B, N, 3)."""
    moved = identity @ identity_basis.flatten(1) + expression @ expression_basis.flatten(1)
    return mean + moved.unflatten(1, mean.shape)
