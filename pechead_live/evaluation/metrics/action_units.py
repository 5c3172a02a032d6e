"""AUH: does the face do the same things, as the share of facial action units that differ.

The paper takes OpenFace's units (Baltrušaitis et al. 2018, 18 presences). Here 20 units are read
off the 52 ARKit expressions by a fixed table, so values compare with each other only. Of
OpenFace's units all but AU23 (lip tightener: no expression shows it) are here, and AU18, AU22 and
AU24 are added.
"""

import numpy as np
import numpy.typing as npt

from pechead_live.coefficients import EXPRESSION_SIZE, FloatArray
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_INDEX

UNITS: dict[str, tuple[str, ...]] = {
    "AU1 inner brow raiser": ("browInnerUp",),
    "AU2 outer brow raiser": ("browOuterUpLeft", "browOuterUpRight"),
    "AU4 brow lowerer": ("browDownLeft", "browDownRight"),
    "AU5 upper lid raiser": ("eyeWideLeft", "eyeWideRight"),
    "AU6 cheek raiser": ("cheekSquintLeft", "cheekSquintRight"),
    "AU7 lid tightener": ("eyeSquintLeft", "eyeSquintRight"),
    "AU9 nose wrinkler": ("noseSneerLeft", "noseSneerRight"),
    "AU10 upper lip raiser": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "AU12 lip corner puller": ("mouthSmileLeft", "mouthSmileRight"),
    "AU14 dimpler": ("mouthDimpleLeft", "mouthDimpleRight"),
    "AU15 lip corner depressor": ("mouthFrownLeft", "mouthFrownRight"),
    "AU17 chin raiser": ("mouthShrugLower",),
    "AU18 lip pucker": ("mouthPucker",),
    "AU20 lip stretcher": ("mouthStretchLeft", "mouthStretchRight"),
    "AU22 lip funneler": ("mouthFunnel",),
    "AU24 lip pressor": ("mouthPressLeft", "mouthPressRight"),
    "AU25 lips part": ("mouthLowerDownLeft", "mouthLowerDownRight", "jawOpen"),
    "AU26 jaw drop": ("jawOpen",),
    "AU28 lip suck": ("mouthRollLower", "mouthRollUpper"),
    "AU45 blink": ("eyeBlinkLeft", "eyeBlinkRight"),
}
"""Unit to its expressions; a unit is as strong as the strongest of them, since a unit shown by one
side of the face is present (Ekman, Friesen, Hager 2002). The pairs are those whose descriptions
agree: Apple, ARFaceAnchor.BlendShapeLocation, and the FACS manual's names of the units; AU25 needs
lips that are apart, so `mouthClose`, which shuts them over an open jaw, is taken off it."""

RISE = 0.1
"""How far above its median over the driving clip a unit counts as present: what a face shows at
rest is nobody's action. Expressions are never below 0, so this is the lowest threshold too, and a
unit that the tracker never reports (MediaPipe: `cheekSquint`) agrees always."""

FEWEST_FRAMES = 3
"""A median of fewer frames is one of the frames it is to judge."""

_COLUMNS = [[EXPRESSION_INDEX[name] for name in names] for names in UNITS.values()]
_LIPS_PART = list(UNITS).index("AU25 lips part")

Activity = npt.NDArray[np.bool_]
"""(T, 20), True where a unit is present."""


def unit_strengths(expressions: FloatArray) -> FloatArray:
    """(T, 52) in [0, 1] to (T, 20) in [0, 1], in the order of `UNITS`; NaN where a frame is."""
    _check(expressions)
    strengths = np.stack([expressions[:, columns].max(axis=1) for columns in _COLUMNS], axis=1)
    closing = expressions[:, EXPRESSION_INDEX["mouthClose"]]
    strengths[:, _LIPS_PART] = np.maximum(strengths[:, _LIPS_PART] - closing, 0)
    return strengths


def unit_thresholds(driving: FloatArray) -> FloatArray:
    """(20,) of the driving clip's (T, 52) expressions: median over its frames plus `RISE`."""
    strengths = unit_strengths(driving)
    known = strengths[np.isfinite(strengths).all(axis=1)]
    if len(known) < FEWEST_FRAMES:
        raise InputError(
            f"{len(known)} driving frames with a face: AUH needs at least {FEWEST_FRAMES}, it "
            "judges each by their median"
        )
    return (np.median(known, axis=0) + RISE).astype(np.float32)


def active_units(expressions: FloatArray, thresholds: FloatArray) -> Activity:
    """(T, 20) True where a unit of (T, 52) ``expressions`` is above its ``thresholds`` (20,)."""
    return unit_strengths(expressions) > thresholds


def differing_units(
    driving: FloatArray, generated: FloatArray, thresholds: FloatArray | None = None
) -> FloatArray:
    """(20,) share of frames in which each unit is present in one clip only.

    Both (T, 52), frame by frame; a frame without a face is NaN and is left out. ``thresholds``
    (20,) replaces those of the driving clip, such as when a single frame is compared.
    """
    _check(driving)
    if driving.shape != generated.shape:
        raise InputError(
            f"driving expressions {driving.shape} and generated ones {generated.shape} differ: "
            "give the same frames of both"
        )
    if thresholds is None:
        thresholds = unit_thresholds(driving)
    both = np.isfinite(driving).all(axis=1) & np.isfinite(generated).all(axis=1)
    if not both.any():
        raise InputError("no frame has a face in the driving and the generated clip: no AUH")
    differ = active_units(driving[both], thresholds) != active_units(generated[both], thresholds)
    return differ.mean(axis=0).astype(np.float32)


def auh(driving: FloatArray, generated: FloatArray, thresholds: FloatArray | None = None) -> float:
    """Facial action unit Hamming distance, [0, 1]: mean of `differing_units` (HeadGAN; PECHead,
    tables 2 and 3)."""
    return float(differing_units(driving, generated, thresholds).mean())


def _check(expressions: FloatArray) -> None:
    if expressions.ndim != 2 or expressions.shape[1] != EXPRESSION_SIZE:
        raise InputError(f"expressions of shape {expressions.shape}: (T, {EXPRESSION_SIZE}) needed")
