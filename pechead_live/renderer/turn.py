"""The rigid part of the motion: which portrait point a turned head shows where.

Depth, not displacement, is interpolated from the head's points to a coarse grid (Nadaraya-Watson
with separable Gaussians: three small matrix products). With the depth known, the rigid motion is
exact: translation, scale and roll hold everywhere, and the head's turning follows from its shape.
Below the chin the motion passes over into the torso's, which follows the head by a fraction.
Where it does was measured on 370 frames of 44 people turned by 3 to 30 degrees (training clips):
passing over by 0.6 model units below the chin, the turned picture is 1.3 % further from the truth
in L1 and 1.1 % in perceptual distance.
"""

from dataclasses import dataclass

import numpy as np

from pechead_live.coefficients import Coefficients, FloatArray

CELLS = 64
"""Of the coarse grid, along the picture's shorter side."""

HEAD_KERNEL = 0.20
"""Standard deviation of the Gaussian of a head point, model units."""

FACE_KERNEL, NARROWEST, WIDEST = 0.75, 0.035, 0.12
"""Standard deviation of the Gaussian of a face point: a share of the distance to its neighbours,
within bounds in model units. The nose's points lie close and keep its height, the cheeks' far and
stay smooth."""

NEIGHBOURS = 4
"""Nearest points that are a face point's neighbours."""

REST_WEIGHT = 0.02
"""Weight of the head centre's depth; it takes over away from the head."""


@dataclass(frozen=True, kw_only=True)
class TurnConfig:
    """How the rest of the body follows the head."""

    torso_translation: float = 0.5
    """Share of the head's shift that the torso takes."""

    torso_scale: float = 0.5
    """Share of the head's change of size (leaning in) that the torso takes."""

    neck_start: float = -0.15
    """Distance below the chin, model units, where the head's motion starts to fade."""

    neck_end: float = 1.2
    """Distance below the chin, model units, where only the torso's motion is left."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A portrait's head as the turn needs it; model space."""

    points: FloatArray
    """(M, 3) points of the head beyond the mesh."""

    normals: FloatArray
    """(M, 3) outward unit normals of face mesh (first 478) and head points."""

    kernels: FloatArray
    """(478 + M,) standard deviations of the points' Gaussians."""

    chin: FloatArray
    """(3,) the chin at rest."""


def point_kernels(shape: FloatArray, head_points: int) -> FloatArray:
    """(478 + head_points,) standard deviations for the face ``shape`` (478, 3) and the head."""
    flat = shape[:, :2]
    distance = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    near = np.sort(distance, axis=1)[:, 1 : NEIGHBOURS + 1].mean(axis=1)
    face = np.clip(FACE_KERNEL * near, NARROWEST, WIDEST)
    return np.concatenate([face, np.full(head_points, HEAD_KERNEL)]).astype(np.float32)


def vertex_normals(points: FloatArray, triangles: np.ndarray) -> FloatArray:
    """(N, 3) unit normals of a mesh, pointing towards the viewer (z < 0) on the whole."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], face)
    if normals[:, 2].sum() > 0:
        normals = -normals
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)


def grid_cell(size: tuple[int, int]) -> int:
    """Pixels along a cell of the coarse grid for a picture of ``size`` (width, height)."""
    return max(1, round(min(size) / CELLS))


def grid_nodes(size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """x (G_x,) and y (G_y,) picture coordinates of the grid's nodes for a picture of ``size``.

    A node stands for the middle of its cell, as `cv2.resize` has it. There is a cell more than
    the picture needs on every side, so that nothing is extrapolated at its edges.
    """
    cell, span = grid_cell(size), min(size) - 1
    x, y = (
        (((np.arange(-(-n // cell) + 2) - 0.5) * cell - n / 2) * 2 / span).astype(np.float32)
        for n in size
    )
    return x, y


def turn_map(
    shape: FloatArray,
    head: Head,
    rest: Coefficients,
    driven: Coefficients,
    size: tuple[int, int],
    config: TurnConfig,
) -> FloatArray:
    """(G_y, G_x, 2) portrait's picture coordinates for each node of the coarse grid.

    ``shape`` (478, 3): the driven face in model space. ``size``: width and height of the picture
    in pixels.
    """
    x, y = grid_nodes(size)
    camera = np.concatenate([shape, head.points]) @ driven.rotation.T
    facing = -(head.normals @ driven.rotation.T)[:, 2]
    weight = np.clip(0.3 + facing, 0.0, 1.0)
    weight[len(shape) :] *= 0.35
    grid_x = (x - driven.translation[0]) / driven.scale
    grid_y = (y - driven.translation[1]) / driven.scale
    depth = _interpolate(camera, weight, head.kernels, grid_x, grid_y)
    relative = rest.rotation @ driven.rotation.T
    rigid = np.empty((len(y), len(x), 2), np.float32)
    for k in range(2):
        rigid[..., k] = rest.translation[k] + rest.scale * (
            relative[k, 0] * grid_x[None, :]
            + relative[k, 1] * grid_y[:, None]
            + relative[k, 2] * depth
        )
    return _with_torso(rigid, x, y, head, rest, driven, config)


def _interpolate(
    camera: FloatArray, weight: FloatArray, sigma: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """(len(y), len(x)) depth of the visible head, model units."""
    kx = np.exp(-0.5 * ((x[None, :] - camera[:, :1]) / sigma[:, None]) ** 2)
    ky = np.exp(-0.5 * ((y[:, None] - camera[None, :, 1]) / sigma[None, :]) ** 2)
    ky *= weight
    total = ky @ kx
    centre = float(camera[478:, 2].mean())
    depth = ((ky * camera[:, 2]) @ kx + REST_WEIGHT * centre) / (total + REST_WEIGHT)
    return depth.astype(np.float32)


def _with_torso(
    rigid: FloatArray,
    x: FloatArray,
    y: FloatArray,
    head: Head,
    rest: Coefficients,
    driven: Coefficients,
    config: TurnConfig,
) -> FloatArray:
    chin = driven.scale * (driven.rotation @ head.chin)[:2] + driven.translation
    down = driven.rotation[:2, 1] / max(float(np.linalg.norm(driven.rotation[:2, 1])), 1e-6)
    below = ((x[None, :] - chin[0]) * down[0] + (y[:, None] - chin[1]) * down[1]) / driven.scale
    t = np.clip((below - config.neck_start) / (config.neck_end - config.neck_start), 0, 1)
    torso = (t * t * (3 - 2 * t))[..., None]
    shift = config.torso_translation * (driven.translation - rest.translation)
    size = 1 + config.torso_scale * (driven.scale / rest.scale - 1)
    still = np.stack(np.meshgrid(x, y), axis=-1)
    anchor = rest.translation
    followed = anchor + (still - anchor - shift) / size
    return rigid * (1 - torso) + followed * torso
