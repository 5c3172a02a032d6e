"""The analytic renderer on the bundled portrait: what moves, what stays, what it survives."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from still_samples import astronaut, difference

from pechead_live.avatar.fitting import portrait_fit
from pechead_live.coefficients import Coefficients, euler_from_rotation, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.frame import Pixels
from pechead_live.recording import read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample

SIDE = 256
NOSE_TIP, CHIN = 1, 152
RIGHT_IRIS, LEFT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)
"""Indices of MediaPipe's mesh."""


@pytest.fixture(scope="module")
def renderer() -> AnalyticRenderer:
    return AnalyticRenderer(astronaut(), SIDE, SIDE)


def draw(renderer: AnalyticRenderer, coefficients: Coefficients) -> Pixels:
    return renderer.render(coefficients, renderer.initial_state())[0].pixels


def turned(*, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Coefficients:
    """The portrait's rest, turned by so many degrees more."""
    rest = astronaut().rest
    now = euler_from_rotation(rest.rotation)
    return replace(rest, rotation=rotation_from_euler(now[0] + yaw, now[1] + pitch, now[2] + roll))


def portrait(side: int = SIDE) -> Pixels:
    """The middle square of the prepared photo; the sample's plate is as high as ``side``."""
    avatar = astronaut()
    assert avatar.person.shape[0] == side
    share = avatar.matte[..., None] / 255
    whole = avatar.person * share + avatar.background * (1 - share) + 0.5
    left = (whole.shape[1] - side) // 2
    return whole[:, left : left + side].astype(np.uint8)


def points(coefficients: Coefficients) -> np.ndarray:
    """(478, 2) pixels where the face model places the portrait's points."""
    c = coefficients
    shape = astronaut().shape(load_face_model(), c.expression)
    placed = project(shape, c.rotation, c.translation, c.scale)[:, :2]
    return (placed + 1) * (SIDE - 1) / 2


def face_box(coefficients: Coefficients) -> tuple[slice, slice]:
    """Rows and columns of the face."""
    low, high = points(coefficients).min(axis=0), points(coefficients).max(axis=0)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def test_the_sample_was_prepared_with_the_face_model_that_ships():
    wanted = (astronaut().points + 1) * (SIDE - 1) / 2
    distance = np.linalg.norm(points(astronaut().rest) - wanted, axis=1)
    assert distance.max() < 0.1, "make pechead_live/samples/astronaut.avatar anew"


def test_the_portrait_s_own_coefficients_give_the_portrait_back(renderer: AnalyticRenderer):
    drawn, wanted = draw(renderer, astronaut().rest), portrait()
    box = face_box(astronaut().rest)
    assert difference(drawn[box], wanted[box]) < 3.0
    assert difference(drawn, wanted) < 2.0


def test_the_background_stays_exactly_still_when_the_head_turns(renderer: AnalyticRenderer):
    near = cv2.dilate((portrait_matte() > 0).astype(np.uint8), np.ones((61, 61), np.uint8))
    far = near == 0  # 30 pixels from the person
    assert far.sum() > 2000
    still = draw(renderer, astronaut().rest)
    for coefficients in (turned(yaw=20), turned(pitch=12), turned(yaw=-15, roll=10)):
        assert np.array_equal(draw(renderer, coefficients)[far], still[far])


def portrait_matte() -> np.ndarray:
    matte = astronaut().matte
    left = (matte.shape[1] - SIDE) // 2
    return matte[:, left : left + SIDE]


def offset(before: Pixels, after: Pixels, centre: np.ndarray, reach: int) -> np.ndarray:
    """(dx, dy) by which the patch around ``centre`` moved, found within ``reach`` pixels."""
    x, y = np.round(centre).astype(int)
    half = 9
    patch = before[y - half : y + half + 1, x - half : x + half + 1].astype(float)
    costs: dict[tuple[int, int], float] = {}
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            moved = after[y + dy - half : y + dy + half + 1, x + dx - half : x + dx + half + 1]
            costs[dx, dy] = float(np.abs(moved - patch).mean())
    return np.array(min(costs, key=lambda at: costs[at]), float)


@pytest.mark.parametrize("yaw", [-10.0, 10.0])
def test_a_turn_moves_the_nose_as_far_as_the_model_says(renderer: AnalyticRenderer, yaw: float):
    rest, driven = astronaut().rest, turned(yaw=yaw)
    expected = points(driven)[NOSE_TIP] - points(rest)[NOSE_TIP]
    assert expected[0] * yaw > 0 and abs(expected[0]) > 3  # yaw > 0 is to the right
    found = offset(draw(renderer, rest), draw(renderer, driven), points(rest)[NOSE_TIP], 16)
    assert np.abs(found - expected).max() <= 2.0


def test_moving_and_growing_follow_the_coefficients(renderer: AnalyticRenderer):
    rest = astronaut().rest
    driven = replace(rest, translation=rest.translation + np.array([0.1, -0.05], np.float32))
    expected = points(driven)[NOSE_TIP] - points(rest)[NOSE_TIP]
    found = offset(draw(renderer, rest), draw(renderer, driven), points(rest)[NOSE_TIP], 20)
    assert np.abs(found - expected).max() <= 1.0


def eye_box(indices: tuple[int, ...]) -> tuple[slice, slice]:
    iris = points(astronaut().rest)[list(indices)]
    x, y = iris.mean(axis=0)
    radius = float(np.linalg.norm(iris[1:] - (x, y), axis=1).mean()) * 0.6
    return (
        slice(round(y - radius), round(y + radius) + 1),
        slice(round(x - radius), round(x + radius) + 1),
    )


@pytest.mark.parametrize("eye", [RIGHT_IRIS, LEFT_IRIS])
def test_a_full_blink_hides_the_iris(renderer: AnalyticRenderer, eye: tuple[int, ...]):
    rest = astronaut().rest
    open_eyes = rest.with_expressions({"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0})
    shut = rest.with_expressions({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    box = eye_box(eye)
    iris, lid = draw(renderer, open_eyes)[box], draw(renderer, shut)[box]
    assert lid.mean() > iris.mean() + 25  # skin is lighter than iris and pupil


def test_an_open_jaw_shows_a_dark_mouth_and_closed_lips_do_not(renderer: AnalyticRenderer):
    rest = astronaut().rest
    names = ("mouthSmileLeft", "mouthSmileRight", "jawOpen")
    closed = rest.with_expressions(dict.fromkeys(names, 0.0))
    opened = closed.with_expressions({"jawOpen": 0.7})
    upper, lower = points(opened)[13], points(opened)[14]
    assert lower[1] - upper[1] > 4
    x, y = np.round((upper + lower) / 2).astype(int)
    inside = slice(y - 1, y + 2), slice(x - 3, x + 4)
    assert draw(renderer, opened)[inside].mean() < 95
    assert draw(renderer, opened)[inside].mean() < draw(renderer, closed)[inside].mean() - 30


def test_the_chin_drops_with_the_jaw(renderer: AnalyticRenderer):
    rest = astronaut().rest.with_expressions({"jawOpen": 0.0})
    opened = rest.with_expressions({"jawOpen": 0.7})
    expected = points(opened)[CHIN] - points(rest)[CHIN]
    assert expected[1] > 3
    place = points(rest)[CHIN] - (0, 6)
    found = offset(draw(renderer, rest), draw(renderer, opened), place, 16)
    assert found[1] > expected[1] / 2


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (1280, 720), (101, 101), (333, 201)])
def test_a_picture_of_any_size_shows_the_same_person(size: tuple[int, int]):
    renderer = AnalyticRenderer(astronaut(), *size)
    pixels = draw(renderer, astronaut().rest)
    assert pixels.shape == (size[1], size[0], 3)
    height, width = pixels.shape[:2]
    left = (width - height) // 2
    square = pixels[:, left : left + height]
    rows = (np.arange(32) + 0.5) * height / 32
    sampled = square[rows.astype(int)][:, rows.astype(int)]
    wanted = portrait()[:: SIDE // 32, :: SIDE // 32]
    assert np.corrcoef(sampled.mean(axis=2).ravel(), wanted.mean(axis=2).ravel())[0, 1] > 0.75


@pytest.mark.parametrize("size", [(63, 63), (5000, 5000), (512, 900), (1280, 256)])
def test_a_size_that_cannot_be_drawn_is_refused(size: tuple[int, int]):
    with pytest.raises(InputError, match=f"{size[0]} x {size[1]}"):
        AnalyticRenderer(astronaut(), *size)


@pytest.mark.parametrize("size", [(64, 64), (256, 144)])
@pytest.mark.parametrize("middle", [(-1.75, 0), (1.75, 0), (1.75, 0.98), (0, -0.98), (0, 0.98)])
def test_a_face_that_the_stage_s_edge_cuts_is_drawn(
    middle: tuple[float, float], size: tuple[int, int]
):
    avatar = astronaut()
    points = avatar.measured.points - avatar.measured.points.mean(axis=0) + (*middle, 0)
    measured = avatar.measured._replace(points=points.astype(np.float32))
    rest, delta = portrait_fit(measured, load_face_model())
    renderer = AnalyticRenderer(replace(avatar, measured=measured, rest=rest, delta=delta), *size)
    talking = rest.with_expressions({"jawOpen": 0.7, "eyeBlinkLeft": 1.0})
    for coefficients in (rest, talking):
        assert draw(renderer, coefficients).shape == (size[1], size[0], 3)


def test_a_given_background_takes_the_place_of_the_portrait_s_own():
    green = np.full((90, 200, 3), (0, 200, 0), np.uint8)
    renderer = AnalyticRenderer(astronaut(), SIDE, SIDE, background=green)
    drawn = draw(renderer, astronaut().rest)
    clear, solid = portrait_matte() == 0, portrait_matte() == 255
    assert np.abs(drawn[clear].astype(int) - (0, 200, 0)).mean() < 12
    assert difference(drawn[solid], portrait()[solid]) < 6


BROKEN = (float("nan"), float("inf"), -float("inf"), 1e30, -1e30, 0.0)
PARTS = ("rotation", "translation", "scale", "expression", "identity")


def broken_at(part: str, value: float, place: int) -> Coefficients:
    """The portrait's rest with one number of ``part`` replaced."""
    rest = astronaut().rest
    if part == "scale":
        return replace(rest, scale=value)
    array = getattr(rest, part).copy()
    array.flat[place % array.size] = value
    return replace(rest, **{part: array})


@settings(max_examples=60, deadline=None)
@given(part=st.sampled_from(PARTS), value=st.sampled_from(BROKEN), place=st.integers(0, 51))
def test_broken_coefficients_raise_or_are_drawn_but_never_end_the_process(
    part: str, value: float, place: int
):
    renderer, rest = small_renderer(), astronaut().rest
    with np.errstate(all="ignore"):
        try:
            pixels = draw(renderer, broken_at(part, value, place))
        except (ValueError, ArithmeticError):  # the loop shows the last good picture then
            pixels = None
    assert pixels is None or pixels.shape == (64, 64, 3)
    again = draw(renderer, rest)  # and the next picture is drawn as if nothing had happened
    assert np.array_equal(again, draw(AnalyticRenderer(astronaut(), 64, 64), rest))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("part", PARTS)
def test_a_number_that_is_not_finite_is_refused(part: str, value: float):
    size = np.size(getattr(astronaut().rest, part))
    for place in range(size):
        with pytest.raises(InputError, match="not finite"):
            draw(small_renderer(), broken_at(part, value, place))


@pytest.mark.parametrize(
    ("value", "shown"), [(1e30, 1.0), (1e6, 1.0), (1.5, 1.0), (-0.5, 0.0), (-1e30, 0.0)]
)
def test_an_expression_beyond_its_range_is_drawn_as_its_end(value: float, shown: float):
    rest, renderer = astronaut().rest, small_renderer()
    for place in range(rest.expression.size):
        beyond, end = (broken_at("expression", v, place) for v in (value, shown))
        assert np.array_equal(draw(renderer, beyond), draw(renderer, end))
    everything = np.full_like(rest.expression, value)
    beyond = replace(rest, expression=everything)
    end = replace(rest, expression=np.full_like(rest.expression, shown))
    assert np.array_equal(draw(renderer, beyond), draw(renderer, end))
    assert not np.array_equal(draw(renderer, end), draw(renderer, rest))


_SMALL: list[AnalyticRenderer] = []


def small_renderer() -> AnalyticRenderer:
    if not _SMALL:
        _SMALL.append(AnalyticRenderer(astronaut(), 64, 64))
    return _SMALL[0]


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 9), seed=st.integers(0, 1000))
def test_a_clip_cut_anywhere_gives_the_same_pictures(cut: int, seed: int):
    motion = read_recording(sample("talking.npz")).coefficients
    rest = astronaut().rest
    clip = [
        replace(c, identity=rest.identity, translation=rest.translation, scale=rest.scale)
        for c in motion[seed % (len(motion) - 10) :][:10]
    ]
    renderer = small_renderer()
    state, whole = renderer.initial_state(), []
    for coefficients in clip:
        picture, state = renderer.render(coefficients, state)
        whole.append(picture.pixels)
    state = renderer.initial_state()
    for i in range(cut, 10):
        picture, state = renderer.render(clip[i], state)
        assert np.array_equal(picture.pixels, whole[i])


def test_a_picture_carries_the_time_of_its_coefficients(renderer: AnalyticRenderer):
    late = replace(astronaut().rest, captured_at=12.5)
    assert renderer.render(late, renderer.initial_state())[0].captured_at == 12.5
