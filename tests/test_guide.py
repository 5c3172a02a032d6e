"""The guide of the analytic renderer: flow, share and landmarks say how the picture was drawn."""

import cv2
import numpy as np
import pytest

from pechead_live import Coefficients, rotation_from_euler
from pechead_live.avatar import Avatar, open_avatar
from pechead_live.coefficients import euler_from_rotation
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.guide import LATTICE
from pechead_live.samples import sample


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return open_avatar(sample("astronaut.avatar"))


def turned(avatar: Avatar, yaw: float = 0.0, **expressions: float) -> Coefficients:
    rest = avatar.rest
    angles = euler_from_rotation(rest.rotation)
    rotation = rotation_from_euler(angles[0] + yaw, angles[1], angles[2])
    moved = Coefficients(
        identity=rest.identity,
        expression=rest.expression,
        rotation=rotation,
        translation=rest.translation,
        scale=rest.scale,
    )
    return moved.with_expressions(expressions) if expressions else moved


def identity_lattice() -> np.ndarray:
    along = np.linspace(-1, 1, LATTICE, dtype=np.float32)
    return np.stack(np.meshgrid(along, along), axis=-1)


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (1280, 720)])
def test_at_rest_the_flow_is_the_identity_and_the_landmarks_are_the_measured(
    avatar: Avatar, size: tuple[int, int]
) -> None:
    guide = AnalyticRenderer(avatar, *size).guide(avatar.rest)
    assert np.abs(guide.flow - identity_lattice()).max() < 2e-3
    measured = avatar.points[list(NETWORK_LANDMARKS)]
    assert np.abs(guide.landmarks - measured).max() < 2e-3


def test_its_picture_is_what_render_draws(avatar: Avatar) -> None:
    renderer = AnalyticRenderer(avatar, 256, 256)
    driven = turned(avatar, 12, jawOpen=0.4)
    picture, _ = renderer.render(driven, renderer.initial_state())
    assert np.array_equal(renderer.guide(driven).picture, picture.pixels)


def test_the_portrait_warped_by_the_flow_is_the_picture_on_the_person(avatar: Avatar) -> None:
    renderer = AnalyticRenderer(avatar, 256, 256)
    guide = renderer.guide(turned(avatar, 15, mouthSmileLeft=0.7, mouthSmileRight=0.7))
    flow = np.asarray(cv2.resize(guide.flow, (256, 256), interpolation=cv2.INTER_LINEAR))
    pixels = ((flow + 1) / 2 * 255).astype(np.float32)
    warped = cv2.remap(renderer.portrait(), pixels, None, cv2.INTER_LINEAR)
    share = np.asarray(cv2.resize(guide.share, (256, 256)))
    inside = share > 0.99
    difference = np.abs(np.asarray(warped, np.float32) - guide.picture)[inside].mean()
    still = np.abs(renderer.portrait().astype(np.float32) - guide.picture)[inside].mean()
    assert inside.mean() > 0.3
    assert difference < 0.35 * still


def test_landmarks_lie_where_the_flow_leads_back_to_the_portrait_s(avatar: Avatar) -> None:
    renderer = AnalyticRenderer(avatar, 256, 256)
    guide = renderer.guide(turned(avatar, -15, jawOpen=0.5))
    lattice = ((guide.landmarks + 1) / 2 * (LATTICE - 1)).astype(np.float32)
    origin = cv2.remap(guide.flow, lattice[:, :1], lattice[:, 1:], cv2.INTER_LINEAR)
    measured = avatar.points[list(NETWORK_LANDMARKS)]
    inner = slice(17, 48)  # brows, nose, eyes; the jaw line turns out of sight
    apart = np.linalg.norm(np.asarray(origin)[:, 0] - measured, axis=1)[inner]
    assert np.median(apart) < 0.015


def test_share_is_one_on_the_face_and_zero_in_the_corner(avatar: Avatar) -> None:
    guide = AnalyticRenderer(avatar, 256, 256).guide(avatar.rest)
    x, y = np.round((guide.landmarks[30] + 1) / 2 * (LATTICE - 1)).astype(int)
    assert guide.share[y, x] > 0.99
    assert guide.share.min() == 0
    assert guide.share.max() <= 1
