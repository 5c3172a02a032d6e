"""Motion metrics: does the result move as the driver does."""

import numpy as np

from pechead_live.coefficients import FloatArray, euler_from_rotation


def akd(driving: FloatArray, generated: FloatArray) -> float:
    """Average keypoint distance: mean of |difference| over points and both axes, in the unit of the
    (N, 2) points (the field: pixels of a 256 picture; `pose-evaluation`, cmp_kp.py). Measured with
    MediaPipe's points it is called AKD-mp."""
    _check_same_shape(driving, generated)
    return float(np.abs(driving.astype(np.float64) - generated).mean())


def ard(driving: FloatArray, generated: FloatArray) -> float:
    """Average rotation distance: mean absolute difference of the three Euler angles of two
    (3, 3) rotations, degrees (HeadGAN)."""
    a, b = euler_from_rotation(driving), euler_from_rotation(generated)
    return float(np.mean([abs((x - y + 180) % 360 - 180) for x, y in zip(a, b, strict=True)]))


def jitter(points: FloatArray) -> float:
    """Mean length of the second difference over time of (T, N, 2) points, in their unit.

    A frame without a face is NaN and leaves out every triple that it is part of; NaN when no
    triple is left.
    """
    second = points[2:] - 2 * points[1:-1] + points[:-2]
    lengths = np.linalg.norm(second.astype(np.float64), axis=-1)
    measured = np.isfinite(lengths)
    return float(lengths[measured].mean()) if measured.any() else float("nan")


def jitter_ratio(driving: FloatArray, generated: FloatArray) -> float:
    """Jitter of the result over that of its driver, both (T, N, 2), over the triples of frames
    where both have a face: 1 is as calm as the driver. NaN when the driver does not move at all."""
    _check_same_shape(driving, generated)
    gone = np.isnan(driving) | np.isnan(generated)
    still = jitter(np.where(gone, np.nan, driving))
    return jitter(np.where(gone, np.nan, generated)) / still if still > 0 else float("nan")


def _check_same_shape(driving: FloatArray, generated: FloatArray) -> None:
    if driving.shape != generated.shape:
        raise ValueError(
            f"driving points {driving.shape} and generated points {generated.shape} differ: "
            "give the same points of the same frames"
        )
