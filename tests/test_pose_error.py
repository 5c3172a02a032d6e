"""ARE: the error of a pose that was asked for, in degrees."""

import numpy as np
import pytest

from pechead_live.coefficients import rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.pose_error import are


def test_it_is_the_mean_over_the_three_angles() -> None:
    seen = rotation_from_euler(22, -5, 4)
    assert are(seen, yaw=25, pitch=-5, roll=4) == pytest.approx(1.0, abs=1e-3)
    assert are(seen, yaw=20, pitch=0, roll=0) == pytest.approx((2 + 5 + 4) / 3, abs=1e-3)


def test_with_nothing_asked_for_the_head_should_face_the_camera() -> None:
    assert are(np.eye(3, dtype=np.float32)) == pytest.approx(0, abs=1e-4)
    assert are(rotation_from_euler(12, 0, 0)) == pytest.approx(4.0, abs=1e-3)


def test_a_pose_that_cannot_be_read_back_is_refused() -> None:
    with pytest.raises(InputError, match="yaw 120"):
        are(np.eye(3, dtype=np.float32), yaw=120)
    with pytest.raises(InputError, match="nan"):
        are(np.eye(3, dtype=np.float32), pitch=float("nan"))


def test_a_picture_without_a_face_is_refused() -> None:
    with pytest.raises(InputError, match="without a face"):
        are(np.full((3, 3), np.nan, np.float32))
