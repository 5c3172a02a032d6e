"""Rotation vectors and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pechead_live.coefficients import rotation_from_euler
from pechead_live.rotation import (
    angle_between,
    rotation_from_vector,
    rotation_vector,
    turn_between,
    turned,
)

numbers = st.floats(-1.8, 1.8)


@given(numbers, numbers, numbers)
def test_a_rotation_vector_shorter_than_half_a_turn_comes_back(x: float, y: float, z: float):
    vector = np.array([x, y, z])
    length = float(np.linalg.norm(vector))
    if length > 3:
        vector *= 3 / length
    assert np.allclose(rotation_vector(rotation_from_vector(vector)), vector, atol=2e-5)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, -0.8, 0)])
def test_half_a_turn_has_its_axis(axis: tuple[float, float, float]):
    rotation = rotation_from_vector(np.array(axis) * math.pi)
    vector = rotation_vector(rotation)
    assert np.linalg.norm(vector) == pytest.approx(math.pi, abs=1e-3)
    assert abs(vector @ np.array(axis)) == pytest.approx(math.pi, abs=1e-2)


def test_a_turn_of_thirty_degrees_measures_thirty_degrees():
    assert angle_between(
        rotation_from_euler(10, 0, 0), rotation_from_euler(40, 0, 0)
    ) == pytest.approx(30, abs=1e-3)


def test_turning_by_the_turn_between_two_rotations_leads_from_one_to_the_other():
    start, end = rotation_from_euler(20, -10, 5), rotation_from_euler(-30, 15, 12)
    assert np.allclose(turned(start, turn_between(start, end)), end, atol=1e-6)


def test_ten_thousand_small_turns_leave_a_rotation_a_rotation():
    rotation = np.eye(3, dtype=np.float32)
    for _ in range(10_000):
        rotation = turned(rotation, np.array([0.01, -0.02, 0.03]))
    assert np.abs(rotation @ rotation.T - np.eye(3)).max() < 1e-5
