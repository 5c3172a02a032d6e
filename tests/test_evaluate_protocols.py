"""The protocols of `pechead-live evaluate` on clips of the bundled portrait."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import FRAMES, MIRROR, NOISY, QUICK, moving_clip
from PIL import Image
from still_samples import saved

from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import InputError, NoFaceError
from pechead_live.evaluation import editing, reconstruction, reenactment
from pechead_live.evaluation.clip import open_clip
from pechead_live.evaluation.editing import edit_portrait
from pechead_live.evaluation.method import ANALYTIC, COPY_SOURCE, draw_film, renderer_of
from pechead_live.evaluation.motion_asked import asked_motion, reframed
from pechead_live.evaluation.reconstruction import reconstruct
from pechead_live.evaluation.reenactment import pairs, reenact
from pechead_live.evaluation.result import Figures, Result
from pechead_live.evaluation.sheet import MARGIN
from pechead_live.evaluation.subject import subject_of_frame, subject_of_photo
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.footage.square import SIDE
from pechead_live.samples import sample

PHOTO = sample("astronaut.jpg")

NEEDS_A_NETWORK = {
    "efid", "fid", "efvd", "epd", "csim_dlib", "distance_dlib", "csim_arcface",
}  # fmt: skip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, face_landmarker: Path) -> Path:
    return moving_clip(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def rebuilt(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    sheet = tmp_path_factory.mktemp("sheets") / "talk.jpg"
    methods = (COPY_SOURCE, ANALYTIC, NOISY, MIRROR)
    return reconstruct(clip, methods, QUICK, sheet), sheet


def figures(result: Result, method: str) -> Figures:
    (found,) = [row.figures for row in result.rows if row.method == method]
    return found


def known(figures: Figures, name: str) -> float:
    value = figures[name]
    assert value is not None, name
    return value


def test_a_clip_is_cut_to_a_square_around_the_head_and_tracked(clip: Path) -> None:
    driving = open_clip(clip)
    assert driving.length == len(driving.frames) == FRAMES
    assert driving.places == list(range(FRAMES))
    assert driving.frames[0].pixels.shape == (SIDE, SIDE, 3)
    points = np.stack([m.points[:, :2] for m in driving.measurements])
    assert np.abs(points).max() < 1  # the whole face stays inside
    assert np.ptp(points, axis=1).max() > 0.9  # and fills about half of it
    identities = {c.identity.tobytes() for c in driving.coefficients}
    assert len(identities) == 1


def test_the_source_is_fitted_as_its_clip_is(clip: Path, face_landmarker: Path) -> None:
    driving = open_clip(clip)
    pixels = driving.frames[0].pixels
    with Landmarker(face_landmarker, still=True) as still:
        subject = subject_of_frame(pixels, "first", still, driving.person)
        alone = subject_of_frame(pixels, "first", still)
    first, rest = driving.coefficients[0], subject.avatar.rest
    assert np.array_equal(rest.identity, driving.person.identity)
    off = np.abs(rest.expression - first.expression).max()
    assert off < 0.02, "the portrait's expression is the one that its own frame drives with"
    assert off < np.abs(alone.avatar.rest.expression - first.expression).max()
    shown = renderer_of(ANALYTIC, subject)
    moved, still_there = (draw_film(shown, [c], [])[0].astype(float) for c in (first, rest))
    assert np.abs(moved - still_there).mean() < 0.5, "its own first frame moves nothing, levels"
    points = subject.avatar.shape(load_face_model(), rest.expression)
    drawn = project(points, rest.rotation, rest.translation, rest.scale)
    np.testing.assert_allclose(drawn, subject.avatar.points, atol=1e-4)


def test_reconstruction_fills_every_column_that_needs_no_network(
    rebuilt: tuple[Result, Path],
) -> None:
    measured = {k for k, v in figures(rebuilt[0], ANALYTIC.name).items() if v is not None}
    missing = set(reconstruction.TABLE) - measured - NEEDS_A_NETWORK
    # whether lips close or eyes shut in so short a clip is the clip's own
    assert missing <= {"lips_shut", "lips_open", "eyes_shut", "eyes_open"}
    assert rebuilt[0].facts["driven_frames"] == FRAMES - 1


def test_a_worse_method_gets_worse_figures(rebuilt: tuple[Result, Path]) -> None:
    copy, drawn, noisy = (figures(rebuilt[0], n) for n in ("copy-source", "analytic", "noisy"))
    assert known(drawn, "akd_mp_px") < 0.6 * known(copy, "akd_mp_px")
    assert known(drawn, "ard_deg") < known(copy, "ard_deg")
    assert known(drawn, "auh") < known(copy, "auh")
    assert known(copy, "jitter_ratio") == 0 < known(drawn, "jitter_ratio")
    assert known(copy, "background_flicker_levels") == 0
    for name in ("l1", "l1_face", "l1_body", "warp_error"):
        assert known(noisy, name) > known(drawn, name), name
    for name in ("ssim", "ms_ssim", "psnr_db"):
        assert known(noisy, name) < known(drawn, name), name


def test_a_method_that_follows_pictures_is_shown_the_driver_s(
    rebuilt: tuple[Result, Path],
) -> None:
    mirrored = figures(rebuilt[0], "mirror")
    assert mirrored["l1"] == 0 and mirrored["ssim"] == pytest.approx(1)
    assert mirrored["auh"] == 0 and mirrored["akd_mp_px"] == 0
    of_the_truth = rebuilt[0].facts["of_the_truth"]
    for name in ("warp_error", "background_flicker_levels"):
        assert mirrored[name] == of_the_truth[name], name
    assert mirrored["l1_body"] == 0


def test_background_is_looked_at_where_the_person_never_is(rebuilt: tuple[Result, Path]) -> None:
    share: float = rebuilt[0].facts["still_background_share"]
    assert 0.1 < share < 0.9
    drawn = figures(rebuilt[0], "analytic")
    assert known(drawn, "background_flicker_levels") < 0.5  # the head shakes 15 degrees


def test_the_sheet_has_a_row_a_method_under_the_driver_s(rebuilt: tuple[Result, Path]) -> None:
    with Image.open(rebuilt[1]) as picture:
        assert picture.size == (7 * SIDE, 5 * (SIDE + MARGIN))


def test_another_person_s_portrait_moves_as_the_driver_does(clip: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jpg"
    result = reenact(clip, [PHOTO], (COPY_SOURCE, ANALYTIC), QUICK, sheet)
    copy, drawn = figures(result, "copy-source"), figures(result, "analytic")
    assert set(reenactment.TABLE) - set(drawn) <= NEEDS_A_NETWORK
    assert known(drawn, "ard_deg") < 0.6 * known(copy, "ard_deg")
    assert known(drawn, "auh") <= known(copy, "auh")
    assert sheet.is_file() and result.rows[0].name == "talk → astronaut"


def test_a_portrait_without_a_face_is_left_out_and_named(clip: Path, tmp_path: Path) -> None:
    blank = saved(Image.new("RGB", (300, 300), "gray"), tmp_path / "blank.png")
    result = reenact(clip, [blank, PHOTO], (COPY_SOURCE,), QUICK, tmp_path / "s.jpg")
    assert "blank.png" in result.facts["portraits_left_out"]["blank.png"]
    assert len(result.rows) == 1
    with pytest.raises(NoFaceError, match=r"blank\.png"):
        reenact(clip, [blank], (COPY_SOURCE,), QUICK, tmp_path / "t.jpg")


def test_every_portrait_is_moved_about_equally_often() -> None:
    clips, portraits = ([Path(f"{kind}{i}") for i in range(6)] for kind in ("clip", "face"))
    chosen = pairs(clips, portraits, 2, seed=0)
    used = [portrait for several in chosen.values() for portrait in several]
    assert {used.count(p) for p in portraits} == {2}
    assert chosen != pairs(clips, portraits, 2, seed=1)
    assert all(len(several) == 6 for several in pairs(clips, portraits, 0, seed=0).values())
    with pytest.raises(InputError, match="no portrait"):
        pairs(clips, [], 2, seed=0)


def test_absolute_motion_starts_in_the_portrait_s_framing(clip: Path) -> None:
    driving = open_clip(clip)
    with Landmarker(still=True) as still:
        rest = subject_of_photo(PHOTO, still).avatar.rest
    first = asked_motion(reframed(driving.coefficients, rest), rest, "absolute")[0]
    assert first.scale == pytest.approx(rest.scale)
    assert first.translation == pytest.approx(rest.translation, abs=1e-6)
    assert (first.rotation == driving.coefficients[0].rotation).all()
    relative = asked_motion(driving.coefficients, rest, "relative")[0]
    assert relative.rotation == pytest.approx(rest.rotation, abs=1e-5)


def test_editing_turns_the_head_to_the_camera_and_as_asked(clip: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jpg"
    result = edit_portrait(PHOTO, clip, (COPY_SOURCE, ANALYTIC, MIRROR), QUICK, sheet)
    copy, drawn = figures(result, "copy-source"), figures(result, "analytic")
    assert set(editing.TABLE) - set(drawn) <= NEEDS_A_NETWORK
    assert known(drawn, "are_front_deg") < 1.5 < known(copy, "are_front_deg")
    assert known(drawn, "are_pose_deg") < 3 < known(copy, "are_pose_deg")
    assert known(drawn, "auh") <= known(copy, "auh")
    assert result.facts["left_out"] == ["mirror"]
    assert sheet.is_file()
