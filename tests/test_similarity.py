"""Similarity transforms: what was applied is found again."""

import numpy as np
import pytest

from pechead_live.coefficients import rotation_from_euler
from pechead_live.facemodel.similarity import Similarity, umeyama

RNG = np.random.default_rng(3)
POINTS = RNG.standard_normal((40, 3))
EVEN = np.ones(40)


def transform(seed: int) -> Similarity:
    rng = np.random.default_rng(seed)
    return Similarity(
        rotation_from_euler(*rng.uniform(-60, 60, 3)).astype(float),
        rng.standard_normal(3),
        np.asarray(rng.uniform(0.2, 3)),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_transform_is_found_from_the_points_that_it_moved(seed: int):
    planted = transform(seed)
    found = umeyama(POINTS, planted.apply(POINTS), EVEN)
    for one, other in zip(found, planted, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_undoing_inverts_applying():
    planted = transform(1)
    assert planted.undo(planted.apply(POINTS)) == pytest.approx(POINTS, abs=1e-6)


def test_many_pairs_at_once_are_solved_as_one_by_one():
    targets = np.stack([transform(seed).apply(POINTS) for seed in range(4)])
    sources = np.broadcast_to(POINTS, targets.shape)
    together = umeyama(sources, targets, EVEN)
    for i, target in enumerate(targets):
        alone = umeyama(POINTS, target, EVEN)
        for one, other in zip(together, alone, strict=True):
            assert one[i] == pytest.approx(other, abs=1e-9)
    assert together.undo(targets) == pytest.approx(sources, abs=1e-6)


def test_a_point_of_weight_0_does_not_count():
    planted = transform(2)
    target = planted.apply(POINTS)
    target[7] += 100
    weights = EVEN.copy()
    weights[7] = 0
    assert umeyama(POINTS, target, weights).apply(POINTS)[8] == pytest.approx(target[8], abs=1e-6)
    assert umeyama(POINTS, target, EVEN).apply(POINTS)[8] != pytest.approx(target[8], abs=0.1)


def test_a_mirror_image_is_met_by_a_rotation_not_by_a_reflection():
    found = umeyama(POINTS, POINTS * (-1, 1, 1), EVEN)
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_a_target_without_extent_gives_a_transform_that_can_be_undone():
    found = umeyama(POINTS, np.zeros_like(POINTS), EVEN)
    assert found.scale > 0
    assert np.isfinite(found.undo(POINTS)).all()
