"""Fitting a frame: planted coefficients are found again, and what cannot be seen does no harm."""

from pathlib import Path

import numpy as np
import pytest
from face_samples import identity, measured

from pechead_live.coefficients import Coefficients, euler_from_rotation
from pechead_live.facemodel.fit import (
    FitConfig,
    FitState,
    fit,
    initial_fit_state,
)
from pechead_live.facemodel.measurement import Measurement, outer_eye_distance
from pechead_live.facemodel.model import FaceModel, load_face_model, points_of
from pechead_live.facemodel.residual import STEPS, residual

TALKING = {"jawOpen": 0.5, "mouthSmileLeft": 0.6, "eyeBlinkRight": 0.8, "browInnerUp": 0.4}


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def known(model: FaceModel, person: np.ndarray | None = None) -> FitState:
    """The state after the calibration of ``person``."""
    alpha = np.zeros(50, np.float32) if person is None else person
    return initial_fit_state(model)._replace(identity=alpha, frames=10_000)


def fitted(
    measurement: Measurement, model: FaceModel, person: np.ndarray | None = None
) -> Coefficients:
    return fit(measurement, model, known(model, person), captured_at=0.0)[0]


def off_by(model: FaceModel, found: Coefficients, seen: Measurement) -> np.ndarray:
    """(478,) distance in outer-eye distances."""
    away = np.linalg.norm(points_of(model, found) - seen.points[:, :2], axis=1)
    return away / outer_eye_distance(seen.points)


def test_pose_and_time_are_those_of_the_measured_face(model: FaceModel):
    seen = measured(model, expressions=TALKING, yaw=20, pitch=-10, roll=5, noise=0.003)
    found, _ = fit(seen, model, known(model), captured_at=1.5)
    assert euler_from_rotation(found.rotation) == pytest.approx((20, -10, 5), abs=0.5)
    assert found.translation == pytest.approx((0.1, -0.2), abs=0.003)
    assert found.scale == pytest.approx(0.4, rel=0.01)
    assert found.captured_at == 1.5
    assert found.is_finite()


def test_planted_expressions_are_found_from_noisy_points_and_poor_scores(model: FaceModel):
    person = identity(5)
    poor = {name: value - 0.25 for name, value in TALKING.items()}
    seen = measured(model, person=person, expressions=TALKING, scores=poor, noise=0.003, yaw=10)
    state = known(model, person)
    found = fitted(seen, model, person)
    config = FitConfig(refine=False)
    believed, _ = fit(seen, model, state, captured_at=0.0, config=config)
    assert off_by(model, found, seen).mean() < 0.5 * off_by(model, believed, seen).mean()
    truth = model.from_arkit(TALKING)
    before, after = np.abs(seen.scores - truth), np.abs(found.expression - truth)
    assert after[truth > 0].max() < 0.2  # of 0.25; neighbours such as mouthLowerDown take the rest
    assert np.linalg.norm(after) < 0.75 * np.linalg.norm(before)


def test_without_refining_the_scores_are_the_expression(model: FaceModel):
    poor = {name: value / 2 for name, value in TALKING.items()}
    seen = measured(model, expressions=TALKING, scores=poor)
    config = FitConfig(refine=False)
    found, _ = fit(seen, model, known(model), captured_at=0.0, config=config)
    assert np.array_equal(found.expression, seen.scores)


def test_a_person_is_learned_over_the_first_frames_and_then_kept(model: FaceModel):
    person = identity(8)
    state = initial_fit_state(model)
    config = FitConfig(calibration_frames=5)
    for i in range(5):
        seen = measured(
            model, person=person, expressions={"jawOpen": i / 5}, yaw=3 * i, noise=0.002
        )
        found, state = fit(seen, model, state, captured_at=0.0, config=config)
    seen = measured(model, person=person, expressions=TALKING)
    with_identity = off_by(model, fitted(seen, model, found.identity), seen).mean()
    assert with_identity < 0.5 * off_by(model, fitted(seen, model), seen).mean()
    other = measured(model, person=identity(9))
    kept, _ = fit(other, model, state, captured_at=0.0, config=config)
    assert np.array_equal(kept.identity, found.identity)


