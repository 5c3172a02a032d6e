"""The `analytic` renderer: no weights, only geometry.

Two warps and a composite, each in its own file. Expression first, in the portrait's own pose: the
face mesh moves the skin (`mesh`), eyeballs and mouth are drawn into their openings (`openings`).
Then the pose: the whole person turns with the head's shape, the torso follows (`turn`), and lands
on the still background. Splitting rigid from expression motion keeps cheeks whole; layers keep the
background still.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.apertures import follow_of, openings_of, settle
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.facemodel.topology import CHIN, FOREHEAD, NETWORK_LANDMARKS
from pechead_live.frame import Picture, Pixels
from pechead_live.renderer.crown import with_crown
from pechead_live.renderer.guide import Guide, Warp, lattice_pixels, trace
from pechead_live.renderer.mesh import add_rings, backward_map, ringed_mesh
from pechead_live.renderer.openings import draw_openings, find_openings
from pechead_live.renderer.turn import (
    Head,
    TurnConfig,
    grid_cell,
    point_kernels,
    turn_map,
    vertex_normals,
)

_EYES_OPEN = np.array(
    [
        0.0 if name.startswith(("eyeBlink", "eyeSquint", "eyeLookDown")) else 1.0
        for name in EXPRESSION_NAMES
    ],
    np.float32,
)


_NO_MAP: Any = None
"""In place of a second map: x and y lie together in the first."""


class AnalyticState(NamedTuple):
    """Nothing: each picture depends on its own coefficients alone."""


class AnalyticRenderer:
    """Draws one avatar at one size."""

    def __init__(
        self,
        avatar: Avatar,
        width: int,
        height: int,
        *,
        background: Pixels | None = None,
        config: TurnConfig | None = None,
    ) -> None:
        """``width`` and ``height`` in pixels; a picture wider than high shows more of the plate.

        ``background`` (any size) takes the place of the portrait's own.
        """
        if not (64 <= width <= 4096 and 64 <= height <= 4096):
            raise InputError(f"a picture of {width} x {height} pixels: give 64 to 4096 each")
        if not 1.0 <= width / height <= 16 / 9 + 0.01:
            raise InputError(
                f"a picture of {width} x {height} pixels: give a shape between 1:1 and 16:9"
            )
        self._avatar, self._config = avatar, config or TurnConfig()
        self._size = (width, height)
        self._lattice = lattice_pixels(width, height)
        self._model = load_face_model()
        stage = _scaled(np.dstack([avatar.person, avatar.matte]), width, height)
        forehead = self._to_pixels(avatar.points)[FOREHEAD, 1]
        self._person, self._origin = with_crown(stage, max(4, round(0.4 * float(forehead))))
        self._origin[0] += (stage.shape[1] - width) // 2
        x, y, w, h = cv2.boundingRect(self._person[..., 3])
        below = self._person.shape[0]  # a person cut by the lower edge goes on below it
        self._extent = np.array([x, y]), np.array([x + w, y + h if y + h < below else 2 * below])
        own = _middle(_scaled(avatar.background, width, height), width)
        self._background = own if background is None else _cover(background, width, height)
        rest = avatar.rest
        shape = avatar.shape(self._model, rest.expression)
        self._rest_points = self._to_pixels(avatar.points) + self._origin
        opened = avatar.shape(self._model, rest.expression * _EYES_OPEN)
        opened = project(opened, rest.rotation, rest.translation, rest.scale)
        self._own = openings_of(avatar.points, opened)
        depth = (shape @ rest.rotation.T)[:, 2]
        mesh = ringed_mesh(self._rest_points, depth, self._model.triangles)
        self._region = _region(mesh.source, self._person.shape[1], self._person.shape[0])
        self._corner = np.array(self._region[:2], np.float32)
        self._mesh = mesh._replace(source=mesh.source - self._corner)
        self._openings = find_openings(
            np.ascontiguousarray(self._person[..., :3]), self._rest_points
        )
        normals = vertex_normals(shape[:468], self._model.triangles)
        normals = np.concatenate([normals, np.tile([[0, 0, -1]], (len(shape) - 468, 1))])
        self._head = Head(
            points=self._model.head,
            normals=np.concatenate([normals, self._model.head_normals]).astype(np.float32),
            kernels=point_kernels(shape, len(self._model.head)),
            chin=shape[CHIN],
        )

    def initial_state(self) -> AnalyticState:
        """The empty state."""
        return AnalyticState()

    def render(
        self, coefficients: Coefficients, state: AnalyticState
    ) -> tuple[Picture, AnalyticState]:
        """Draws the avatar with the pose and expression of ``coefficients``.

        Expressions are cut to [0, 1]. Raises `InputError` if a number is not finite.
        """
        pixels = self._drawn(coefficients)[0]
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), state

    def guide(self, coefficients: Coefficients) -> Guide:
        """The picture with the flow it was drawn with; see `Guide`. Raises as `render` does."""
        pixels, person, points, warp = self._drawn(coefficients)
        flow, share = trace(warp, person, *self._lattice)
        rest = self._avatar.rest
        place = (rest.rotation, rest.translation, rest.scale)
        shape = self._avatar.shape(self._model, np.clip(coefficients.expression, 0, 1))
        settled = np.zeros_like(shape)
        settled[:, :2] = (points - project(shape, *place)) / rest.scale
        c = coefficients
        driven = project(
            (shape + settled @ rest.rotation).astype(np.float32), c.rotation, c.translation, c.scale
        )
        return Guide(
            picture=pixels,
            flow=self._to_coordinates(flow - self._origin),
            share=share,
            landmarks=driven[list(NETWORK_LANDMARKS)].astype(np.float32),
        )

    def portrait(self) -> Pixels:
        """(H, W, 3) the portrait as it is, person over background."""
        height, width = self._size[1], self._size[0]
        top, left = int(self._origin[1]), int(self._origin[0])
        person = self._person[top : top + height, left : left + width]
        return _composite(np.ascontiguousarray(person), self._background)

    def _drawn(self, coefficients: Coefficients) -> tuple[Pixels, np.ndarray, FloatArray, Warp]:
        """The picture; the driven layer, its face points in the portrait's pose, the warps."""
        if not coefficients.is_finite():
            raise InputError("coefficients that are not finite cannot be drawn: measure them again")
        expression = np.clip(coefficients.expression, 0, 1)
        shape = self._avatar.shape(self._model, expression)
        person, points, (x, y) = self._expressed(shape, expression)
        pixels = self._background.copy()
        turn = self._draw_turned(pixels, person, shape, coefficients)
        return pixels, person, points, Warp(turn, grid_cell(self._size), x, y, self._corner)

    def _to_pixels(self, points: FloatArray) -> FloatArray:
        width, height = self._size
        half = (min(width, height) - 1) / 2
        return (points * half + ((width - 1) / 2, (height - 1) / 2)).astype(np.float32)

    def _to_coordinates(self, pixels: FloatArray) -> FloatArray:
        width, height = self._size
        half = (min(width, height) - 1) / 2
        return ((pixels - ((width - 1) / 2, (height - 1) / 2)) / half).astype(np.float32)

    def _expressed(
        self, shape: FloatArray, expression: FloatArray
    ) -> tuple[np.ndarray, FloatArray, tuple[FloatArray, FloatArray]]:
        """The person layer in the portrait's pose with the driven expression, RGBA; its points'
        picture coordinates; the backward map of the face's region."""
        rest = self._avatar.rest
        place = (rest.rotation, rest.translation, rest.scale)
        opened = project(self._avatar.shape(self._model, expression * _EYES_OPEN), *place)
        follow = follow_of(self._model)
        points = settle(project(shape, *place), opened, follow, self._own)
        driven = self._to_pixels(points) + self._origin
        left, top, right, bottom = self._region
        vertices = add_rings(driven, self._rest_points) - self._corner
        warp_x, warp_y = backward_map(self._mesh, vertices, right - left, bottom - top)
        person = self._person.copy()
        face = person[top:bottom, left:right]
        source = self._person[top:bottom, left:right]
        cv2.remap(
            source, warp_x, warp_y, cv2.INTER_LINEAR, dst=face, borderMode=cv2.BORDER_REPLICATE
        )
        draw_openings(person, self._openings, driven, self._rest_points)
        return person, points, (warp_x, warp_y)

    def _draw_turned(
        self, pixels: Pixels, person: np.ndarray, shape: FloatArray, coefficients: Coefficients
    ) -> FloatArray:
        """Draws ``person`` with the driven pose over ``pixels``, in place; returns the map."""
        rest = self._avatar.rest
        grid = turn_map(shape, self._head, rest, coefficients, self._size, self._config)
        source = self._to_pixels(grid) + self._origin
        left, top, right, bottom = self._reached(source)
        cell = grid_cell(self._size)
        fine = np.asarray(cv2.resize(source, None, fx=cell, fy=cell), np.float32)
        if right <= left or bottom <= top:
            return fine
        window = fine[cell + top : cell + bottom, cell + left : cell + right]
        turned = cv2.remap(
            person, window, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        stage = pixels[top:bottom, left:right]
        stage[:] = _composite(np.asarray(turned), np.ascontiguousarray(stage))
        return fine

    def _reached(self, source: FloatArray) -> tuple[int, int, int, int]:
        """left, top, right, bottom of the pixels that may show the person; ``source`` (G_y, G_x, 2)
        is the coarse map in pixels of the person layer."""
        width, height = self._size
        low, high = self._extent
        cell = grid_cell(self._size)
        within = (source > low - 2 * cell) & (source < high + 2 * cell)
        rows, columns = np.nonzero(within[..., 0] & within[..., 1])
        if not len(columns):
            return 0, 0, 0, 0
        # node i is the middle of the pixels from (i - 1) cell on; a cell of room on each side
        return (
            max(0, (int(columns.min()) - 2) * cell),
            max(0, (int(rows.min()) - 2) * cell),
            min(width, (int(columns.max()) + 1) * cell),
            min(height, (int(rows.max()) + 1) * cell),
        )


def _scaled(plate: np.ndarray, width: int, height: int) -> np.ndarray:
    """A 16:9 plate at the picture's height, at least ``width`` wide."""
    full = max(width, round(plate.shape[1] * height / plate.shape[0]))
    full += (full - width) % 2
    if plate.shape[:2] == (height, full):
        return np.ascontiguousarray(plate)
    interpolation = cv2.INTER_AREA if height < plate.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(plate, (full, height), interpolation=interpolation))


def _middle(stage: np.ndarray, width: int) -> np.ndarray:
    left = (stage.shape[1] - width) // 2
    return np.ascontiguousarray(stage[:, left : left + width])


def _cover(picture: Pixels, width: int, height: int) -> Pixels:
    """``picture`` scaled and cut so that it covers ``width`` x ``height``."""
    zoom = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * zoom)), max(height, round(picture.shape[0] * zoom)))
    scaled = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def _region(vertices: FloatArray, width: int, height: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the mesh's box within the picture."""
    low, high = (
        np.floor(vertices.min(axis=0)).astype(int),
        np.ceil(vertices.max(axis=0)).astype(int),
    )
    return (
        max(0, int(low[0])),
        max(0, int(low[1])),
        min(width, int(high[0]) + 1),
        min(height, int(high[1]) + 1),
    )


def _composite(person: np.ndarray, background: Pixels) -> Pixels:
    """(H, W, 4) over (H, W, 3)."""
    colour = cv2.cvtColor(person, cv2.COLOR_RGBA2RGB)
    share = cv2.extractChannel(person, 3).astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.blendLinear(colour, background, share, 1 - share), np.uint8)
