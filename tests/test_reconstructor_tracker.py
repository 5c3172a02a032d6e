"""The Reconstructor as a tracker, on faces that a very small network can read."""

import math
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dotted_faces import JAW, DotFinder, DotNetwork, dotted_frame
from motion_samples import face

from pechead_live.camera.file import open_video_file
from pechead_live.coefficients import Coefficients, euler_from_rotation
from pechead_live.detector.landmarker import Landmarker
from pechead_live.facemodel.face_crop import crop_around
from pechead_live.facemodel.fit import fit, initial_fit_state
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.frame import Pixels
from pechead_live.rotation import angle_between
from pechead_live.tracker.crop_following import FollowingConfig
from pechead_live.tracker.mediapipe import open_mediapipe_tracker
from pechead_live.tracker.reconstructor import ReconstructorTracker, ReconstructorTrackerConfig
from pechead_live.tracker.reconstructor_network import CropReading


class Rig:
    """A tracker at 30 frames a second with its network and its finder."""

    def __init__(self, network: DotNetwork | None = None, **settings: float) -> None:
        self.network, self.finder = network or DotNetwork(), DotFinder()
        config = ReconstructorTrackerConfig(**{"verify_s": 0.0, **settings})
        self.tracker = ReconstructorTracker(self.network, self.finder, load_face_model(), config)
        self.now = 0.0

    def see(self, *faces: Coefficients) -> Coefficients | None:
        """The next frame, which shows ``faces``."""
        self.now += 1 / 30
        return self.tracker.track(dotted_frame(*faces, at=self.now))


def test_a_face_is_found_once_and_then_followed_without_the_finder():
    rig = Rig()
    for step in range(60):
        angle = 2 * math.pi * step / 60
        there = face(
            x=0.6 * math.sin(angle),
            y=0.2 * math.cos(angle),
            roll=30 * math.sin(angle),
            scale=0.3 + 0.1 * math.sin(angle),
            jawOpen=0.5 + 0.5 * math.cos(angle),
        )
        seen = rig.see(there)
        assert seen is not None
        assert seen.translation == pytest.approx(there.translation, abs=0.02)
        assert seen.scale == pytest.approx(there.scale, rel=0.03)
        roll = euler_from_rotation(seen.rotation)[2]
        assert roll == pytest.approx(euler_from_rotation(there.rotation)[2], abs=1.5)
        assert seen.expression[JAW] == pytest.approx(there.expression[JAW], abs=0.15)
        assert seen.captured_at == rig.now
    assert rig.finder.searches == [1 / 30]
    assert rig.network.reads == 60


@pytest.mark.parametrize("size", [(160, 120), (1280, 720), (200, 600)])
def test_pictures_of_any_size_and_shape_are_read_alike(size: tuple[int, int]):
    there = face(x=0.1, y=-0.1, roll=12, scale=0.45)
    tracker = Rig().tracker
    for at in range(3):
        seen = tracker.track(dotted_frame(there, at=float(at), width=size[0], height=size[1]))
    assert seen is not None
    assert seen.translation == pytest.approx(there.translation, abs=0.02)
    assert seen.scale == pytest.approx(there.scale, rel=0.03)


@pytest.mark.parametrize("bias", [-0.15, 0.15])
def test_a_network_that_reads_a_little_aside_does_not_walk_away_or_swing(bias: float):
    rig = Rig(DotNetwork(bias=bias))
    there = face(scale=0.4)
    places = [rig.see(there) for _ in range(90)]
    assert rig.finder.searches == [1 / 30]
    last = np.array([seen.translation[0] for seen in places[-30:] if seen is not None])
    assert len(last) == 30
    assert np.ptp(last) < 0.01
    assert abs(float(last[-1])) < 0.2


def test_the_same_face_twice_is_read_alike_wherever_the_tracker_came_from():
    there = face(x=0.2, scale=0.4)
    settled = []
    for start in (-0.3, 0.3):
        rig = Rig()
        path = np.linspace(start, 0.2, 12)
        for x in path:
            rig.see(face(x=float(x), scale=0.4))
        for _ in range(20):
            seen = rig.see(there)
        assert seen is not None
        settled.append(float(seen.translation[0]))
    assert settled[0] == pytest.approx(settled[1], abs=0.01)


