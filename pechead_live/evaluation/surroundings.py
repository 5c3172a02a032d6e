"""Figures of what is not the face: the person's body, and the background behind them.

Where the person is comes from one matte, that of the clip's first frame, which the avatar has: a
clip is not matted frame by frame. The body is therefore what was the person in the first frame and
lies outside the face's box now; where the head has left its place, background is counted with it.
The background is what was none of the person in the first frame and stood still in all of them, so
that nothing that came before it later is counted.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.metrics.pixels import Mask, l1
from pechead_live.evaluation.metrics.regions import region_mask
from pechead_live.evaluation.metrics.stillness import change_of_neighbours, still_places
from pechead_live.evaluation.result import Figures
from pechead_live.evaluation.subject import Subject
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels

SURE, SURELY_NOT = 128, 8
"""Matte, of 255, from which a pixel is the person, and up to which it is background."""

SMALLEST_SHARE = 0.01
"""Of the picture: a smaller still background is an accident, and is not measured."""


class Surroundings(NamedTuple):
    """Of one clip."""

    person: Mask
    """(256, 256) True on the person of the first frame."""

    still: Mask
    """(256, 256) True on background that stands still in the truth; empty where there is hardly
    any, as before a camera that moves."""


def surroundings_of(driving: Driving, subject: Subject) -> Surroundings:
    """``subject`` must be the first frame of ``driving``."""
    matte = _middle_square(subject.avatar.matte)
    still = (matte <= SURELY_NOT) & still_places([frame.pixels for frame in driving.frames])
    if still.mean() < SMALLEST_SHARE:
        still = np.zeros_like(still)
    return Surroundings(matte >= SURE, still)


def surroundings_figures(
    film: Sequence[Pixels], driving: Driving, compared: Sequence[int], around: Surroundings
) -> Figures:
    """L1 of the body in the frames ``compared``, and the flicker of the background."""
    body: list[float] = []
    for i in compared:
        face = region_mask(driving.measurements[i].points, "face", SIDE, SIDE)
        body.append(l1(film[i], driving.frames[i].pixels, around.person & ~face))
    return {"l1_body": mean_known(body), **flicker_figures(film, driving, around)}


def flicker_figures(film: Sequence[Pixels], driving: Driving, around: Surroundings) -> Figures:
    """Over all neighbours in time; the truth's own film gives the floor, its noise."""
    changes = (
        change_of_neighbours(film[i - 1], film[i], around.still)
        for i in range(1, len(film))
        if driving.places[i] == driving.places[i - 1] + 1
    )
    return {"background_flicker_levels": mean_known(changes)}


def _middle_square(matte: Pixels) -> Pixels:
    """(P, W) to (256, 256): the avatar's crop is the plate's middle."""
    side = matte.shape[0]
    left = (matte.shape[1] - side) // 2
    square = np.ascontiguousarray(matte[:, left : left + side])
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
