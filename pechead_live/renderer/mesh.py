"""The face mesh as a picture warp: triangles from where they are drawn to where they come from."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.topology import FACE_OVAL

RINGS = ((1.12, 0.6), (1.27, 0.22), (1.48, 0.0))
"""Rings around the mesh: their size over the mesh's outline, and how much of its motion they take.
Skin beyond the mesh (neck, temples) follows softly and nothing tears."""


class Mesh(NamedTuple):
    """A portrait's mesh with its rings; pixel coordinates."""

    source: FloatArray
    """(V, 2) where each vertex lies in the portrait; V = 478 + rings."""

    triangles: npt.NDArray[np.intp]
    """(F, 3) in drawing order: far ones first."""


def ringed_mesh(points: FloatArray, depth: FloatArray, triangles: npt.NDArray[np.intp]) -> Mesh:
    """The mesh of ``points`` (478, 2) with ``depth`` (478,), away from the viewer, plus rings."""
    source = add_rings(points, points)
    oval = list(FACE_OVAL)
    n = len(oval)
    loops = [oval, *([len(points) + r * n + i for i in range(n)] for r in range(len(RINGS)))]
    strips = [
        triangle
        for inner, outer in zip(loops[:-1], loops[1:], strict=True)
        for i in range(n)
        for triangle in (
            (inner[i], inner[(i + 1) % n], outer[i]),
            (inner[(i + 1) % n], outer[(i + 1) % n], outer[i]),
        )
    ]
    order = np.argsort(-depth[triangles].mean(axis=1), kind="stable")
    return Mesh(source, np.concatenate([np.array(strips, np.intp), triangles[order]]))


def add_rings(points: FloatArray, rest: FloatArray) -> FloatArray:
    """(478, 2) moved points to (V, 2): the rings take their share of the outline's motion."""
    oval = list(FACE_OVAL)
    outline = rest[oval]
    centre = outline.mean(axis=0)
    motion = points[oval] - outline
    rings = [centre + (outline - centre) * size + motion * share for size, share in RINGS]
    return np.concatenate([points, *rings]).astype(np.float32)


def backward_map(
    mesh: Mesh, driven: FloatArray, width: int, height: int
) -> tuple[FloatArray, FloatArray]:
    """x and y, (height, width) float32: the portrait pixel that each drawn pixel comes from.

    ``driven`` (V, 2): where the vertices are drawn. Outside the mesh the map is the identity.
    """
    corners = driven[mesh.triangles]
    origin = mesh.source[mesh.triangles]
    label = np.zeros((height, width), np.int32)
    fixed = np.round(corners * 16).astype(np.int32)
    for i in range(len(fixed)):
        cv2.fillConvexPoly(label, fixed[i], i + 1, cv2.LINE_8, 4)
    identity = np.array([[1, 0, 0, 0, 1, 0]], np.float32)
    # one flat table a coefficient: gathering rows of six takes half as long again
    by_x, by_y, plus, by_x2, by_y2, plus2 = (
        np.ascontiguousarray(column).take(label, mode="clip")
        for column in np.concatenate([identity, _affine(corners, origin)]).T
    )
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    for across, down, offset in ((by_x, by_y, plus), (by_x2, by_y2, plus2)):
        across *= x
        down *= y
        across += down
        across += offset
    return by_x, by_x2


def _affine(corners: FloatArray, origin: FloatArray) -> FloatArray:
    """(F, 6) rows (a b c d e f): x' = a x + b y + c, y' = d x + e y + f, corners to origin.

    A triangle drawn edge-on has no such map; it keeps its first corner's origin.
    """
    p, q = corners.astype(np.float64), origin.astype(np.float64)
    u, v = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
    s, t = q[:, 1] - q[:, 0], q[:, 2] - q[:, 0]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    flat = np.abs(area) < 1e-3
    inverse = np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, area))
    rows: list[npt.NDArray[np.float64]] = []
    for k in range(2):
        by_x = (s[:, k] * v[:, 1] - t[:, k] * u[:, 1]) * inverse
        by_y = (t[:, k] * u[:, 0] - s[:, k] * v[:, 0]) * inverse
        rows += [by_x, by_y, q[:, 0, k] - by_x * p[:, 0, 0] - by_y * p[:, 0, 1]]
    return np.stack(rows, axis=1).astype(np.float32)
