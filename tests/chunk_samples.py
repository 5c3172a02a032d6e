"""A chunk of training data without footage: the sample portrait, drawn with a known motion."""

from dataclasses import replace
from functools import cache

import numpy as np

from pechead_live import rotation_from_euler
from pechead_live.avatar import open_avatar
from pechead_live.coefficients import Coefficients
from pechead_live.expressions import expression_index
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.training.data.chunk import SIDE, Chunk

FRAMES = 12


@cache
def astronaut_chunk(name: str = "astronaut-00000", identity: str = "astronaut") -> Chunk:
    """Twelve frames: the head turns from -12 to 12 degrees while the mouth opens and closes."""
    avatar = open_avatar(sample("astronaut.avatar"))
    renderer, model = AnalyticRenderer(avatar, SIDE, SIDE), load_face_model()
    coefficients = [_moved(avatar.rest, place / (FRAMES - 1)) for place in range(FRAMES)]
    frames = [renderer.render(c, renderer.initial_state())[0].pixels for c in coefficients]
    points = [_points(avatar.shape(model, c.expression), c) for c in coefficients]
    width = round(SIDE * 16 / 9 / 2) * 2
    matte = np.zeros((SIDE, width), np.uint8)
    left = (width - SIDE) // 2
    matte[10:, left + 25 : left + 230] = 255
    return Chunk(
        name=name,
        identity=identity,
        licence="public domain",
        source="astronaut.avatar",
        fps=25.0,
        frames=np.stack(frames),
        coefficients=tuple(coefficients),
        points=np.stack(points),
        scores=np.stack([c.expression for c in coefficients]),
        portraits=(2, 8),
        mattes=np.stack([matte, matte]),
    )


def _moved(rest: Coefficients, share: float) -> Coefficients:
    expression = rest.expression.copy()
    expression[expression_index("jawOpen")] = 0.6 * np.sin(np.pi * share)
    turn = rotation_from_euler(24 * share - 12, 0, 0)
    return replace(rest, rotation=turn @ rest.rotation, expression=expression, captured_at=share)


def _points(shape: np.ndarray, c: Coefficients) -> np.ndarray:
    flat = project(shape, c.rotation, c.translation, c.scale)
    depth = c.scale * (shape @ c.rotation.T)[:, 2:]
    return np.hstack([flat, depth]).astype(np.float32)
