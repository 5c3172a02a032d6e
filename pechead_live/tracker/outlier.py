"""Outlier rejection: a head does not jump by 40 degrees between two frames, a tracker does.

And what hardly fits a face is none, such as a blurred logo in which the detector sees one.
"""

import logging
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.rotation import angle_between

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierConfig:
    """What counts as a jump. In 26 measured clips heads turned at most 9 degrees a frame."""

    confidence: float = 0.5
    """Below this it is no face. Of 11 508 frames of training clips none measured below 0.67, a
    detector's mistake 0.03."""
    rotation: float = 40.0
    """Degrees between two frames."""
    translation: float = 0.6
    """Outer-eye distances between two frames (about 5 cm)."""
    scale: float = 1.6
    """Factor of size between two frames, either way."""
    frame_s: float = 0.1
    """Frames further apart than this are not compared, seconds."""
    patience: int = 3
    """After so many rejections in a row the new place is believed: the face was found anew."""


class OutlierState(NamedTuple):
    """The last frame that was believed."""

    rotation: FloatArray
    """(3, 3)."""
    translation: FloatArray
    """(2,)."""
    scale: npt.NDArray[np.float64]
    """()."""
    seen_at: npt.NDArray[np.float64]
    """() seconds of the last frame, believed or not."""
    rejected: npt.NDArray[np.int64]
    """() frames rejected in a row."""
    started: npt.NDArray[np.bool_]
    """() False before the first frame."""


def initial_outlier_state() -> OutlierState:
    """The state before the first frame."""
    return OutlierState(
        rotation=np.eye(3, dtype=np.float32),
        translation=np.zeros(2, np.float32),
        scale=np.ones(()),
        seen_at=np.zeros(()),
        rejected=np.zeros((), np.int64),
        started=np.zeros((), np.bool_),
    )


def reject_outlier(
    coefficients: Coefficients, state: OutlierState, config: OutlierConfig | None = None
) -> tuple[Coefficients | None, OutlierState]:
    """The coefficients, or None where they are not to be believed: treat it as no face.

    Numbers that are not finite, and low confidence, are never believed.
    """
    config = config or OutlierConfig()
    if not coefficients.is_finite():
        logger.debug("rejected coefficients that are not finite")
        return None, state
    if coefficients.confidence < config.confidence:
        logger.debug("rejected a face of confidence %.2f", coefficients.confidence)
        return None, state
    near = 0 <= coefficients.captured_at - float(state.seen_at) <= config.frame_s
    patient = int(state.rejected) < config.patience
    if state.started and near and patient and _jumps(coefficients, state, config):
        logger.debug("rejected a jump at %.3f s", coefficients.captured_at)
        return None, state._replace(
            seen_at=np.array(coefficients.captured_at), rejected=state.rejected + np.int64(1)
        )
    return coefficients, OutlierState(
        rotation=coefficients.rotation,
        translation=coefficients.translation,
        scale=np.array(coefficients.scale),
        seen_at=np.array(coefficients.captured_at),
        rejected=np.zeros((), np.int64),
        started=np.ones((), np.bool_),
    )


def _jumps(coefficients: Coefficients, state: OutlierState, config: OutlierConfig) -> bool:
    scale = float(state.scale)
    moved = float(np.linalg.norm(coefficients.translation - state.translation)) / scale
    grown = max(coefficients.scale / scale, scale / coefficients.scale)
    return (
        moved > config.translation
        or grown > config.scale
        or angle_between(state.rotation, coefficients.rotation) > config.rotation
    )
