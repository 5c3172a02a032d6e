"""Where each data set keeps its videos, on small trees of the published shape."""

import json
from pathlib import Path

import numpy as np
import pytest
from data_samples import empty_room, write_clip
from PIL import Image

from pechead_live.errors import InputError
from pechead_live.training.data.layouts import LAYOUTS, Region, Video
from pechead_live.training.data.layouts.labels import labelled
from pechead_live.training.data.source_frames import video_fps, video_frames


def tree(root: Path, *names: str) -> Path:
    """``root`` with these empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(layout: str, root: Path) -> dict[str, str]:
    """File below ``root`` to identity."""
    videos = list(LAYOUTS[layout](root))
    return {video.path.relative_to(root).as_posix(): video.identity for video in videos}


def test_any_folder_names_people_by_folders_and_files(tmp_path: Path):
    root = tree(tmp_path, "me.mp4", "ann/1.MOV", "ann/2.mkv", "notes.txt", "ann/face.jpg")
    assert found("folder", root) == {"me.mp4": "me", "ann/1.MOV": "ann", "ann/2.mkv": "ann"}


def test_voxceleb2_has_a_folder_for_each_person(tmp_path: Path):
    names = (
        "dev/mp4/id00012/21Uxsk56VDQ/00001.mp4",
        "dev/mp4/id00012/73OrGIzPMJs/00043.mp4",
        "test/mp4/id00017/01dfn2spqyE/00001.mp4",
    )
    root = tree(tmp_path, *names, "dev/aac/id00012/21Uxsk56VDQ/00001.m4a", "vox2_meta.csv")
    assert found("voxceleb2", root) == dict(
        zip(names, ("id00012", "id00012", "id00017"), strict=True)
    )
    assert set(found("voxceleb2", root / "test/mp4").values()) == {"id00017"}
    assert next(LAYOUTS["voxceleb2"](root)).licence == "CC-BY-4.0"


def test_talkinghead_1kh_names_the_video_in_each_clip(tmp_path: Path):
    clip = "train/cropped_clips/-7TMJtnhiPM_0000_S1202_E1607_L345_T26_R857_B538.mp4"
    other = "train/cropped_clips/a_b_c_0012_S0_E90_L1_T2_R300_B301.mp4"
    root = tree(
        tmp_path, clip, other, "train/raw_videos/a_b_c.mp4", "train/1min_clips/a_b_c_0012.mp4"
    )
    assert found("talkinghead1kh", root) == {clip: "-7TMJtnhiPM", other: "a_b_c"}


INFO = {
    "meta_info": {},
    "clips": {
        "M2Ohb0FAaJU_1": {
            "ytb_id": "M2Ohb0FAaJU",
            "duration": {"start_sec": 0.2, "end_sec": 0.6},
            "bbox": {"top": 0.0, "bottom": 0.88, "left": 0.2, "right": 0.7},
        },
        "_0tf2n3rlJU_0": {
            "ytb_id": "_0tf2n3rlJU",
            "duration": {"start_sec": 52.72, "end_sec": 56.1},
            "bbox": {"top": 0.0, "bottom": 0.84, "left": 0.53, "right": 1.0},
        },
    },
}


def test_celebv_hq_s_cut_clips_are_taken_as_they_are(tmp_path: Path):
    root = tree(tmp_path, "processed/M2Ohb0FAaJU_1.mp4", "processed/_0tf2n3rlJU_0.mp4")
    assert found("celebvhq", root) == {
        "processed/M2Ohb0FAaJU_1.mp4": "M2Ohb0FAaJU",
        "processed/_0tf2n3rlJU_0.mp4": "_0tf2n3rlJU",
    }


@pytest.mark.parametrize("place", ["celebvhq_info.json", "downloaded_celebvhq/celebvhq_info.json"])
def test_celebv_hq_s_clips_are_cut_from_whole_videos_by_its_list(tmp_path: Path, place: str):
    data = tree(tmp_path, "downloaded_celebvhq/raw/M2Ohb0FAaJU.mp4") / "downloaded_celebvhq"
    (tmp_path / place).write_text(json.dumps(INFO))
    (video,) = LAYOUTS["celebvhq"](data)  # the other one was not downloaded
    assert video.path == data / "raw/M2Ohb0FAaJU.mp4"
    assert (video.identity, video.start, video.end) == ("M2Ohb0FAaJU", 0.2, 0.6)
    assert video.region == pytest.approx((0.18, 0, 0.72, 0.9))


def test_celebv_hq_s_list_is_refused_when_it_is_another(tmp_path: Path):
    root = tree(tmp_path, "raw/x.mp4")
    (root / "celebvhq_info.json").write_text('{"clips": {"x_0": {"ytb_id": "x"}}}')
    with pytest.raises(InputError, match=r"celebvhq_info\.json"):
        list(LAYOUTS["celebvhq"](root))


CLIP = "Clip+_-91nXXjrVo+P0+C0+F1537-1825"


def test_vfhq_s_clips_are_folders_of_pictures_or_files(tmp_path: Path):
    root = tree(
        tmp_path,
        f"faces/_-91nXXjrVo/{CLIP}/00000001.png",
        "faces/Clip+abc+P1+C2+F5-90.mp4",
        "faces/other.mp4",
    )
    assert found("vfhq", root) == {
        f"faces/_-91nXXjrVo/{CLIP}": "_-91nXXjrVo+P0",
        "faces/Clip+abc+P1+C2+F5-90.mp4": "abc+P1",
    }


def test_vfhq_s_clips_are_cut_from_whole_videos_by_its_lists(tmp_path: Path):
    root = tree(tmp_path, "youtube/_-91nXXjrVo.webm")
    (root / "meta_info").mkdir()
    lines = "YouTubeID: x\nH 720\nW 1280\nFPS 30.0\n\nCROP: 320 72 960 648\n"
    (root / "meta_info" / f"{CLIP}.txt").write_text(lines)
    (root / "meta_info" / "Clip+absent+P0+C0+F1-9.txt").write_text(lines)
    (video,) = LAYOUTS["vfhq"](root)
    assert video.region == pytest.approx((0.25, 0.1, 0.75, 0.9))
    assert (video.start * 30, video.end and video.end * 30) == pytest.approx((1538, 1825))


def test_vfhq_s_list_is_refused_when_it_says_too_little(tmp_path: Path):
    root = tree(tmp_path, "_-91nXXjrVo.mp4")
    (root / f"{CLIP}.txt").write_text("FPS 30\n")
    with pytest.raises(InputError, match="1537-1825"):
        list(LAYOUTS["vfhq"](root))


def test_a_table_tells_identities_and_licences(tmp_path: Path):
    root = tree(tmp_path, "clips/a.mp4", "clips/b.mp4")
    table = tmp_path / "people.csv"
    table.write_text("file,identity,licence\nclips/a.mp4,ann,MIT\n")
    videos = labelled(LAYOUTS["folder"](root), table)
    assert [(video.identity, video.licence) for video in videos] == [("ann", "MIT"), ("clips", "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,identity\nclips/a.mp4,ann\n", "no column licence"),
        ("file,identity,licence\na.mp4,ann,MIT\n", "names none of the 1 videos"),
        ("", "no column"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, text: str, said: str):
    root = tree(tmp_path, "clips/a.mp4")
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        labelled(LAYOUTS["folder"](root), tmp_path / "people.csv")


def test_a_part_of_a_video_is_its_time_and_its_region(tmp_path: Path):
    pictures = empty_room(20)
    pictures[:, :, 160:] = 250
    path = write_clip(tmp_path / "whole.mp4", pictures)
    part = Video(path, "x", start=0.2, end=0.6, region=Region(0.5, 0.25, 1, 0.75))
    frames = list(video_frames(part))
    assert [round(frame.captured_at * 25) for frame in frames] == list(range(5, 15))
    assert {frame.pixels.shape for frame in frames} == {(128, 160, 3)}
    assert min(frame.pixels[:, 4:].min() for frame in frames) > 240
    assert video_fps(part) == pytest.approx(25)


def test_a_region_outside_the_picture_is_refused(tmp_path: Path):
    path = write_clip(tmp_path / "whole.mp4", empty_room(2))
    with pytest.raises(InputError, match="not within the picture"):
        list(video_frames(Video(path, "x", region=Region(0.5, 0, 0.4, 1))))


def test_a_folder_of_pictures_is_read_by_number(tmp_path: Path):
    for number in (1, 2, 10):
        pixels = np.full((64, 64, 3), number * 20, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    video = Video(tmp_path, "x", fps=10)
    frames = list(video_frames(video))
    assert [int(frame.pixels.mean()) for frame in frames] == [20, 40, 200]
    assert [frame.captured_at for frame in frames] == pytest.approx([0, 0.1, 0.2])
    assert video_fps(video) == 10
    with pytest.raises(InputError, match="no picture"):
        list(video_frames(Video(tree(tmp_path / "none", "a.txt"), "x")))
