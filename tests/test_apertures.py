"""Lids and lips: shut when they nearly are, and nothing else is touched."""

import numpy as np
import pytest

from pechead_live.coefficients import FloatArray
from pechead_live.facemodel.apertures import LID_PAIRS, follow_of, opening, settle
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.facemodel.topology import (
    CHIN,
    FOREHEAD,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LOWER_INNER_LIP,
    NOSE_TIP,
    OUTER_LIPS,
    UPPER_INNER_LIP,
)

NOBODY = np.zeros(50, np.float32)
BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def drawn(model: FaceModel, **expressions: float) -> FloatArray:
    return model.shape(NOBODY, model.from_arkit(expressions))[:, :2]


def settled(model: FaceModel, **expressions: float) -> FloatArray:
    """The points after `settle`; the open face is the same with its lids open."""
    awake = {name: v for name, v in expressions.items() if not name.startswith("eyeBlink")}
    return settle(drawn(model, **expressions), drawn(model, **awake), follow_of(model))


def gaps(points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]) -> FloatArray:
    return np.linalg.norm(points[list(lower)] - points[list(upper)], axis=1)


def test_a_full_blink_leaves_no_gap(model: FaceModel):
    points = settled(model, **BLINK)
    for upper, lower in LID_PAIRS:
        assert gaps(points, upper, lower).max() < 1e-4


def test_one_eye_closes_without_the_other(model: FaceModel):
    shut, still_open = LID_PAIRS[1], LID_PAIRS[0]
    points = settled(model, eyeBlinkLeft=1.0)
    assert gaps(points, *shut).max() < 1e-4
    assert opening(points, *still_open) > 0.9 * opening(drawn(model), *still_open)


def test_an_open_eye_is_untouched(model: FaceModel):
    before, after = drawn(model, jawOpen=0.5), settled(model, jawOpen=0.5)
    eyes = [index for pair in LID_PAIRS for edge in pair for index in edge]
    assert np.array_equal(after[eyes], before[eyes])


def test_an_open_face_is_untouched_altogether(model: FaceModel):
    before, after = drawn(model, jawOpen=0.5), settled(model, jawOpen=0.5)
    assert np.array_equal(after, before)


def test_closing_lids_close_steadily(model: FaceModel):
    def wide(blink: float) -> float:
        return opening(settled(model, eyeBlinkLeft=blink), LEFT_UPPER_LID, LEFT_LOWER_LID)

    widths = [wide(blink) for blink in np.linspace(0, 1, 21)]
    assert np.diff(widths).max() < 1e-6
    assert np.abs(np.diff(widths)).max() < 0.25 * widths[0]


def test_nearly_shut_lips_meet(model: FaceModel):
    lips = (UPPER_INNER_LIP, LOWER_INNER_LIP)
    narrow = drawn(model).copy()
    narrow[list(LOWER_INNER_LIP)] += 0.95 * (
        narrow[list(UPPER_INNER_LIP)] - narrow[list(LOWER_INNER_LIP)]
    )
    assert opening(narrow, *lips) > 0
    after = settle(narrow, drawn(model), follow_of(model))
    assert gaps(after, *lips).max() < 1e-4
    assert np.abs(after - narrow)[list(OUTER_LIPS)].max() < 0.02


def test_settling_the_lids_leaves_other_points_alone(model: FaceModel):
    open_mouth = {"jawOpen": 0.5}
    before, after = drawn(model, **BLINK, **open_mouth), settled(model, **BLINK, **open_mouth)
    far = [CHIN, FOREHEAD, NOSE_TIP, *OUTER_LIPS, *UPPER_INNER_LIP, *LOWER_INNER_LIP]
    assert np.abs(after[far] - before[far]).max() < 1e-4
    moved = np.linalg.norm(after - before, axis=1) > 0.005
    edges = before[[index for pair in LID_PAIRS for edge in pair for index in edge]]
    reach = np.linalg.norm(before[moved, None] - edges[None], axis=-1).min(axis=1)
    assert moved.any()
    assert reach.max() < 0.2


def test_settling_changes_neither_its_input_nor_a_settled_face(model: FaceModel):
    before = drawn(model, **BLINK)
    kept = before.copy()
    once = settle(before, drawn(model), follow_of(model))
    assert np.array_equal(before, kept)
    assert settle(once, drawn(model), follow_of(model)) == pytest.approx(once, abs=1e-4)