def test_without_a_face_there_is_none_and_the_finder_is_asked_only_now_and_then():
    rig = Rig(search_s=0.25)
    assert [rig.see() for _ in range(30)] == [None] * 30
    assert 3 <= len(rig.finder.searches) <= 5
    assert rig.network.reads == 0


def test_a_face_that_goes_is_lost_at_once_and_found_again_when_it_comes_back():
    rig = Rig(search_s=0.25)
    assert all(rig.see(face()) for _ in range(10))
    assert [rig.see() for _ in range(15)] == [None] * 15
    back = [rig.see(face(x=0.5)) for _ in range(10)]
    found = [seen for seen in back if seen is not None]
    assert len(found) >= 2
    assert found[0].translation[0] == pytest.approx(0.5, abs=0.02)
    assert back[-1] is not None


def test_a_face_that_jumps_out_of_its_crop_is_found_in_the_same_frame():
    rig = Rig(search_s=0.25)
    for _ in range(10):
        rig.see(face(x=-0.6, scale=0.25))
    seen = rig.see(face(x=0.7, scale=0.25))
    assert seen is not None
    assert seen.translation[0] == pytest.approx(0.7, abs=0.02)
    assert len(rig.finder.searches) == 2


def test_a_face_that_slowly_leaves_the_picture_is_lost_not_held():
    rig = Rig()
    seen: Coefficients | None = None
    for x in np.linspace(0, 2.0, 60):
        seen = rig.see(face(x=float(x), scale=0.25))
    assert seen is None


def test_of_two_people_the_larger_is_taken_and_kept():
    rig = Rig(verify_s=0.5)
    small, large = face(x=0.7, scale=0.2), face(x=-0.6, scale=0.3)
    for step in range(60):
        grown = replace(small, scale=0.2 + 0.2 * step / 60)  # at last the larger one
        seen = rig.see(grown, large)
        assert seen is not None
        assert seen.translation[0] == pytest.approx(-0.6, abs=0.03)
    assert len(rig.finder.searches) >= 3


def test_when_the_one_who_is_followed_goes_the_other_is_found():
    rig = Rig()
    other = face(x=0.7, scale=0.2)
    for _ in range(10):
        rig.see(other, face(x=-0.6, scale=0.3))
    seen = rig.see(other)
    assert seen is not None
    assert seen.translation[0] == pytest.approx(0.7, abs=0.03)


class Ghost(DotNetwork):
    """Sees a face in every crop, just where a face would be that the crop was cut for."""

    def read(self, crop: Pixels) -> CropReading:
        self.reads += 1
        unit = face(scale=1.0)
        points = points_of(load_face_model(), unit)[list(NETWORK_LANDMARKS)]
        needed = crop_around(points, 0.0)
        return CropReading(
            unit.identity,
            unit.expression,
            unit.rotation,
            (-needed.centre / needed.half).astype(np.float32),
            1 / needed.half,
            0.99,
        )


def test_what_only_the_network_takes_for_a_face_is_given_up_when_it_is_verified():
    rig = Rig(Ghost(), verify_s=0.5)
    assert rig.see(face()) is not None
    seen = [rig.see() for _ in range(30)]  # the face has gone, the ghost stays
    assert seen[0] is not None
    assert seen[-1] is None
    assert rig.finder.sides.count(256) == 1  # the crop's surroundings, once


class Broken(DotNetwork):
    """Reads something that no face has."""

    def __init__(self, **wrong: object) -> None:
        super().__init__()
        self._wrong = wrong

    def read(self, crop: Pixels) -> CropReading:
        return super().read(crop)._replace(**self._wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 0.4},
        {"confidence": math.nan},
        {"scale": math.inf},
        {"scale": -0.5},
        {"scale": 0.05},
        {"scale": 3.0},
        {"translation": np.array([1.5, 0], np.float32)},
        {"translation": np.array([math.nan, 0], np.float32)},
        {"rotation": np.diag([-1, 1, -1]).astype(np.float32)},
        {"expression": np.full(52, math.nan, np.float32)},
        {"identity": np.full(50, math.inf, np.float32)},
    ],
)
def test_what_no_face_can_be_is_no_face(wrong: dict[str, object]):
    rig = Rig(Broken(**wrong))
    assert [rig.see(face()) for _ in range(5)] == [None] * 5
    good = ReconstructorTracker(DotNetwork(), rig.finder, load_face_model())
    assert good.track(dotted_frame(face())) is not None


