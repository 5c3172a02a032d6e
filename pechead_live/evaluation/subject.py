"""`Subject`: the portrait that a protocol moves, as the methods and as the measuring need it."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.fitting import fit_of_person
from pechead_live.avatar.photo import read_photo
from pechead_live.avatar.plate import cut_plate, head_crop
from pechead_live.avatar.prepare import find_face, prepare_avatar
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.fit import FitState
from pechead_live.facemodel.model import load_face_model
from pechead_live.footage.person import settled_person
from pechead_live.footage.points import to_pixels
from pechead_live.footage.square import SIDE
from pechead_live.frame import Pixels

CONSENT = "pictures that the user of this command may use for tests"


class Subject(NamedTuple):
    """One portrait."""

    name: str
    """Of its file, without the ending."""

    avatar: Avatar
    """What the methods are given."""

    pixels: Pixels
    """(256, 256, 3) the portrait as it was, in the avatar's framing."""

    person: FitState
    """The portrait's identity, for measuring the results."""


def subject_of_frame(
    pixels: Pixels, name: str, landmarker: Landmarker, person: FitState | None = None
) -> Subject:
    """A frame of a cut clip, (256, 256, 3), as it is. ``landmarker`` must search stills.

    ``person``: the settled identity of the clip's person; the portrait is then fitted with it, as
    one network reads source and driver alike (PECHead, section 3.1). None: the identity that the
    frame itself shows. Raises `NoFaceError`.
    """
    avatar = prepare_avatar(pixels, consent=CONSENT, name=name, landmarker=landmarker, crop="none")
    if person is None:
        return Subject(name, avatar, pixels, settled_person([avatar.measured] * _ROUNDS))
    rest, delta = fit_of_person(avatar.measured, load_face_model(), person)
    return Subject(name, replace(avatar, rest=rest, delta=delta), pixels, person)


def subject_of_photo(path: Path, landmarker: Landmarker) -> Subject:
    """A photo, cut around the head as every portrait is. Raises `NoFaceError` or `InputError`."""
    photo = read_photo(path)
    height, width = photo.shape[:2]
    face = to_pixels(find_face(photo, landmarker, path.name).points, width, height)
    plate, _ = cut_plate(photo, head_crop(face, photo))
    side = plate.shape[0]
    left = (plate.shape[1] - side) // 2
    square = np.ascontiguousarray(plate[:, left : left + side])
    scaled = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    avatar = prepare_avatar(photo, consent=CONSENT, name=path.name, landmarker=landmarker)
    person = settled_person([avatar.measured] * _ROUNDS)
    return Subject(path.stem, avatar, np.asarray(scaled, np.uint8), person)


_ROUNDS = 4
"""A still is fitted again from the identity found before; it settles in three."""
