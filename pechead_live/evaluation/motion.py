"""Motion metrics: does the result move as the driver does."""

import numpy as np

from pechead_live.coefficients import FloatArray, euler_from_rotation


def akd(driving: FloatArray, generated: FloatArray) -> float:
    """Average keypoint distance: mean of |difference| over points and both axes, in the unit of the
    (N, 2) points (the field: pixels of a 256 picture; `pose-evaluation`, cmp_kp.py). Measured with
    MediaPipe's points it is called AKD-mp."""
    return float(np.abs(driving - generated).mean())


def ard(driving: FloatArray, generated: FloatArray) -> float:
    """Average rotation distance: mean absolute difference of the three Euler angles of two
    (3, 3) rotations, degrees (HeadGAN)."""
    a, b = euler_from_rotation(driving), euler_from_rotation(generated)
    return float(np.mean([abs((x - y + 180) % 360 - 180) for x, y in zip(a, b, strict=True)]))


def jitter(points: FloatArray) -> float:
    """Mean length of the second difference over time of (T, N, 2) points; NaN below 3 frames."""
    if len(points) < 3:
        return float("nan")
    second = points[2:] - 2 * points[1:-1] + points[:-2]
    return float(np.linalg.norm(second, axis=-1).mean())
