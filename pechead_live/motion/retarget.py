"""The driver's coefficients to the avatar's, in three modes.

Pose, relative and calibrated: ``R = D(R_d R_a^T) R_s``, ``t = t_s + (t_d - t_a) s_s / s_a``,
``s = s_s s_d / s_a``, with d the driver, a its anchor, s the portrait at rest, and D the gains and
soft limits on yaw, pitch and roll. Expression, relative: ``e = e_s + g (e_d - e_a)``; calibrated:
``e = g (e_d - e_a) + w e_s`` with w = 1 for brows, cheeks and nose, which a face shows at rest, and
0 for mouth and gaze: a smiling portrait stops smiling when its driver does. Lids: `lids.py`.
"""

import math
from dataclasses import replace

import numpy as np

from pechead_live.coefficients import (
    EXPRESSION_SIZE,
    Coefficients,
    FloatArray,
    euler_from_rotation,
    rotation_from_euler,
)
from pechead_live.expression_groups import BROWS, GAZE, LIDS, MOUTH, OPPOSITES
from pechead_live.motion.calibration import follow_anchor
from pechead_live.motion.config import MotionConfig
from pechead_live.motion.eyes import looking_at_camera, opened, with_lids
from pechead_live.motion.lids import shut_lids
from pechead_live.motion.limits import soft_limit
from pechead_live.motion.lips import with_closed_lips
from pechead_live.motion.state import Anchor, MotionState, anchor_of


def retarget(
    driver: Coefficients, rest: Coefficients, state: MotionState, config: MotionConfig
) -> tuple[Coefficients, MotionState]:
    """The avatar's coefficients for ``driver``, in the portrait's picture coordinates.

    ``rest``: the portrait's own. The result has the portrait's identity and the driver's
    confidence and time; a driver with confidence 0 gives ``rest`` and is not remembered.
    """
    if driver.confidence <= 0:
        return replace(rest, confidence=0.0, captured_at=driver.captured_at), state
    if config.mode == "absolute":
        result = _absolute(driver, rest, config)
    else:
        state = follow_anchor(
            driver,
            state,
            calibrate=config.mode == "calibrated",
            calibration_s=config.calibration_s,
        )
        rotation, translation, scale = _pose(driver, state.anchor, rest, config, limited=True)
        expression, state = _expression(driver, rest, state, config)
        result = replace(
            driver,
            expression=expression,
            rotation=rotation,
            translation=translation,
            scale=scale,
        )
    if config.look_at_camera:
        result = replace(result, expression=looking_at_camera(result.expression))
    return replace(result, identity=rest.identity), state


def _absolute(driver: Coefficients, rest: Coefficients, config: MotionConfig) -> Coefficients:
    """The driver as it is, bit for bit; gains other than 1 act on the way from ``rest`` to it."""
    result = driver
    gains = _gains(config)
    if (gains != 1).any():
        changed = np.clip(rest.expression + gains * (driver.expression - rest.expression), 0, 1)
        result = replace(driver, expression=np.where(gains == 1, driver.expression, changed))
    pose_gains = (config.yaw, config.pitch, config.roll, config.position)
    if config.limit_absolute or any(gain != 1 for gain in pose_gains):
        rotation, translation, scale = _pose(
            driver, anchor_of(rest), rest, config, limited=config.limit_absolute
        )
        result = replace(result, rotation=rotation, translation=translation, scale=scale)
    return result


def _pose(
    driver: Coefficients,
    anchor: Anchor,
    rest: Coefficients,
    config: MotionConfig,
    *,
    limited: bool,
) -> tuple[FloatArray, FloatArray, float]:
    turn = driver.rotation.astype(np.float64) @ anchor.rotation.T
    yaw, pitch, roll = euler_from_rotation(turn)
    yaw, pitch, roll = config.yaw * yaw, config.pitch * pitch, config.roll * roll
    anchor_scale = math.exp(float(anchor.place[2]))
    moved = config.position * (driver.translation - anchor.place[:2]) / anchor_scale
    grown = config.position * math.log(driver.scale / anchor_scale)
    if limited:
        yaw = soft_limit(yaw, config.yaw_limit)
        pitch = soft_limit(pitch, config.pitch_limit)
        roll = soft_limit(roll, config.roll_limit)
        moved = np.array([soft_limit(float(way), config.position_limit) for way in moved])
        grown = soft_limit(grown, math.log(config.scale_limit))
    rotation = (rotation_from_euler(yaw, pitch, roll) @ rest.rotation).astype(np.float32)
    translation = (rest.translation + rest.scale * moved).astype(np.float32)
    return rotation, translation, rest.scale * math.exp(grown)


def _expression(
    driver: Coefficients, rest: Coefficients, state: MotionState, config: MotionConfig
) -> tuple[FloatArray, MotionState]:
    base = rest.expression
    if config.mode == "calibrated":
        base = np.zeros_like(rest.expression)
        base[list(BROWS)] = rest.expression[list(BROWS)]
    change = _gains(config) * (driver.expression - state.anchor.expression)
    expression = base + change
    for one, other in OPPOSITES:
        difference = float(change[one] - change[other])
        if difference:
            expression[one], expression[other] = _shifted(base[one], base[other], difference)
    expression = np.clip(expression, 0, 1).astype(np.float32)
    if config.close_lips:
        expression = with_closed_lips(expression, base, driver.expression)
    if config.natural_lids:
        shut, lids = shut_lids(driver.expression, state.lids)
        own = rest.expression if config.mode == "relative" else opened(rest.expression)
        expression = with_lids(expression, own, shut, config.eyes)
        state = state._replace(lids=lids)
    return expression, state


def _shifted(one: float, other: float, difference: float) -> tuple[float, float]:
    """Two ends of one movement, moved by ``difference`` towards the first."""
    both = min(one, other)
    middle = one - other + difference
    return both + max(middle, 0.0), both + max(-middle, 0.0)


def _gains(config: MotionConfig) -> FloatArray:
    gains = np.ones(EXPRESSION_SIZE, np.float32)
    for group, gain in (
        (BROWS, config.brows),
        (LIDS, config.eyes),
        (GAZE, config.gaze),
        (MOUTH, config.mouth),
    ):
        gains[list(group)] = gain
    return gains
