"""Which expressions move together: brows, lids, gaze and mouth, each (n,) indices.

Filters and gains are set per group. Every expression is in exactly one.
"""

from pechead_live.expressions import EXPRESSION_INDEX, EXPRESSION_NAMES


def _starting_with(*prefixes: str) -> tuple[int, ...]:
    return tuple(i for i, name in enumerate(EXPRESSION_NAMES) if name.startswith(prefixes))


BROWS = _starting_with("brow", "cheekSquint", "noseSneer")
"""Brows, cheeks under the eyes and the nose: what a face shows at rest."""

LIDS = _starting_with("eyeBlink", "eyeSquint", "eyeWide")
"""Both lids of both eyes."""

GAZE = _starting_with("eyeLook")
"""Where the eyes look, four directions an eye."""

MOUTH = _starting_with("jaw", "mouth", "cheekPuff", "tongueOut")
"""Jaw, lips, blown-up cheeks and tongue."""

OPPOSITES: tuple[tuple[int, int], ...] = tuple(
    (EXPRESSION_INDEX[first], EXPRESSION_INDEX[second])
    for first, second in (
        ("eyeLookOutLeft", "eyeLookInLeft"),
        ("eyeLookOutRight", "eyeLookInRight"),
        ("eyeLookUpLeft", "eyeLookDownLeft"),
        ("eyeLookUpRight", "eyeLookDownRight"),
        ("jawLeft", "jawRight"),
        ("mouthLeft", "mouthRight"),
    )
)
"""Pairs that are two ends of one movement: a change of one is a change of the other."""
