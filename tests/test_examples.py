"""Training examples: what is drawn, and that it depends on the step alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from chunk_samples import FRAMES, astronaut_chunk

from pechead_live.errors import InputError
from pechead_live.facemodel.condition import CONDITION_SIZE
from pechead_live.facemodel.model import load_face_model
from pechead_live.training.batches.batch import Batch
from pechead_live.training.batches.colour import colour_matrix, recoloured
from pechead_live.training.batches.examples import Examples
from pechead_live.training.batches.faces import Faces
from pechead_live.training.batches.portraits import mirrored_measurement, portrait_avatar
from pechead_live.training.batches.sampling import (
    SamplingConfig,
    picks,
    portrait_pool,
    split_by_identity,
)

OTHER_SIDE = [
    *range(16, -1, -1),  # jaw
    *range(26, 16, -1),  # brows
    *range(27, 31),
    *range(35, 30, -1),  # nose
    *(45, 44, 43, 42, 47, 46),  # the right eye, corner to corner and back
    *(39, 38, 37, 36, 41, 40),
    *range(54, 47, -1),  # outer lips
    *range(59, 54, -1),
    *range(64, 59, -1),  # inner lips
    *(67, 66, 65),
    *(69, 68),  # irises
]
"""Of the 70 landmarks, 300-W's 68 and two irises: what each becomes in a mirror."""

PLAIN = SamplingConfig(batch=4, jitter=0.0, mirror=0.0, pool=2)


