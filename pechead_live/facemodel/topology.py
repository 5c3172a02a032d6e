"""Indices into MediaPipe's 478 face points.

Sources: MediaPipe's face mesh (contours), `face_landmarker` task (irises 468-477), iBUG 300-W
(order of the 68). Left and right are the person's own; in an unmirrored picture the person's right
eye is on the left.
"""

RIGHT_OUTER_EYE, LEFT_OUTER_EYE = 33, 263
RIGHT_IRIS, LEFT_IRIS = 468, 473
"""Iris centres; the four points after each lie on the iris's edge."""

NOSE_TIP = 4
CHIN = 152
FOREHEAD = 10

FACE_OVAL = tuple(
    int(i)
    for i in (
        "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 "
        "152 148 176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109"
    ).split()
)
"""Outline of the mesh, clockwise in the picture from the middle of the forehead."""

RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER_LID = (263, 249, 390, 373, 374, 380, 381, 382, 362)
"""Lid edges from the outer to the inner corner; entries of upper and lower face each other."""

UPPER_INNER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""Inner lip edges from the person's right corner to the left; entries face each other."""

OUTER_LIPS = tuple(
    int(i) for i in "61 185 40 39 37 0 267 269 270 409 291 375 321 405 314 17 84 181 91 146".split()
)
"""Outline of the lips, from the person's right corner over the upper lip."""

IBUG_68 = tuple(
    int(i)
    for i in (
        "162 234 93 58 172 136 149 148 152 377 378 365 397 288 323 454 389 "
        "71 63 105 66 107 336 296 334 293 301 168 197 5 4 75 97 2 326 305 "
        "33 160 158 133 153 144 362 385 387 263 373 380 "
        "61 39 37 0 267 269 291 405 314 17 84 181 78 82 13 312 308 317 14 87"
    ).split()
)
"""The 68 landmarks of 300-W: jaw 17, brows 10, nose 9, eyes 12, lips 20."""

INNER_51 = IBUG_68[17:]
"""The 68 without the jaw line."""

NETWORK_LANDMARKS = (*IBUG_68, RIGHT_IRIS, LEFT_IRIS)
"""The predefined landmarks of the networks, N = 70: the 68 and the iris centres."""

MIDDLE = tuple(
    int(i)
    for i in (
        "0 1 2 4 5 6 8 9 10 11 12 13 14 15 16 17 18 19 94 151 152 164 168 175 195 197 199 200"
    ).split()
)
"""The points on the face's middle line."""


def _mirror_points() -> tuple[int, ...]:
    right = (*(i for i in range(248) if i not in MIDDLE), *range(RIGHT_IRIS, LEFT_IRIS))
    # the mesh numbers its left side in the right one's order; an iris goes round the other way
    left = (*range(248, RIGHT_IRIS), *(LEFT_IRIS + i for i in (0, 3, 2, 1, 4)))
    mirror = {i: i for i in MIDDLE}
    mirror |= dict(zip(right, left, strict=True)) | dict(zip(left, right, strict=True))
    return tuple(mirror[i] for i in range(len(mirror)))


MIRROR_POINTS = _mirror_points()
"""(478,) the point that each point becomes in a mirror."""
