"""Fit, smoothing and motion in a page give what they give in Python."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from face_samples import identity, measured
from page_modules import opened_page, told

from pechead_live import expression_groups
from pechead_live.avatar.file import open_avatar
from pechead_live.coefficients import Coefficients
from pechead_live.expressions import EXPRESSION_NAMES
from pechead_live.facemodel.fit import fit, initial_fit_state
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model
from pechead_live.motion import MotionConfig, Overrides, request_calibration
from pechead_live.recording.files import read_recording
from pechead_live.samples import sample
from pechead_live.steps import motion_step, smoothing_step
from pechead_live.tracker.filter import FilterConfig
from pechead_live.tracker.outlier import OutlierConfig
from pechead_live.tracker.page_solver import page_solver

pytestmark = pytest.mark.browser

MODEL = load_face_model()
AVATAR = open_avatar(sample("astronaut.avatar"))
TALKING = read_recording(sample("talking.npz")).coefficients
REST = AVATAR.rest.with_expressions({"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.45})
"""A portrait with narrow eyes."""

FPS = 30

SETTINGS = """async () => {
  const expressions = await import("/page/expressions.js");
  const { FILTER } = await import("/page/one_euro.js");
  const { OUTLIER } = await import("/page/outlier.js");
  const { MOTION } = await import("/page/retarget.js");
  const { EXPRESSION_NAMES, BROWS, LIDS, GAZE, MOUTH, OPPOSITES } = expressions;
  return { EXPRESSION_NAMES, BROWS, LIDS, GAZE, MOUTH, OPPOSITES, FILTER, OUTLIER, MOTION };
}"""

FIT = """async ({ runs, frames }) => {
  const { fit, initialFitState } = await import("/page/fit.js");
  const { readSolver } = await import("/page/solver_file.js");
  const solver = readSolver(await (await fetch("/solver.bin")).arrayBuffer());
  const numbers = new Float32Array(await (await fetch("/measurements.bin")).arrayBuffer());
  const told_of = [];
  for (let run = 0, first = 0; run < runs; run++) {
    let state = initialFitState(solver), coefficients;
    for (let at = 0; at < frames; at++, first += 1434 + 52) {
      const points = numbers.subarray(first, first + 1434);
      const scores = numbers.subarray(first + 1434, first + 1434 + 52);
      [coefficients, state] = fit({ points, scores, presence: 0.9 }, solver, state, at / 30);
      told_of.push(told(coefficients));
    }
  }
  return JSON.stringify(told_of);
}"""

FOLLOW = """async (asked) => {
  const { driver, rest, config, calibrateAt } = JSON.parse(asked);
  const { initialMotionState, requestCalibration } = await import("/page/anchor.js");
  const { MOTION, retarget } = await import("/page/retarget.js");
  const { initialSmoothingState, smooth } = await import("/page/smoothing.js");
  let smoothing = initialSmoothingState(), motion = initialMotionState(), smoothed, moved;
  return JSON.stringify(driver.map((each, at) => {
    [smoothed, smoothing] = smooth(heard(each), smoothing);
    if (at === calibrateAt) motion = requestCalibration(motion);
    if (!smoothed) return [null, null];
    [moved, motion] = retarget(smoothed, heard(rest), motion, { ...MOTION, ...config });
    return [told(smoothed), told(moved)];
  }));
}"""

REFUSED = """async () => {
  const { readSolver } = await import("/page/solver_file.js");
  const whole = await (await fetch("/solver.bin")).arrayBuffer();
  const newer = whole.slice();
  new Uint8Array(newer).set(new TextEncoder().encode('{"version": 7'), 8);
  const other = whole.slice(8);
  return [whole, new ArrayBuffer(0), other, newer, whole.slice(0, -8)].map((file) => {
    try { readSolver(file); return null; } catch (error) { return error.message; }
  });
}"""


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    files = {"/solver.bin": page_solver, "/measurements.bin": lambda: as_bytes(measurements())}
    with opened_page(chromium, files) as opened:
        yield opened


def apart(one: Coefficients, other: dict[str, Any]) -> float:
    """The largest difference of any number."""
    mine = told(one)
    assert mine.keys() == other.keys()
    return max(
        float(np.abs(np.asarray(mine[name]) - np.asarray(other[name])).max()) for name in mine
    )


def test_settings_and_names_are_those_of_python(page: Any) -> None:
    found = page.evaluate(SETTINGS)
    assert found.pop("EXPRESSION_NAMES") == list(EXPRESSION_NAMES)
    for name, config in (
        ("FILTER", FilterConfig()),
        ("OUTLIER", OutlierConfig()),
        ("MOTION", MotionConfig()),
    ):
        snake = {re.sub("([A-Z])", r"_\1", k).lower(): v for k, v in found.pop(name).items()}
        assert snake == asdict(config)
    for name, pairs in found.items():
        assert np.array_equal(pairs, getattr(expression_groups, name)), name


@cache
def measurements() -> list[list[Measurement]]:
    """Three people for 36 frames: one who turns far, the portrait, and one measured poorly."""
    rng = np.random.default_rng(1)
    turning = []
    for at in range(36):
        truth = dict(zip(EXPRESSION_NAMES, rng.uniform(-0.4, 1.2, 52), strict=True))
        seen = measured(
            MODEL,
            person=identity(3),
            expressions=truth,
            scores={name: value + rng.normal(0, 0.1) for name, value in truth.items()},
            yaw=60 * math.sin(at / 5),
            pitch=15 * math.cos(at / 3),
            roll=at - 20,
            noise=0.004,
            seed=at,
        )
        turning.append(seen)
    still = [AVATAR.measured] * 36
    noise = rng.normal(0, 0.02, (36, 478, 3)).astype(np.float32)
    poor = [each._replace(points=each.points + n) for each, n in zip(still, noise, strict=True)]
    return [[each._replace(presence=0.9) for each in run] for run in (turning, still, poor)]


def as_bytes(runs: list[list[Measurement]]) -> bytes:
    """Points and scores of each frame, float32."""
    rows = [(each.points.reshape(-1), each.scores) for run in runs for each in run]
    return np.concatenate([part for row in rows for part in row]).astype("<f4").tobytes()


def test_the_page_fits_a_face_as_python_does(page: Any) -> None:
    runs = measurements()
    found = iter(json.loads(page.evaluate(FIT, {"runs": len(runs), "frames": len(runs[0])})))
    for run in runs:
        state = initial_fit_state(MODEL)
        for at, measurement in enumerate(run):
            coefficients, state = fit(measurement, MODEL, state, captured_at=at / FPS)
            assert apart(coefficients, next(found)) < 1e-4, at


def driver() -> list[Coefficients]:
    """The bundled motion with all that a tracker does wrong: jumps, a long one, gaps, no face,
    repeated times and numbers that are none; and with eyes shut in a calibration, then winking."""
    frames = list(TALKING)
    rng = np.random.default_rng(2)
    for at in range(118, 300):
        left, right = (0.6, 0.6) if at < 158 else rng.uniform(0, 1, 2) * (at // 3 % 4 / 3)
        lids = {"eyeBlinkLeft": float(left), "eyeBlinkRight": float(right)}
        frames[at] = frames[at].with_expressions(lids)
    for at in (40, 100, 101, 102, 103, 104):
        moved = frames[at].translation + np.float32(1.0)
        frames[at] = replace(frames[at], translation=moved)
    frames[60] = replace(frames[60], confidence=0.3)
    frames[61] = replace(frames[61], scale=math.nan)
    frames[150] = replace(frames[150], captured_at=frames[149].captured_at)
    return frames[:200] + frames[230:300]


@pytest.mark.parametrize(
    "config",
    [
        MotionConfig(),
        MotionConfig(mode="relative", eyes=1.4, mouth=0.7, gaze=0.5, brows=1.2),
        MotionConfig(mode="absolute", limit_absolute=True, yaw=1.5, position=0.5, brows=1.3),
        MotionConfig(natural_lids=False, close_lips=False, look_at_camera=True, yaw_limit=4.0),
    ],
    ids=lambda config: config.mode,
)
def test_the_page_smooths_and_retargets_as_python_does(page: Any, config: MotionConfig) -> None:
    frames, calibrate_at = driver(), 120
    settings = {
        re.sub("_([a-z])", lambda found: found[1].upper(), name): value
        for name, value in asdict(config).items()
    }
    asked = {"driver": [told(c) for c in frames], "rest": told(REST)}
    asked |= {"config": settings, "calibrateAt": calibrate_at}
    rows = json.loads(page.evaluate(FOLLOW, json.dumps(asked)))
    smoothing, motion = smoothing_step(), motion_step(REST, config, Overrides())
    memory, state = smoothing.initial(), motion.initial()
    lost = 0
    for at, (each, (smooth_row, moved_row)) in enumerate(zip(frames, rows, strict=True)):
        smooth, memory = smoothing.apply(each, memory)
        if at == calibrate_at:
            state = request_calibration(state)
        assert (smooth is None) == (smooth_row is None), at
        if smooth is None:
            lost += 1
            continue
        assert apart(smooth, smooth_row) < 1e-4, at
        moved, state = motion.apply(smooth, state)
        assert moved is not None and apart(moved, moved_row) < 1e-4, at
    assert 5 < lost < 10


def test_the_page_refuses_what_is_no_solver(page: Any) -> None:
    messages = page.evaluate(REFUSED)
    assert messages[0] is None
    words = ("PHPS", "PHPS", "version 7", "cut short")
    assert all(word in text for word, text in zip(words, messages[1:], strict=True)), messages
