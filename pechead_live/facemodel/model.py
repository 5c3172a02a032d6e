"""`FaceModel`: identity and expression to 3-D points, ``S = mean + B_id alpha + B_exp e``.

Our own model (`load_face_model`) was learned from measurements (`pechead_live.facemodel.learn`); a
Basel Face Model can be loaded behind the same interface (`pechead_live.facemodel.bfm`). Model
space and picture coordinates are those of `pechead_live.coefficients`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES

FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceModel:
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

    mirror_points: npt.NDArray[np.intp]
    """(N,) the point that each point becomes in a mirror."""

    mirror_identity: FloatArray
    """(I,) +1 for a symmetric direction, -1 for one that changes sign in a mirror."""

    mirror_expression: npt.NDArray[np.intp]
    """(E,) the expression that each expression becomes in a mirror."""

    head: FloatArray
    """(M, 3) points of the head beyond the mesh (crown, sides, back); see `head.py`."""

    head_normals: FloatArray
    """(M, 3) outward unit normals there."""

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
        """All N points in the picture, (..., N, 2) picture coordinates."""
        return project(self.shape(identity, expression), rotation, translation, scale)

    def displacement(self, coefficients: Coefficients, other: Coefficients) -> FloatArray:
        """(N, 2) how far each point moves in the picture from ``coefficients`` to ``other``."""
        return points_of(self, other) - points_of(self, coefficients)

    def from_arkit(self, values: dict[str, float]) -> FloatArray:
        """(E,) expression vector from ARKit names; names the model lacks are left out."""
        known = {name: i for i, name in enumerate(self.expression_names)}
        vector = np.zeros(len(known), np.float32)
        for name, value in values.items():
            if name in known:
                vector[known[name]] = value
        return vector

    def to_arkit(self, expression: FloatArray) -> dict[str, float]:
        """Names to values, the inverse of `from_arkit`."""
        return {n: float(v) for n, v in zip(self.expression_names, expression, strict=True)}

    def mirror(self, coefficients: Coefficients) -> Coefficients:
        """The same face seen in a mirror: left and right swap, the picture's x changes sign."""
        flip = np.diag([-1.0, 1.0, 1.0]).astype(np.float32)
        return Coefficients(
            identity=coefficients.identity * self.mirror_identity,
            expression=coefficients.expression[self.mirror_expression],
            rotation=flip @ coefficients.rotation @ flip,
            translation=coefficients.translation * np.array([-1, 1], np.float32),
            scale=coefficients.scale,
            confidence=coefficients.confidence,
            captured_at=coefficients.captured_at,
        )


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


def points_of(model: FaceModel, coefficients: Coefficients) -> FloatArray:
    """(N, 2) picture coordinates of the model's points under ``coefficients``."""
    c = coefficients
    return model.landmarks(c.identity, c.expression, c.rotation, c.translation, c.scale)


def save_face_model(model: FaceModel, path: Path) -> None:
    """Writes our own model as one compressed ``.npz`` (float16, no pickle)."""
    np.savez_compressed(
        path,
        version=np.int32(FORMAT_VERSION),
        mean=model.mean,
        identity_basis=model.identity_basis.astype(np.float16),
        expression_basis=model.expression_basis.astype(np.float16),
        landmark_indices=model.landmark_indices.astype(np.int16),
        triangles=model.triangles.astype(np.int16),
        mirror_points=model.mirror_points.astype(np.int16),
        mirror_identity=model.mirror_identity,
        mirror_expression=model.mirror_expression.astype(np.int16),
        head=model.head.astype(np.float16),
        head_normals=model.head_normals.astype(np.float16),
    )


def read_face_model(path: Path) -> FaceModel:
    """Reads what `save_face_model` wrote; `InputError` if the file is something else."""
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(f"{path} is not a face model ({error})") from error
    if int(arrays.get("version", np.int32(0))) != FORMAT_VERSION:
        raise InputError(
            f"{path} is no face model of version {FORMAT_VERSION}: "
            "make it anew with 'pechead-live facemodel fit'"
        )

    def index(name: str) -> npt.NDArray[np.intp]:
        return arrays[name].astype(np.intp)

    def real(name: str) -> FloatArray:
        return arrays[name].astype(np.float32)

    return FaceModel(
        mean=real("mean"),
        identity_basis=real("identity_basis"),
        expression_basis=real("expression_basis"),
        expression_names=EXPRESSION_NAMES,
        landmark_indices=index("landmark_indices"),
        triangles=index("triangles"),
        mirror_points=index("mirror_points"),
        mirror_identity=real("mirror_identity"),
        mirror_expression=index("mirror_expression"),
        head=real("head"),
        head_normals=real("head_normals"),
    )


@cache
def load_face_model() -> FaceModel:
    """The face model that ships with the package."""
    with resources.as_file(resources.files("pechead_live.facemodel") / "face_model.npz") as path:
        return read_face_model(path)
