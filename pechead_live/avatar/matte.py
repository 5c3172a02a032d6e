"""The person's matte, the person's own colours at its edge, and the background behind them."""

import logging

import cv2
import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.detector.segmenter import segment_person
from pechead_live.errors import MissingAssetError, MissingDependencyError
from pechead_live.frame import Pixels

logger = logging.getLogger(__name__)

Matte = np.ndarray
"""(H, W) uint8, 255 on the person."""

SIDE_FADE = 0.06
"""Plate heights over which a person cut by the photo's side fades out beside it."""


CLEARANCE = 160
"""The photo is kept as background up to so small a share of the plate's height, 1/160, beside the
matte. 1/40 blurred a ring around every head (on training people ePD 0.332, now 0.316; L1 0.0349,
now 0.0338); nearer, what the matte lacks of the hair stays behind as an outline."""


def person_matte(plate: Pixels, inside: Matte, face: FloatArray, skull: FloatArray) -> Matte:
    """The matte of the person on ``plate`` (P, W, 3).

    ``face`` (N, 2): pixels known to be face. ``skull`` (M, 2): pixels around the whole head. A
    segmentation network when its file is at hand, else GrabCut seeded by both; its edge is
    then laid along the picture's by a guided filter. The person ends softly where the photo
    (``inside``, 255) ends to the left and right.
    """
    try:
        coarse = _segmented(plate)
    except (MissingAssetError, MissingDependencyError) as error:
        logger.info("no person segmenter, GrabCut instead: %s", error)
        coarse = _grab_cut(plate, np.concatenate([face, skull]))
    hull = cv2.convexHull(np.round(face).astype(np.int32))
    sure = np.zeros(coarse.shape, np.uint8)
    cv2.fillConvexPoly(sure, hull, 255)
    coarse = np.maximum(coarse, cv2.GaussianBlur(sure, (0, 0), 2).astype(np.float32) / 255)
    radius = max(2, plate.shape[0] // 100)
    guided = np.asarray(
        cv2.ximgproc.guidedFilter(plate, coarse, radius, 1e-4 * 255 * 255), np.float32
    )
    sharpened = np.clip((guided - 0.3) / 0.5, 0, 1) * _one_piece(guided, face)
    return (_faded_sides(sharpened, inside) * 255 + 0.5).astype(np.uint8)


def _segmented(plate: Pixels) -> FloatArray:
    """(H, W) in [0, 1]: the network sees the middle square for detail, the whole for the sides."""
    height, width = plate.shape[:2]
    left = (width - height) // 2
    coarse = segment_person(plate)
    coarse[:, left : left + height] = segment_person(plate[:, left : left + height])
    return coarse


def _one_piece(coarse: FloatArray, face: FloatArray) -> FloatArray:
    """(H, W) 1 on and around the connected piece of ``coarse`` that holds the head, else 0."""
    _, parts = cv2.connectedComponents((coarse > 0.35).astype(np.uint8))
    x, y = np.round(face.mean(axis=0)).astype(int)
    piece = (parts == parts[y, x]).astype(np.uint8)
    return cv2.dilate(piece, np.ones((5, 5), np.uint8)).astype(np.float32)


def _faded_sides(matte: FloatArray, inside: Matte) -> FloatArray:
    """``matte`` as it is inside the photo; beside it the edge's own values, fading out.

    The plate shows the photo's reflection there: what is a person in it is none.
    """
    columns = np.flatnonzero(inside.max(axis=0))
    height, width = inside.shape
    x = np.arange(width)
    nearest = np.clip(x, columns[0], columns[-1])
    beside = np.abs(x - nearest) / (SIDE_FADE * height)
    share = np.clip(1 - beside, 0, 1)
    faded = matte[:, nearest] * (share * share * (3 - 2 * share)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(faded, (0, 0), 0.25 * SIDE_FADE * height), np.float32)
    return np.where(beside > 0, soft, faded)


def _grab_cut(plate: Pixels, head: FloatArray) -> FloatArray:
    """(H, W) in [0, 1]: GrabCut at half size; skull and neck are sure, shoulders likely."""
    small = np.asarray(cv2.resize(plate, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    height, width = small.shape[:2]
    hull = np.asarray(cv2.convexHull((head / 2).astype(np.float32)), np.float32)[:, 0]
    centre = hull.mean(axis=0)
    size, chin = np.ptp(hull, axis=0), float(hull[:, 1].max())
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    # outermost first: how wide the shoulders' corners are, then the head's outline, as factors
    for shoulders, outline, label in (
        (2.2, 1.45, cv2.GC_PR_BGD),
        (1.25, 1.15, cv2.GC_PR_FGD),
        (0.3, 0.94, cv2.GC_FGD),
    ):
        reach, neck = shoulders * size[0], min(shoulders, 0.45) * size[0]
        slope = chin + 0.35 * size[1]
        body = [
            (centre[0] - neck, chin - 0.2 * size[1]),
            (centre[0] + neck, chin - 0.2 * size[1]),
            (centre[0] + reach, slope),
            (centre[0] + reach, height),
            (centre[0] - reach, height),
            (centre[0] - reach, slope),
        ]
        for shape in (np.array(body), centre + (hull - centre) * outline):
            cv2.fillPoly(labels, [np.round(shape).astype(np.int32)], label)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    whole = (0, 0, width, height)  # not read when the labels are given
    cv2.grabCut(small, labels, whole, *models, 4, cv2.GC_INIT_WITH_MASK)
    person = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    kernel = np.ones((5, 5), np.uint8)
    for operation in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE):
        person = np.asarray(cv2.morphologyEx(person, operation, kernel))
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.5)
    return np.asarray(cv2.resize(soft, (plate.shape[1], plate.shape[0])), np.float32)


def fill(pixels: Pixels, known: Matte) -> Pixels:
    """``pixels`` where ``known`` is 255, elsewhere filled smoothly from there (push-pull)."""
    share = known.astype(np.float32) / np.float32(255)
    return np.clip(_push_pull(pixels.astype(np.float32), share), 0, 255).astype(np.uint8)


def _push_pull(colour: FloatArray, weight: FloatArray) -> FloatArray:
    """Means over ever larger blocks fill what the finer level does not know."""
    height, width = weight.shape
    if min(height, width) <= 2:
        total = max(float(weight.sum()), 1e-6)
        mean = (colour * weight[..., None]).sum(axis=(0, 1)) / total
        return np.broadcast_to(mean, colour.shape).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    small_weight = np.asarray(cv2.resize(weight, half, interpolation=cv2.INTER_AREA), np.float32)
    weighted = colour * weight[..., None]
    small = np.asarray(cv2.resize(weighted, half, interpolation=cv2.INTER_AREA), np.float32)
    small = (small / np.maximum(small_weight, 1e-6)[..., None]).astype(np.float32)
    coarse = _push_pull(small, np.minimum(1, small_weight * 2))
    wide = np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
    return (weighted + wide * (1 - weight[..., None])).astype(np.float32)


def person_colours(plate: Pixels, matte: Matte, background: Pixels) -> Pixels:
    """The person's own colours, continued beyond their edge.

    On the soft edge the matting equation I = a F + (1 - a) B is solved for F, so that person over
    background gives the photo back; where the matte is too thin for that F is filled from inside.
    """
    sure = (cv2.erode(matte, np.ones((3, 3), np.uint8)) > 240).astype(np.uint8) * 255
    filled = fill(plate, sure).astype(np.float32)
    share = (matte.astype(np.float32) / 255)[..., None]
    solved = (plate - (1 - share) * background) / np.maximum(share, 0.05)
    trust = np.clip((share - 0.1) / 0.3, 0, 1)
    mixed = np.clip(solved, 0, 255) * trust + filled * (1 - trust)
    return (mixed + 0.5).astype(np.uint8)


def background_behind(plate: Pixels, inside: Matte, matte: Matte) -> Pixels:
    """The stage without the person, filled smoothly from what the photo shows around them."""
    reach = plate.shape[0] // CLEARANCE * 2 + 1
    grown = cv2.dilate(matte, np.ones((reach, reach), np.uint8))
    known = ((grown < 8) & (inside > 0)).astype(np.uint8) * 255
    return fill(plate, known)