def test_expressions_stay_in_the_box_and_are_best_within_it(model: FaceModel):
    beyond = {"jawOpen": 1.6, "mouthSmileLeft": -0.8, "mouthSmileRight": -0.8, "eyeWideLeft": 1.3}
    seen = measured(model, expressions=beyond, scores={"jawOpen": 0.9})
    found = fitted(seen, model)
    assert found.expression.min() >= 0
    assert found.expression.max() <= 1
    assert found.expression[model.expression_names.index("jawOpen")] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_the_boxed_solution_is_near_that_of_a_slow_sure_method(model: FaceModel, seed: int):
    from pechead_live.facemodel.fit import DEFAULT_FIT, _boxed, _solver

    rng = np.random.default_rng(seed)
    solver = _solver(model, DEFAULT_FIT)
    right = (solver.normal @ rng.uniform(-0.5, 1.5, 52)).astype(np.float32)
    sure = np.clip(solver.inverse @ right, 0, 1).astype(float)
    step = 1 / np.linalg.norm(solver.normal, 2)
    for _ in range(20_000):
        sure = np.clip(sure - step * (solver.normal @ sure - right), 0, 1)

    def cost(e: np.ndarray) -> float:
        return float(e @ solver.normal @ e / 2 - right @ e)

    quick = _boxed(solver, right)
    assert quick.min() >= 0 and quick.max() <= 1
    assert cost(quick) - cost(sure) < 0.02 * abs(cost(sure))


def test_confidence_is_high_for_a_face_and_falls_with_what_is_none(model: FaceModel):
    person = identity(2)
    seen = measured(model, person=person, expressions=TALKING, noise=0.003)
    assert fitted(seen, model, person).confidence > 0.9
    falling = [
        fitted(measured(model, person=person, noise=noise), model, person).confidence
        for noise in (0.01, 0.03, 0.06, 0.2)
    ]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 0.01
    nonsense = np.random.default_rng(0).standard_normal((478, 3)).astype(np.float32)
    assert fitted(seen._replace(points=nonsense), model, person).confidence < 0.01


def test_confidence_is_no_higher_than_the_detector_s_presence(model: FaceModel):
    seen = measured(model)._replace(presence=0.4)
    assert fitted(seen, model).confidence == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("yaw", [50, -50])
def test_the_far_side_of_a_turned_face_does_not_count(model: FaceModel, yaw: float):
    seen = measured(model, expressions=TALKING, yaw=yaw)
    clean = fitted(seen, model)
    outward = model.mean[:, 0] * np.sign(yaw)  # yaw > 0 turns the points at x > 0 away
    broken = seen.points.copy()
    broken[outward > 0.5] += np.array((0.2, 0.1, 0.0), np.float32)
    found = fitted(seen._replace(points=broken), model)
    assert found.rotation == pytest.approx(clean.rotation, abs=0.02)
    assert found.expression == pytest.approx(clean.expression, abs=0.1)
    assert found.confidence > 0.9

    broken = seen.points.copy()
    broken[outward < -0.5] += np.array((0.2, 0.1, 0.0), np.float32)
    assert fitted(seen._replace(points=broken), model).confidence < 0.5


def test_the_far_side_of_a_frontal_face_counts(model: FaceModel):
    seen = measured(model, yaw=20)
    broken = seen.points.copy()
    broken[model.mean[:, 0] > 0.5] += np.array((0.2, 0.1, 0.0), np.float32)
    assert fitted(seen._replace(points=broken), model).confidence < 0.5


def test_a_slow_turn_gives_no_jump_where_the_far_side_fades(model: FaceModel):
    person = identity(4)
    turns = np.arange(25, 45, 0.25)
    entries = [
        fitted(measured(model, expressions=TALKING, person=person, yaw=yaw), model) for yaw in turns
    ]
    yaws = [euler_from_rotation(entry.rotation)[0] for entry in entries]
    assert np.abs(np.diff(yaws) - 0.25).max() < 0.2
    jumps = np.abs(np.diff([entry.expression for entry in entries], axis=0))
    assert jumps.max() < 0.05


def test_settings_without_meaning_are_refused():
    with pytest.raises(ValueError, match=r"expression_prior is 0\.0"):
        FitConfig(expression_prior=0.0)
    with pytest.raises(ValueError, match="calibration_frames is -1"):
        FitConfig(calibration_frames=-1)


@pytest.mark.shared
def test_a_clip_that_was_never_learned_from_is_fitted_closely(
    shared_data: Path, face_landmarker: Path, model: FaceModel
):
    from pechead_live.cli.face_files import FaceFile
    from pechead_live.cli.face_measuring import FaceMeter

    meter = FaceMeter(face_landmarker, stride=3)
    try:
        clip = meter.measure(FaceFile(shared_data / "test/clips/v0000.mp4", "", "", ""))
    finally:
        meter.close()
    assert len(clip) == 26
    found = {step.name: residual(clip, model, step) for step in STEPS}
    assert [r.inner for r in found.values()] == sorted(
        (r.inner for r in found.values()), reverse=True
    )
    assert found["+ identity"].inner < 0.013
    assert found["+ refined"].inner < 0.010