def same(one: Batch, other: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_batch_has_the_shapes_it_says() -> None:
    batch = Examples([astronaut_chunk()], replace(PLAIN, frames=3)).batch(0)
    assert batch.source.shape == (4, 1, 3, 256, 256)
    assert batch.driving.shape == batch.guide_picture.shape == (4, 3, 3, 256, 256)
    assert batch.driving_condition.shape == (4, 3, CONDITION_SIZE)
    assert batch.source_landmarks.shape == (4, 1, 70, 2)
    assert batch.guide_flow.shape == (4, 3, 64, 64, 2)
    assert all(value.dtype == torch.float32 for value in batch)
    assert all(p.min() >= 0 and p.max() <= 1 for p in (batch.source, batch.driving))


def test_the_guide_is_nearer_to_the_truth_than_the_portrait() -> None:
    batch = Examples([astronaut_chunk()], replace(PLAIN, batch=8)).batch(1)
    guide = (batch.guide_picture - batch.driving).abs().mean()
    still = (batch.source - batch.driving).abs().mean()
    assert guide < 0.6 * still


def test_driving_landmarks_lie_on_the_measured_ones_of_the_same_person() -> None:
    batch = Examples([astronaut_chunk()], replace(PLAIN, batch=8)).batch(2)
    apart = (batch.driving_landmarks - batch.truth_landmarks).norm(dim=-1)
    moved = (batch.source_landmarks - batch.truth_landmarks).norm(dim=-1)
    assert apart.mean() < 0.25 * moved.mean()


def test_the_same_step_gives_the_same_batch_whoever_asks_and_whenever() -> None:
    config = SamplingConfig(batch=4, frames=2, pool=2, refresh=1)
    one, other = Examples([astronaut_chunk()], config), Examples([astronaut_chunk()], config)
    one.batch(0)
    assert same(one.batch(5), other.batch(5))
    assert not same(other.batch(5), other.batch(6))


def test_the_shares_of_two_processes_are_the_whole_batch() -> None:
    examples = Examples([astronaut_chunk()], SamplingConfig(batch=4))
    whole, shares = examples.batch(3), [examples.batch(3, rank, 2) for rank in range(2)]
    joined = Batch(*(torch.cat(parts) for parts in zip(*shares, strict=True)))
    assert same(whole, joined)
    with pytest.raises(InputError, match="3 processes"):
        examples.batch(3, 0, 3)


def test_a_moving_source_has_a_frame_for_each_driving_frame() -> None:
    config = replace(PLAIN, batch=1, frames=3, still=0.0)
    batch = Examples([astronaut_chunk()], config).batch(0)
    assert batch.source.shape == (1, 3, 3, 256, 256)
    assert not torch.equal(batch.source[:, 0], batch.source[:, 1])


def test_a_mirrored_portrait_is_the_mirror_picture() -> None:
    chunk, model = astronaut_chunk(), load_face_model()
    plain, mirrored = (portrait_avatar(chunk, 0, mirrored=m) for m in (False, True))
    apart = np.abs(plain.person[:, ::-1].astype(int) - mirrored.person)
    assert apart[plain.matte[:, ::-1] == 255].mean() < 1
    twice = mirrored_measurement(mirrored_measurement(plain.measured, model), model)
    assert np.array_equal(twice.points, plain.measured.points)


def test_a_mirrored_example_is_the_mirror_picture_with_each_landmark_at_its_own_place() -> None:
    plain, mirrored = (
        Examples([astronaut_chunk()], replace(PLAIN, batch=2, mirror=share)).batch(0)
        for share in (0.0, 1.0)
    )
    assert torch.equal(mirrored.driving, plain.driving.flip(-1))
    turned = torch.tensor([-1.0, 1.0])
    for name in ("source_landmarks", "truth_landmarks", "driving_landmarks"):
        one, other = getattr(plain, name), getattr(mirrored, name)
        # the person's right eye is what was the left one, not the left one flipped
        assert torch.allclose(other, one[:, :, OTHER_SIDE] * turned, atol=1e-4)
        assert bool((other[..., 36, 0] < other[..., 45, 0]).all())
    moved = mirrored.guide_flow - plain.guide_flow.flip(3) * turned
    assert float(moved.abs().mean()) < 0.1 * 2 / 255  # a tenth of a pixel


def test_frames_lie_within_the_chunk_and_evenly_apart() -> None:
    config = SamplingConfig(batch=16, frames=5, largest_stride=3)
    for step in range(20):
        for pick in picks([astronaut_chunk()], config, step):
            gaps = np.diff(pick.driving)
            assert 0 <= min(pick.driving) <= max(pick.driving) < FRAMES
            assert len(set(gaps)) == 1
            assert 1 <= abs(gaps[0]) <= 2  # 3 apart, five frames would not fit


def test_people_are_drawn_equally_however_much_footage_they_have() -> None:
    many = [astronaut_chunk(f"a-{i}", "a") for i in range(9)]
    chunks = [*many, astronaut_chunk("b-0", "b")]
    pool = portrait_pool(chunks, SamplingConfig(batch=1, pool=2000), 0)
    assert 0.45 < np.mean([portrait.chunk == 9 for portrait in pool]) < 0.55


def test_no_person_is_in_both_parts() -> None:
    chunks = [astronaut_chunk(f"{who}-{i}", who) for who in "abcdefghij" for i in range(2)]
    training, validation = split_by_identity(chunks, 0.2)
    people = [{chunk.identity for chunk in part} for part in (training, validation)]
    assert people[0] & people[1] == set()
    assert (len(people[0]), len(people[1])) == (8, 2)


def test_without_a_usable_chunk_one_sentence_says_so() -> None:
    with pytest.raises(InputError, match="100 frames"):
        Examples([astronaut_chunk()], SamplingConfig(batch=1, frames=100))


def test_no_jitter_changes_nothing_and_grey_stays_grey() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (4, 4, 3)).astype(np.uint8)
    plain = recoloured(picture, colour_matrix(random, 0.0))
    assert np.allclose(plain, picture.transpose(2, 0, 1) / 255, atol=1e-5)
    grey = np.full((2, 2, 3), 100, np.uint8)
    assert np.ptp(recoloured(grey, colour_matrix(random, 0.1))) < 1e-3


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"still": 2.0}, {"jitter": 1.0}, {"frames": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|share|give"):
        replace(PLAIN, **wrong)


def test_faces_are_the_same_frames_without_guides() -> None:
    config = SamplingConfig(batch=4, frames=2, pool=2)
    drawn, read = (made_by([astronaut_chunk()], config).batch(3) for made_by in (Examples, Faces))
    for name in ("driving", "truth_condition", "truth_landmarks", "identity"):
        assert torch.equal(getattr(read, name), getattr(drawn, name)), name
    assert torch.equal(read.source, read.driving)
    assert torch.equal(read.guide_picture, read.driving)
    assert [value.shape for value in read[-2:]] == [value.shape for value in drawn[-2:]]
    assert same(read, Faces([astronaut_chunk()], config).batch(3))


def test_faces_are_split_over_processes_as_examples_are() -> None:
    faces = Faces([astronaut_chunk()], SamplingConfig(batch=4))
    whole, halves = faces.batch(1), [faces.batch(1, rank, 2) for rank in (0, 1)]
    assert torch.equal(whole.driving, torch.cat([half.driving for half in halves]))
    with pytest.raises(InputError, match="4 cannot be split over 3"):
        faces.batch(1, 0, 3)
