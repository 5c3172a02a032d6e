"""What a lite network leaves to its guide picture: eyes, and what is behind the lips.

Geometry draws lids and irises where the driver has them, from the portrait's own pixels, and teeth
with edges. A network as small as a lite has nothing to add to the eyes: on people it was not
trained on they are as far from the truth as the guide's (L1 of the eye boxes .0676 and .0680), but
lids that are shut open (on the test clips .76 of the frames with shut eyes stayed shut, .92 of the
guide's). Between the lips it is nearer to the truth on average (L1 of the mouth boxes .0455, guide
.0472, without it .0466), by a grey haze over everything that may be there; nobody would show that.
"""

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.renderer.lite_network import LiteDrawing

_CORNERS = (36, 39), (42, 45)
"""Both corners of each eye in the guide's 70 landmarks: they hardly move when the eye shuts."""

_ALONG, _ACROSS = 0.8, 0.55
"""Half axes of an eye's ellipse in eye widths: the lids and their creases are inside."""

_LIPS = slice(60, 68)
"""The inner lips' outline in the 70 landmarks."""

_INNER, _OUTER = 0.56, 1.56
"""The mask falls from 1 to 0 between these squares of the distance, of the ellipse's own 1."""

_SMALLEST_WIDTH = 1e-3
"""Picture coordinates; an eye seen from its side is not narrower."""


def keep(drawing: LiteDrawing, landmarks: FloatArray) -> LiteDrawing:
    """``drawing`` that leaves the guide's eyes and teeth; ``landmarks`` (70, 2) of the guide."""
    coarse, fine = (
        np.maximum(eyes_of(landmarks, side), mouth_of(landmarks, side))
        for side in (drawing.residual.shape[0], drawing.alpha.shape[0])
    )
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


def mouth_of(landmarks: FloatArray, side: int) -> FloatArray:
    """(side, side) in [0, 1]: 1 between the lips, 0 elsewhere; as `eyes_of`."""
    outline = np.round((landmarks[_LIPS] + 1) * (side - 1) / 2 * 16).astype(np.int32)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, 4)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), side / 200), np.float32)
    return soft * np.float32(1 / 255)
