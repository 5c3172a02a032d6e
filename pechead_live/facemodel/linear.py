"""`LinearFaceModel`: identity and expression to 3-D points, ``S = mean + B_id alpha + B_exp e``.

What every linear face model can do: our own (`pechead_live.facemodel.model`) and the Basel Face
Model (`pechead_live.facemodel.bfm`). Model space and picture coordinates are those of
`pechead_live.coefficients`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearFaceModel:
    """A linear face model of N points with I identity and E expression directions."""

    mean: FloatArray
    """(N, 3) the mean face at rest, model space."""

    identity_basis: FloatArray
    """(I, N, 3) one direction per entry of alpha, scaled to unit variance over people."""

    expression_basis: FloatArray
    """(E, N, 3) displacement at full expression."""

    expression_names: tuple[str, ...]
    """(E,) names; ARKit's for our own model."""

    landmark_indices: npt.NDArray[np.intp]
    """(68,) points that are the landmarks of 300-W, in iBUG order."""

    triangles: npt.NDArray[np.intp]
    """(F, 3) the mesh; eye and mouth openings are holes."""

    def shape(self, identity: FloatArray, expression: FloatArray) -> FloatArray:
        """(..., I) and (..., E) to 3-D points (..., N, 3) in model space."""
        n = self.mean.size
        flat = (
            self.mean.reshape(n)
            + identity @ self.identity_basis.reshape(-1, n)
            + expression @ self.expression_basis.reshape(-1, n)
        )
        return flat.reshape(*flat.shape[:-1], -1, 3).astype(np.float32)

    def landmarks(
        self,
        identity: FloatArray,
        expression: FloatArray,
        rotation: FloatArray,
        translation: FloatArray,
        scale: FloatArray | float,
    ) -> FloatArray:
        """All N points in the picture, (..., N, 2) picture coordinates.

        ``rotation`` (..., 3, 3), ``translation`` (..., 2), ``scale`` (...).
        """
        return project(self.shape(identity, expression), rotation, translation, scale)

    def from_arkit(self, values: Mapping[str, float]) -> FloatArray:
        """(E,) expression vector from names to values; names the model lacks are left out."""
        known = {name: i for i, name in enumerate(self.expression_names)}
        vector = np.zeros(len(known), np.float32)
        for name, value in values.items():
            if name in known:
                vector[known[name]] = value
        return vector

    def to_arkit(self, expression: FloatArray) -> dict[str, float]:
        """Names to values, the inverse of `from_arkit`."""
        return {n: float(v) for n, v in zip(self.expression_names, expression, strict=True)}


def project(
    points: FloatArray,
    rotation: FloatArray,
    translation: FloatArray,
    scale: FloatArray | float,
) -> FloatArray:
    """Scaled orthographic: (..., N, 3) model space to (..., N, 2) picture coordinates."""
    turned = np.einsum("...ij,...nj->...ni", rotation[..., :2, :], points)
    size = np.asarray(scale, np.float32)[..., None, None]
    return (size * turned + translation[..., None, :]).astype(np.float32)
