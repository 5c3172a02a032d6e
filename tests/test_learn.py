"""Learning a face model: a planted one is found again from what it drew."""

from collections.abc import Sequence

import numpy as np
import pytest
from face_samples import identity, measured

from pechead_live.coefficients import euler_from_rotation
from pechead_live.errors import InputError
from pechead_live.expressions import EXPRESSION_INDEX, MIRROR_EXPRESSION
from pechead_live.facemodel.learn import Sequence3D, learn
from pechead_live.facemodel.mirror import mirrored
from pechead_live.facemodel.model import FaceModel, load_face_model
from pechead_live.facemodel.similarity import umeyama

MOVING = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "mouthPucker")
PITCH = -12.0
"""How these people hold their heads on average, degrees, in the planted model's terms."""


def sequence(
    model: FaceModel, seed: int, *, frames: int, person: str = "", noise: float = 0.004
) -> Sequence3D:
    """Somebody who talks and turns; everybody's own size and place."""
    rng = np.random.default_rng(seed)
    somebody, scale = identity(seed), rng.uniform(0.3, 0.5)
    faces = [
        measured(
            model,
            person=somebody,
            expressions=dict(zip(MOVING, rng.uniform(0, 1, len(MOVING)), strict=True)),
            yaw=0.0 if i == 0 else rng.uniform(-15, 15),
            pitch=PITCH + rng.uniform(-3, 3),
            roll=rng.uniform(-5, 5),
            scale=scale,
            noise=noise,
            seed=1000 * seed + i,
        )
        for i in range(frames)
    ]
    return Sequence3D(
        person or f"person {seed}",
        np.stack([face.points for face in faces]),
        np.stack([face.scores for face in faces]),
    )


@pytest.fixture(scope="module")
def planted() -> FaceModel:
    return load_face_model()


@pytest.fixture(scope="module")
def sequences(planted: FaceModel) -> list[Sequence3D]:
    clips = [sequence(planted, seed, frames=24) for seed in range(24)]
    photos = [sequence(planted, seed, frames=1) for seed in range(100, 140)]
    return clips + photos


@pytest.fixture(scope="module")
def learned(sequences: list[Sequence3D], planted: FaceModel) -> FaceModel:
    return learn(sequences, planted.triangles)


def shape_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean 3-D distance after alignment, in outer-eye distances."""
    moved = umeyama(found, truth, np.ones(len(truth))).apply(found)
    return float(np.linalg.norm(moved - truth, axis=1).mean())


def test_the_mean_face_is_found(learned: FaceModel, planted: FaceModel):
    assert shape_error(learned.mean, planted.mean) < 0.012


def test_expressions_that_moved_are_found_and_those_that_did_not_stay_still(
    learned: FaceModel, planted: FaceModel
):
    turn = umeyama(planted.mean, learned.mean, np.ones(478)).rotation
    for name in MOVING:
        truth = planted.expression_basis[EXPRESSION_INDEX[name]] @ turn.T
        found = learned.expression_basis[EXPRESSION_INDEX[name]]
        assert np.linalg.norm(found - truth) < 0.25 * np.linalg.norm(truth), name
    assert not learned.expression_basis[EXPRESSION_INDEX["cheekPuff"]].any()
    assert not learned.expression_basis[EXPRESSION_INDEX["tongueOut"]].any()


def test_identities_are_spanned_in_the_order_of_their_strength(
    learned: FaceModel, planted: FaceModel
):
    basis = learned.identity_basis.reshape(50, -1).astype(float)
    still = np.zeros(52, np.float32)
    unknown, left = [], []
    for seed in range(5):  # among those it was learned from
        truth = planted.shape(identity(seed), still)
        moved = umeyama(truth, learned.mean, np.ones(478)).apply(truth) - learned.mean
        alpha = np.linalg.lstsq(basis.T, moved.reshape(-1), rcond=None)[0]
        rest = (moved.reshape(-1) - basis.T @ alpha).reshape(478, 3)
        unknown.append(np.linalg.norm(moved, axis=1).mean())
        left.append(np.linalg.norm(rest, axis=1).mean())
    assert np.mean(left) < 0.5 * np.mean(unknown)
    strength = np.linalg.norm(learned.identity_basis[..., :2], axis=(1, 2))
    assert strength[0] > 2 * strength[20] > 0


def test_pitch_0_is_how_the_people_hold_their_heads(learned: FaceModel, planted: FaceModel):
    turn = umeyama(learned.mean, planted.mean, np.ones(478)).rotation
    assert euler_from_rotation(turn) == pytest.approx((0, -PITCH, 0), abs=1.5)


def test_everything_learned_is_exactly_symmetric(learned: FaceModel):
    pairs = learned.mirror_points
    assert np.array_equal(mirrored(learned.mean, pairs), learned.mean)
    swapped = mirrored(learned.expression_basis[list(MIRROR_EXPRESSION)], pairs)
    assert np.array_equal(swapped, learned.expression_basis)
    signs = learned.mirror_identity[:, None, None]
    assert np.array_equal(mirrored(learned.identity_basis, pairs) * signs, learned.identity_basis)


def test_a_person_counts_once_however_many_frames_there_are(planted: FaceModel):
    def mean_of(clips: Sequence[Sequence3D]) -> np.ndarray:
        return learn(clips, planted.triangles).mean

    clips = [sequence(planted, seed, frames=8, noise=0.0) for seed in range(6)]
    repeated = [*clips, *[clips[0]] * 4]
    as_others = [*clips, *[clips[0]._replace(person=f"twin {i}") for i in range(4)]]
    assert mean_of(repeated) == pytest.approx(mean_of(clips), abs=1e-5)
    assert np.abs(mean_of(as_others) - mean_of(clips)).max() > 0.01


def test_one_person_or_photos_alone_are_not_enough(planted: FaceModel):
    alone = sequence(planted, 1, frames=10)
    photos = [sequence(planted, seed, frames=1) for seed in range(3)]
    for too_little in ([], [alone], photos):
        with pytest.raises(InputError, match="two people and a clip"):
            learn(too_little, planted.triangles)
