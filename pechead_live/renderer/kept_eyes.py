"""Eyes are left to the guide picture: a lite network neither moves nor paints them.

Geometry draws lids and irises where the driver has them, from the portrait's own pixels. A network
as small as a lite has nothing to add there: on people it was not trained on its eyes are as far
from the truth as the guide's (L1 of the eye boxes .0676 and .0680), but it opens lids that are shut
(on the test clips .76 of the frames with shut eyes stayed shut, .92 of the guide's).
"""

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.renderer.lite_network import LiteDrawing

_CORNERS = (36, 39), (42, 45)
"""Both corners of each eye in the guide's 70 landmarks: they hardly move when the eye shuts."""

_ALONG, _ACROSS = 0.8, 0.55
"""Half axes of an eye's ellipse in eye widths: the lids and their creases are inside."""

_INNER, _OUTER = 0.56, 1.56
"""The mask falls from 1 to 0 between these squares of the distance, of the ellipse's own 1."""

_SMALLEST_WIDTH = 1e-3
"""Picture coordinates; an eye seen from its side is not narrower."""


def keep_eyes(drawing: LiteDrawing, landmarks: FloatArray) -> LiteDrawing:
    """``drawing`` that leaves the guide's eyes as they are; ``landmarks`` (70, 2) of the guide."""
    coarse = eyes_of(landmarks, drawing.residual.shape[0])
    fine = eyes_of(landmarks, drawing.alpha.shape[0])
    return drawing._replace(
        residual=drawing.residual * (1 - coarse)[..., None],
        alpha=1 - (1 - drawing.alpha) * (1 - fine),
    )


def eyes_of(landmarks: FloatArray, side: int) -> FloatArray:
    """(side, side) in [0, 1]: 1 on lids and irises, 0 elsewhere; ``landmarks`` (70, 2), picture
    coordinates."""
    place = np.linspace(-1, 1, side, dtype=np.float32)
    mask = np.zeros((side, side), np.float32)
    for first, second in _CORNERS:
        middle = (landmarks[first] + landmarks[second]) / 2
        along = landmarks[second] - landmarks[first]
        width = max(float(np.hypot(*along)), _SMALLEST_WIDTH)
        cosine, sine = along / width
        x, y = place - middle[0], place - middle[1]
        wide, tall = (_ALONG * width) ** 2, (_ACROSS * width) ** 2
        squared = np.outer(2 * cosine * sine * (1 / wide - 1 / tall) * y, x)
        squared += (cosine**2 / wide + sine**2 / tall) * x**2
        squared += ((sine**2 / wide + cosine**2 / tall) * y**2)[:, None]
        np.maximum(mask, (_OUTER - squared) / (_OUTER - _INNER), out=mask)
    return np.minimum(mask, 1)
