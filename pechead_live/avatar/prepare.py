"""Preparing an avatar: photo -> measured face -> crop -> fit, matte, background."""

import logging
from datetime import UTC, datetime

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import content_digest
from pechead_live.avatar.fitting import portrait_fit
from pechead_live.avatar.matte import background_behind, person_colours, person_matte
from pechead_live.avatar.plate import Crop, cut_plate, head_crop, on_stage, to_crop, whole_crop
from pechead_live.avatar.search import search_face
from pechead_live.coefficients import FloatArray, euler_from_rotation
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import InputError, NoFaceError
from pechead_live.facemodel.measurement import Measurement, face_size
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.frame import Pixels

logger = logging.getLogger(__name__)

FACES = 8
"""Looked for on a photo, so that the largest is among those found."""

SMALLEST_FACE = 64
"""Smallest usable face, pixels of its larger side."""

LARGEST_YAW, LARGEST_PITCH = 40.0, 35.0
"""Degrees; beyond them one side of the face is not on the photo."""


def prepare_avatar(
    photo: Pixels, *, consent: str, name: str, landmarker: Landmarker, crop: str = "auto"
) -> Avatar:
    """Prepares the largest face of ``photo`` (H, W, 3), an upright RGB picture.

    ``crop``: "auto" frames the head (`head_crop`), "none" takes the square in the picture's middle
    as it is. ``landmarker`` must search stills. Raises `NoFaceError` or `InputError` when no face
    can be used or ``consent`` is empty.
    """
    if not consent.strip():
        raise InputError(
            "an avatar of a photo needs a consent line, for example --consent 'my own face'"
        )
    if crop not in ("auto", "none"):
        raise InputError(f"crop is 'auto' or 'none', not {crop!r}")
    found = find_face(photo, landmarker, name)
    box = whole_crop(photo) if crop == "none" else head_crop(_to_pixels(found.points, photo), photo)
    plate, inside = cut_plate(photo, box)
    model = load_face_model()
    measured = _measure_on_crop(plate, landmarker) or _moved(found, photo, box)
    if not on_stage(measured.points):
        raise NoFaceError(
            f"the face in {name} lies too far from the photo's middle: "
            "leave out --crop none, or cut the photo around the face"
        )
    rest, delta = portrait_fit(measured, model)
    c = rest
    skull = project(model.head, c.rotation, c.translation, c.scale)
    face_px, skull_px = (_on_plate(p, plate) for p in (measured.points[:, :2], skull))
    matte = person_matte(plate, inside, face_px, skull_px)
    background = background_behind(plate, inside, matte)
    person = person_colours(plate, matte, background)
    return Avatar(
        name=name,
        consent=consent.strip(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rest=rest,
        measured=measured,
        delta=delta,
        digest=content_digest(person, matte, measured),
        person=person,
        matte=matte,
        background=background,
    )


def find_face(photo: Pixels, landmarker: Landmarker, name: str) -> Measurement:
    """The largest face of ``photo``, checked for size and turn."""
    measurement = search_face(photo, landmarker)
    if measurement is None:
        raise NoFaceError(f"no face was found in {name}: give a photo with one clear face")
    if measurement.faces > 1:
        logger.warning("%s shows %d faces: the largest is taken", name, measurement.faces)
    size = face_size(measurement.points) * (min(photo.shape[:2]) - 1) / 2
    if size < SMALLEST_FACE:
        raise NoFaceError(
            f"the face in {name} is only {size:.0f} pixels large: "
            f"give a photo with a face of at least {SMALLEST_FACE}"
        )
    coefficients, _ = portrait_fit(measurement, load_face_model())
    yaw, pitch, _ = euler_from_rotation(coefficients.rotation)
    if abs(yaw) > LARGEST_YAW or abs(pitch) > LARGEST_PITCH:
        raise NoFaceError(
            f"the face in {name} is turned too far (yaw {yaw:.0f}, pitch {pitch:.0f} degrees): "
            f"give a photo within {LARGEST_YAW:.0f} and {LARGEST_PITCH:.0f}"
        )
    return measurement


def _to_pixels(points: FloatArray, photo: Pixels) -> FloatArray:
    height, width = photo.shape[:2]
    half = (min(width, height) - 1) / 2
    return points[:, :2] * half + ((width - 1) / 2, (height - 1) / 2)


def _on_plate(points: FloatArray, plate: Pixels) -> FloatArray:
    """Picture coordinates of the crop to pixels of the plate."""
    height, width = plate.shape[:2]
    return points * ((height - 1) / 2) + ((width - 1) / 2, (height - 1) / 2)


def _measure_on_crop(plate: Pixels, landmarker: Landmarker) -> Measurement | None:
    """Measured again where the face is large; the plate's middle square is the crop."""
    height, width = plate.shape[:2]
    left = (width - height) // 2
    return landmarker.measure(plate[:, left : left + height])


def _moved(measurement: Measurement, photo: Pixels, box: Crop) -> Measurement:
    """The photo's measurement in the crop's coordinates."""
    points = measurement.points.copy()
    points[:, :2] = to_crop(_to_pixels(points, photo), box)
    points[:, 2] *= (min(photo.shape[:2]) - 1) / (box.side - 1)
    return measurement._replace(points=points)
