"""`benchmarks.quality`: what counts as reached, and one short clip through the whole of it."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import quality
from benchmarks.reconstruction import COPY, ReconstructionConfig, reconstruct
from benchmarks.record import write_record
from pechead_live.errors import NoFaceError
from pechead_live.training.chunk import SIDE
from pechead_live.training.crop import crop_clip


def means(l1: float, ssim: float, akd: float = 1.0, ard: float = 1.0) -> dict[str, float]:
    return {"l1": l1, "ssim": ssim, "akd_mp_px": akd, "ard_deg": ard}


def met(headline: dict[str, float], copy: dict[str, float]) -> list[str]:
    return [name for name, goal in quality.goals(headline, copy).items() if goal["met"]]


def test_nearer_is_the_share_of_the_copy_s_distance_that_is_gone() -> None:
    reached = quality.goals(means(0.03, 0.8), means(0.04, 0.6))
    assert reached["nearer_l1"]["is"] == pytest.approx(0.25)
    assert reached["nearer_ssim"]["is"] == pytest.approx(0.5)


def test_each_goal_is_judged_by_itself() -> None:
    copy = means(0.04, 0.6, akd=5, ard=5)
    assert met(means(0.04, 0.6, akd=1.2, ard=1.3), copy) == ["akd_mp_px"]
    assert met(means(0.033, 0.6, akd=1.3, ard=1.2), copy) == ["ard_deg", "nearer_l1"]
    assert met(means(0.05, 0.67, akd=1.3, ard=1.3), copy) == ["nearer_ssim"]


def test_a_clip_is_nearer_in_l1_or_in_ssim_or_not_at_all() -> None:
    copy = means(0.04, 0.6)
    clips = [
        {"methods": {COPY: copy, "mine": mine}}
        for mine in (means(0.03, 0.7), means(0.05, 0.7), means(0.04, 0.6))
    ]
    assert quality.clips_nearer(clips, "mine") == {"l1": 1, "ssim": 2, "of": 3}


def test_a_folder_without_such_clips_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").touch()
    assert quality.main(["--data", str(tmp_path), "--clips", "b", "--no-record"]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert said.count("\n") == 1


def test_a_stride_that_compares_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="stride"):
        ReconstructionConfig(stride=0)
    with pytest.raises(ValueError, match="at least 3"):
        ReconstructionConfig(frames=2)


@pytest.mark.shared
def test_a_clip_without_a_face_is_left_out_with_its_name(shared_data: Path) -> None:
    with pytest.raises(NoFaceError, match=r"v0178\.mp4"):
        crop_clip(shared_data / "test" / "clips" / "v0178.mp4", limit=9)


@pytest.mark.shared
def test_a_short_clip_gives_every_figure_and_a_sheet(shared_data: Path, tmp_path: Path) -> None:
    config = ReconstructionConfig(frames=9, stride=4, identity_frames=0)
    sheet = tmp_path / "new" / "v0019.png"
    result = reconstruct(shared_data / "test" / "clips" / "v0019.mp4", config, sheet)
    assert (result["frames"], result["driven_frames"], result["compared_pictures"]) == (9, 8, 2)
    copy, drawn = result["methods"][COPY], result["methods"]["analytic, relative"]
    assert set(quality.COLUMNS) - set(drawn) == {"csim_dlib", "distance_dlib"}
    assert copy["jitter_ratio"] == 0 < drawn["jitter_ratio"]
    assert drawn["akd_mp_px"] < copy["akd_mp_px"]  # she blinks in these frames
    with Image.open(sheet) as picture:
        assert picture.width == 7 * SIDE
    found = quality.summary([result], {"x.mp4": "no face"})
    assert "left out: no face" in quality.tables(found)
    record = write_record("quality", found, quality.settings_of(config), folder=tmp_path)
    assert record.is_file()