class Guessing(DotNetwork):
    """Its identity is a guess: 1 on the average."""

    def read(self, crop: Pixels) -> CropReading:
        found = super().read(crop)
        guess = 1 + np.random.default_rng(self.reads).standard_normal(50)
        return found._replace(identity=guess.astype(np.float32))


def test_the_identity_is_averaged_and_then_frozen():
    rig = Rig(Guessing(), calibration_frames=40)
    identities = []
    for _ in range(60):
        seen = rig.see(face())
        assert seen is not None
        identities.append(seen.identity)
    first, last = (float(np.abs(identities[i] - 1).mean()) for i in (0, -1))
    assert last < 0.3 * first
    assert np.array_equal(identities[-1], identities[39])
    assert not np.array_equal(identities[38], identities[39])


def test_a_clip_that_begins_anew_is_searched_at_once():
    rig = Rig()
    rig.now = 100.0
    assert rig.see() is None
    rig.now = 0.0
    assert rig.see(face()) is not None


def test_closing_the_tracker_closes_both():
    rig = Rig()
    rig.tracker.close()
    assert rig.network.closed and rig.finder.closed
    assert rig.tracker.provider == "dots"


@pytest.mark.parametrize(
    "settings", [{"confidence": 1.0}, {"largest_turn": 90.0}, {"search_s": -1.0}]
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, float]):
    with pytest.raises(ValueError, match=next(iter(settings))):
        ReconstructorTrackerConfig(**settings)


@pytest.mark.parametrize(
    "settings", [{"slowest": 0.0}, {"quick": 0.0}, {"largest_growth": 1.0}, {"smallest": 0.0}]
)
def test_ways_of_following_that_cannot_be_are_refused(settings: dict[str, float]):
    with pytest.raises(ValueError, match=next(iter(settings))):
        FollowingConfig(**settings)


class DetectorNetwork:
    """Reads crops as MediaPipe and the fit do: what R was taught by, without R."""

    size = 256
    provider = "MediaPipe"

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker
        self._identity = initial_fit_state(load_face_model())

    def read(self, crop: Pixels) -> CropReading:
        measured = self._landmarker.measure(crop)
        if measured is None:
            seen = face(confidence=0.0)
        else:
            seen, self._identity = fit(measured, load_face_model(), self._identity, captured_at=0.0)
        return CropReading(
            seen.identity,
            seen.expression,
            seen.rotation,
            seen.translation,
            seen.scale,
            seen.confidence,
        )

    def close(self) -> None:
        """The finder's landmarker is the same one."""


@pytest.mark.shared
def test_on_a_real_clip_crops_lead_to_what_the_whole_picture_shows(
    shared_data: Path, face_landmarker: Path
):
    clip = shared_data / "test" / "clips" / "v0022.mp4"
    landmarker = Landmarker(face_landmarker, still=True)
    by_crops = ReconstructorTracker(DetectorNetwork(landmarker), landmarker, load_face_model())
    by_picture = open_mediapipe_tracker(face_landmarker)
    turned: list[float] = []
    away: list[float] = []
    smile: list[float] = []
    with closing(open_video_file(clip)) as camera, closing(by_crops), closing(by_picture):
        for _ in range(60):
            frame = camera.read()
            assert frame is not None
            seen, expected = by_crops.track(frame), by_picture.track(frame)
            assert seen is not None and expected is not None
            turned.append(angle_between(seen.rotation, expected.rotation))
            step = float(np.linalg.norm(seen.translation - expected.translation))
            away.append(step / expected.scale)
            smile.append(float(np.abs(seen.expression - expected.expression).mean()))
    assert np.mean(turned) < 4
    assert np.mean(away) < 0.05
    assert np.mean(smile) < 0.05
