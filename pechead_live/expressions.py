"""The 52 expressions by their ARKit names, in the order of a Live Link Face recording.

Sources: Apple, ARFaceAnchor.BlendShapeLocation (names); Epic, Live Link Face CSV (order).
Left and right are the person's own, as in ARKit.
"""

import difflib

from pechead_live.errors import InputError

EXPRESSION_NAMES: tuple[str, ...] = (
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawRight",
    "jawLeft",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthRight",
    "mouthLeft",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
"""ARKit names; `expression[i]` of a `Coefficients` belongs to `EXPRESSION_NAMES[i]`."""

EXPRESSION_INDEX: dict[str, int] = {name: i for i, name in enumerate(EXPRESSION_NAMES)}
"""Name to index."""


def mirror_name(name: str) -> str:
    """The expression that ``name`` becomes in a mirror: left and right swap."""
    if name.endswith("Left"):
        return name[:-4] + "Right"
    if name.endswith("Right"):
        return name[:-5] + "Left"
    return name


MIRROR_EXPRESSION: tuple[int, ...] = tuple(
    EXPRESSION_INDEX[mirror_name(name)] for name in EXPRESSION_NAMES
)
"""`expression[list(MIRROR_EXPRESSION)]` is the expression seen in a mirror."""


def expression_index(name: str) -> int:
    """Index of an ARKit name; an unknown one raises `InputError` that suggests the nearest."""
    if name in EXPRESSION_INDEX:
        return EXPRESSION_INDEX[name]
    lower = {known.lower(): known for known in EXPRESSION_NAMES}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.0)
    raise InputError(f"unknown expression {name!r}: did you mean {lower[near[0]]!r}?")
